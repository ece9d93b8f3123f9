"""The pages of archwright's own decision log: an index, and every record as it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archwright.adr import load_log
from archwright.sitepages.markdown import cell, chips, page, table

if TYPE_CHECKING:
    from pathlib import Path

    from archwright.adr import DecisionLog, DecisionRecord

_LINK = re.compile(r"\[([^\]]*)\]\(([^)\s#]+)(#[^)]*)?\)")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:")


def log_pages(folder: Path) -> dict[str, str]:
    """Return the index of the log, and a page for each record; a log without records says so."""
    log = load_log(folder) if folder.is_dir() else None
    records = log.records if log else ()
    pages = {"decisions/index.md": _index(records)}
    for record in records:
        pages[f"decisions/{record.name}"] = _record(log, record)
    return pages


def _index(records: tuple[DecisionRecord, ...]) -> str:
    rows = [
        [
            record.id,
            f"[{cell(record.title.text)}]({record.name})",
            _status(record),
            f'<span class="nowrap">{cell(record.date.text)}</span>' if record.date else "",
        ]
        for record in reversed(records)
    ]
    return page(
        "# Decisions",
        "Why archwright is built as it is: each record tells the context, the options and what was chosen. "
        "The newest stands first.",
        '<div class="filterable" markdown>' if rows else "There is no record yet.",
        table(["Number", "Decision", "Status", "Date"], rows),
        "</div>" if rows else "",
    )


def _status(record: DecisionRecord) -> str:
    return f'<span class="chip status-{record.status.word.split()[0]}">{cell(record.status.word)}</span>'


def _record(log: DecisionLog | None, record: DecisionRecord) -> str:
    """Return a record's own text; links that lead out of the log lose their target, and keep their words."""
    start = record.front_matter_span
    text = record.text[start.end :].lstrip("-").strip() if start else record.text.strip()
    names = set(log.by_name) if log else set()

    def inside(found: re.Match[str]) -> str:
        words, target = found[1], found[2]
        return found[0] if target in names or _SCHEME.match(target) else words

    heading, _, body = text.partition("\n")
    day = [record.date.text] if record.date else []
    return page(heading, f"{_status(record)} {chips(day)}", _LINK.sub(inside, body))
