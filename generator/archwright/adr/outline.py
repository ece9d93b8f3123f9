"""The sections of a record, by its headings; what stands in code and comments is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright.adr.dialects import dialect, flat
from archwright.adr.frontmatter import body_start
from archwright.adr.model import Section
from archwright.adr.source import Span
from archwright.adr.vocabulary import role_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archwright.adr.dialects import Heading

_LONGEST_ROLE = 60


def sections(text: str, markup: str, front_matter: Span | None) -> tuple[Section, ...]:
    """Return every section of a text in order."""
    start = body_start(text, front_matter)
    reader = dialect(markup)
    masked = reader.mask(flat(text), start)
    return from_headings(masked, reader.headings(masked, start))


def from_headings(masked: str, headings: Sequence[Heading]) -> tuple[Section, ...]:
    """Return the sections that headings open."""
    length = len(masked)
    found: list[Section] = []
    ends: list[int] = []  # where the sections end that are open at each level, seen from below
    levels: list[int] = []
    following = length
    for level, start, end, words_start, words_end in reversed(headings):
        while levels and levels[-1] > level:
            levels.pop()
            ends.pop()
        below = end + 1 if end < length else length
        body = ends[-1] if ends else length
        title = masked[words_start:words_end]
        role = role_of(title) if len(title) < _LONGEST_ROLE else ""
        own = Span(below, max(below, following))
        found.append(Section(level, title, role, Span(start, end), own, Span(below, max(below, body))))
        following = start
        if levels and levels[-1] == level:
            ends[-1] = start
        else:
            levels.append(level)
            ends.append(start)
    found.reverse()
    return tuple(found)
