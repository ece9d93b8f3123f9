"""AsciiDoc: attributes, `==` headings, description lists, tables, cross references."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archwright.adr.dialects import Heading, Link, Pair, markdown, url
from archwright.adr.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = re.compile(
    r"^(?P<ruler>-{4,}|\.{4,}|/{4,}|\+{4,}|`{3,})[^\n]*\n(?:.*?^(?P=ruler)[ \t]*$|.*\Z)|^//(?!/)[^\n]*$",
    re.MULTILINE | re.DOTALL,
)
_NOT_NEWLINE = re.compile(r"[^\n]")
_HEADING = re.compile(r"^(={1,6}|#{1,6})[ \t]+(\S[^\n]*?)[ \t]*$", re.MULTILINE)
_SETEXT = re.compile(r"^(\S[^\n]*?)[ \t]*\n([=~^+-])\2{3,}[ \t]*$", re.MULTILINE)
_ATTRIBUTE = re.compile(r"^:(?P<key>[A-Za-z][\w-]{0,30}):[ \t]+(?P<value>[^\n]*?)[ \t]*$", re.MULTILINE)
_DESCRIBED = re.compile(
    r"^[ \t]*\*{0,2}(?P<key>[A-Za-z][\w /-]{0,30}?)\*{0,2}::[ \t]*\n?[ \t]*(?P<value>[^\n]*?)[ \t]*$", re.MULTILINE
)
_CELLS = re.compile(
    r"^\|[ \t]*\*?(?P<key>[A-Za-z][\w /-]{0,30}?):?\*?:?[ \t]*(?:\n|(?=\|))\|[ \t]*(?P<value>[^\n|]*?)[ \t]*$",
    re.MULTILINE,
)
_LINK = re.compile(r"(?:xref|link):([^\[\s]+)\[([^\]\n]*)\]|<<([^,>\n]+?)(?:,[ \t]*([^>\n]*))?>>")
_SERIES = re.compile(r"^(?:adr|sdd|rfc|doc|decision|dr)[-_]")


def mask(text: str, start: int) -> str:
    """Return the text with listing, literal and comment blocks blanked, each character in its place."""
    return text[:start] + _BLOCK.sub(lambda match: _NOT_NEWLINE.sub(" ", match[0]), text[start:])


def headings(masked: str, start: int) -> list[Heading]:
    """Return every heading in order."""
    found = [
        Heading(len(match[1]), match.start(), match.end(), match.start(2), match.end(2))
        for match in _HEADING.finditer(masked, start)
    ]
    if not found:
        found = [
            Heading("=-~^+".index(match[2]) + 1, match.start(), match.end(), match.start(1), match.end(1))
            for match in _SETEXT.finditer(masked, start)
        ]
    return found


def pairs(masked: str, start: int, end: int) -> Iterator[Pair]:
    """Return attributes (`:sdd_status:` is a status), described terms, cells of tables, and bullets."""
    for match in _ATTRIBUTE.finditer(masked, start, end):
        key = _SERIES.sub("", match["key"].lower())
        yield Pair({"revdate": "date"}.get(key, key), Span(match.start("value"), match.end("value")), "attribute")
    for match in _DESCRIBED.finditer(masked, start, end):
        yield Pair(match["key"], Span(match.start("value"), match.end("value")), "line")
    for match in _CELLS.finditer(masked, start, end):
        row = masked.count("\n", 0, match.start("value")) + 1
        yield Pair(match["key"], Span(match.start("value"), match.end("value")), f"table:{row}")
    for pair in markdown.pairs(masked, start, end):
        if pair.source in {"bullet", "line"} and not masked[pair.span.start - 1 : pair.span.end].startswith(":"):
            yield pair


def links(masked: str, start: int, end: int) -> Iterator[Link]:
    """Return cross references and links."""
    for match in _LINK.finditer(masked, start, end):
        target, words = (1, 2) if match[1] else (3, 4)
        yield Link(
            Span(match.start(), match.end()),
            match[words] or match[target],
            Span(match.start(target), match.end(target)),
        )


def link(words: str, path: str) -> str:
    """Write a cross reference."""
    safe = words.replace("]", r"\]")
    return f"xref:{url(path)}[{safe}]"
