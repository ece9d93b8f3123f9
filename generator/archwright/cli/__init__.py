"""Words typed become calls, results become words printed: the only printing and the only exit codes."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from archwright.cli import adr, diagram, emulator, look, new, site, validate
from archwright.cli.terminal import guard
from archwright.cli.wording import reword

__all__ = ["app", "main"]

app = typer.Typer(
    name="archwright",
    help="Blueprints of messaging and orchestration patterns become starters, diagrams, decision records and a site.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,  # plain help: the rich one takes three times as long to start
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from archwright import __version__

        typer.echo(f"archwright {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Turn blueprints into starters, diagrams, decision records and a documentation site."""


for module in (look, new, validate, diagram):
    module.register(app)
app.add_typer(site.app, name="site")
app.add_typer(adr.app, name="adr")
app.add_typer(emulator.app, name="emulator")


def main() -> None:
    """Run the command line; the entry point of the `archwright` program."""
    command = typer.main.get_command(app)
    reword(command)
    sys.exit(guard(command))
