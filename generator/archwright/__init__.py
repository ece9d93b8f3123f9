"""The door of the package: load a catalog, generate a starter."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archwright.catalog import Catalog, load_catalog
    from archwright.pipeline import generate

__all__ = ["Catalog", "__version__", "generate", "load_catalog"]

__version__ = "0.1.0"

_ROOMS = {"Catalog": "catalog", "load_catalog": "catalog", "generate": "pipeline"}


def __getattr__(name: str) -> object:
    """Import a public name on first use, so that `import archwright` alone stays cheap."""
    from importlib import import_module  # noqa: PLC0415  # same reason

    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
