"""Change a record's status in every place that states it, or state it where none does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archwright.adr.edits import Patch, edited, end_of_words, line_end, line_start
from archwright.adr.names import find_day
from archwright.adr.relating import write_reason
from archwright.adr.source import Span
from archwright.adr.vocabulary import SUPERSEDED_BY
from archwright.adr.wording import (
    citation,
    heading_like,
    in_case_of,
    joined,
    number_words,
    own_sign,
    own_word,
    sign_before,
)
from archwright.errors import DecisionLogError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from archwright.adr.model import DecisionLog, DecisionRecord, Value

_BOX = re.compile(r"[ \t]*[-*+][ \t]+\[([xX])\]")
_DATED = re.compile(r"[ \t>*+-]*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")


def with_status(  # noqa: PLR0913  # each is a thing of its own
    log: DecisionLog,
    record: DecisionRecord,
    word: str,
    *,
    by: Sequence[DecisionRecord] = (),
    reason: str = "",
    today: date | None = None,
) -> DecisionRecord:
    """Return the record with another status, in step in every place; `by` are the successors of a superseded one.

    Raises:
        DecisionLogError: a place cannot take the new words, or the file would not read as it should afterwards.
    """
    if record.status.stated:
        patches = [patch for place in record.status.stated for patch in _patches(log, record, place, word, by, today)]
    else:
        patches = [_statement(record, own_word(log, word), by)]
    after = edited(record, patches)
    if reason:
        after = write_reason(after, word, reason)
    left = next((place for place in after.status.stated if after.vocabulary.meaning(place.text) != word), None)
    if left or after.status.word != word or after.title.text != record.title.text:
        stated = record.status.stated
        raise DecisionLogError(
            f"{record.name}: its status cannot be changed safely; "
            f"it would read `{left.text if left else after.status.word}` afterwards. Nothing was written.",
            hint=f"change it by hand at line {record.line_of(stated[0]) if stated else 1}.",
        )
    return after


def _patches(  # noqa: PLR0913, PLR0917  # each is a thing of its own
    log: DecisionLog, record: DecisionRecord, place: Value, word: str, by: Sequence[DecisionRecord], today: date | None
) -> Iterator[Patch]:
    assert place.span is not None  # what is stated stands somewhere
    span, text = place.span, record.text
    if place.source.startswith("section") and (boxes := _boxes(record, span, word)):
        yield from boxes
        return
    words = in_case_of(own_word(log, word), place.text)
    if word == "superseded" and by and place.source not in {"tag", "badge"}:
        words = _superseded(record, place, words, by)
    history = _history(text, span, words, today) if place.source.startswith("section") else None
    if history:
        yield history
        return
    yield Patch(span, words)
    sign = sign_before(text, span)
    if sign:
        other = own_sign(log, word)
        gap = 0 if other else len(text[sign[1] : span.start]) - len(text[sign[1] : span.start].lstrip(" \t"))
        if other != sign[2]:
            yield Patch(Span(sign[0], sign[1] + gap), other)


def _superseded(record: DecisionRecord, place: Value, word: str, by: Sequence[DecisionRecord]) -> str:
    """Return `superseded by` with its successors, in the form that the place can hold; former ones are kept."""
    kind = place.source.partition(":")[0]
    if kind == "front-matter" and any(
        key in record.front_matter for key in ("superseded-by", "supersededby", "replaced-by")
    ):
        return word
    plain = kind in {"front-matter", "heading"}
    named = [number_words(other) if plain else citation(record, other) for other in by]
    if kind == "table":
        named = [name.replace("|", r"\|") for name in named]
    said = SUPERSEDED_BY.match(place.text)
    if said and place.text[said.end() :].strip():
        return place.text + " and " + joined(named)
    return f"{said[0].rstrip() if said else f'{word} by'} {joined(named)}"


def _boxes(record: DecisionRecord, span: Span, word: str) -> list[Patch]:
    """Move the cross of a list of boxes (`- [x] Proposed`), if it has a box for the new status."""
    text = record.text
    start = line_start(text, span.start)
    ticked = _BOX.match(text, start)
    section = next((each for each in record.sections if each.own.start <= span.start < each.own.end), None)
    if not ticked or not section:
        return []
    for match in re.finditer(
        r"^[ \t]*[-*+][ \t]+\[( )\][ \t]+([^\r\n]+)", text[section.own.start : section.own.end], re.MULTILINE
    ):
        found = record.vocabulary.first(match[2], 0, len(match[2]))
        if found and found[0] == word:
            at = section.own.start + match.start(1)
            return [Patch(Span(*ticked.span(1)), " "), Patch(Span(at, at + 1), ticked[1])]
    return []


def _history(text: str, span: Span, words: str, today: date | None) -> Patch | None:
    """Add a line to a dated history (`- 2024-05-01: Accepted`) instead of rewriting what was true that day."""
    start, end = line_start(text, span.start), line_end(text, span.start)
    line = text[start:end]
    if today is None or not _DATED.match(line) or not (found := find_day(line)):
        return None
    day = today.strftime("%d/%m/%Y" if "/" in line[found[1] : found[2]] else "%Y-%m-%d")
    return Patch(Span(end, end), f"\n{line[: found[1]]}{day}{text[start + found[2] : span.start]}{words}")


def _statement(record: DecisionRecord, word: str, by: Sequence[DecisionRecord]) -> Patch:
    """Return the patch that states a status where the record states none, in the form of its other metadata."""
    text = record.text
    plain = f"{word} by {joined([number_words(other) for other in by])}" if by else word
    linked = f"{word} by {joined([citation(record, other) for other in by])}" if by else word
    if record.front_matter_span is not None:
        at = record.front_matter_span.end
        toml = text[: record.front_matter_span.start].rstrip().endswith("+++")
        return Patch(Span(at, at), f'status = "{plain}"\n' if toml else f"status: {plain}\n")
    for values in record.header.values():
        for value in values:
            if value.span and value.source.partition(":")[0] in {"bullet", "table", "attribute"}:
                patch = _beside(record, value, linked)
                if patch:
                    return patch
    return _new_section(record, linked[:1].upper() + linked[1:])


def _beside(record: DecisionRecord, value: Value, words: str) -> Patch | None:
    """Return a line like the one that holds `value`, for the status, to stand above it."""
    assert value.span is not None
    text = record.text
    start = line_start(text, value.span.start)
    lead, rest = text[start : value.span.start], text[value.span.end : line_end(text, value.span.start)]
    match = re.search(r"[A-Za-z][A-Za-z /_-]*", lead)
    if not match or "\n" in lead:
        return None
    key = match[0].rstrip()
    named = in_case_of("status", key)
    if lead.lstrip().startswith(":") and "_" in key:  # `:sdd_author:` belongs to a family
        named = f"{key.rpartition('_')[0]}_status"
    tail = rest if value.source.startswith("table") else ""
    cell = words.replace("|", r"\|") if tail else words
    return Patch(Span(start, start), f"{lead[: match.start()]}{named}{lead[match.start() + len(key) :]}{cell}{tail}\n")


def _new_section(record: DecisionRecord, words: str) -> Patch:
    """Return a section of its own, above the first one, in the style of the record's headings."""
    text = record.text
    title = next((each for each in record.sections if each.level == 1 and not each.role), None)
    first = next((each for each in record.sections if each is not title), None)
    heading = heading_like(record, "Status", first.level if first else 2)
    if first:
        at = line_start(text, first.heading.start)
        return Patch(Span(at, at), f"{heading}\n\n{words}\n\n")
    end = end_of_words(text, len(text.rstrip()))
    return Patch(Span(end, end), f"\n\n{heading}\n\n{words}" if end else f"{heading}\n\n{words}\n")
