"""`archwright review` and `archwright compare`: what holds on a platform, and what differs between them."""

from __future__ import annotations

import shutil
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from archwright.cli.options import BlueprintArgument, CatalogOption, catalog_of, complete_platform, settings_of
from archwright.cli.reports import Format, print_findings
from archwright.cli.terminal import fail_if_errors, say, say_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archwright.catalog import Catalog
    from archwright.comparison import Reviewed, Row


class Layout(StrEnum):
    """How a comparison is printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


_NARROW, _WIDE = 80, 160  # columns of a table: where nobody watches, and at most
_LABEL = 16  # columns of what is compared

SettingOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set a parameter; may be repeated.")
]


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command("review")(review)
    app.command("compare")(compare)


def review(
    blueprint: BlueprintArgument,
    platform: Annotated[
        str | None,
        typer.Option(
            "--platform",
            "-p",
            metavar="P",
            help="There; none: wherever it runs.",
            autocompletion=complete_platform,
        ),
    ] = None,
    setting: SettingOption = None,
    output: Annotated[Format, typer.Option("--format", help="How to print what is found.")] = Format.TEXT,
    catalog: CatalogOption = None,
) -> None:
    """Hold a blueprint against the limits of its platforms; tell what cannot hold, who says so, and what would.

    Leaves with 1 if something cannot hold. `archwright new` runs the same rules before it writes anything.

    Examples:
        archwright review work-queue

        archwright review work-queue --platform azure --set lease=10m

        archwright review work-queue --format sarif > findings.sarif
    """
    from dataclasses import replace

    found = catalog_of(catalog)
    columns = _columns(found, blueprint, [platform] if platform else _runs_on(found, blueprint), settings_of(setting))
    findings = [replace(finding, platform=one.platform) for one in columns for finding in one.findings]
    print_findings(findings, output, checked=f"`{blueprint}` on {', '.join(one.platform for one in columns)}")
    fail_if_errors(findings)


def compare(
    blueprint: BlueprintArgument,
    platforms: Annotated[
        str | None,
        typer.Option(
            "--platforms", "-p", metavar="P,P", help="Which, by commas; none: all.", autocompletion=complete_platform
        ),
    ] = None,
    setting: SettingOption = None,
    output: Annotated[Layout, typer.Option("--format", help="How to print it.")] = Layout.TEXT,
    catalog: CatalogOption = None,
) -> None:
    """Show side by side what changes from platform to platform: services, guarantees, limits, decisions, cost.

    Examples:
        archwright compare work-queue

        archwright compare publish-subscribe --platforms azure,local --format markdown
    """
    from archwright.comparison import compare as rows_of
    from archwright.errors import UsageError

    found = catalog_of(catalog)
    wanted = (
        sorted(found.platforms) if platforms is None else [one.strip() for one in platforms.split(",") if one.strip()]
    )
    if not wanted:
        raise UsageError(f"`--platforms {platforms}` names no platform.", hint="such as `--platforms azure,local`.")
    columns = _columns(found, blueprint, list(dict.fromkeys(wanted)), settings_of(setting))
    rows = rows_of(columns)
    if output is Layout.JSON:
        say_json(_plain(blueprint, columns, rows))
    elif output is Layout.MARKDOWN:
        _print_markdown(columns, rows)
    else:
        _print_text(columns, rows)


def _columns(catalog: Catalog, blueprint: str, platforms: Sequence[str], answers: dict[str, object]) -> list[Reviewed]:
    from archwright.comparison import answers_for, review_on

    catalog.blueprint(blueprint)
    taken = answers_for(catalog, blueprint, platforms, answers)
    return [review_on(catalog, blueprint, platform, taken[platform]) for platform in platforms]


def _runs_on(catalog: Catalog, blueprint: str) -> tuple[str, ...]:
    """Return where `blueprint` runs; every platform if nowhere, so that each says why."""
    from archwright.resolve import platforms_of

    return platforms_of(catalog, blueprint) or tuple(sorted(catalog.platforms))


def _plain(blueprint: str, columns: Sequence[Reviewed], rows: Sequence[Row]) -> dict[str, object]:
    names = [one.platform for one in columns]
    return {
        "blueprint": blueprint,
        "platforms": [{"id": one.platform, "name": one.name, "holds": one.holds} for one in columns],
        "rows": [
            {"section": row.section, "label": row.label, "cells": dict(zip(names, row.cells, strict=True))}
            | ({"facts": dict(zip(names, row.facts, strict=True))} if row.facts else {})
            for row in rows
        ],
    }


def _print_markdown(columns: Sequence[Reviewed], rows: Sequence[Row]) -> None:
    say(f"| | {' | '.join(one.name for one in columns)} |")
    say(f"|---|{'---|' * len(columns)}")
    for row in rows:
        cells = [cell.replace("|", "\\|") for cell in row.cells]
        if row.facts:
            cells = [f"{cell} ({fact})" if fact else cell for cell, fact in zip(cells, row.facts, strict=True)]
        say(f"| {row.section}: {row.label} | {' | '.join(cells)} |")


def _print_text(columns: Sequence[Reviewed], rows: Sequence[Row]) -> None:
    """Print a table as wide as the terminal; what is alike on every platform stands once, across."""
    width = min(max(shutil.get_terminal_size((_NARROW, 0)).columns, _NARROW), _WIDE)
    room = (width - _LABEL) // max(len(columns), 1) - 2
    _print_line("", [one.platform for one in columns], room, bold=True)
    section = ""
    for row in rows:
        if row.section != section:
            section = row.section
            say()
            say(section, bold=True)
        alike = len(set(row.cells)) == 1 and len(columns) > 1
        cells, space = ([f"{row.cells[0]} (everywhere)"], width - _LABEL - 2) if alike else (list(row.cells), room)
        _print_line(row.label, cells, space)


def _print_line(label: str, cells: Sequence[str], room: int, *, bold: bool = False) -> None:
    import textwrap
    from itertools import zip_longest

    wrapped = [textwrap.wrap(label, _LABEL - 2) or [""], *(textwrap.wrap(cell, room) for cell in cells)]
    spaces = [_LABEL, *([room + 2] * len(cells))]
    for parts in zip_longest(*wrapped, fillvalue=""):
        line = "".join(f"{part:<{space}}" for part, space in zip(parts, spaces, strict=True)).rstrip()
        say(line, bold=bold or None)
