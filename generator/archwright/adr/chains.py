"""Chains of supersession: what replaced a record, and which record stands in its place today."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

_MAYBE = re.compile(rb"super[sc]|replace|obsolete|supplant|s\0u\0p\0e\0r|r\0e\0p\0l", re.IGNORECASE)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archwright.adr.model import DecisionLog, DecisionRecord


def successors(log: DecisionLog) -> Mapping[DecisionRecord, Sequence[DecisionRecord]]:
    """Return what replaced each superseded record, as either side tells."""
    cached: dict[DecisionRecord, list[DecisionRecord]] | None = log.__dict__.get("_successors")
    if cached is not None:
        return cached
    found: dict[DecisionRecord, list[DecisionRecord]] = {}
    for record in log:
        if not _MAYBE.search(record.source.raw):  # most records replace nothing, and need no outline made for this
            continue
        for relation in record.relations:
            if relation.kind in {"supersedes", "superseded by"} and (other := log.target(record, relation)) is not None:
                old, new = (other, record) if relation.kind == "supersedes" else (record, other)
                if new not in found.setdefault(old, []):
                    found[old].append(new)
    log.__dict__["_successors"] = found
    return found


def successor(log: DecisionLog, record: DecisionRecord) -> DecisionRecord | None:
    """Return the record that stands in another's place today; None where none, several or a circle of them does."""
    after, seen, here = successors(log), {record}, record
    while found := after.get(here, ()):
        if len(found) > 1 or found[0] in seen:
            return None
        here = found[0]
        seen.add(here)
    return here if here is not record else None
