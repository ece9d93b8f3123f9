"""The bytes of a record and the text in them: encoding, byte order mark, line endings, spans."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_FIRST = frozenset(mark[:1] for mark, _ in _MARKS)
_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|\Z)")


class Span(NamedTuple):
    """A stretch of a record's text, in characters from its start; `Source.byte_span` tells its bytes."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """Return what stands there."""
        return text[self.start : self.end]


@dataclass(frozen=True, eq=False)
class Source:
    """A file's bytes, and how to read them as text without losing any.

    UTF-8 unless a byte order mark says otherwise; bytes that are no UTF-8 are read as Latin-1, which has a
    character for each byte, so that every file can be written back as it was. Only the bytes are kept: a log of
    ten thousand records stays small.
    """

    raw: bytes

    @cached_property
    def mark(self) -> bytes:
        """The byte order mark, or nothing."""
        if self.raw[:1] not in _FIRST:  # nearly every file
            return b""
        return next((mark for mark, _ in _MARKS if self.raw.startswith(mark)), b"")

    @cached_property
    def encoding(self) -> str:
        """The encoding that the text is read and written in."""
        named = next((name for mark, name in _MARKS if mark == self.mark), "utf-8")
        try:
            self.raw[len(self.mark) :].decode(named)
        except UnicodeDecodeError:
            return "latin-1"
        return named

    @property
    def text(self) -> str:
        """The text without its byte order mark, line endings as they are."""
        body = self.raw[len(self.mark) :] if self.mark else self.raw
        if "encoding" not in self.__dict__ and not self.mark:
            try:
                return body.decode()
            except UnicodeDecodeError:
                pass
        return body.decode(self.encoding)

    @cached_property
    def eol(self) -> str:
        """The line ending that the file uses most; a line feed when it has a single line."""
        text = self.text
        windows = text.count("\r\n")
        counts = {"\r\n": windows, "\n": text.count("\n") - windows, "\r": text.count("\r") - windows}
        best = max(counts, key=lambda ending: counts[ending])
        return best if counts[best] else "\n"

    def byte_span(self, span: Span) -> tuple[int, int]:
        """Return the bytes of the file that `span` covers, as start and end."""
        text, first = self.text, len(self.mark)
        start = first + len(text[: span.start].encode(self.encoding))
        return start, start + len(span.of(text).encode(self.encoding))

    def line_of(self, offset: int) -> int:
        """Return the line, counted from 1, that a character stands on."""
        text = self.text[:offset]
        return 1 + text.count("\n") + text.count("\r") - text.count("\r\n")


def lines(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, str]]:
    """Give each line of a stretch with its offset, without its ending; only CR and LF end a line."""
    stop = len(text) if end is None else end
    for match in _LINE.finditer(text, start, stop):
        if match.start() == stop and match.start() != start:
            return
        yield match.start(), match[1]
