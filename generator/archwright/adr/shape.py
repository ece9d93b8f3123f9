"""How a log names and forms its records, judged by its latest ones, so that a new record looks like its neighbours."""

from __future__ import annotations

import os
import posixpath
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archwright.adr.names import DRAFT, FOLDER_PAGES, MARKUPS, parse_name
from archwright.adr.read import load_record
from archwright.errors import DecisionLogError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from archwright.adr.model import DecisionRecord

_LATEST = 12
_NAME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d(?=[-_])|\d{8}(?=[-_]))?(?P<gap>[-_])?(?P<prefix>[A-Za-z]{2,12}[-_ ]?)?(?P<digits>\d{1,6})?(?P<separator>[-_. ])?(?P<slug>.*)$"  # noqa: E501  # one pattern
)


@dataclass(frozen=True, slots=True)
class NameShape:
    """The form of a log's file names: `0007-slug.md`, `ADR-7.md`, `20261122-slug.md`, `2026-11-22-slug/README.md`."""

    prefix: str = ""
    width: int = 4
    separator: str = "-"
    slugged: bool = True
    day: str = ""
    """How the name writes its date: `%Y-%m-%d` or `%Y%m%d`; empty for none."""
    gap: str = ""
    """What stands between a date and a number; empty where the date is all."""
    suffix: str = ".md"
    page: str = ""
    """The file in a folder of its own (`README.md`), where each record has one."""

    @property
    def numbered(self) -> bool:
        """Whether records of this log carry a number."""
        return not self.day or bool(self.gap)

    def name(self, number: int | None, day: date, slug: str, suffix: str = "") -> str:
        """Return the file name of a record, relative to the log's folder."""
        written = "" if number is None else f"{number:0{self.width}d}"
        if self.day and self.gap:
            stem = f"{day.strftime(self.day)}{self.gap}{written}-{slug}"
        elif self.day:
            stem = f"{day.strftime(self.day)}-{slug}"
        else:
            stem = f"{self.prefix}{written}" + (f"{self.separator}{slug}" if self.slugged else "")
        return f"{stem}/{self.page}" if self.page else stem + (suffix or self.suffix)

    def draft_name(self, slug: str, suffix: str = "") -> str:
        """Return the file name of a record that waits for its number."""
        return f"{DRAFT}{slug}{suffix or self.suffix}"


def record_names(folder: Path) -> list[str]:
    """Return the names of a folder's records without reading them, in the order of the log."""
    found = []
    try:
        with os.scandir(folder) as listing:
            for entry in listing:
                stem, suffix = os.path.splitext(entry.name)  # noqa: PTH122  # names, not paths
                label = parse_name(stem)
                if suffix.lower() in MARKUPS and label.speaks:
                    found.append(entry.name)
                elif parse_name(entry.name).speaks and entry.is_dir():
                    found += [f"{entry.name}/{page}" for page in _pages(entry.path)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DecisionLogError(f"{folder} cannot be listed: {error.strerror}") from error
    return sorted(found, key=lambda name: (label_of(name).number or 0, name))


def _pages(folder: str) -> list[str]:
    try:
        names = os.listdir(folder)  # noqa: PTH208  # names, not paths
    except OSError:
        return []
    return sorted(
        name
        for name in names
        if os.path.splitext(name)[0].lower() in FOLDER_PAGES and os.path.splitext(name)[1].lower() in MARKUPS  # noqa: PTH122  # names, not paths
    )  # same


def label_of(name: str):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """Take a record's name apart, whether it is a file's or a folder's."""
    stem = posixpath.splitext(posixpath.basename(name))[0]
    if stem.lower() in FOLDER_PAGES and "/" in name:
        stem = posixpath.basename(posixpath.dirname(name))
    return parse_name(stem)


def numbers_of(names: Iterable[str]) -> set[int]:
    """Return the numbers that names carry."""
    return {number for name in names if (number := label_of(name).number) is not None}


def shape_of(names: Sequence[str]) -> NameShape | None:
    """Return the commonest form among the latest names, or None when there are none."""
    forms = Counter(form for name in names[-_LATEST:] if (form := _form(name)) is not None)
    if not forms:
        return None
    best = max(forms.values())
    return next(form for form in reversed([_form(name) for name in names[-_LATEST:]]) if form and forms[form] == best)


def _form(name: str) -> NameShape | None:
    stem, suffix = posixpath.splitext(posixpath.basename(name))
    page = ""
    if stem.lower() in FOLDER_PAGES and "/" in name:
        page, stem = posixpath.basename(name), posixpath.basename(posixpath.dirname(name))
    if label_of(name).draft:
        return None
    match = _NAME.match(stem)
    if not match:
        return None
    if match["day"]:
        form = "%Y-%m-%d" if "-" in match["day"] else "%Y%m%d"
        gap = match["gap"] or ""
        if gap == "_" and match["digits"]:
            return NameShape(width=len(match["digits"]), day=form, gap=gap, suffix=suffix, page=page)
        return NameShape(day=form, suffix=suffix, page=page)
    if not match["digits"]:
        return None
    width = len(match["digits"]) if match["digits"][0] == "0" or len(match["digits"]) > 2 else 1  # noqa: PLR2004  # `12` is unpadded, `012` is not
    return NameShape(
        match["prefix"] or "", width, match["separator"] or "-", bool(match["slug"]), suffix=suffix, page=page
    )


def latest_records(folder: Path, names: Sequence[str]) -> Iterator[DecisionRecord]:
    """Read the latest records, the last one first."""
    for name in reversed(names[-_LATEST:]):
        try:
            yield load_record(folder / name, name=name)
        except DecisionLogError:
            continue


def template_like(records: Iterable[DecisionRecord]) -> tuple[str, str]:
    """Return the built-in template that fits a log, and where its metadata stand: `front-matter` or `bullets`."""
    votes: Counter[tuple[str, str]] = Counter()
    for record in records:
        roles = {section.role for section in record.sections}
        sources = {place.source.partition(":")[0] for place in record.status.stated}
        if record.markup != "markdown":
            votes["nygard", record.markup] += 1
        elif "status" in roles and "options" not in roles:
            votes["nygard", "section"] += 1
        elif "bullet" in sources:
            votes["madr", "bullets"] += 1
        elif roles & {"options", "pros-and-cons"}:
            votes["madr", "front-matter" if record.front_matter_span else "bullets" if record.header else "none"] += 1
        elif record.front_matter_span:
            votes["madr-minimal", "front-matter"] += 1
        elif "status" in roles:
            votes["nygard", "section"] += 1
    return votes.most_common(1)[0][0] if votes else ("madr", "front-matter")
