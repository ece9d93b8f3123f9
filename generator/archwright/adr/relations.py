"""What a record says about other records: in its status, its links, its front matter and its header."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archwright.adr.dialects import dialect, flat
from archwright.adr.model import Relation, Span
from archwright.adr.source import lines
from archwright.adr.vocabulary import relation_kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archwright.adr.dialects import Link
    from archwright.adr.model import DecisionRecord

_BARE = re.compile(
    r"[\w./-]+\.(?:md|rst|adoc)\b|(?:ADR|RFC|SDD|DR|(?-i:[A-Z]{2,8}))[-_ #]?\d{1,5}\b|\d{8}-[\w-]+|\d{4}-\d\d-\d\d-[\w-]+|(?<![\w.-])#?\d{1,4}\b(?!\.\d)",  # noqa: E501  # one pattern
    re.IGNORECASE,
)
_NAMED = re.compile(r"(?:super[sc]ee?ded|replaced)[ \t]+by[ \t]*:?[ \t]*([a-z0-9][\w-]*(?:/[\w-]+)?)", re.IGNORECASE)
_EXTERNAL = re.compile(r"^(?:[a-z][a-z0-9+.-]*:|//|#)", re.IGNORECASE)
_PHRASE = re.compile(r"[A-Za-z][A-Za-z _-]*")
_EDGES = " \t>*_`~-+|:.,;(\"'"
_AKA = re.compile(r"(?:<!--|^\.\.|^//)[ \t]*aka:[ \t]*([^\n]*?)[ \t]*(?:-->|$)", re.MULTILINE)
_WANTED = ("status", "links", "more-information")


def relations_of(record: DecisionRecord) -> tuple[Relation, ...]:
    """Return every relation that a record states; one that stands in several places is told for each."""
    text = flat(record.text)
    found = [*_from_front_matter(record), *_from_header(record, text)]
    if record.sections:
        reader = dialect(record.markup)
        masked = reader.mask(text, record.front_matter_span.end if record.front_matter_span else 0)
        for section in record.sections:
            if section.role in _WANTED:
                found += _from_section(record, masked, section.own, section.role)
    return tuple(dict.fromkeys(found))


def aliases_of(record: DecisionRecord) -> tuple[str, ...]:
    """Return the numbers and ids that a record was known by before."""
    entry = record.front_matter.get("aka")
    found = [value.text for value in entry.values] if entry else []
    if "aka:" in record.text:
        for match in _AKA.finditer(flat(record.text)):
            found += [part.strip() for part in match[1].split(",")]
    return tuple(dict.fromkeys(alias for alias in found if alias))


def _from_front_matter(record: DecisionRecord) -> Iterator[Relation]:
    for key, entry in record.front_matter.items():
        kind = relation_kind(key.replace("-", " "))
        if kind is None and key in {"links", "relations"} and isinstance(entry.data, list):
            yield from _nested(entry.data, key)
        elif kind is not None and key not in {"implements", "see"}:
            for value in entry.values:
                yield from _values(kind, key, value.text, f"front-matter:{key}", value.span)
    status = record.status
    for place in status.stated:
        if place.span and place.source.startswith(("front-matter", "heading")):
            yield from _in_line(record, flat(record.text), place.span.start, place.span.end, place.source)


def _nested(items: list[object], key: str) -> Iterator[Relation]:
    for item in items:
        if isinstance(item, dict):
            kind = relation_kind(str(item.get("kind") or item.get("type") or item.get("rel") or ""))
            target = item.get("target") or item.get("id") or item.get("to")
            if kind and isinstance(target, str):
                yield Relation(kind, target, f"front-matter:{key}")


def _values(kind: str, words: str, text: str, source: str, span: Span | None) -> Iterator[Relation]:
    for match in re.finditer(r"[^,\s][^,]*", text):
        target = match[0].strip()
        place = Span(span.start + match.start(), span.start + match.start() + len(target)) if span else None
        yield Relation(kind, target, source, words, place, place)


def _from_header(record: DecisionRecord, text: str) -> Iterator[Relation]:
    for key, values in record.header.items():
        kind = relation_kind(key.replace("-", " "))
        for value in values:
            if value.span is None or value.source == "front-matter":
                continue
            if kind and kind != "relates to":
                yield from _targets(record, text, value.span, kind, key, value.source)
            elif key in {"status", "state"} or not record.sections:
                yield from _in_line(record, text, value.span.start, value.span.end, value.source)


def _from_section(record: DecisionRecord, text: str, own: Span, role: str) -> Iterator[Relation]:
    """Read each line on its own; a line that holds only `Superseded by` speaks for the links below it."""
    carried: str | None = None
    for offset, line in lines(text, own.start, own.end):
        if not line.strip():
            continue
        found = list(_in_line(record, text, offset, offset + len(line), f"section:{role}"))
        phrase = relation_kind(line.strip(_EDGES))
        if not found and phrase and phrase != "relates to":
            carried = phrase
            continue
        if not found and carried:
            found = list(_targets(record, text, Span(offset, offset + len(line)), carried, carried, f"section:{role}"))
        if not found and role == "links":
            found = [
                Relation("relates to", target, f"section:{role}", "", link.span, link.target)
                for link in dialect(record.markup).links(text, offset, offset + len(line))
                if _may_be_record(target := link.target.of(text))
            ]
        if not line.lstrip().startswith(("-", "*", "[", "`")):
            carried = None
        yield from found


def _in_line(record: DecisionRecord, text: str, start: int, end: int, source: str) -> Iterator[Relation]:
    """Read `Supersedes [3. Title](0003-title.md)`, `superseded by ADR-0007` and their like."""
    targets = list(_links_and_numbers(record, text, start, end))
    before, kind, words = start, None, ""
    for span, target in targets:
        phrase = _last_phrase(text[before : span.start])
        named = relation_kind(phrase) if phrase else None
        if named:
            kind, words = named, phrase
        elif phrase and phrase.lower() not in {"and", "or", "adr", "by", "the"}:
            kind = None
        if kind and _may_be_record(target.of(text)):
            yield Relation(kind, target.of(text), source, words, Span(start, end), target)
        before = span.end
    named_slug = _NAMED.search(text, start, end) if not targets else None
    if named_slug and len(named_slug[1]) > 1:
        yield Relation(
            "superseded by", named_slug[1], source, "superseded by", Span(start, end), Span(*named_slug.span(1))
        )


def _last_phrase(text: str) -> str:
    """Return the words that lead to a link, the longest of them that name a relation."""
    plain = text.strip(_EDGES).replace("*", "").replace("_", " ")
    runs = _PHRASE.findall(plain)
    words = runs[-1].split() if runs else []
    if words and words[-1].upper() in {"ADR", "RFC", "SDD", "DECISION", "RECORD"}:
        words = words[:-1]
    for count in (3, 2, 1):
        phrase = " ".join(words[-count:])
        if len(words) >= count and relation_kind(phrase):
            return phrase
    return " ".join(words[-3:])


def _targets(record: DecisionRecord, text: str, span: Span, kind: str, words: str, source: str) -> Iterator[Relation]:  # noqa: PLR0913, PLR0917  # each is a thing of its own
    for _, target in _links_and_numbers(record, text, span.start, span.end):
        if _may_be_record(target.of(text)):
            yield Relation(kind, target.of(text), source, words, span, target)


def _links_and_numbers(record: DecisionRecord, text: str, start: int, end: int) -> list[tuple[Span, Span]]:
    """Return each reference of a stretch: its whole and what it points to; a number inside a link is no other one."""
    links: list[Link] = list(dialect(record.markup).links(text, start, end))
    found = [(link.span, link.target) for link in links]
    for match in _BARE.finditer(text, start, end):
        if not any(link.start <= match.start() < link.end for link, _ in found):
            found.append((Span(*match.span()), Span(*match.span())))
    found.sort()
    return found


def _may_be_record(target: str) -> bool:
    return not _EXTERNAL.match(target)
