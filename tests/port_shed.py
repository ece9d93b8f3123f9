"""A starter with an object store, rendered for a platform, so that its adapter can be held to the port."""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING

from archwright import resolve
from archwright.catalog import load_catalog
from made_up import BLUEPRINT, write_catalog
from rendered import write_starter

if TYPE_CHECKING:
    from pathlib import Path

MEGABYTE = 1024 * 1024


def write_shed(platform: str, folder: Path) -> Path:
    """Render a starter that has an object store, and return its source folder."""
    blueprint = BLUEPRINT.replace(
        "containers:\n", "containers:\n  shed: {kind: store, name: Shed, capability: object-store}\n"
    )
    blueprint += "features: [objects]\n"
    catalog = load_catalog([write_catalog(folder / "catalog", blueprint=blueprint, platform="", limits="")])
    architecture = resolve.resolve(catalog, "pigeon-post", platform, f"shed-{platform}", {})
    return write_starter(architecture, folder / "starter")


class Trickle:
    """Gives `size` bytes without ever having them, at most `most` at a time, and notes the largest wish."""

    def __init__(self, size: int, most: int = MEGABYTE) -> None:
        self.left, self.most, self.wish, self.digest = size, most, 0, hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        self.wish = max(self.wish, size) if size >= 0 else sys.maxsize
        data = bytes([self.left % 251]) * min(self.left, self.most if size < 0 else size, self.most)
        self.left -= len(data)
        self.digest.update(data)
        return data
