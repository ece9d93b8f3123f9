"""The decision log on the command line: `archwright adr`, one module per group of commands."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_MODULES = {  # and the commands that each of them holds
    "records": ("list", "show"),
    "drafts": ("init", "new"),
    "relations": ("accept", "reject", "deprecate", "supersede", "link"),
    "numbers": ("renumber", "number"),
    "checks": ("lint", "index", "due"),
    "history": ("audit", "diff", "why"),
    "views": ("graph", "export"),
}


@app.callback()
def root() -> None:
    """Keep a team's decision records: write, read, relate and check them, in whatever dialect they are.

    The log is found by itself: `.adr-dir`, `.log4brains.yml`, `adrs.toml` or `[tool.archwright.adr]`, else a usual
    folder such as `docs/decisions` or `doc/adr`, upwards from here. `--dir` on any command names another one.

    A day with it:

        archwright adr init                                     a log in docs/decisions, with its first record

        archwright adr new "Use one queue per tenant"           asks for context, options and outcome, writes 0002

        archwright adr list                                     every record with its status and date

        archwright adr accept 2                                 changes that one word, whatever the file's format

        archwright adr supersede 2 --by 7                       tells both records

        archwright adr lint --base origin/main                  holds it against every rule, as CI does

    An ID is a number (`7`, never 17), an id (`ADR-0007`), a slug or a file name.
    """


def _register() -> None:
    """Load every module, or only the one that holds the command which was typed: a log is listed in half the time."""
    typed = sys.argv[2] if sys.argv[1:2] == ["adr"] and len(sys.argv) > 2 else ""  # noqa: PLR2004  # `archwright adr COMMAND`
    holding = [name for name, commands in _MODULES.items() if typed in commands]
    for name in holding or _MODULES:
        module: ModuleType = import_module(f"archwright.cli.adr.{name}")
        module.register(app)


_register()
