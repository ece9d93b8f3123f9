"""A team's decision log, in any dialect: read it, change it without harm, lint it, export it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archwright.adr.model import DecisionLog, DecisionRecord, LeftOut, Relation, Status, Value
    from archwright.adr.read import load_log, load_record, parse_record

__all__ = [
    "DecisionLog", "DecisionRecord", "LeftOut", "Relation", "Status", "Value", "load_log", "load_record",
    "parse_record",
]  # fmt: skip  # names in a few lines

_ROOMS = {"load_log": "read", "load_record": "read", "parse_record": "read"}


def __getattr__(name: str) -> object:
    """Import a public name on first use, so that a command pays only for what it does."""
    from importlib import import_module  # noqa: PLC0415  # same reason

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS.get(name, 'model')}"), name)
