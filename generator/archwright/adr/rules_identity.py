"""Rules about who a record is: its number, title, date and file."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from archwright.adr.rules import Problem, log_rule, record_rule
from archwright.adr.vocabulary import IN_FORCE
from archwright.errors import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archwright.adr.model import DecisionRecord
    from archwright.adr.rules import Inspection

_SIMPLE = re.compile(
    r"(?:(?P<key>[A-Za-z][\w-]*):(?:[ \t]+(?:[A-Za-z0-9][^:#{}\[\]\n\t'\"&*!|>%@`]*"
    r"|\"[^\"\\\n]*\"|'[^'\n]*'))?[ \t]*\n|[ \t]*\n)*"
)


@log_rule("AD101", "number-collision", Severity.ERROR)
def numbers_are_unique(inspection: Inspection) -> Iterator[Problem]:
    """No two records of one folder have one number."""
    taken: dict[tuple[str, int], list[DecisionRecord]] = {}
    for record in inspection.log:
        if record.number is not None:
            taken.setdefault((record.name.rpartition("/")[0], record.number), []).append(record)
    for (_, number), records in taken.items():
        first, *others = [
            record for record in records if not _same_decision(record, records[0]) or record is records[0]
        ]
        for record in others:
            yield Problem(
                f"number {number} is taken by `{first.name}`",
                "give one of them the next free number: `archwright adr renumber " + f"{record.name} NEW`.",
                record=record,
            )


def _same_decision(record: DecisionRecord, first: DecisionRecord) -> bool:
    """Whether two files are one decision in two languages or markups: `0007-x.md` beside `0007-x.de.md`."""
    return record.slug.partition(".")[0] == first.slug.partition(".")[0] and record.name.count(".") != first.name.count(
        "."
    )


@log_rule("AD102", "number-gap", None)
def numbers_have_no_gap(inspection: Inspection) -> Iterator[Problem]:
    """Numbers follow each other without a gap."""
    numbers = sorted(inspection.log.by_number)
    for before, number in pairwise(numbers):
        if number > before + 1:
            missing = f"{before + 1}" if number == before + 2 else f"{before + 1} to {number - 1}"
            yield Problem(f"no record has the number {missing}", record=inspection.log.by_number[number][0])


@log_rule("AD103", "file-left-out", Severity.ERROR)
def no_record_is_hidden(inspection: Inspection) -> Iterator[Problem]:
    """Every file that may be a record can be read."""
    for each in inspection.log.left_out:
        if each.harmful:
            name = each.name if inspection.prefix == "." else f"{inspection.prefix}/{each.name}"
            yield Problem(each.reason, "a record that cannot be read is a decision that nobody sees.", path=name)


@record_rule("AD110", "title-number", Severity.WARNING)
def title_has_the_files_number(_: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """The number in a title is that of the file."""
    if None not in {record.title_number, record.number} and record.title_number != record.number:
        yield Problem(
            f"the title says {record.title_number}, the file name {record.number}",
            f"write {record.number} in the title, or give the file another number with `archwright adr renumber`.",
            record.title,
        )


@record_rule("AD111", "no-title", Severity.WARNING)
def record_has_a_title(_: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """A record has a title of its own."""
    if record.title.source == "file-name":
        yield Problem(
            "there is no title: neither a heading nor `title` in the front matter",
            "write `# ` and the decision in a few words.",
            0,
        )


@record_rule("AD112", "front-matter", Severity.ERROR)
def front_matter_is_sound(_: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """Front matter is valid YAML without a key that stands twice."""
    if record.front_matter_span is None:
        return
    plain = _SIMPLE.fullmatch(record.front_matter_span.of(record.text).replace("\r", ""))
    if plain and len(record.front_matter) > 0 and not _twice(record):
        return
    if record.front_matter_problem:
        yield Problem(
            f"the front matter {record.front_matter_problem}",
            "put values with `:`, `#`, `[`, `{` or `@` in quotes.",
            record.front_matter_span,
        )


def _twice(record: DecisionRecord) -> bool:
    assert record.front_matter_span is not None
    inside = record.front_matter_span.of(record.text)
    return len(re.findall(r"^[A-Za-z][\w-]*:", inside, re.MULTILINE)) != len(record.front_matter)


@record_rule("AD113", "encoding", Severity.WARNING)
def text_is_unicode(_: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """A record is UTF-8, or UTF-16 with its mark."""
    if record.source.encoding == "latin-1" and not record.source.raw.isascii():
        yield Problem(
            "is neither UTF-8 nor UTF-16, and is read as Latin-1", "convert it to UTF-8 in a commit of its own.", 0
        )


@record_rule("AD114", "date", Severity.ERROR)
def date_is_a_day(_: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """What a record gives as its date is a day of the calendar."""
    if record.date is not None and record.day is None:
        yield Problem(f"`{record.date.text}` is no date", "write it as YYYY-MM-DD.", record.date)


@record_rule("AD115", "date-in-future", Severity.WARNING)
def decided_in_the_past(inspection: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """A decision in force was made today or before."""
    if record.day and record.day > inspection.today and record.status.word in IN_FORCE and not record.status.inferred:
        yield Problem(f"accepted on {record.day}, which is still to come", "correct the date.", record.date)


@record_rule("AD116", "no-date", None)
def record_has_a_date(_: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """A record states its date."""
    if record.date is None:
        yield Problem("states no date", "say when it was decided, as YYYY-MM-DD.", 0)
