"""`archwright validate` and `archwright schema`: whether a folder is what a catalog can use, and how it is shaped."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archwright.cli.reports import Format, print_findings
from archwright.cli.terminal import fail_if_errors, say_json

if TYPE_CHECKING:
    from archwright.errors import Finding


class Kind(StrEnum):
    """The kinds of YAML file that have a schema."""

    BLUEPRINT = "blueprint"
    PLATFORM = "platform"
    LAYER = "layer"
    LIMITS = "limits"
    PRICES = "prices"


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command("validate")(validate)
    app.command("schema")(schema)


def validate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH]...", help="A blueprint's or platform's folder, or a catalog's; none: the built-in."
        ),
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print what is found.")] = Format.TEXT,
) -> None:
    """Check blueprint and platform folders; tell every problem at once, with file, line and column.

    Examples:
        archwright validate

        archwright validate blueprints/work-queue

        archwright validate my-catalog --format sarif > findings.sarif
    """
    from archwright.errors import UsageError

    wanted = paths or []
    for path in wanted:
        if not os.path.exists(path):  # noqa: PTH110  # never raises, whatever the name or the rights
            raise UsageError(f"`{path}` does not exist.", hint="give a folder with a blueprint.yaml or platform.yaml.")
    findings, count = _findings(wanted)
    print_findings(findings, output, checked=count)
    fail_if_errors(findings)


def _findings(paths: list[Path]) -> tuple[list[Finding], str]:
    """Return what is wrong in `paths`, and in words how much was checked."""
    from archwright.catalog import holds_something, read_catalog
    from archwright.errors import UsageError
    from archwright.resources import data_root

    inside = data_root().resolve()
    folders = [path if path.is_dir() else path.parent for path in paths]
    for folder in folders:
        if not holds_something(folder):
            raise UsageError(
                f"`{folder}` holds no blueprint and no platform.",
                hint="a blueprint is a folder with a blueprint.yaml, a platform one with a platform.yaml.",
            )
    own = [folder for folder in folders if not folder.resolve().is_relative_to(inside)]
    catalog = read_catalog(own)
    if not paths:
        return catalog.findings, f"{len(catalog.blueprints)} blueprints, {len(catalog.platforms)} platforms"
    roots = [folder.resolve() for folder in folders]
    concerned = [one for one in catalog.findings if one.location and _below(Path(one.location.path), roots)]
    return concerned, f"{len(folders)} folder{'' if len(folders) == 1 else 's'}"


def _below(path: Path, roots: list[Path]) -> bool:
    from archwright.resources import data_root

    candidates = [path.resolve(), (data_root() / path).resolve()]
    return any(candidate.is_relative_to(root) for candidate in candidates for root in roots)


def schema(
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help=f"Which kind of file: {', '.join(Kind)}.")],
) -> None:
    """Print the JSON Schema of a kind of YAML file, for editors.

    Examples:
        archwright schema blueprint > blueprint.schema.json
    """
    from archwright.schema import json_schema

    say_json(json_schema(kind))
