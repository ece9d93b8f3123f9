"""reStructuredText: underlined headings, field lists, bullets, list tables, links; also Markdown that strayed in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archwright.adr.dialects import Heading, Link, Pair, markdown, url
from archwright.adr.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADING = re.compile(
    r"""^(?:(?P<over>([=\-~^"'`#*+.:_<>])\2*)[ \t]*\n)?[ \t]?(?P<words>(?!\.\. |[-*+][ \t])\S(?:[^\n]*\S)?)[ \t]*\n(?P<under>([=\-~^"'`#*+.:_<>])\5*)[ \t]*$""",  # noqa: E501  # one pattern
    re.MULTILINE,
)
_BLOCK = re.compile(
    r"^(?P<indent>[ \t]*)(?:\.\. (?:code-block|code|sourcecode|parsed-literal|highlight)::[^\n]*|\.\.(?![ \t]+(?:\S+::|_|\[|\|))(?:[ \t][^\n]*)?|(?!\.\.)[^\n]*[^:\n]?::[ \t]*)\n"  # noqa: E501  # one pattern
    r"(?P<body>(?:[ \t]*\n|(?P=indent)[ \t]+[^\n]*(?:\n|\Z))*)",
    re.MULTILINE,
)
_NOT_NEWLINE = re.compile(r"[^\n]")
_FIELD = re.compile(r"^[ \t]*:(?P<key>[A-Za-z][\w /-]{0,30}):[ \t]+(?P<value>[^\n]*?)[ \t]*$", re.MULTILINE)
_LIST_ROW = re.compile(
    r"^[ \t]*\*[ \t]+-[ \t]+\**(?P<key>[A-Za-z][\w /-]{0,30}?):?\**:?[ \t]*\n[ \t]+-[ \t]+(?P<value>[^\n]*?)[ \t]*$",
    re.MULTILINE,
)
_LINK = re.compile(r"`([^`<\n]*?)[ \t]*<([^>\n]+)>`_{0,2}|:(?:doc|ref):`(?:([^`<\n]*?)[ \t]*<)?/?([^>`\n]+)>?`")


def mask(text: str, start: int) -> str:
    """Return the text with literal blocks and comments blanked, each character in its place."""

    def blank(match: re.Match[str]) -> str:
        if match[0].lstrip().startswith(".."):
            return _NOT_NEWLINE.sub(" ", match[0])
        first = match.start("body") - match.start()
        return match[0][:first] + _NOT_NEWLINE.sub(" ", match["body"])

    return text[:start] + _BLOCK.sub(blank, text[start:])


def headings(masked: str, start: int) -> list[Heading]:
    """Return every heading; a style of underline gets its level where it is first met, as docutils does it."""
    styles: list[str] = []
    found = []
    for match in _HEADING.finditer(masked, start):
        words, under = match["words"], match["under"]
        if len(under) < len(words) and (len(under) < len(words) - 2 or len(under) < 3) and len(under) < 4:  # noqa: PLR2004  # docutils forgives an underline of four
            continue
        style = under[0] + ("o" if match["over"] else "")
        if style not in styles:
            styles.append(style)
        found.append(
            Heading(styles.index(style) + 1, match.start(), match.end(), match.start("words"), match.end("words"))
        )
    return found or markdown.headings(masked, start)


def pairs(masked: str, start: int, end: int) -> Iterator[Pair]:
    """Return fields, rows of list tables, and the bullets and tables that Markdown has too."""
    for match in _FIELD.finditer(masked, start, end):
        yield Pair(match["key"], Span(match.start("value"), match.end("value")), "attribute")
    for match in _LIST_ROW.finditer(masked, start, end):
        row = masked.count("\n", 0, match.start()) + 1
        yield Pair(match["key"], Span(match.start("value"), match.end("value")), f"table:{row}")
    yield from markdown.pairs(masked, start, end)


def links(masked: str, start: int, end: int) -> Iterator[Link]:
    """Return embedded links and `:doc:` roles."""
    for match in _LINK.finditer(masked, start, end):
        words, target = (1, 2) if match[2] else (3, 4)
        yield Link(
            Span(match.start(), match.end()),
            match[words] or match[target],
            Span(match.start(target), match.end(target)),
        )


def link(words: str, path: str) -> str:
    """Write an embedded link."""
    safe = words.replace("`", "'").replace("<", "(").replace(">", ")")
    return f"`{safe} <{url(path)}>`__"
