"""The emulated AWS as the contract of the port needs it: one for all tests, with queues of their own for each."""

from __future__ import annotations

import os
from itertools import count
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from archwright.resources import checkout_root
from port_desk import load_dev

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_desks = count(1)


class EmulatedAws:
    """Queues and topics that nobody else uses, in the emulator that this process shares."""

    def __init__(self, dev: Path) -> None:
        os.environ.setdefault("STARTER_VENV", str(checkout_root() / "build" / "starter-venv"))
        self._channels, emulators, self._parts = load_dev(
            dev, "localaws.parts.channels", "localaws.emulator", "localaws.parts"
        )
        self._emulator = emulators.shared()
        self._pointed = emulators.pointed_at(self._emulator.variables)
        self._pointed.__enter__()
        self.prefix = f"desk-{next(_desks)}-"
        self._settings: SimpleNamespace | None = None

    def set_up(self, topology: Mapping[str, Any]) -> SimpleNamespace:
        """Make what the first broker asks for, and return the settings that lead to it."""
        if self._settings is None:
            config = _with_knobs(self._channels.read(), topology)
            self._channels.read = lambda: config  # what this topology asks for, in place of what the blueprint does
            found = self._parts.set_up(self.prefix)
            self._settings = SimpleNamespace(**{name.lower(): value for name, value in found.items()})
        return self._settings

    def let_pass(self, seconds: float) -> None:
        """Move the emulator's clock on."""
        self._emulator.let_pass(seconds)

    def close(self) -> None:
        """Lead the SDK away again."""
        self._pointed.__exit__(None, None, None)


def _with_knobs(config: dict[str, Any], topology: Mapping[str, Any]) -> dict[str, Any]:
    """Return `config` with what the channels of `topology` ask for; a topic that is not in it is added."""
    queues = {one["name"].removesuffix(".fifo"): one for one in config["queues"]}
    topics = {one["name"] for one in config["topics"]}
    for channel in topology.values():
        if not channel.queues and channel.name not in topics:
            config["topics"].append({"name": channel.name, "subscriptions": []})
        if channel.retention:
            retention = str(int(channel.retention.total_seconds()))
            queues[channel.name]["attributes"]["MessageRetentionPeriod"] = retention
    return config
