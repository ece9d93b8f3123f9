"""A starter with every kind of channel, rendered for a platform, so that its adapter can be held to the port."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archwright import resolve
from archwright.catalog import load_catalog
from made_up import BLUEPRINT, write_catalog
from rendered import write_starter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHANNELS = """\
channels:
  pigeons: {capability: work-queue, message: Letter, lease: 30s, max_deliveries: 3, dead_letter: true}
  carts: {capability: ordered-queue, message: Letter, ordering: per-key, lease: 30s, max_deliveries: 3}
  heralds:
    capability: topic
    message: Letter
    subscriptions:
      town: {lease: 30s, max_deliveries: 3}
      farm: {lease: 30s, max_deliveries: 3, filter: {place: [farm, mill]}}
flows:
"""


def write_desk(platform: str, folder: Path) -> Path:
    """Render a starter whose channels ask for a queue, an ordered queue and a topic, and return its source folder."""
    head, rest = BLUEPRINT.split("channels:\n")
    blueprint = head + CHANNELS + rest.split("flows:\n")[1] + "features: [messaging]\n"
    catalog = load_catalog([write_catalog(folder / "catalog", blueprint=blueprint, platform="", limits="")])
    architecture = resolve.resolve(catalog, "pigeon-post", platform, f"port-{platform}", {})
    return write_starter(architecture, folder / "starter")


@dataclass
class Desk:
    """What a contract test uses: the starter's port, its brokers, and time that can be let pass."""

    platform: str
    port: Any
    channels: Any
    open: Callable[..., Any]  # another broker on the same storage, as another process would open it
    wait: Callable[[float], None]  # let so many seconds pass for the broker
    close: Callable[[], None] = lambda: None
    deduplicates: bool = True
    errors: Any = None  # where the starter's errors are, for what an adapter refuses

    def message(self, number: int = 1, **more: Any) -> Any:
        return self.port.Message(**{"id": f"m-{number}", "type": "Letter", "version": 1, "body": b"{}", **more})


def load(source: Path, package: str, *modules: str) -> list[Any]:
    """Import modules of a rendered starter."""
    if str(source) not in sys.path:
        sys.path.insert(0, str(source))
    return [importlib.import_module(f"{package}.{module}") for module in modules]


def load_dev(dev: Path, *modules: str) -> list[Any]:
    """Import modules of a starter's `dev/`; those of another starter, which have the same names, are forgotten."""
    own = {path.stem for path in dev.iterdir()}
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in own and not str(getattr(module, "__file__", None)).startswith(f"{dev}{os.sep}"):
            del sys.modules[name]
    if str(dev) in sys.path:
        sys.path.remove(str(dev))
    sys.path.insert(0, str(dev))
    return [importlib.import_module(module) for module in modules]
