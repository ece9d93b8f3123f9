"""`archwright diagram`: the picture of a blueprint on a platform."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archwright.cli.options import BlueprintArgument, CatalogOption, PlatformOption, catalog_of
from archwright.cli.terminal import say
from archwright.errors import DestinationError, UsageError
from archwright.resources import DEFAULT_PLATFORM

if TYPE_CHECKING:
    from archwright.model import Architecture
    from archwright.views import View


def register(app: typer.Typer) -> None:
    """Add this module's command to `app`."""
    app.command("diagram")(diagram)


def diagram(
    blueprint: BlueprintArgument,
    platform: PlatformOption = DEFAULT_PLATFORM,
    format: Annotated[  # noqa: A002  # the option's name
        str, typer.Option("--format", "-f", metavar="F", help="svg (light and dark in one file), png or mermaid.")
    ] = "svg",
    workflow: Annotated[
        str, typer.Option("--workflow", "-w", metavar="ID", help="Draw the steps of this workflow instead.")
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="The file to write; else it goes to standard output."),
    ] = None,
    catalog: CatalogOption = None,
) -> None:
    """Draw a blueprint: its parts, its channels, and the way that failed messages take; or one of its workflows.

    Examples:
        archwright diagram work-queue -o work-queue.svg

        archwright diagram publish-subscribe --format mermaid

        archwright diagram work-queue --format png -o work-queue.png
    """
    from archwright.diagrams import check_format, export
    from archwright.resolve import resolve
    from archwright.views import container_view

    check_format(format)
    if format == "png" and output is None and sys.stdout.isatty():
        raise UsageError("A PNG cannot be shown on a terminal.", hint="name a file with `-o FILE`.")
    architecture = resolve(catalog_of(catalog), blueprint, platform, blueprint, {})
    picture = export(_workflow(architecture, workflow) if workflow else container_view(architecture), format)
    if output is None:
        sys.stdout.buffer.write(picture)
        return
    _write(output, picture)
    say(f"{output}  {len(picture):,} bytes")


def _workflow(architecture: Architecture, wanted: str) -> View:
    from archwright.shapes import nearest
    from archwright.stepviews import workflow_view

    found = {one.id: one for one in architecture.workflows}
    if wanted not in found:
        known = f"workflows: {', '.join(found)}." if found else "it has none."
        message = f"`{architecture.blueprint.id}` has no workflow `{wanted}`."
        raise UsageError(message, hint=nearest(wanted, found, known))
    return workflow_view(found[wanted])


def _write(path: Path, content: bytes) -> None:
    """Write the file whole or not at all."""
    part = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name[:40]}.", delete=False) as file:
            part = Path(file.name)
            file.write(content)
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        if part:
            part.unlink(missing_ok=True)
        reason = (error.strerror or str(error)).lower()
        raise DestinationError(
            f"`{path}` cannot be written: {reason}. Nothing was written.",
            hint="name a file in a folder that exists and that you may write to.",
        ) from None
