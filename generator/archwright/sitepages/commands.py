"""The reference of the command line, made from the commands themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archwright.sitepages.markdown import cell, code, fence, page, prose, table

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An argument or an option, as `--help` tells it."""

    names: str
    help: str
    default: str
    is_argument: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command with its words, such as `archwright adr new`; `help` is what `--help` says."""

    words: str
    usage: str
    help: str
    options: tuple[Option, ...]


def commands_page(commands: Sequence[Command]) -> str:
    """Return one page with every command."""
    exits = table(
        ["Exit code", "Meaning"],
        [
            ["0", "done"],
            ["1", "findings, or something failed; the message says what to do"],
            ["2", "what was typed cannot be done"],
            ["3", "a bug of ours, with what to report"],
            ["130", "interrupted"],
        ],
    )
    return page(
        "# Commands",
        "Every command takes `--help`. Lists and findings can be had as JSON; colours and questions appear only on "
        "a terminal.",
        exits,
        *(_command(one) for one in commands),
    )


def _command(command: Command) -> str:
    text, _, examples = command.help.partition("Examples:")
    lines = [line.strip() for line in examples.splitlines() if line.strip()]
    options = [
        [code(one.names), cell(one.help) + (f" Default: {code(one.default)}." if one.default else "")]
        for one in command.options
    ]
    return page(
        f"## {command.words}",
        *(prose(part) for part in text.split("\n\n")),
        fence(command.usage, "text"),
        table(["Argument or option", "What it does"], options),
        fence("\n".join(lines), "sh") if lines else "",
    )
