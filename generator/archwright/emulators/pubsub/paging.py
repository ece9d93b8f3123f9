"""Lists in pages, in the order of names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LARGEST = 1000


def page(names: Iterable[str], size: int, token: str) -> tuple[Sequence[str], str]:
    """Return one page of names and the token of the next one; the token is the last name shown.

    What is created or deleted between two calls never makes a page skip or repeat a name.
    """
    rest = sorted(name for name in names if name > token)
    size = min(size, LARGEST) if size > 0 else LARGEST
    shown = rest[:size]
    return shown, shown[-1] if len(rest) > size else ""
