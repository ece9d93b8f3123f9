"""Chains of supersession: what replaced a record, and which record stands in its place today."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archwright.adr.model import DecisionLog, DecisionRecord

_WORDS = (b"upers", b"uperc", b"eplace", b"bsolete", b"upplant")


def successors(log: DecisionLog) -> Mapping[DecisionRecord, Sequence[DecisionRecord]]:
    """Return what replaced each superseded record, as either side tells."""
    cached: dict[DecisionRecord, list[DecisionRecord]] | None = log.__dict__.get("_successors")
    if cached is not None:
        return cached
    found: dict[DecisionRecord, list[DecisionRecord]] = {}
    for record in log:
        if not _may_replace(record):
            continue
        for relation in record.relations:
            if relation.kind in {"supersedes", "superseded by"} and (other := log.target(record, relation)) is not None:
                old, new = (other, record) if relation.kind == "supersedes" else (record, other)
                if new not in found.setdefault(old, []):
                    found[old].append(new)
    log.__dict__["_successors"] = found
    return found


def _may_replace(record: DecisionRecord) -> bool:
    """Whether a record holds any word of supersession: most have none, and need no outline made for this."""
    raw = record.source.raw.lower()
    return bool(record.source.mark) or any(word in raw for word in _WORDS)


def successor(log: DecisionLog, record: DecisionRecord) -> DecisionRecord | None:
    """Return the record that stands in another's place today; None where none, several or a circle of them does."""
    after, seen, here = successors(log), {record}, record
    while found := after.get(here, ()):
        if len(found) > 1 or found[0] in seen:
            return None
        here = found[0]
        seen.add(here)
    return here if here is not record else None
