"""What a record states above its first section, whatever the form, as one mapping of keys to values with places."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archwright.adr.frontmatter import normal
from archwright.adr.model import Value
from archwright.adr.names import find_day, parse_name
from archwright.adr.source import Span, lines
from archwright.adr.statuses import KEYS, read_phrase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from archwright.adr.dialects import Dialect
    from archwright.adr.model import FrontMatterEntry, Section
    from archwright.adr.vocabulary import Vocabulary

_LONGEST = 20_000
_NEAR = 3_000
_STATE = re.compile(r"stat(?:us|e)", re.IGNORECASE)
_NESTED = re.compile(r"\n[ \t]*(?:\n[ \t]*)?[ \t]+[-*+][ \t]+([^\n]+)")
_PSEUDO = re.compile(
    r"^[ \t]*(?:\*\*|__)Status:?(?:\*\*|__):?[ \t]*\n(?:[ \t]*\n)*([^\n]+)$", re.MULTILINE | re.IGNORECASE
)
_BADGE = re.compile(r"!\[status\b[^\]\n]*\]\([^)\n]*\bstatus-([A-Za-z_]+)", re.IGNORECASE)
DATE_KEYS = (
    "date", "created", "created-at", "created-on", "decision-date", "decided",
    "decided-on", "date-decided", "date-created",
    "last-modified", "last-updated", "updated", "modified", "pubdate", "publish-date", "date-accepted", "accepted",
)  # fmt: skip  # a list


def read_header(
    masked: str, start: int, reader: Dialect, sections: Sequence[Section], front_matter: Mapping[str, FrontMatterEntry]
) -> dict[str, tuple[Value, ...]]:
    """Return every key that the front matter and the lines above the first section state."""
    found: dict[str, list[Value]] = {key: list(entry.values) for key, entry in front_matter.items() if entry.values}
    end = next((section.heading.start for section in sections if section.role or section.level > 1), len(masked))
    end = min(end, start + _LONGEST)
    for pair in reader.pairs(masked, start, end):
        words = pair.span.of(masked)
        key = normal(pair.key)
        if words:
            found.setdefault(key, []).append(Value(words, pair.source, pair.span))
        elif nested := _NESTED.match(masked, pair.span.end):
            while nested:
                found.setdefault(key, []).append(
                    Value(nested[1].strip(), pair.source, Span(nested.start(1), nested.end(1)))
                )
                nested = _NESTED.match(masked, nested.end())
    return {key: tuple(values) for key, values in found.items()}


def status_elsewhere(masked: str, start: int, reader: Dialect, vocabulary: Vocabulary) -> dict[str, tuple[Value, ...]]:
    """Look for a status further down, near the top first; one that is far down has to be a word that we know."""
    if not _STATE.search(masked, start):
        return {}
    if pseudo := _PSEUDO.search(masked, start):
        return {"status": (Value(pseudo[1], "line", Span(pseudo.start(1), pseudo.end(1))),)}
    if badge := _BADGE.search(masked, start, min(len(masked), start + _NEAR)):
        return {"status": (Value(badge[1], "badge", Span(*badge.span(1))),)}
    for pair in reader.pairs(masked, start, min(len(masked), start + 10 * _LONGEST)):
        if normal(pair.key) not in KEYS or not pair.span.of(masked):
            continue
        phrase = read_phrase(masked, pair.span.start, pair.span.end, vocabulary)
        if phrase and (phrase.known or pair.span.start < _NEAR):
            return {"status": (Value(pair.span.of(masked), pair.source, pair.span),)}
    return {}


def read_date(
    masked: str, header: Mapping[str, tuple[Value, ...]], sections: Sequence[Section], stem: str
) -> tuple[Value | None, date | None]:
    """Return the record's date as it is stated, and as a day if it is one: header, section, changelog, file name."""
    for key in DATE_KEYS:
        for value in header.get(key, ()):
            found = find_day(value.text)
            if found is None:
                if key == "date" and "{" not in value.text and any(letter.isdigit() for letter in value.text):
                    return value, None
                continue
            return _narrowed(value, found[1], found[2]), found[0]
    for section in sections:
        if section.role in {"date", "status"}:
            for offset, line in lines(masked, section.own.start, section.own.end):
                found = find_day(line) if section.role == "date" or "date" in line.lower() else None
                if found:
                    return Value(
                        line[found[1] : found[2]],
                        f"section:{section.title}",
                        Span(offset + found[1], offset + found[2]),
                    ), found[0]
    return _from_changelog(masked, sections) or _from_name(stem)


def _narrowed(value: Value, start: int, end: int) -> Value:
    if value.span is None:
        return Value(value.text[start:end], value.source)
    return Value(value.text[start:end], value.source, Span(value.span.start + start, value.span.start + end))


def _from_changelog(masked: str, sections: Sequence[Section]) -> tuple[Value, date] | None:
    found = []
    for section in sections:
        if section.role == "changelog":
            for offset, line in lines(masked, section.own.start, section.own.end):
                day = find_day(line)
                if day:
                    found.append(
                        (day[0], Value(line[day[1] : day[2]], "changelog", Span(offset + day[1], offset + day[2])))
                    )
    if not found:
        return None
    oldest = min(found, key=lambda entry: entry[0])
    return oldest[1], oldest[0]


def _from_name(stem: str) -> tuple[Value | None, date | None]:
    day = parse_name(stem).day
    return (Value(day.isoformat(), "file-name"), day) if day else (None, None)
