"""Options that several commands share, and the catalog that they ask for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archwright.errors import UsageError

if TYPE_CHECKING:
    from archwright.catalog import Catalog

CatalogOption = Annotated[
    list[Path] | None,
    typer.Option("--catalog", metavar="DIR", help="A catalog folder of your own, added to the built-in one."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


def catalog_of(folders: list[Path] | None) -> Catalog:
    """Load the built-in catalog and the folders given."""
    from archwright.catalog import holds_something, load_catalog

    for folder in folders or ():
        if os.path.isdir(folder) and not holds_something(folder):  # noqa: PTH112  # never raises
            raise UsageError(
                f"The catalog folder `{folder}` holds no blueprint and no platform.",
                hint="a catalog keeps them as `blueprints/ID/blueprint.yaml` and `platforms/ID/platform.yaml`.",
            )
    return load_catalog(folders or ())


def complete_blueprint(incomplete: str) -> list[str]:
    """Return the blueprints whose ids start so, for shell completion: from folder names, without reading them."""
    return _folders("blueprints", "blueprint.yaml", incomplete)


def complete_platform(incomplete: str) -> list[str]:
    """Return the platforms whose ids start so, for shell completion."""
    return _folders("templates/platforms", "platform.yaml", incomplete)


def _folders(place: str, file: str, incomplete: str) -> list[str]:
    from archwright.resources import data_root

    names = (found.parent.name for found in (data_root() / place).glob(f"*/{file}"))
    return sorted(name for name in names if name.startswith(incomplete))


BlueprintArgument = Annotated[
    str, typer.Argument(metavar="BLUEPRINT", help="A blueprint's id.", autocompletion=complete_blueprint)
]
PlatformOption = Annotated[
    str, typer.Option("--platform", "-p", metavar="P", help="A platform's id.", autocompletion=complete_platform)
]


def settings_of(pairs: list[str] | None) -> dict[str, object]:
    """Return `--set key=value` options as a mapping.

    Raises:
        UsageError: one has no `=`.
    """
    answers: dict[str, object] = {}
    for pair in pairs or []:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UsageError(f"`--set {pair}` has no value.", hint="write it as `--set key=value`.")
        answers[key.strip()] = value
    return answers
