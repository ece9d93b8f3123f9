"""A log as a graph: its records and what they say of each other, as Mermaid or DOT."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from archwright.adr.vocabulary import INVERSES, inverse_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archwright.adr.model import DecisionLog, DecisionRecord

_FILLS: Mapping[str, tuple[str, str]] = {
    "accepted": ("#e6f4ea", "#1e7b34"),
    "proposed": ("#fff7e0", "#9a6700"),
    "draft": ("#fff7e0", "#9a6700"),
    "rejected": ("#fdecea", "#b3261e"),
    "deprecated": ("#eeeeee", "#6e6e6e"),
    "superseded": ("#eeeeee", "#6e6e6e"),
}
_OTHER = ("#ffffff", "#444444")
_LONGEST = 48


class Edge(NamedTuple):
    """One record's relation to another, told once whichever of them states it."""

    source: DecisionRecord
    kind: str
    target: DecisionRecord


def edges_of(log: DecisionLog) -> tuple[Edge, ...]:
    """Return every relation between two records of a log, the active way round (`supersedes`), each once."""
    found: dict[Edge, None] = {}
    for record in log:
        for relation in record.relations:
            other = log.target(record, relation)
            if other is None or other is record:
                continue
            forward = inverse_of(relation.kind) if relation.kind not in INVERSES else None
            edge = Edge(other, forward, record) if forward else Edge(record, relation.kind, other)
            if INVERSES.get(edge.kind) == edge.kind and Edge(edge.target, edge.kind, edge.source) in found:
                continue
            found.setdefault(edge)
    return tuple(found)


def shown(log: DecisionLog, *, related: bool = False) -> tuple[DecisionRecord, ...]:
    """Return the records to draw: all, or only those that have a relation."""
    if not related:
        return log.records
    named = {record for edge in edges_of(log) for record in (edge.source, edge.target)}
    return tuple(record for record in log if record in named)


def mermaid(log: DecisionLog, *, related: bool = False) -> str:
    """Return the graph as a Mermaid flowchart."""
    records = shown(log, related=related)
    keys = {record: f"r{position}" for position, record in enumerate(records)}
    out = ["flowchart TD"]
    out += [f'  {keys[record]}["{_mermaid(label(record))}"]:::{_class(record)}' for record in records]
    out += [f"  {keys[edge.source]} -->|{_mermaid(edge.kind)}| {keys[edge.target]}" for edge in edges_of(log)]
    for word in sorted({_class(record) for record in records}):
        fill, stroke = _FILLS.get(word, _OTHER)
        dashed = ",stroke-dasharray:4 3" if word in {"superseded", "deprecated"} else ""
        out.append(f"  classDef {word} fill:{fill},stroke:{stroke},color:#1a1a1a{dashed}")
    return "\n".join(out) + "\n"


def dot(log: DecisionLog, *, related: bool = False) -> str:
    """Return the graph in the language of Graphviz."""
    records = shown(log, related=related)
    out = ["digraph decisions {", "  rankdir=TB;", '  node [shape=box, style="rounded,filled", fontname="Helvetica"];']
    for record in records:
        fill, stroke = _FILLS.get(record.status.word, _OTHER)
        out.append(
            f'  {_quoted(record.name)} [label={_quoted(label(record))}, fillcolor="{fill}", '
            f'color="{stroke}", URL={_quoted(record.name)}];'
        )
    out += [
        f"  {_quoted(edge.source.name)} -> {_quoted(edge.target.name)} [label={_quoted(edge.kind)}];"
        for edge in edges_of(log)
    ]
    return "\n".join([*out, "}"]) + "\n"


def label(record: DecisionRecord) -> str:
    """Return what a box says: the id and the title, cut at a word."""
    title = re.sub(r"\s+", " ", record.title.text)
    if len(title) > _LONGEST:
        title = (title[:_LONGEST].rpartition(" ")[0] or title[:_LONGEST]) + "…"
    return f"{record.id} {title}" if record.number is not None else title


def colours(record: DecisionRecord) -> tuple[str, str]:
    """Return a record's fill and line colour, by its status."""
    return _FILLS.get(record.status.word, _OTHER)


def _class(record: DecisionRecord) -> str:
    return record.status.word if record.status.word in _FILLS else "other"


def _mermaid(words: str) -> str:
    """Return words that Mermaid reads as nothing but words."""
    return re.sub(r"[\"#<>&|\[\]{}()`;\\]", lambda match: f"#{ord(match[0])};", words)


def _quoted(words: str) -> str:
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
