"""The log's own index: a table or list of its records, between two marks of a page otherwise left alone."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archwright.adr.chains import successors
from archwright.adr.dialects import dialect, flat
from archwright.adr.source import Source, Span
from archwright.errors import DecisionLogError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archwright.adr.model import DecisionLog, DecisionRecord

BEGIN, END = "<!-- archwright:index -->", "<!-- /archwright:index -->"
_LONGEST = 12  # letters of an id; a slug would fill the table
STYLES = ("table", "list")
_MARKS = ((BEGIN, END), ("<!-- adrlog -->", "<!-- adrlogstop -->"), ("<!-- adr-index -->", "<!-- /adr-index -->"))
_PAGES = ("README.md", "index.md", "INDEX.md", "_index.md", "readme.md", "toc.md")
_ROW = re.compile(r"^[*+-] \[[^\n]*\]\([^()\s]+\)[^\n]*$", re.MULTILINE)
_TOC_TITLE = re.compile(r"^# Architecture Decision Records?[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Index:
    """A page with the index as it should be: `before` is None where there is no page yet."""

    path: Path
    before: bytes | None
    after: bytes
    count: int

    @property
    def stale(self) -> bool:
        """Whether the page is not as it should be."""
        return self.before != self.after


def plan_index(log: DecisionLog, style: str = "") -> Index:
    """Return the page of a log's index, with the index brought up to date; nothing is written.

    A page with marks keeps everything outside them, byte for byte. A page that adr-tools made (`generate toc`) keeps
    its shape. Else marks are put at the end of the log's README, which is made if there is none.

    Raises:
        UsageError: the style is none.
        DecisionLogError: a mark stands without the other, or the page cannot be read.
    """
    if style and style not in STYLES:
        raise UsageError(f"`{style}` is no style of an index", hint="use `table` or `list`.")
    path, raw = _page(log)
    if raw is None:
        body = _body(log, style or "table")
        text = f"# Architecture decision records\n\n{BEGIN}\n\n{body}\n{END}\n"
        return Index(path, None, text.encode(), len(log))
    source = Source(raw)
    span, found_style, wrapped = _place(source.text, path)
    body = _body(log, style or found_style)
    text = source.text
    if wrapped == "new":
        gap = (
            "" if not text or text.endswith(("\n\n", "\r\n\r\n")) else ("\n" if text.endswith(("\n", "\r")) else "\n\n")
        )
        body = f"{gap}{BEGIN}\n\n{body}\n{END}\n"
    elif wrapped == "marks":
        body = f"\n\n{body}\n"
    else:
        body = body.removesuffix("\n")
    words = body.replace("\n", source.eol)
    after = source.mark + (text[: span.start] + words + text[span.end :]).encode(source.encoding, "xmlcharrefreplace")
    return Index(path, raw, after, len(log))


def _page(log: DecisionLog) -> tuple[Path, bytes | None]:
    """Return the page that holds the index: one with marks, else one of adr-tools' shape, else the README."""
    found: list[tuple[Path, bytes]] = []
    listed = {name.lower(): name for name in sorted((path.name for path in log.folder.iterdir()), reverse=True)}
    for name in dict.fromkeys(page.lower() for page in _PAGES):
        path = log.folder / listed.get(name, name)
        if name in listed and path.is_file():
            try:
                found.append((path, path.read_bytes()))
            except OSError as error:
                raise DecisionLogError(f"{path} cannot be read: {error.strerror}") from error
    for path, raw in found:
        if any(begin.encode() in raw for begin, _ in _MARKS):
            return path, raw
    for path, raw in found:
        if _toc(Source(raw).text):
            return path, raw
    return found[0] if found else (log.folder / "README.md", None)


def _toc(text: str) -> re.Match[str] | None:
    """Find the title of what `adr generate toc` printed, if a list of records follows it."""
    title = _TOC_TITLE.search(flat(text))
    return _ROW.search(flat(text), title.end()) if title else None


def _place(text: str, path: Path) -> tuple[Span, str, str]:
    """Return what to replace, the style that it is in, and how it is set off: by marks, by nothing, or not yet."""
    for begin, end in _MARKS:
        start, stop = text.find(begin), text.find(end)
        if start < 0 and stop < 0:
            continue
        if start < 0 or stop < start or text.count(begin) > 1 or text.count(end) > 1:
            raise DecisionLogError(
                f"{path}: `{begin}` and `{end}` do not stand as one pair",
                hint="put each of them once, in this order, on lines of their own.",
            )
        inside = Span(start + len(begin), stop)
        return inside, "list" if _ROW.search(flat(inside.of(text))) else "table", "marks"
    first = _toc(text)
    if first:
        plain, last = flat(text), first.end()
        while (row := _ROW.match(plain, last + 1)) and plain[last : last + 1] == "\n":
            last = row.end()
        stop = len(text[:last].rstrip("\r \t"))
        return Span(first.start(), stop), "list", "list"
    return Span(len(text), len(text)), "table", "new"


def _body(log: DecisionLog, style: str) -> str:
    if style == "list":
        return "".join(f"{line}\n" for line in _list(log)) or "No decision yet.\n"
    rows = list(_rows(log))
    if not rows:
        return "No decision yet.\n"
    return "| ID | Decision | Status | Date |\n|---|---|---|---|\n" + "".join(f"{row}\n" for row in rows)


def _list(log: DecisionLog) -> Iterator[str]:
    for record in log:
        title = f"{record.number}. {record.title.text}" if record.number is not None else record.title.text
        yield f"* {dialect('markdown').link(title, record.name)}"


def _rows(log: DecisionLog) -> Iterator[str]:
    after = successors(log)
    for record in log:
        title = dialect("markdown").link(record.title.text, record.name)
        status = record.status.word
        if replaced := after.get(record, ()):
            status += " by " + ", ".join(_short(log, other) for other in replaced)
        day = record.day.isoformat() if record.day else ""
        yield f"| {_cell(record.id)} | {_cell(title)} | {_cell(status)} | {day} |"


def _short(log: DecisionLog, record: DecisionRecord) -> str:
    words = record.id if len(record.id) <= _LONGEST else posixpath.basename(record.name)
    return dialect("markdown").link(words, record.name) if len(log) else words


def _cell(words: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"(?<!\\)\|", r"\\|", words))
