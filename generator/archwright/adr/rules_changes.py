"""Rules about what a branch changes: decided records, and numbers that the base has given away meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright.adr.names import parse_name
from archwright.adr.policy import Change
from archwright.adr.rules import Problem, log_rule
from archwright.errors import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archwright.adr.rules import Inspection

WAYS_OUT = {
    Change.TYPO: "leave the text as it was decided; the policy `azure` allows corrections.",
    Change.ADDENDUM: "put what is new into a record that amends this one: `archwright adr link NEW amends {id}`.",
    Change.SUBSTANTIVE: "put the old text back, and write what holds now as a new record: "
    "`archwright adr new TITLE --supersedes {id}`.",
}


@log_rule("AD190", "decided-record-changed", Severity.ERROR)
def decided_records_stay(inspection: Inspection) -> Iterator[Problem]:
    """Compared with the base, a decided record changes only as the policy allows."""
    if not inspection.base:
        return
    from archwright.adr.history import changes_since, repository_of  # noqa: PLC0415  # only with a base

    repository = inspection.repository or repository_of(inspection.log.folder)
    for then, now, outcome in changes_since(inspection.log, repository, inspection.base):
        weight = inspection.policy.weight_of_change(outcome.change)
        if now is None and weight:
            yield Problem(
                f"{then.id}, {then.status.word}, was taken away",
                "put it back, and say in it that it is deprecated or superseded.",
                path=inspection.path_of(then),
                weight=weight,
            )
        elif weight and now:
            words = f"{outcome.words} word{'' if outcome.words == 1 else 's'}"
            yield Problem(
                f"was {then.status.word} and has got a {outcome.change} change of {words}: {outcome.excerpt}"
                f" (policy `{inspection.policy.immutability}`)",
                WAYS_OUT[outcome.change].format(id=then.id),
                record=now,
                weight=weight,
            )


@log_rule("AD191", "number-taken-on-base", Severity.ERROR)
def new_numbers_are_free_on_the_base(inspection: Inspection) -> Iterator[Problem]:
    """No record that this branch adds has a number that the base gave to another one meanwhile."""
    if not inspection.base:
        return
    from archwright.adr.history import merge_base, repository_of  # noqa: PLC0415  # only with a base
    from archwright.adr.snapshots import blobs_at, require_commit  # noqa: PLC0415  # same

    repository = inspection.repository or repository_of(inspection.log.folder)
    folder = inspection.log.folder
    ancestor = blobs_at(repository, merge_base(repository, inspection.base), folder)
    tip = blobs_at(repository, require_commit(repository, inspection.base), folder)
    taken = {}
    for name in sorted(set(tip) - set(ancestor)):
        number = parse_name(name.rpartition("/")[2].rpartition(".")[0]).number
        if number is not None:
            taken[name.rpartition("/")[0], number] = name
    for record in inspection.log:
        if record.name in ancestor or record.name in tip or record.number is None:
            continue
        other = taken.get((record.name.rpartition("/")[0], record.number))
        if other:
            yield Problem(
                f"number {record.number} went to `{other}` on {inspection.base} meanwhile",
                f"`archwright adr renumber {record.name} NEW` gives it a free one.",
                record=record,
            )
