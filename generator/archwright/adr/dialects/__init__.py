"""The three markups that records are written in, each with the same five functions."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archwright.adr.source import Span


class Heading(NamedTuple):
    """A heading: its level, the characters of the whole, and those of its words."""

    level: int
    start: int
    end: int
    words_start: int
    words_end: int


class Pair(NamedTuple):
    """A key and its value above the first section: `* Status: accepted`, a table's row, an attribute."""

    key: str
    span: Span
    source: str


class Link(NamedTuple):
    """A link in running text: its characters, its words, and the characters of what it points to."""

    span: Span
    words: str
    target: Span


class Dialect(Protocol):
    """What a markup has to tell about a text in which line feeds alone end lines."""

    def mask(self, text: str, start: int) -> str:
        """Return the text with code and comments blanked, each character in its place."""

    def headings(self, masked: str, start: int) -> Sequence[Heading]:
        """Return every heading in order."""

    def pairs(self, masked: str, start: int, end: int) -> Iterable[Pair]:
        """Return the keys and values of a stretch."""

    def links(self, masked: str, start: int, end: int) -> Iterable[Link]:
        """Return the links of a stretch that may lead to a record."""

    def link(self, words: str, path: str) -> str:
        """Write a link."""


_UNSAFE = re.compile(r"[\s#%?()<>\[\]`\"|]")
_MODULES = {"markdown": "markdown", "restructuredtext": "restructured", "asciidoc": "asciidoc"}


@lru_cache
def dialect(markup: str) -> Dialect:
    """Return the functions for a markup."""
    module: Dialect = import_module(f"archwright.adr.dialects.{_MODULES[markup]}")
    return module


def url(path: str) -> str:
    """Return a relative path as a link's target: what would end the link, or start a fragment, is encoded."""
    return _UNSAFE.sub(lambda match: quote(match[0], safe=""), path)


def flat(text: str) -> str:
    """Return the text with every line ending as a line feed, each other character in its place."""
    return text.replace("\r\n", " \n").replace("\r", "\n") if "\r" in text else text
