"""Markdown and MDX: fences, comments, ATX and setext headings, bullets, bold keys, tables, links."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archwright.adr.dialects import Heading, Link, Pair, url
from archwright.adr.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPEN = re.compile(r"^[ \t>]*(?:(?:[-*+]|\d+\.)[ \t]+)?(`{3,}(?=[^`\n]*$)|~{3,})|(<!--)", re.MULTILINE)
_NOT_NEWLINE = re.compile(r"[^\n]")
_ATX = re.compile(r"(#{1,6})(?:[ \t]+(?=\S)|(?=[A-Z\d\[]))([^\n]*\S)")
_CODE = 4
_NUMBERED = re.compile(r"\d+[.)][ \t]")
_CLOSING = re.compile(r"(?:^|[ \t]+)#+$")
_SETEXT = re.compile(r"^ {0,3}(?![-*+>|#=])(\S(?:[^\n]*\S)?)[ \t]*\n {0,3}(=+|--+)[ \t]*$", re.MULTILINE)
_WORDS = r"[A-Za-z][A-Za-z /_-]{0,30}?"
_PAIR = re.compile(
    rf"^[ \t]*(?:>[ \t]*)*(?:(?:[*+-]|\d+\.)[ \t]+)?(?:\*\*|__|\*|_|`)?(?P<key>{_WORDS})(?:\*\*|__|\*|_|`)?"
    r"[ \t]*[:：](?!//)(?:\*\*|__|\*|_|`)?[ \t]*(?P<value>[^\n]*)$",  # noqa: RUF001  # a mark that people type
    re.MULTILINE,
)
_MORE = re.compile(rf"[·|•;,/][ \t]*\*\*({_WORDS})(?::\*\*|\*\*:)[ \t]*([^·|•;\n]*[^·|•;\s])")
_ROW = re.compile(r"^[ \t]*\|?[ \t]*(?P<cells>[^\n|]+\|[^\n]*)$", re.MULTILINE)
_CELL = re.compile(r"((?:[^|\\\n]|\\.)*)(?:\||$)")
_SEPARATOR = re.compile(r"[ \t|:-]*-[ \t|:-]*$")
_HTML_ROW = re.compile(
    r"<t[hd][^>]*>\s*(?:<\w+>)*\s*([A-Za-z ]+?):?\s*(?:</\w+>)*\s*</t[hd]>\s*<t[hd][^>]*>\s*(.*?)\s*</t[hd]>", re.DOTALL
)
_LINK = re.compile(
    r"(?<!!)\[((?:[^\[\]\n]|\[[^\[\]\n]*\])*)\](?:\(<?([^()\s<>]+(?:\([^()\s]*\)[^()\s<>]*)?)>?(?:[ \t]+\"[^\"\n]*\")?\)|\[([^\[\]\n]*)\])?"  # noqa: E501  # one pattern
)
_DEFINITION = re.compile(r"^ {0,3}\[([^\[\]\n]+)\]:[ \t]*<?([^\s>]+)", re.MULTILINE)


def mask(text: str, start: int) -> str:
    """Return the text with fenced code and comments blanked, each character in its place.

    A fence ends at a line of at least as many of its own marks and nothing else, so that fences nest. A comment that
    is never closed hides nothing.
    """
    if "```" not in text and "~~~" not in text and "<!--" not in text:
        return text
    parts, at, closable = [text[:start]], start, True
    while match := _OPEN.search(text, at):
        if match[2]:
            begin, close = match.start(), text.find("-->", match.end()) if closable else -1
            closable = close >= 0
            end = close + 3 if close >= 0 else match.end()
        else:
            begin = match.start(1)
            line_end = text.find("\n", begin)
            closing = re.compile(rf"^[ \t>]*{re.escape(match[1][0])}{{{len(match[1])},}}[ \t]*$", re.MULTILINE)
            closed = closing.search(text, line_end) if line_end >= 0 else None
            end = closed.end() if closed else len(text)
        parts += [text[at:begin], _NOT_NEWLINE.sub(" ", text[begin:end])]
        at = end
    return "".join([*parts, text[at:]])


def headings(masked: str, start: int) -> list[Heading]:
    """Return every heading in order, ATX or underlined."""
    found = []
    at = masked.find("#", start)
    while at >= 0:  # a plain search for the mark is many times faster than a pattern that looks at each line
        line = masked.rfind("\n", 0, at) + 1
        match = _ATX.match(masked, at) if not masked[line:at].strip(" ") and at - line < _CODE else None
        closing = _CLOSING.search(match[2]) if match and match[2][-1] == "#" else None
        if match:
            end = match.start(2) + closing.start() if closing else match.end(2)
            if end > match.start(2):
                found.append(Heading(len(match[1]), line, match.end(), match.start(2), end))
        line_end = masked.find("\n", at)
        at = masked.find("#", line_end) if line_end >= 0 else -1
    if "\n--" in masked or "\n==" in masked:
        for match in _SETEXT.finditer(masked, start):
            if match[2][0] == "-" and _NUMBERED.match(match[1]):
                continue  # a list and a ruler
            level = 1 if match[2][0] == "=" else 2
            found.append(Heading(level, match.start(), match.end(), match.start(1), match.end(1)))
        found.sort(key=lambda heading: heading.start)
    return found


def pairs(masked: str, start: int, end: int) -> Iterator[Pair]:
    """Return bullets, bold or plain lines of the form `Key: value`, and the rows of tables."""
    for match in _PAIR.finditer(masked, start, end):
        lead = match[0].lstrip(" \t>")
        source = "bullet" if lead[:1] in "*+-" and lead[1:2] in " \t" else "line"
        value = match["value"].rstrip(" \t\\")
        more = list(_MORE.finditer(value)) if "**" in value else []
        end_of_value = len(value[: more[0].start()].rstrip()) if more else len(value)
        yield Pair(match["key"], Span(match.start("value"), match.start("value") + end_of_value), source)
        for each in more:  # `**Status:** accepted · **Date:** 2024-01-02`
            yield Pair(each[1], Span(match.start("value") + each.start(2), match.start("value") + each.end(2)), source)
    if masked.find("|", start, end) >= 0:
        yield from _tables(masked, start, end)
    if masked.find("<t", start, end) >= 0:
        for match in _HTML_ROW.finditer(masked, start, end):
            yield Pair(match[1], Span(match.start(2), match.end(2)), _row_name(masked, match.start()))


def _row_name(text: str, at: int) -> str:
    return f"table:{text.count(chr(10), 0, at) + 1}"


def _cells(masked: str, row: re.Match[str]) -> list[Span]:
    found, at, stop = [], row.start("cells"), row.end("cells")
    while at < stop:
        match = _CELL.match(masked, at, stop)
        if not match or match.end() == at:
            break
        words = match[1]
        lead = len(words) - len(words.lstrip())
        found.append(Span(match.start() + lead, max(match.start() + lead, match.start() + len(words.rstrip()))))
        at = match.end()
    return found


_KEY_WORDS = re.compile(r"[*_`:\s]+")
_HEADER_KEYS = frozenset(
    ["status", "date", "author", "authors", "deciders", "tags", "state", "owner", "decision makers", "approvers"]
)


def _tables(masked: str, start: int, end: int) -> Iterator[Pair]:
    """Return rows of a key and a value, or, where the heads name the keys, the first row below them."""
    heads: list[str] = []
    separated = False
    for row in _ROW.finditer(masked, start, end):
        if _SEPARATOR.match(row[0].strip()):
            separated = True
            continue
        cells = _cells(masked, row)
        words = [_KEY_WORDS.sub(" ", cell.of(masked)).strip() for cell in cells]
        if heads and separated:
            for head, cell in zip(heads, cells, strict=False):
                yield Pair(head, cell, _row_name(masked, row.start()))
            heads = []
            continue
        known = sum(word.lower() in _HEADER_KEYS for word in words)
        if known > 1 or (known == 1 and len([word for word in words if word]) == 1):
            heads, separated = words, False
        elif len(cells) > 1 and words[0]:
            yield Pair(words[0], cells[1], _row_name(masked, row.start()))


def links(masked: str, start: int, end: int) -> Iterator[Link]:
    """Return inline links, reference links with their definitions, and bare `[0005]` only where a definition exists."""
    definitions = None
    for match in _LINK.finditer(masked, start, end):
        if match[2]:
            yield Link(Span(match.start(), match.end()), match[1], Span(match.start(2), match.end(2)))
            continue
        if definitions is None:
            definitions = {
                found[1].lower(): Span(found.start(2), found.end(2)) for found in _DEFINITION.finditer(masked)
            }
        target = definitions.get((match[3] or match[1]).lower())
        if target and masked[match.end() : match.end() + 1] != ":":
            yield Link(Span(match.start(), match.end()), match[1], target)


def link(words: str, path: str) -> str:
    """Write an inline link; brackets in its words are escaped, spaces in its path encoded."""
    safe = re.sub(r"([\[\]\\])", r"\\\1", words)
    return f"[{safe}]({url(path)})"
