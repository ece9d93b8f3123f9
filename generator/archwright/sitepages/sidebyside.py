"""The part of a blueprint's page that lays its platforms side by side: what changes from one to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright.comparison import NOTHING, compare, review_on
from archwright.sitepages.markdown import anchor, cell, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archwright.catalog import Catalog
    from archwright.comparison import Row

_ALWAYS = "Holds"
_ELSEWHERE = "Price"  # the page's own table of facts lists these with their sources


def comparison_part(catalog: Catalog, blueprint: str) -> str:
    """Return the table of what differs between all platforms; one that cannot hold the blueprint says why."""
    columns = [review_on(catalog, blueprint, platform, {}) for platform in sorted(catalog.platforms)]
    bound = [at for at, one in enumerate(columns) if one.architecture]
    rows = [row for row in compare(columns) if row.section == _ALWAYS or _differs(row, bound)]
    told = table(
        ["What", *(cell(one.name) for one in columns)],
        [[f"**{cell(row.section)}**<br>{cell(row.label)}", *_cells(row)] for row in rows],
    )
    return (
        "## Platforms side by side\n\nWhat changes from platform to platform; the rest is the same everywhere. "
        f"`archwright compare {blueprint}` tells it with your own answers.\n\n{told}"
    )


def _differs(row: Row, bound: Sequence[int]) -> bool:
    return row.section != _ELSEWHERE and len({row.cells[at] for at in bound}) > 1


def _cells(row: Row) -> list[str]:
    """Return a row's cells; a limit leads to its source."""
    facts = row.facts or ("",) * len(row.cells)
    return [
        f"[{cell(text)}](../facts/limits.md#{anchor(fact)})" if fact and text != NOTHING else cell(text)
        for text, fact in zip(row.cells, facts, strict=True)
    ]
