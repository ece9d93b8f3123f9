"""Rules about supersession and the other relations: they lead somewhere, have two sides and end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archwright.adr.chains import successors
from archwright.adr.references import resolve_all
from archwright.adr.rules import Problem, log_rule, record_rule
from archwright.adr.vocabulary import CLOSED
from archwright.errors import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archwright.adr.model import DecisionRecord, Relation
    from archwright.adr.rules import Inspection

_YEAR = re.compile(r"(?:19|20)\d\d")
_SIDES = {"supersedes": "superseded by", "superseded by": "supersedes"}


def _supersessions(record: DecisionRecord) -> Iterator[Relation]:
    """Give each supersession that a record states, once for each target."""
    seen = set()
    for relation in record.relations:
        if relation.kind in _SIDES and (relation.kind, relation.target) not in seen:
            seen.add((relation.kind, relation.target))
            yield relation


@record_rule("AD130", "dangling-supersession", Severity.ERROR)
def supersession_leads_to_a_record(inspection: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """What supersedes, or is superseded by, a record names one that is there."""
    for relation in _supersessions(record):
        if not resolve_all(inspection.log, record, relation.target) and not _YEAR.fullmatch(relation.target):
            yield Problem(
                f"{relation.kind} `{relation.target}`, which is no record of this log",
                "name a record that is there, by its number or file name.",
                relation.target_span or relation.span,
            )


@record_rule("AD131", "one-way-supersession", Severity.ERROR)
def supersession_has_two_sides(inspection: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """Of two records, of which one supersedes the other, both say so."""
    log, told = inspection.log, set()
    for relation in _supersessions(record):
        other = log.target(record, relation)
        if other is None or other is record or (relation.kind, other) in told:
            continue
        told.add((relation.kind, other))
        if not any(
            record in log_targets(inspection, other, each)
            for each in other.relations
            if each.kind == _SIDES[relation.kind]
        ):
            old, new = (other, record) if relation.kind == "supersedes" else (record, other)
            yield Problem(
                f"{relation.kind} {other.id}, but {other.id} does not say so",
                f"`archwright adr supersede {old.id} --by {new.id}` tells both.",
                relation.span,
            )


def log_targets(inspection: Inspection, record: DecisionRecord, relation: Relation) -> tuple[DecisionRecord, ...]:
    """Return every record that a relation may mean; an ambiguous number is another rule's finding."""
    return resolve_all(inspection.log, record, relation.target)


@log_rule("AD132", "supersession-cycle", Severity.ERROR)
def supersession_ends(inspection: Inspection) -> Iterator[Problem]:
    """Following what superseded a record ends at one that stands."""
    after = successors(inspection.log)
    done: set[DecisionRecord] = set()
    for start in after:
        path: dict[DecisionRecord, None] = {}
        here: DecisionRecord | None = start
        while here is not None and here not in path and here not in done:
            path[here] = None
            here = next(iter(after.get(here, ())), None)
        if here is not None and here in path:
            cycle = [*list(path)[list(path).index(here) :], here]
            words = " → ".join(record.id for record in cycle)
            yield Problem(
                f"supersession goes in a circle: {words}", "take out the statement that is not true.", record=here
            )
        done.update(path)


@record_rule("AD133", "superseded-in-force", Severity.ERROR)
def superseded_record_is_not_in_force(_: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """A record that says it is superseded has that status."""
    if record.status.word in CLOSED or record.status.inferred:
        return
    relation = next((each for each in record.relations if each.kind == "superseded by"), None)
    if relation:
        yield Problem(
            f"is {record.status.word}, and superseded by {relation.target}",
            f"`archwright adr supersede {record.id} --by NEW` sets the status.",
            record.status.stated[0],
        )


@record_rule("AD134", "dangling-relation", Severity.WARNING)
def relations_lead_to_records(inspection: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """Every other relation names a record that is there."""
    for relation in record.relations:
        sure = relation.target.isdigit() or relation.target.lower().startswith("adr")
        if (
            relation.kind in _SIDES
            or not sure
            or _YEAR.fullmatch(relation.target)
            or "/" in relation.target
            or relation.kind == "relates to"
        ):
            continue
        if not resolve_all(inspection.log, record, relation.target):
            yield Problem(
                f"{relation.kind} `{relation.target}`, which is no record of this log",
                "correct the number.",
                relation.target_span,
            )


@record_rule("AD135", "ambiguous-reference", Severity.WARNING)
def references_mean_one_record(inspection: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """A reference to another record means one record."""
    for relation in dict.fromkeys(record.relations):
        found = resolve_all(inspection.log, record, relation.target)
        if len(found) > 1:
            names = ", ".join(f"`{each.name}`" for each in found[:3])
            yield Problem(f"`{relation.target}` may mean {names}", "name the file.", relation.target_span)
