"""What people do to records: accept, reject, deprecate, supersede and link; every file that must change, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright.adr.relating import has_relation, with_relation
from archwright.adr.transaction import Transaction, locked
from archwright.adr.transitions import with_status
from archwright.adr.vocabulary import inverse_of, relation_kind
from archwright.errors import DecisionLogError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from archwright.adr.model import DecisionLog, DecisionRecord

_FROM = {
    "accepted": {"draft", "proposed", "rejected", "deprecated"},
    "rejected": {"draft", "proposed"},
    "deprecated": {"draft", "proposed", "accepted"},
}
_INSTEAD = {
    "superseded": "write a new record with `archwright adr new --supersedes`, or use --force.",
    "accepted": "an accepted decision is deprecated or superseded, not rejected; use --force if it never was in force.",
    "": "use --force to change it all the same.",
}


def change_status(  # noqa: PLR0913  # each is a thing of its own
    log: DecisionLog,
    record: DecisionRecord,
    word: str,
    *,
    reason: str = "",
    force: bool = False,
    today: date | None = None,
) -> list[DecisionRecord]:
    """Give a record another status; return what changed, nothing if the record states that status already.

    Raises:
        DecisionLogError: its life does not allow it, or it cannot be written. No file has changed.
    """
    now = record.status
    if now.word == word and not now.inferred:
        other = next((place for place in now.stated if record.vocabulary.meaning(place.text) != word), None)
        if other is None:
            return []
        if not force:
            raise DecisionLogError(
                f"{record.id} states both `{now.text}` ({now.source}) and `{other.text}` ({other.source}). "
                "Nothing was written.",
                hint=f"correct one of them by hand, or use --force to write `{word}` in both.",
            )
    if not force and now.known and not now.inferred and now.word not in _FROM[word]:
        raise DecisionLogError(
            f"{record.id} is {now.word} and cannot be {word}. Nothing was written.",
            hint=_INSTEAD.get(now.word, _INSTEAD[""]),
        )
    return _commit(log, {record: with_status(log, record, word, reason=reason, today=today)})


def supersede(
    log: DecisionLog, old: Sequence[DecisionRecord], new: DecisionRecord, *, today: date | None = None
) -> list[DecisionRecord]:
    """Let one record supersede others: each of them says by which, and it says which; return what changed.

    Raises:
        DecisionLogError: a record would supersede itself, directly or in a circle. No file has changed.
    """
    edited, after_new = superseding(log, old, new, today=today)
    return _commit(log, {**edited, new: after_new})


def superseding(
    log: DecisionLog, old: Sequence[DecisionRecord], new: DecisionRecord, *, today: date | None = None
) -> tuple[dict[DecisionRecord, DecisionRecord], DecisionRecord]:
    """Return the old records as they will be, by what they are, and the new one; nothing is written."""
    edited: dict[DecisionRecord, DecisionRecord] = {}
    for record in dict.fromkeys(old):
        _refuse_circle(log, record, new)
        told = has_relation(log, record, "superseded by", new)
        after = (
            record
            if told and record.status.word == "superseded"
            else with_status(log, record, "superseded", by=[new], today=today)
        )
        edited[record] = with_relation(log, after, "superseded by", new)
        new = with_relation(log, new, "supersedes", record)
    return edited, new


def link(
    log: DecisionLog, one: DecisionRecord, words: str, other: DecisionRecord, *, inverse: str = ""
) -> list[DecisionRecord]:
    """Relate two records on both sides; return what changed.

    Raises:
        UsageError: the relation is not known, and no `inverse` says what the other record shall say.
    """
    kind = relation_kind(words)
    back = inverse or (inverse_of(kind) if kind else None)
    if kind is None or back is None:
        from archwright.adr.vocabulary import INVERSES  # noqa: PLC0415  # for the message alone

        raise UsageError(
            f"`{words}` is no relation that is known",
            hint=f"use one of: {', '.join([*INVERSES, *dict.fromkeys(INVERSES.values())])}.",
        )
    if one is other:
        raise UsageError(f"{one.id} cannot be related to itself")
    if kind == "supersedes":
        return supersede(log, [other], one)
    if kind == "superseded by":
        return supersede(log, [one], other)
    return _commit(log, {one: with_relation(log, one, kind, other), other: with_relation(log, other, back, one)})


def _refuse_circle(log: DecisionLog, old: DecisionRecord, new: DecisionRecord) -> None:
    """Refuse a supersession that would close a circle: the new record is itself superseded, in the end, by the old."""
    if old.name == new.name:
        raise DecisionLogError(f"{old.id} cannot supersede itself. Nothing was written.")
    seen, todo = set(), [(new, [new])]
    while todo:
        here, way = todo.pop()
        for later in _successors(log, here):
            if later.name == old.name:
                told = " is superseded by ".join(each.id for each in [*way, later])
                raise DecisionLogError(
                    f"that would be a circle: {told}. Nothing was written.",
                    hint=f"write a new record that supersedes {new.id} instead, or correct the older statement.",
                )
            if later.name not in seen:
                seen.add(later.name)
                todo.append((later, [*way, later]))


def _successors(log: DecisionLog, record: DecisionRecord) -> Iterable[DecisionRecord]:
    yield from log.related(record, "superseded by")
    for other in log:
        if other.name != record.name and any(found.name == record.name for found in log.related(other, "supersedes")):
            yield other


def _commit(log: DecisionLog, edited: dict[DecisionRecord, DecisionRecord]) -> list[DecisionRecord]:
    transaction = Transaction()
    for before, after in edited.items():
        transaction.replace(before.path, before.source.raw, after.source.raw)
    with locked(log.folder):
        transaction.commit()
    return [after for before, after in edited.items() if before.source.raw != after.source.raw]
