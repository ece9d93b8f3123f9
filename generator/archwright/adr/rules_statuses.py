"""Rules about where decisions stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright.adr.rules import Problem, record_rule
from archwright.adr.statuses import read_phrase
from archwright.adr.vocabulary import LIFECYCLE
from archwright.errors import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archwright.adr.model import DecisionRecord, Value
    from archwright.adr.rules import Inspection


@record_rule("AD120", "unknown-status", Severity.ERROR)
def status_is_known(_: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """A status is a word of the lifecycle, a synonym, or one that the settings explain."""
    if not record.status.known and not record.status.inferred:
        yield Problem(
            f"`{record.status.text}` is no status that this log knows",
            f"use one of {', '.join(LIFECYCLE)}, or explain the word in the settings: "
            f'`statuses = {{ "{record.status.word}" = "accepted" }}`.',
            record.status.stated[0],
        )


@record_rule("AD121", "no-status", None)
def status_is_stated(_: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """A record states its status."""
    if record.status.inferred:
        yield Problem(f"states no status, so that it counts as {record.status.word}", "state it.", 0)


@record_rule("AD122", "statuses-differ", Severity.ERROR)
def statuses_agree(_: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """A record that states its status in two places says the same in both."""
    text = record.text
    meanings: dict[str, Value] = {}
    for place in record.status.stated[:4]:
        phrase = read_phrase(text, place.span.start, place.span.end, record.vocabulary) if place.span else None
        if phrase and phrase.known:
            meanings.setdefault(phrase.word, place)
    if len(meanings) > 1:
        (one, _first), (other, place) = list(meanings.items())[:2]
        yield Problem(
            f"is {one} in one place and {other} in another",
            "say the same in both; `archwright adr accept` and its like keep them in step.",
            place,
        )


@record_rule("AD123", "no-successor", Severity.NOTE)
def superseded_record_names_its_successor(_: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """A superseded record says by what."""
    if record.status.word == "superseded" and not any(each.kind == "superseded by" for each in record.relations):
        yield Problem(
            "is superseded, and does not say by what",
            f"`archwright adr supersede {record.id} --by NEW` tells both records.",
            record.status.stated[0] if record.status.stated else None,
        )
