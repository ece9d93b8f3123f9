"""`archwright list` and `archwright show`: what the catalog holds."""

from __future__ import annotations

import shutil
import textwrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archwright.cli.options import (
    BlueprintArgument,
    CatalogOption,
    JsonOption,
    catalog_of,
    complete_platform,
)
from archwright.cli.terminal import say, say_json

if TYPE_CHECKING:
    from archwright.model import Architecture


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command("list")(list_blueprints)
    app.command("show")(show)


def list_blueprints(
    category: Annotated[str | None, typer.Option("--category", metavar="C", help="Only this category.")] = None,
    platform: Annotated[
        str | None,
        typer.Option("--platform", "-p", metavar="P", help="Only what runs there.", autocompletion=complete_platform),
    ] = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the blueprints: what each is for, and where it runs.

    Examples:
        archwright list

        archwright list --category messaging --platform local

        archwright list --json
    """
    from archwright.errors import UsageError
    from archwright.resolve import platforms_of
    from archwright.shapes import nearest

    found = catalog_of(catalog)
    if platform:
        found.platform(platform)
    categories = {entry.spec.category for entry in found.blueprints.values()}
    if category and category not in categories:
        known = f"categories: {', '.join(sorted(categories))}."
        raise UsageError(f"There is no category `{category}`.", hint=nearest(category, categories, known))
    rows = [
        {"id": key, "name": entry.spec.name, "category": entry.spec.category, "summary": entry.spec.summary}
        | {"ring": entry.spec.ring, "platforms": list(platforms_of(found, key))}
        for key, entry in sorted(found.blueprints.items())
    ]
    rows = [
        row for row in rows if category in {None, row["category"]} and (not platform or platform in row["platforms"])
    ]
    if as_json:
        say_json(rows)
        return
    for row in rows:
        say(f"{typer.style(row['id'], bold=True)}  {row['category']} · {', '.join(row['platforms']) or 'no platform'}")
        _paragraph(str(row["summary"]), "  ")
    say(
        f"\n{len(rows)} blueprint{'' if len(rows) == 1 else 's'}. `archwright show ID` tells more." if rows else "None."
    )


def show(
    blueprint: BlueprintArgument,
    platform: Annotated[
        str | None,
        typer.Option("--platform", "-p", metavar="P", help="As bound to it.", autocompletion=complete_platform),
    ] = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one blueprint: problem, use, guarantees with their drills, failure modes, decisions, parameters.

    Examples:
        archwright show work-queue

        archwright show work-queue --platform local --json
    """
    from archwright.errors import ResolutionError
    from archwright.resolve import misfits, platforms_of, resolve
    from archwright.resources import DEFAULT_PLATFORM

    found = catalog_of(catalog)
    spec = found.blueprint(blueprint).spec
    runs_on = platforms_of(found, blueprint)
    if not runs_on and not platform:
        why = [misfit for entry in found.platforms.values() for misfit in misfits(spec, entry.spec)]
        raise ResolutionError(f"`{blueprint}` runs on no platform of this catalog.", findings=why)
    bound = platform or (DEFAULT_PLATFORM if DEFAULT_PLATFORM in runs_on else runs_on[0])
    architecture = resolve(found, blueprint, bound, blueprint, {})
    if as_json:
        say_json({**_plain(architecture), "platforms": list(runs_on)})
        return
    _print(architecture, runs_on, bound_to=platform)


def _plain(value: Any) -> Any:
    """Return dataclasses, mappings and quantities as what JSON can say; template folders stay out."""
    from collections.abc import Mapping
    from dataclasses import fields, is_dataclass

    from archwright.quantities import Duration, Size

    if isinstance(value, (Duration, Size)):
        return str(value)
    if is_dataclass(value):
        skip = {"layers", "lock"}
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value) if one.name not in skip}
    if isinstance(value, Mapping):
        return {str(key): _plain(child) for key, child in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(child) for child in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    return value


def _print(architecture: Architecture, runs_on: tuple[str, ...], *, bound_to: str | None) -> None:
    about = architecture.blueprint
    say(typer.style(about.name, bold=True) + f"  ({about.id}, {about.category}, {about.ring})")
    _paragraph(about.summary)
    _paragraph(f"Runs on: {', '.join(runs_on) or 'no platform'}. Reviewed {about.last_reviewed}.")
    _section("Problem", [about.question, *(f"- {force}" for force in about.forces)])
    _section("Use it when", [f"- {text}" for text in about.use_when])
    avoid = [f"- {one.text}" + (f" (→ {one.use_instead})" if one.use_instead else "") for one in about.avoid_when]
    _section("Not when", avoid)
    if bound_to:
        services = [f"- {one.name}: {one.service.name} ({one.service.level})" for one in architecture.channels]
        _section(f"On {architecture.platform.name}", services)
    promises = [
        f"- {architecture.name_of(one.source)} → {architecture.name_of(one.target)}: {one.delivery}, "
        f"order {one.ordering}; {one.drill or one.no_drill_because}"
        for one in architecture.guarantees
    ]
    _section("Guarantees, each with its drill", promises)
    modes = [
        f"- {one.mode} {one.handled_by} ({one.drill or one.no_drill_because})" for one in architecture.failure_modes
    ]
    _section("Failure modes", modes)
    taken = [f"- {one.id}: {one.question} → {one.outcome.name}" for one in architecture.decisions]
    _section("Decisions", taken)
    asked = [f"- {one.id} = {one.value} ({one.type}): {one.help}" for one in architecture.parameters.values()]
    _section("Parameters (`--set key=value`)", asked)
    say(f"\nNext: archwright new {about.id} my-service --platform {architecture.platform.id}")


def _section(title: str, lines: list[str]) -> None:
    if lines:
        say()
        say(title, bold=True)
        for line in lines:
            _paragraph(line, "  ")


def _paragraph(text: str, indent: str = "") -> None:
    width = min(shutil.get_terminal_size().columns, 100)
    hanging = indent + ("  " if text.startswith("- ") else "")
    say(textwrap.fill(text, width, initial_indent=indent, subsequent_indent=hanging, break_on_hyphens=False))
