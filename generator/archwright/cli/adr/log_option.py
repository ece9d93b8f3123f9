"""What the commands of `archwright adr` share: the `--dir` option, loading, and telling what was left out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archwright.cli.terminal import say

if TYPE_CHECKING:
    from archwright.adr.model import DecisionLog, DecisionRecord
    from archwright.adr.place import LogPlace

Dir = Annotated[
    Path | None,
    typer.Option("--dir", metavar="FOLDER", help="The folder of the records; found by itself when not given."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for a program to read.")]
NoInput = Annotated[bool, typer.Option("--no-input", help="Never ask, even on a terminal.")]


def find_place(folder: Path | None) -> LogPlace:
    """Return where the log is."""
    from archwright.adr.place import find_log

    return find_log(Path.cwd(), folder)


def load(folder: Path | None) -> DecisionLog:
    """Find the log and read it; what may hide a record is told at once, on standard error."""
    log = find_place(folder).load()
    for each in log.left_out:
        if each.harmful:
            say(f"left out: {each.name}: {each.reason}", err=True)
    return log


def say_left_out(log: DecisionLog, *, err: bool = True) -> None:
    """Say how many files were read, how many were left out, and why."""
    reasons = Counter(each.reason for each in log.left_out)
    told = "; ".join(
        f"{count} x {reason}" if count > 1 else f"{_one(log, reason)}: {reason}"
        for reason, count in sorted(reasons.items())
    )
    say(f"{len(log)} read, {len(log.left_out)} left out{f' ({told})' if told else ''}", err=err)


def _one(log: DecisionLog, reason: str) -> str:
    return next(each.name for each in log.left_out if each.reason == reason)


def as_json(log: DecisionLog, record: DecisionRecord) -> dict[str, object]:
    """Return what programs are told about a record in a list."""
    return {
        "id": record.id,
        "number": record.number,
        "title": record.title.text,
        "status": record.status.word,
        "status_text": record.status.text,
        "status_source": record.status.source,
        "inferred": record.status.inferred,
        "date": record.day.isoformat() if record.day else None,
        "path": record.name,
        "supersedes": _ids(log, record, "supersedes"),
        "superseded_by": _ids(log, record, "superseded by"),
    }


def _ids(log: DecisionLog, record: DecisionRecord, kind: str) -> list[str]:
    """Return the ids of the records related so; a target that nobody resolves stays as it is written."""
    named = [relation for relation in record.relations if relation.kind == kind]
    found = ((log.target(record, relation), relation.target) for relation in named)
    return list(dict.fromkeys(other.id if other else written for other, written in found))


def shown(path: Path) -> str:
    """Return a path as a person here would type it: relative where it is below this folder."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
