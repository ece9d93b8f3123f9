"""Change a record's bytes where they must change, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archwright.adr.read import parse_record
from archwright.errors import DecisionLogError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archwright.adr.model import DecisionRecord
    from archwright.adr.source import Source, Span


class Patch(NamedTuple):
    """Replace what a span holds by other text; an empty span inserts. Line feeds become the file's own endings."""

    span: Span
    text: str


def patched(source: Source, patches: Iterable[Patch]) -> bytes:
    """Return a file's bytes with its patches applied; every byte outside their spans is the same.

    Raises:
        DecisionLogError: the file's encoding cannot hold the new text.
    """
    text, parts, at = source.text, [source.mark], 0
    for patch in sorted(patches):
        if patch.span.start < at:
            raise ValueError("patches overlap")
        words = patch.text.replace("\r\n", "\n").replace("\n", source.eol)
        try:
            parts += [text[at : patch.span.start].encode(source.encoding), words.encode(source.encoding)]
        except UnicodeEncodeError as error:
            raise DecisionLogError(
                f"`{words[error.start : error.end]}` cannot be written: the file is neither UTF-8 nor UTF-16",
                hint="convert the file to UTF-8 first, in a commit of its own.",
            ) from error
        at = patch.span.end
    return b"".join([*parts, text[at:].encode(source.encoding)])


def edited(record: DecisionRecord, patches: Iterable[Patch]) -> DecisionRecord:
    """Return the record as it reads after its patches; nothing is written."""
    raw = patched(record.source, patches)
    return parse_record(
        raw, record.path, record.name, package=record.package, markup=record.markup, vocabulary=record.vocabulary
    )


def line_end(text: str, at: int) -> int:
    """Return where the line of a character ends, before its line ending."""
    ends = [end for end in (text.find("\n", at), text.find("\r", at)) if end >= 0]
    return min(ends, default=len(text))


def end_of_words(text: str, at: int) -> int:
    """Return where the line ends whose words end at `at`: blanks after them stay theirs, and its ending is left out."""
    return line_end(text, max(at - 1, 0))


def line_start(text: str, at: int) -> int:
    """Return where the line of a character starts."""
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
