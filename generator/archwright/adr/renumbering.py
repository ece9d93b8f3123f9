"""Give a record another number: its file, its heading, and every citation of it in the repository."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from archwright.adr.citing import LARGEST, paths_of
from archwright.adr.edits import Patch, edited, patched
from archwright.adr.names import DRAFT, parse_name
from archwright.adr.read import parse_record
from archwright.adr.source import Source, Span
from archwright.adr.transaction import Transaction, locked
from archwright.errors import DecisionLogError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archwright.adr.git import Repository
    from archwright.adr.model import DecisionLog, DecisionRecord

_NUMBER_KEYS = ("id", "number", "adr", "nav-order", "slug", "sidebar-position")
_SNIFFED = 8192


class Place(NamedTuple):
    """A line that names a record."""

    path: str
    line: int
    words: str


@dataclass
class Renumbering:
    """What renumbering would do: files to change, and citations that another record may be meant by."""

    before: DecisionRecord
    after: DecisionRecord
    transaction: Transaction = field(default_factory=Transaction)
    rewritten: list[Place] = field(default_factory=list)
    ambiguous: list[Place] = field(default_factory=list)

    def commit(self, folder: Path) -> None:
        """Carry it out, all files or none."""
        with locked(folder):
            self.transaction.commit()


def plan_renumber(
    log: DecisionLog, record: DecisionRecord, number: int, root: Path, repository: Repository | None
) -> Renumbering:
    """Return what changes if a record gets another number.

    A citation by number alone is rewritten only where no other record of the log has the old number; the others are
    listed as ambiguous. The old number is kept as an alias (`aka`), so that citations elsewhere still resolve.

    Raises:
        DecisionLogError: the number is taken, or the file's name has no place for it.
    """
    holder = next((other for other in log.by_number.get(number, ()) if other.name != record.name), None)
    if holder:
        raise DecisionLogError(
            f"{number} is taken by {holder.name}. Nothing was written.",
            hint="choose another, or renumber that record first.",
        )
    if record.number == number and not is_draft(record):
        raise DecisionLogError(f"{record.name} has the number {number} already.")
    name = _renamed(log, record, number)
    after = _own_text(log, record, name, number)
    plan = Renumbering(record, after)
    raw = after.source.raw
    for path in paths_of(root, repository):
        source = _source(root / path)
        if source is None:
            continue
        same = (root / path).resolve() == record.path.resolve()
        text = after.source if same else source
        patches, ambiguous = _citations(log, record, name, number, text, None if same else _record_at(log, root / path))
        plan.ambiguous += [Place(path, text.line_of(span.start), span.of(text.text)) for span in ambiguous]
        if patches:
            plan.rewritten += [Place(path, text.line_of(patch.span.start), patch.text) for patch in patches]
            if same:
                raw = patched(text, patches)
            else:
                plan.transaction.replace(root / path, source.raw, patched(source, patches))
    plan.transaction.create(after.path, raw)
    plan.transaction.remove(record.path, record.source.raw)
    return plan


def is_draft(record: DecisionRecord) -> bool:
    """Whether a record waits for its number."""
    return posixpath.basename(record.name).lower().startswith(DRAFT)


def _renamed(log: DecisionLog, record: DecisionRecord, number: int) -> str:
    """Return the file's name with the new number, padded as the old one was."""
    from archwright.adr.shape import NameShape, record_names, shape_of  # noqa: PLC0415  # only drafts need the log's form

    folder, base = posixpath.split(record.name)
    stem, suffix = posixpath.splitext(base)
    label = parse_name(stem)
    if label.draft or not label.numbered:
        shape = shape_of(record_names(log.folder)) or NameShape()
        if not shape.numbered or not (label.draft or record.number is None):
            raise DecisionLogError(
                f"the name {record.name} has no number to change",
                hint="records of this log are told apart by date and title.",
            )
        return posixpath.join(folder, shape.name(number, record.day or _no_day(record), label.slug, suffix))
    digits = re.search(r"\d+$", label.numbered)
    assert digits is not None
    written = f"{label.numbered[: digits.start()]}{_padded(digits[0], number)}"
    return posixpath.join(folder, base.replace(label.numbered, written, 1))


def _no_day(record: DecisionRecord):  # type: ignore[no-untyped-def]  # noqa: ANN202
    raise DecisionLogError(
        f"{record.name} states no date, which this log's file names carry", hint="add `date:` to it first."
    )


def _padded(written: str, number: int) -> str:
    """Return a number as wide as another one was written; `7` becomes `12`, `0007` becomes `0012`."""
    return f"{number:0{len(written)}d}" if written[0] == "0" or len(written) > 2 else str(number)  # noqa: PLR2004  # `100` is three wide


def _own_text(log: DecisionLog, record: DecisionRecord, name: str, number: int) -> DecisionRecord:
    """Return the record under its new name, with its number in headings and front matter, and the old one as alias."""
    old = record.number
    patches = []
    text = record.text
    if old is None or is_draft(record):
        numbered = sum(other.title_number is not None for other in log.records) * 2 > len(log.records)
        if numbered and record.title.source == "heading" and record.title.span and record.title_number is None:
            patches.append(Patch(Span(record.title.span.start, record.title.span.start), f"{number}. "))
    else:
        spans = [each.heading for each in record.sections if each.level == 1]
        spans += [value.span for value in record.stated("title") if value.span]
        for span in spans:
            match = re.match(rf"([\W_]*(?:[A-Za-z]{{2,12}}[-_ #]*)?)(0*{old})(?![\w])", span.of(text))
            if match:
                patches.append(
                    Patch(Span(span.start + match.start(2), span.start + match.end(2)), _padded(match[2], number))
                )
        for key in _NUMBER_KEYS:
            for value in record.front_matter[key].values if key in record.front_matter else ():
                match = re.fullmatch(rf"((?:[A-Za-z]+[-_ ]?)?)(0*{old})", value.text)
                if match and value.span:
                    patches.append(Patch(value.span, match[1] + _padded(match[2], number)))
        patches.append(_alias(record, old))
    after = edited(record, patches)
    return parse_record(after.source.raw, log.folder / name, name, package=record.package, vocabulary=record.vocabulary)


def _alias(record: DecisionRecord, old: int) -> Patch:
    """Return the patch that keeps the old number: in the front matter, else in a comment that nobody sees rendered."""
    text = record.text
    entry = record.front_matter.get("aka")
    if entry and entry.values and entry.values[-1].span:
        at = entry.values[-1].span.end
        closing = 1 if text[at : at + 1] in {'"', "'"} else 0
        if "[" in entry.value.of(text):
            return Patch(Span(at + closing, at + closing), f", {old}")
    if record.front_matter_span is not None:
        toml = text[: record.front_matter_span.start].rstrip().endswith("+++")
        return Patch(
            Span(record.front_matter_span.end, record.front_matter_span.end),
            f"aka = [{old}]\n" if toml else f"aka: [{old}]\n",
        )
    end = len(text.rstrip())
    comment = {"restructuredtext": f".. aka: {old}", "asciidoc": f"// aka: {old}"}.get(
        record.markup, f"<!-- aka: {old} -->"
    )
    return Patch(Span(end, end), f"\n\n{comment}")


def _source(path: Path) -> Source | None:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
            return None
        raw = path.read_bytes()
    except OSError:
        return None
    return None if b"\0" in raw[:_SNIFFED] and raw[:2] not in {b"\xff\xfe", b"\xfe\xff"} else Source(raw)


def _record_at(log: DecisionLog, path: Path) -> DecisionRecord | None:
    return next(
        (each for each in log.records if each.path.name == path.name and each.path.resolve() == path.resolve()), None
    )


def _citations(  # noqa: PLR0913, PLR0917  # each is a thing of its own
    log: DecisionLog, record: DecisionRecord, name: str, number: int, source: Source, citing: DecisionRecord | None
) -> tuple[list[Patch], list[Span]]:
    """Return the patches that a text needs, and the citations in it that may mean another record."""
    text = source.text
    old_stem = _stem(record.name)
    found: dict[Span, str] = {}
    if old_stem in text:
        for match in re.finditer(rf"(?<![\w-]){re.escape(old_stem)}(?![\w-])", text):
            found[Span(*match.span())] = _stem(name)
    old = record.number
    if old is None or is_draft(record):
        return [Patch(span, words) for span, words in found.items()], []
    for span, written in _numbers_in_links(text, old_stem, old):
        found.setdefault(span, _padded(written, number))
    by_number: dict[Span, str] = {}
    for match in _by_number(log, old).finditer(text):
        by_number[Span(*match.span("number"))] = match["number"]
    if citing is not None:
        for relation in citing.relations:
            place = relation.target_span
            if (
                place
                and relation.target.isdigit()
                and int(relation.target) == old
                and place.of(text) == relation.target
            ):
                by_number[place] = relation.target
    free = {span: written for span, written in by_number.items() if not any(_overlap(span, other) for other in found)}
    if len(log.by_number.get(old, ())) > 1:
        return [Patch(span, words) for span, words in found.items()], sorted(free)
    found.update({span: _padded(written, number) for span, written in free.items()})
    return [Patch(span, words) for span, words in found.items()], []


def _stem(name: str) -> str:
    return posixpath.splitext(posixpath.basename(name))[0]


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _by_number(log: DecisionLog, number: int) -> re.Pattern[str]:
    """Return a pattern for citations by number: `ADR-37`, `adr: 0037`, and the log's own series."""
    series = {match[1].upper() for record in log.records if (match := re.match(r"([A-Za-z]{2,8})[-_]?\d", record.id))}
    own = "|".join(sorted({"ADRS?", *series}))
    return re.compile(rf"(?<![\w/])(?:{own})(?:[-_#]|[ ]#?|:[ ]?)?(?P<number>0*{number})(?![\w]|[.-]\d)", re.IGNORECASE)


def _numbers_in_links(text: str, stem: str, number: int) -> Iterator[tuple[Span, str]]:
    """Give the number in the words of a link to the record: `[37. Title](0037-title.md)`, in each markup."""
    name = re.escape(stem)
    for pattern in (
        rf"\[(?:ADR[-_ #]?)?(?P<number>0*{number})(?=[.:\]\s][^\]\n]*\]\([^)\n]*{name}|\]\([^)\n]*{name})",
        rf"`(?:ADR[-_ #]?)?(?P<number>0*{number})(?=[.:\s][^`<\n]*<[^>\n]*{name})",
        rf"(?:xref|link):[^\[\s]*{name}[^\[\s]*\[(?:ADR[-_ #]?)?(?P<number>0*{number})(?=[.:\]\s])",
    ):
        for match in re.finditer(pattern, text, re.IGNORECASE):
            yield Span(*match.span("number")), match["number"]
