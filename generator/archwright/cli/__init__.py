"""Words typed become calls, results become words printed: the only printing and the only exit codes."""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from typing import Annotated

import typer

from archwright.cli.terminal import guard
from archwright.cli.wording import reword

__all__ = ["app", "main"]

_COMMANDS = ("look", "new", "review", "validate", "diagram")  # modules whose commands stand at the top
_GROUPS = ("site", "adr", "emulator")  # modules that are a command with commands of its own


@cache
def build(only: str = "") -> typer.Typer:
    """Return the command line; with the name of a group in `only`, that group alone, which is quicker to make."""
    made = typer.Typer(
        name="archwright",
        help="Blueprints of messaging and orchestration patterns become starters, diagrams, records and a site.",
        no_args_is_help=True,
        add_completion=True,
        rich_markup_mode=None,  # plain help: the rich one takes three times as long to start  # adr: 0007
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback()(root)
    for name in () if only else _COMMANDS:
        import_module(f"archwright.cli.{name}").register(made)
    for name in [only] if only else _GROUPS:
        made.add_typer(import_module(f"archwright.cli.{name}").app, name=name)
    return made


def _version(wanted: bool) -> None:
    if wanted:
        from archwright import __version__

        typer.echo(f"archwright {__version__}")
        raise typer.Exit


def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Turn blueprints into starters, diagrams, decision records and a documentation site."""


def __getattr__(name: str) -> object:
    """Give the whole command line as `app`, for whoever documents or tests it."""
    if name == "app":
        return build()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def main() -> None:
    """Run the command line; the entry point of the `archwright` program."""
    first = sys.argv[1] if len(sys.argv) > 1 else ""
    command = typer.main.get_command(build(first if first in _GROUPS else ""))
    reword(command)
    sys.exit(guard(command))
