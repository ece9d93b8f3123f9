"""Find a record's title, and the number that stands in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archwright.adr.model import Value
from archwright.adr.source import Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archwright.adr.model import FrontMatterEntry, Section

_NUMBER = re.compile(
    r"\s*(?:\*\*|__)?\[?(?:(?:(?:Architect(?:ure|ural)[ -])?Decision(?:[ -]Records?)?|ADRs?|RFC|SDD|DR|AD|(?-i:[A-Z]{2,8})(?=[-_ #]?\d))(?![A-Za-z])[ \t_#-]*(?:No\.?[ \t]*)?)?"  # noqa: E501  # one pattern
    r"(?P<number>\d{1,5})(?:\]|(?=[.:)\s–—_-]|$))(?P<rest>[.:)]?[ \t]*(?:[-–—:][ \t]+)?)",  # noqa: RUF001  # a mark that people type
    re.IGNORECASE,
)
_PREFIX = re.compile(
    r"\s*\[?(?:Architect(?:ure|ural)[ -]Decision(?:[ -]Records?)?|Decision[ -]Records?|ADR)\]?[ \t]*[:–—-][ \t]*",  # noqa: RUF001  # a mark that people type
    re.IGNORECASE,
)
_MARKS = re.compile(r"^(?:\*\*|__|`)+|(?:\*\*|__|`)+$")
_LINKED = re.compile(r"\[([^\[\]]*)\]\([^()]*\)")


def read_title(
    masked: str,
    front_matter: Mapping[str, FrontMatterEntry],
    sections: Sequence[Section],
    slug: str,
    number: int | None,
) -> tuple[Value, int | None]:
    """Return the title and the number in it: front matter, then the first heading, then the file name.

    `number` is the file's: digits that nothing sets off from the title count only if they are the same.
    """
    entry = front_matter.get("title")
    if entry and entry.values and entry.values[0].text.strip():
        value = entry.values[0]
        return _trimmed(value.text, "front-matter", value.span, number)
    section = next((each for each in sections if each.level == 1 and not each.role), None)
    if section is None and sections and not sections[0].role and not masked[: sections[0].heading.start].count("\n## "):
        section = sections[0]
    if section is None:
        return Value(slug.replace("-", " ").replace("_", " ").strip() or slug, "file-name"), None
    start = masked.index(section.title, section.heading.start)
    return _trimmed(section.title, "heading", Span(start, start + len(section.title)), number)


def _trimmed(words: str, source: str, span: Span | None, expected: int | None) -> tuple[Value, int | None]:
    """Take the number and the marks off; the span keeps to what is left."""
    number = None
    begin, end = 0, len(words)
    match = _NUMBER.match(words)
    if match and not re.match(r"\d{4}-\d\d", words[match.start("number") :]) and _is_number(match, words, expected):
        number, begin = int(match["number"]), match.end()
    elif prefix := _PREFIX.match(words):
        begin = prefix.end()
    if not words[begin:].strip(" \t*_`"):
        begin = 0
    kept = words[begin:end]
    lead = _MARKS.match(kept)
    begin += lead.end() if lead and words.rstrip().endswith(lead[0]) else 0
    plain = _LINKED.sub(r"\1", _MARKS.sub("", words[begin:].strip()) if lead else words[begin:].strip()).strip()
    exact = span is not None and plain and words.find(plain, begin) == begin and span.end - span.start == len(words)
    place = Span(span.start + begin, span.start + begin + len(plain)) if exact and span else span
    return Value(plain or words.strip(), source, place), number


def _is_number(match: re.Match[str], words: str, expected: int | None) -> bool:
    """Whether the digits count the record: `3. Use X`, `ADR 3 Use X`, `0003 Use X`, but not `3 options for X`."""
    rest = words[match.end("number") :]
    labelled = match.start("number") > len(words) - len(words.lstrip(" *_["))
    marked = rest[:1] in {".", ":", ")", "]", ""} or bool(re.match(r"[ \t]*[-–—:][ \t]", rest))  # noqa: RUF001  # a mark that people type
    return labelled or marked or int(match["number"]) == expected or match["number"][0] == "0"
