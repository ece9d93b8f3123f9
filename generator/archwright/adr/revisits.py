"""When a decision asks to be looked at again: a day, an age, a version of a package, a path that is gone."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from archwright.adr.names import find_day
from archwright.adr.packages import plain_name, versions_of
from archwright.adr.versions import parse_constraint
from archwright.adr.vocabulary import CLOSED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from archwright.adr.model import DecisionLog, DecisionRecord, Span

KEYS = (
    "revisit",
    "revisit-when",
    "revisit-on",
    "review-by",
    "reviewby",
    "review-date",
    "revisit-by",
    "next-review",
    "expires",
)
KINDS = ("date", "package", "path-gone", "age")
OVERDUE, PENDING, UNKNOWN, INVALID = "overdue", "pending", "unknown", "invalid"
_PART = re.compile(r"\s*(\d+)\s*(days?|d|weeks?|w|months?|mo|m|years?|yr|y)\b\s*,?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Trigger:
    """One reason to look at a decision again, and whether it has come.

    `state` is `overdue`, `pending`, `unknown` (nothing here can tell) or `invalid` (it cannot be read); `on` is the
    day that it falls on, where it is one.
    """

    record: DecisionRecord
    kind: str
    text: str
    state: str
    reason: str
    on: date | None = None
    place: Span | None = None


@dataclass(eq=False)
class Surroundings:
    """What triggers look at: the day, the repository's files and its lock files, read once."""

    root: Path
    today: date

    @cached_property
    def packages(self) -> Mapping[str, Mapping[str, str]]:
        """The versions of each package, each with the file that holds it."""
        return versions_of(self.root)


def triggers_of(log: DecisionLog, root: Path, today: date) -> tuple[Trigger, ...]:
    """Return the triggers of every record that has not been closed, the most pressing first."""
    around = Surroundings(root, today)
    found = [trigger for record in log if record.status.word not in CLOSED for trigger in of_record(record, around)]
    order = {OVERDUE: 0, INVALID: 1, UNKNOWN: 2, PENDING: 3}
    return tuple(sorted(found, key=lambda each: (order[each.state], each.on or date.max, each.record.name)))


def has_triggers(record: DecisionRecord) -> bool:
    """Whether a record states any trigger at all."""
    return any(key in record.header for key in KEYS) or any(key in record.front_matter for key in KEYS)


def of_record(record: DecisionRecord, around: Surroundings) -> Iterator[Trigger]:
    """Give each trigger of a record, evaluated."""
    for key in KEYS:
        entry = record.front_matter.get(key)
        if entry is not None and entry.data is not None:
            for kind, text in _written(entry.data):
                yield _evaluated(record, kind, text, entry.entry, around)
            continue
        for value in record.header.get(key, ()):
            kind, text = _bare(value.text)
            yield _evaluated(record, kind, text, value.span, around)


def _written(data: object) -> Iterator[tuple[str, str]]:
    """Give each trigger of a front matter entry as a kind and its words."""
    if isinstance(data, dict):
        for kind, text in data.items():
            yield from (
                (str(kind).strip().lower().replace("_", "-"), str(each))
                for each in (text if isinstance(text, list) else [text])
            )
    elif isinstance(data, list):
        for each in data:
            yield from _written(each)
    elif data is not None:
        yield _bare(str(data))


def _bare(text: str) -> tuple[str, str]:
    """Tell what words without a kind are: a day, an age, or nothing that we know."""
    if find_day(text):
        return "date", text
    return ("age", text) if _PART.match(text) else ("", text)


def _evaluated(record: DecisionRecord, kind: str, text: str, place: Span | None, around: Surroundings) -> Trigger:
    check = {"date": _date, "package": _package, "path-gone": _path_gone, "age": _age}.get(kind)
    if check is None:
        words = f"{kind}: {text}" if kind else text
        return Trigger(
            record, kind, words, INVALID, f"`{words}` is no trigger; known are {', '.join(KINDS)}", place=place
        )
    state, reason, on = check(record, text.strip(), around)
    return Trigger(record, kind, text.strip(), state, reason, on, place)


_Outcome = tuple[str, str, "date | None"]


def _date(_: DecisionRecord, text: str, around: Surroundings) -> _Outcome:
    found = find_day(text)
    if not found:
        return INVALID, f"`{text}` is no date; write it as YYYY-MM-DD", None
    return _on(found[0], around, "")


def _on(day: date, around: Surroundings, why: str) -> _Outcome:
    distance = (around.today - day).days
    if distance >= 0:
        past = "due today" if distance == 0 else f"due since {day.isoformat()}, {_days(distance)} ago"
        return OVERDUE, f"{why}{past}", day
    return PENDING, f"{why}due on {day.isoformat()}, in {_days(-distance)}", day


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"


def _age(record: DecisionRecord, text: str, around: Surroundings) -> _Outcome:
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text).strip(" and"):
        return INVALID, f"`{text}` is no age; write it as `18 months`", None
    if record.day is None:
        return UNKNOWN, f"the record has no date that an age of {text} could count from", None
    day = record.day
    try:
        for number, unit in parts:
            day = _later(day, int(number), unit[:2].lower())
    except (ValueError, OverflowError):
        return INVALID, f"`{text}` is longer than a calendar", None
    return _on(day, around, f"{text} after {record.day.isoformat()}: ")


def _later(day: date, number: int, unit: str) -> date:
    if unit[0] in "dw":
        return day + timedelta(days=number * (7 if unit[0] == "w" else 1))
    months = day.month - 1 + number * (12 if unit[0] == "y" else 1)
    year, month = day.year + months // 12, months % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _package(_: DecisionRecord, text: str, around: Surroundings) -> _Outcome:
    try:
        constraint = parse_constraint(text)
    except ValueError as error:
        return INVALID, str(error), None
    versions = around.packages.get(plain_name(constraint.package))
    if not versions:
        return UNKNOWN, f"no lock file and no environment of this repository holds `{constraint.package}`", None
    for version, place in sorted(versions.items()):
        if constraint.met_by(version):
            return OVERDUE, f"`{constraint.package}` is {version} in {place}", None
    shown = ", ".join(sorted(versions)[:3])
    return PENDING, f"`{constraint.package}` is {shown}", None


def _path_gone(_: DecisionRecord, text: str, around: Surroundings) -> _Outcome:
    plain = text.strip("/")
    if not plain or ".." in plain.split("/"):
        return INVALID, f"`{text}` is no path below the repository", None
    pattern = any(mark in plain for mark in "*?[")
    there = next(around.root.glob(plain), None) is not None if pattern else (around.root / plain).exists()
    return (PENDING, f"`{plain}` is still there", None) if there else (OVERDUE, f"`{plain}` is gone", None)
