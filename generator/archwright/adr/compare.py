"""The changelog of decisions between two states of a log: decided, replaced, proposed, edited, taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archwright.adr.chains import successors
from archwright.adr.changes import classify
from archwright.adr.options import plain_name
from archwright.adr.policy import Change

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from archwright.adr.changes import Classified
    from archwright.adr.model import DecisionLog, DecisionRecord

GROUPS: Mapping[str, str] = {
    "accepted": "Accepted",
    "superseded": "Superseded",
    "deprecated": "Deprecated",
    "rejected": "Rejected",
    "reopened": "Reopened",
    "proposed": "Proposed",
    "amended": "Amended",
    "edited": "Edited",
    "renumbered": "Renumbered",
    "removed": "Removed",
}
"""What can have happened to a decision, in the order told, with its heading."""
_OPEN = frozenset({"draft", "proposed"})
_ENDS = frozenset({"superseded", "deprecated", "rejected"})


@dataclass(frozen=True, slots=True)
class Difference:
    """What happened to one decision between two states; `before` is None for a new one, `after` for one taken away."""

    kind: str
    before: DecisionRecord | None
    after: DecisionRecord | None
    successors: tuple[DecisionRecord, ...] = ()
    classified: Classified | None = None
    options_added: tuple[str, ...] = ()
    options_removed: tuple[str, ...] = ()
    chosen: tuple[str, str] | None = None

    @property
    def record(self) -> DecisionRecord:
        """The record as it reads last."""
        record = self.after or self.before
        assert record is not None
        return record


def compare(before: DecisionLog, after: DecisionLog) -> tuple[Difference, ...]:
    """Return what happened to each decision, by kind and then by name."""
    found: list[Difference] = []
    replaced = successors(after)
    for old, new in _pairs(before, after):
        if new is None:
            found.append(Difference("removed", old, None))
        elif old is None:
            found.append(Difference(_kind_of_new(new), None, new, tuple(replaced.get(new, ()))))
        elif old.source.raw != new.source.raw or old.name != new.name:
            found += _between(old, new, tuple(replaced.get(new, ())))
    order = list(GROUPS)
    return tuple(sorted(found, key=lambda each: (order.index(each.kind), each.record.name)))


def _kind_of_new(record: DecisionRecord) -> str:
    word = record.status.word
    return word if word in _ENDS or word == "accepted" else "proposed"


def _pairs(before: DecisionLog, after: DecisionLog) -> Iterable[tuple[DecisionRecord | None, DecisionRecord | None]]:
    """Give each decision in both states: the same name, else the same slug and title, for a number may have changed."""
    gone = {name: record for name, record in before.by_name.items() if name not in after.by_name}
    by_title = {(record.slug, record.title.text): record for record in gone.values()}
    by_slug = {record.slug: record for record in gone.values() if record.slug}
    taken = set()
    for name, new in after.by_name.items():
        old = before.by_name.get(name)
        if old is None:
            old = by_title.get((new.slug, new.title.text)) or by_slug.get(new.slug)
            old = None if old is None or old.name in taken else old
        if old is not None:
            taken.add(old.name)
        yield old, new
    for name, old in gone.items():
        if name not in taken:
            yield old, None


def _between(old: DecisionRecord, new: DecisionRecord, replaced: tuple[DecisionRecord, ...]) -> Iterable[Difference]:
    classified = classify(old, new)
    added, removed, chosen = _options(old, new)
    kind = _kind_of_change(old, new, classified)
    if kind:
        yield Difference(kind, old, new, replaced if kind == "superseded" else (), classified, added, removed, chosen)
    if old.number != new.number and kind != "renumbered":
        yield Difference("renumbered", old, new)


def _kind_of_change(old: DecisionRecord, new: DecisionRecord, classified: Classified) -> str:
    was, now = old.status.word, new.status.word
    if was != now:
        if now in _ENDS or (now == "accepted" and was in _OPEN):
            return now
        return (
            "proposed" if now in _OPEN and was in _OPEN else ("reopened" if now in _OPEN or was in _ENDS else "edited")
        )
    if classified.change is Change.ADDENDUM:
        return "amended"
    if classified.change is Change.SUBSTANTIVE:
        return "edited"
    return "renumbered" if old.number != new.number else ""


def _options(
    old: DecisionRecord, new: DecisionRecord
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, str] | None]:
    before = {plain_name(option.name): option.name for option in old.options}
    after = {plain_name(option.name): option.name for option in new.options}
    was, now = (record.chosen_option.text if record.chosen_option else "" for record in (old, new))
    return (
        tuple(name for key, name in after.items() if key not in before),
        tuple(name for key, name in before.items() if key not in after),
        (was, now) if plain_name(was) != plain_name(now) else None,
    )


def markdown(differences: Iterable[Difference], *, since: str, until: str, prefix: str = "") -> str:
    """Return a changelog for a pull request: one heading a kind, one line a decision."""
    found = list(differences)
    out = [f"## Decisions, {since} to {until}", ""]
    if not found:
        out += ["No decision changed.", ""]
    for kind, heading in GROUPS.items():
        of_kind = [each for each in found if each.kind == kind]
        if of_kind:
            out += [f"### {heading}", "", *(_line(each, prefix) for each in of_kind), ""]
    return "\n".join(out)


def _line(each: Difference, prefix: str) -> str:
    record = each.record
    words = f"{record.id}: {_escaped(record.title.text)}"
    line = f"- {words}" if each.after is None else f"- [{words}]({prefix}{record.name.replace(' ', '%20')})"
    notes = []
    if each.kind == "superseded" and each.successors:
        notes.append("by " + ", ".join(f"{other.id} ({_escaped(other.title.text)})" for other in each.successors))
    if each.kind == "renumbered" and each.before:
        notes.append(f"was {each.before.id}")
    if each.kind == "reopened" and each.before:
        notes.append(f"{each.before.status.word}, now {record.status.word}")
    if each.classified and each.classified.change in {Change.SUBSTANTIVE, Change.ADDENDUM} and each.before:
        notes.append(f"{each.classified.change} change, {each.classified.words} words")
    if each.options_added:
        notes.append("options added: " + ", ".join(map(_escaped, each.options_added)))
    if each.options_removed:
        notes.append("options taken out: " + ", ".join(map(_escaped, each.options_removed)))
    if each.chosen and each.chosen[1]:
        notes.append(
            f"chosen: {_escaped(each.chosen[1])}" + (f" (was {_escaped(each.chosen[0])})" if each.chosen[0] else "")
        )
    return line + "".join(f"; {note}" for note in notes)


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace("<", "&lt;").replace("\n", " ")


def as_json(differences: Iterable[Difference]) -> list[dict[str, object]]:
    """Return the changelog for a program to read."""
    return [
        {
            "kind": each.kind,
            "id": each.record.id,
            "title": each.record.title.text,
            "path": each.record.name,
            "status_before": each.before.status.word if each.before else None,
            "status": each.after.status.word if each.after else None,
            "id_before": each.before.id if each.before else None,
            "superseded_by": [other.id for other in each.successors],
            "change": str(each.classified.change) if each.classified else None,
            "words": each.classified.words if each.classified else 0,
            "options_added": list(each.options_added),
            "options_removed": list(each.options_removed),
            "chosen_before": each.chosen[0] or None if each.chosen else None,
            "chosen": each.chosen[1] or None if each.chosen else None,
        }
        for each in differences
    ]
