"""The Service Bus emulator as the contract of the port needs it: with a clock of ours and channels as tests want."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archwright.emulators.servicebus import ServiceBusEmulator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class EmulatorWithClock(ServiceBusEmulator):
    """An emulator that is told what time it is, and that time has passed."""

    def __init__(self, config: Mapping[str, Any], clock: Callable[[], float]) -> None:
        super().__init__(config)
        self._server.broker.now = clock
        self.start()

    def ring(self) -> None:
        """Do what has become due."""

        def ring() -> int:
            self._server._ring()
            return 0

        self._call(ring)


def with_knobs(config: dict[str, Any], topology: Mapping[str, Any]) -> dict[str, Any]:
    """Return `config` with what the channels of `topology` ask for; a topic that is not in it is added."""
    namespace = config["UserConfig"]["Namespaces"][0]
    entities = {one["Name"]: one for one in [*namespace["Queues"], *namespace["Topics"]]}
    for channel in topology.values():
        if channel.name not in entities:
            namespace["Topics"].append({"Name": channel.name, "Subscriptions": []})
            continue
        properties = entities[channel.name].setdefault("Properties", {})
        if channel.retention:
            properties["DefaultMessageTimeToLive"] = f"PT{channel.retention.total_seconds():.0f}S"
        if channel.deduplication_window:
            properties["RequiresDuplicateDetection"] = True
            properties["DuplicateDetectionHistoryTimeWindow"] = f"PT{channel.deduplication_window.total_seconds():.0f}S"
    return config
