"""A log for other programs: JSON, a Structurizr workspace's decisions, CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from archwright.adr.chains import successors
from archwright.adr.dialects import flat

if TYPE_CHECKING:
    from archwright.adr.model import DecisionLog, DecisionRecord, Section

COLUMNS = ("id", "number", "title", "status", "date", "deciders", "tags", "supersedes", "superseded_by", "path")
_FORMATS = {"markdown": "Markdown", "asciidoc": "AsciiDoc"}
_STATUSES = {
    "accepted": "Accepted",
    "proposed": "Proposed",
    "rejected": "Rejected",
    "deprecated": "Deprecated",
    "superseded": "Superseded",
    "draft": "Proposed",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_json(log: DecisionLog) -> dict[str, object]:
    """Return every record with its parts, in the shape of JSON-ADR 1, and what that has no words for beside it."""
    return {"version": "1.0.0", "tool": {"name": "archwright"}, "adrs": [_record(log, record) for record in log]}


def _record(log: DecisionLog, record: DecisionRecord) -> dict[str, object]:
    relations = dict.fromkeys((each.kind, other) for each in record.relations if (other := log.target(record, each)))
    parts = {role: _text(record, record.section(role)) for role in ("context", "decision", "consequences")}
    return {
        "id": record.id,
        "number": record.number,
        "title": record.title.text,
        "status": record.status.word,
        "status_inferred": record.status.inferred,
        "date": record.day.isoformat() if record.day else None,
        "deciders": list(record.deciders),
        "consulted": list(record.consulted),
        "informed": list(record.informed),
        "tags": list(record.tags),
        **parts,
        "options": [option.name for option in record.options],
        "chosen_option": record.chosen_option.text if record.chosen_option else None,
        "links": [
            {"kind": kind, "target": other.number if other.number is not None else other.id, "path": other.name}
            for kind, other in relations
        ],
        "path": record.name,
    }


def _text(record: DecisionRecord, section: Section | None) -> str | None:
    return flat(record.text)[section.body.start : section.body.end].strip() if section else None


def structurizr(log: DecisionLog) -> dict[str, object]:
    """Return the decisions as a Structurizr workspace documents them; ids are unique even where numbers collide."""
    ids = _ids(log)
    return {"documentation": {"decisions": [_decision(log, record, ids) for record in log]}}


def _ids(log: DecisionLog) -> dict[DecisionRecord, str]:
    taken: set[str] = set()
    found = {}
    for record in log:
        wanted = str(record.number) if record.number is not None else record.slug or record.id
        name = wanted if wanted not in taken else record.name
        taken.add(name)
        found[record] = name
    return found


def _decision(log: DecisionLog, record: DecisionRecord, ids: dict[DecisionRecord, str]) -> dict[str, object]:
    links = dict.fromkeys(
        (each.kind, other) for each in record.relations if (other := log.target(record, each)) and other is not record
    )
    return {
        "id": ids[record],
        "title": record.title.text,
        "date": f"{record.day.isoformat() if record.day else '1970-01-01'}T00:00:00Z",
        "status": _STATUSES.get(record.status.word, record.status.text),
        "format": _FORMATS.get(record.markup, "Markdown"),
        "content": flat(record.text),
        "links": [{"id": ids[other], "description": kind} for kind, other in links],
    }


def as_csv(log: DecisionLog) -> str:
    """Return one row a record; a cell that a spreadsheet would take for a formula is led by an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    after = successors(log)
    before: dict[DecisionRecord, list[str]] = {}
    for old, new in after.items():
        for record in new:
            before.setdefault(record, []).append(old.id)
    for record in log:
        row = (
            record.id, "" if record.number is None else record.number, record.title.text, record.status.word,
            record.day.isoformat() if record.day else "", "; ".join(record.deciders), "; ".join(record.tags),
            "; ".join(before.get(record, ())), "; ".join(other.id for other in after.get(record, ())), record.name,
        )  # fmt: skip  # one row
        writer.writerow([f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in row])
    return out.getvalue()
