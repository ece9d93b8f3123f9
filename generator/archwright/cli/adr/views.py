"""Show a decision log to others: `graph`, `export`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from archwright.cli.adr.log_option import Dir, load
from archwright.cli.terminal import say, say_json


class GraphFormat(StrEnum):
    """How a graph is written."""

    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"


class ExportFormat(StrEnum):
    """What a log is written for."""

    JSON = "json"
    STRUCTURIZR = "structurizr"
    CSV = "csv"


Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="The file to write; else it goes to standard output."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(graph)
    app.command()(export)


def graph(
    *,
    format: Annotated[  # noqa: A002  # the option's name
        GraphFormat, typer.Option("--format", "-f", help="mermaid is shown by code hosts as it is.")
    ] = GraphFormat.MERMAID,
    related: Annotated[bool, typer.Option("--related", help="Only records that have a relation.")] = False,
    output: Output = None,
    folder: Dir = None,
) -> None:
    """Draw the log: its records, coloured by status, and what they say of each other.

    Examples:
        archwright adr graph --related

        archwright adr graph --format svg -o decisions.svg
    """
    from archwright.adr.graph import dot, mermaid

    log = load(folder)
    if format is GraphFormat.MERMAID:
        text = mermaid(log, related=related)
    else:
        text = dot(log, related=related)
        if format is GraphFormat.SVG:
            text = _drawn(text)
    _put(text, output)


def _drawn(source: str) -> str:
    """Return a DOT graph as SVG, laid out by the engine of the diagrams."""
    import subprocess

    from archwright.diagrams.engine import SECONDS, find_engine
    from archwright.errors import DecisionLogError

    try:
        done = subprocess.run(  # noqa: S603  # the engine found; the input is text that we made
            [find_engine(), "-Tsvg"], input=source.encode(), capture_output=True, timeout=SECONDS, check=True
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise DecisionLogError(
            "the layout engine could not draw this graph",
            hint="draw less with `--related`, or take `--format mermaid`.",
        ) from error
    return done.stdout.decode()


def export(
    *,
    format: Annotated[  # noqa: A002  # the option's name
        ExportFormat, typer.Option("--format", "-f", help="structurizr is a workspace's documentation.")
    ] = ExportFormat.JSON,
    output: Output = None,
    folder: Dir = None,
) -> None:
    """Write the log for other programs.

    Examples:
        archwright adr export > decisions.json

        archwright adr export --format csv -o decisions.csv
    """
    import json

    from archwright.adr import export as exports

    log = load(folder)
    if format is ExportFormat.CSV:
        _put(exports.as_csv(log), output)
        return
    value = exports.as_json(log) if format is ExportFormat.JSON else exports.structurizr(log)
    if output is None:
        say_json(value)
    else:
        _put(json.dumps(value, indent=2, ensure_ascii=False) + "\n", output)


def _put(text: str, output: Path | None) -> None:
    """Print a text, or write it to a file in one step."""
    if output is None:
        typer.echo(text, nl=False)
        return
    from archwright.adr.transaction import Transaction

    content = text.encode()
    changes = Transaction()
    if output.is_file():
        changes.replace(output, output.read_bytes(), content)
    else:
        changes.create(output, content)
    changes.commit()
    say(f"{output}  {len(content):,} bytes", err=True)
