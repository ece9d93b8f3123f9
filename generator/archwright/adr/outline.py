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


def sections(text: str, markup: str, front_matter: Span | None) -> tuple[Section, ...]:
    """Return every section of a text in order."""
    start = body_start(text, front_matter)
    reader = dialect(markup)
    masked = reader.mask(flat(text), start)
    return from_headings(masked, reader.headings(masked, start))


def from_headings(masked: str, headings: Sequence[Heading]) -> tuple[Section, ...]:
    """Return the sections that headings open."""
    found = []
    for at, heading in enumerate(headings):
        below = min(len(masked), heading.end + 1)
        after = headings[at + 1 :]
        own = after[0].start if after else len(masked)
        body = next((later.start for later in after if later.level <= heading.level), len(masked))
        title = masked[heading.words_start : heading.words_end]
        span = Span(heading.start, heading.end)
        found.append(
            Section(
                heading.level, title, role_of(title), span, Span(below, max(below, own)), Span(below, max(below, body))
            )
        )
    return tuple(found)
