"""Make the pages of the documentation site: plain Markdown and pictures, written before MkDocs runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright.filetree import FileTree, GeneratedFile, Ownership
from archwright.sitepages.blueprint import blueprint_page, pictures_of
from archwright.sitepages.catalog import bound, catalog_page
from archwright.sitepages.commands import commands_page
from archwright.sitepages.house import house_page
from archwright.sitepages.log import log_pages
from archwright.sitepages.reference import errors_page, rules_page
from archwright.sitepages.tables import limits_page, prices_page

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from archwright.catalog import Catalog
    from archwright.sitepages.commands import Command

ORIGIN = "sitepages"


def render_pages(catalog: Catalog, commands: Sequence[Command], checkout: Path) -> FileTree:
    """Return every generated page and picture of the site, by its path below `site/generated/`.

    `commands` describes the command line; `checkout` holds the decision log, the sources and the import contracts.
    """
    pages: dict[str, str] = {
        "blueprints/index.md": catalog_page(catalog),
        "facts/limits.md": limits_page(catalog),
        "facts/prices.md": prices_page(catalog),
        "reference/commands.md": commands_page(commands),
        "reference/errors.md": errors_page(checkout),
        "reference/rules.md": rules_page(),
        "reference/architecture.md": house_page(checkout),
        **log_pages(checkout / "adr"),
    }
    tree = FileTree()
    for blueprint in catalog.blueprints:
        architectures = bound(catalog, blueprint)
        if architectures:
            pages[f"blueprints/{blueprint}.md"] = blueprint_page(catalog, architectures)
        for name, content in pictures_of(architectures):
            tree.add(f"blueprints/{name}", _file(content))
    for path, text in pages.items():
        tree.add(path, _file(text.encode()))
    return tree


def _file(content: bytes) -> GeneratedFile:
    return GeneratedFile(content=content, ownership=Ownership.MANAGED, origin=ORIGIN)
