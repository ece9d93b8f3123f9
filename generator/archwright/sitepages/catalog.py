"""The page that lists every blueprint, in a table that readers can narrow down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright.resolve import platforms_of, resolve
from archwright.sitepages.markdown import cell, chips, page, table

if TYPE_CHECKING:
    from archwright.catalog import Catalog
    from archwright.model import Architecture

STARTER = "my-service"
"""The name of the starter in examples."""


def bound(catalog: Catalog, blueprint: str) -> tuple[Architecture, ...]:
    """Return a blueprint bound to every platform that can run it."""
    return tuple(resolve(catalog, blueprint, platform, STARTER, {}) for platform in platforms_of(catalog, blueprint))


def catalog_page(catalog: Catalog) -> str:
    """Return the index of the catalog: what there is, and what is planned."""
    rows = []
    for blueprint, entry in sorted(catalog.blueprints.items(), key=lambda one: (one[1].spec.category, one[0])):
        spec = entry.spec
        name = f"[{cell(spec.name)}]({blueprint}.md)" if platforms_of(catalog, blueprint) else cell(spec.name)
        platforms = ", ".join(platforms_of(catalog, blueprint)) or "none yet"
        rows.append([name, cell(spec.summary), spec.category, platforms, spec.ring])
    planned: dict[str, list[str]] = {}
    for _, one in sorted(catalog.planned.items()):
        if one.id not in catalog.blueprints:
            planned.setdefault(one.category, []).append(one.name)
    return page(
        "# Blueprints",
        "A blueprint is a pattern that has been thought through once: the problem, when to use it and when not, "
        "what it guarantees on every hop, how it fails, which decisions it asks for. From each one archwright "
        "makes a repository that runs.",
        '<div class="filterable" markdown>',
        table(["Blueprint", "What it does", "Category", "Platforms", "Ring"], rows),
        "</div>",
        "*Ring* says how far a pattern is to be trusted: `adopt` where nothing speaks against it, `trial` where it "
        "is proven but young, `assess` where it is worth a try, `caution` where it often disappoints.",
        "## Planned\n\nPatterns that others refer to and that have no blueprint yet." if planned else "",
        table(["Category", "Patterns"], [[category, chips(names)] for category, names in sorted(planned.items())]),
    )
