"""Rules about code and documents that name records: the record is there, stands, and is the only one of its name."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from archwright.adr.chains import successor
from archwright.adr.edits import Patch
from archwright.adr.rules import Problem, log_rule
from archwright.adr.vocabulary import CLOSED
from archwright.errors import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archwright.adr.citing import Citation
    from archwright.adr.model import DecisionRecord
    from archwright.adr.rules import Inspection


@log_rule("AD170", "missing-citation", Severity.ERROR)
def cited_records_are_there(inspection: Inspection) -> Iterator[Problem]:
    """Every record that code or a document of the repository names is in the log."""
    for cited in inspection.citations:
        if not cited.records and not cited.muted("AD170"):
            yield _at(
                cited,
                f"`{cited.words}` is no record of this log",
                "correct it; for another team's record say so on the line: `archwright: ignore AD170`.",
            )


@log_rule("AD171", "stale-citation", Severity.WARNING)
def cited_records_stand(inspection: Inspection) -> Iterator[Problem]:
    """No code or document rests on a record that is superseded, deprecated or rejected."""
    for cited in inspection.citations:
        if len(cited.records) != 1 or cited.muted("AD171"):
            continue
        record = cited.records[0]
        if record.status.word not in CLOSED:
            continue
        after = successor(inspection.log, record)
        message = f"`{cited.words}` is {record.status.word}" + (f" by {after.id}, {after.title.text}" if after else "")
        if after:
            yield _at(
                cited,
                message,
                f"name {after.id} (`--fix` does), if that is what holds here.",
                _fix(inspection, cited, after),
            )
        else:
            yield _at(cited, message, "name the record that holds today, or none.")


@log_rule("AD172", "ambiguous-citation", Severity.WARNING)
def citations_mean_one_record(inspection: Inspection) -> Iterator[Problem]:
    """A citation means one record."""
    for cited in inspection.citations:
        if len(cited.records) > 1 and not cited.muted("AD172"):
            names = ", ".join(f"`{record.name}`" for record in cited.records[:3])
            yield _at(cited, f"`{cited.words}` may mean {names}", "name the file, or number one of them anew.")


def _at(cited: Citation, message: str, hint: str, fix: tuple[Path, Patch] | None = None) -> Problem:
    return Problem(message, hint, path=cited.path, line=cited.line, column=cited.column, fix=fix)


def _fix(inspection: Inspection, cited: Citation, after: DecisionRecord) -> tuple[Path, Patch] | None:
    """Return the change that names the successor in the same form: its path, or its number of as many digits."""
    if cited.is_path:
        old = cited.records[0]
        words = cited.words
        if words.endswith(old.name):
            new = words[: -len(old.name)] + after.name
        else:
            new = posixpath.join(posixpath.dirname(words), posixpath.basename(after.name))
    elif after.number is not None:
        number = re.search(r"\d+$", cited.words)
        assert number is not None
        width = len(number[0]) if number[0].startswith("0") else 0
        new = f"{cited.words[: number.start()]}{after.number:0{width}d}"
    else:
        return None
    return inspection.root / cited.path, Patch(cited.span, new)
