"""Write a relation into a record, where its log keeps relations; and the reason for a change of status."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archwright.adr.dialects import dialect, flat
from archwright.adr.edits import Patch, edited, end_of_words, line_end
from archwright.adr.frontmatter import normal
from archwright.adr.references import resolve
from archwright.adr.source import Span
from archwright.adr.wording import citation, heading_like, number_words
from archwright.errors import DecisionLogError

if TYPE_CHECKING:
    from archwright.adr.model import DecisionLog, DecisionRecord, FrontMatterEntry, Section

_COMMENTS = re.compile(r"(?:\s*<!--(?:(?!-->).)*-->)+\s*\Z", re.DOTALL)
_ITEM = re.compile(r"([ \t]*)([-*+])([ \t]+)")


def has_relation(log: DecisionLog, record: DecisionRecord, kind: str, other: DecisionRecord) -> bool:
    """Whether the record already says this of the other one."""
    return any(
        relation.kind == kind and (found := log.target(record, relation)) is not None and found.name == other.name
        for relation in record.relations
    )


def with_relation(log: DecisionLog, record: DecisionRecord, kind: str, other: DecisionRecord) -> DecisionRecord:
    """Return the record with a relation to another one; the same record if it has it already.

    Front matter is used where the record or its log keeps this relation there; else the status section for what
    changes a status, else the links, else the further information, else a new section of links at the end.

    Raises:
        DecisionLogError: no place of the file can take it.
    """
    entry = _own_entry(record, kind)
    if entry and not _names(log, record, entry, other) and (patch := _into_entry(record, entry, other)):
        record = edited(record, [patch])
    if has_relation(log, record, kind, other):
        return record
    for patch in _candidates(log, record, kind, other):
        after = edited(record, [patch])
        kept = after.status.word == record.status.word and after.title.text == record.title.text
        if kept and has_relation(log, after, kind, other):
            return after
    raise DecisionLogError(
        f"{record.name}: found no place to write `{kind} {other.id}`. Nothing was written.",
        hint="write it by hand, below the status.",
    )


def _candidates(log: DecisionLog, record: DecisionRecord, kind: str, other: DecisionRecord) -> list[Patch]:
    found: list[Patch] = []
    if record.front_matter_span and (model := _models(log, kind)):
        found.append(_new_entry(record, model, kind, other))
    words = f"{kind[:1].upper()}{kind[1:]} {citation(record, other)}"
    by_role = {section.role: section for section in reversed(record.sections)}
    changes_status = kind in {"supersedes", "superseded by", "amends", "amended by"} and not record.front_matter_span
    order = ["links", "more-information"]
    order.insert(0 if changes_status or "links" not in by_role else 2, "status")
    found += [_at_end(record, by_role[role], words, bullet=role == "links") for role in order if role in by_role]
    found.append(_new_section(record, words))
    return found


def _spelled(kind: str) -> set[str]:
    dashed = kind.replace(" ", "-")
    return (
        {dashed, "replaced-by", "supersededby"}
        if kind == "superseded by"
        else {dashed, "replaces"}
        if kind == "supersedes"
        else {dashed}
    )


def _own_entry(record: DecisionRecord, kind: str) -> FrontMatterEntry | None:
    return next((record.front_matter[key] for key in record.front_matter if key in _spelled(kind)), None)


def _names(log: DecisionLog, record: DecisionRecord, entry: FrontMatterEntry, other: DecisionRecord) -> bool:
    return any(
        (found := resolve(log, record, value.text)) is not None and found.name == other.name for value in entry.values
    )


def _models(log: DecisionLog, kind: str) -> str:
    """Return how the log writes such an entry, from the first record that has one; else nothing."""
    wanted = _spelled(kind) | (
        _spelled("superseded by") | _spelled("supersedes") if kind.startswith("supersede") else set()
    )
    for record in log:
        for key, entry in record.front_matter.items() if record.front_matter_span else ():
            if key in wanted and entry.values:
                return entry.entry.of(record.text)
    return ""


def _form(other: DecisionRecord, written: str) -> str:
    """Return a record's name in the form of a value that stands there: `"0007"`, `0007`, `7`, `ADR-0007`, a path."""
    bare = written.strip("\"' ")
    if re.fullmatch(r"0*\d+", bare) and other.number is not None:
        digits = other.id if other.id.isdigit() else f"{other.number:04d}"
        name = digits if len(bare) > 1 and (bare[0] == "0" or len(bare) == len(digits)) else str(other.number)
    elif bare.endswith((".md", ".mdx", ".rst", ".adoc")):
        name = other.name
    else:
        name = number_words(other)
    return name


def _into_entry(record: DecisionRecord, entry: FrontMatterEntry, other: DecisionRecord) -> Patch | None:
    """Return the patch that adds a value to an entry: to its list, or making a list of its one value."""
    text = record.text
    value = entry.value.of(text)
    last = next((each for each in reversed(entry.values) if each.span), None)
    if last is None or last.span is None:
        at = entry.value.start
        name = f'"{_form(other, "0000")}"'
        if value.strip().startswith("["):
            inside = at + value.index("[") + 1
            return Patch(Span(inside, inside), name)
        stop = line_end(text, at)
        gap = "" if text[at - 1 : at] in {" ", "\t"} else " "
        return (
            Patch(Span(at, min(stop, at + len(value.rstrip()))), f"{gap}[{name}]")
            if not value.strip() or value.strip() in {"~", "null"}
            else None
        )
    before, after = text[last.span.start - 1 : last.span.start], text[last.span.end : last.span.end + 1]
    quote = before if before == after and before in {'"', "'"} else ""
    name = f"{quote}{_form(other, last.text)}{quote}"
    end = last.span.end + len(quote)
    if value.strip().startswith("["):
        return Patch(Span(end, end), f", {name}")
    line = text[text.rfind("\n", 0, last.span.start) + 1 : last.span.start]
    item = re.match(r"[ \t]*-[ \t]+", line)
    if item and last.span.start > line_end(text, entry.entry.start):
        stop = line_end(text, end)
        return Patch(Span(stop, stop), f"\n{item[0]}{name}")
    start = last.span.start - len(quote)
    return Patch(Span(start, end), f"[{text[start:end]}, {name}]")


def _new_entry(record: DecisionRecord, model: str, kind: str, other: DecisionRecord) -> Patch:
    assert record.front_matter_span is not None
    key, _, value = model.partition(":")
    dash = "_" if "_" in key else "-"
    example = re.search(r"[\"']?[\w./-]+[\"']?", value)
    written = example[0] if example else '"0000"'
    quote = written[0] if written[0] in "\"'" else ""
    name = f"{quote}{_form(other, written)}{quote}"
    spelled = kind.replace(" ", dash) if normal(key) in _spelled("supersedes") | _spelled("superseded by") else key
    if value.lstrip(" ").startswith(("\n", "\r")):
        indent = re.search(r"\n([ \t]*)-", value)
        line = f"{spelled}:\n{indent[1] if indent else '  '}- {name}\n"
    else:
        line = f"{spelled}: [{name}]\n" if value.strip().startswith("[") else f"{spelled}: {name}\n"
    at = record.front_matter_span.end
    return Patch(Span(at, at), line)


def _at_end(record: DecisionRecord, section: Section, words: str, *, bullet: bool) -> Patch:
    """Return the patch that adds a line at the end of a section, as an item where its last line is one."""
    text = flat(record.text)
    own = _COMMENTS.sub("", section.own.of(text)).rstrip()
    if not own.strip():
        end = end_of_words(record.text, section.heading.end)
        return Patch(Span(end, end), f"\n\n{'- ' if bullet else ''}{words}")
    end = end_of_words(record.text, section.own.start + len(own))
    last = next((item for line in reversed(own.split("\n")) if (item := _ITEM.match(line))), None)
    line = own.rpartition("\n")[2]
    item = _ITEM.match(line) or (last if bullet else None)
    if item and "[x]" not in line.lower() and "[ ]" not in line:
        return Patch(Span(end, end), f"\n{item[1]}{item[2]}{item[3]}{words}")
    return Patch(Span(end, end), f"\n\n{'- ' if bullet else ''}{words}")


def _new_section(record: DecisionRecord, words: str, title: str = "") -> Patch:
    text = record.text
    level = min((each.level for each in record.sections if each.role), default=2)
    title = title or ("More Information" if record.front_matter_span else "Links")
    mark = "" if title == "More Information" else "- " if record.markup != "asciidoc" else "* "
    end = end_of_words(text, len(text.rstrip()))
    return Patch(Span(end, end), f"\n\n{heading_like(record, title, level)}\n\n{mark}{words}")


def write_reason(record: DecisionRecord, word: str, reason: str) -> DecisionRecord:
    """Return the record with the reason for its new status: below the status, else in the further information."""
    words = " ".join(reason.split())
    for role in ("status", "more-information"):
        section = record.section(role)
        if section:
            own = section.own
            masked = dialect(record.markup).mask(flat(record.text), 0)[own.start : own.end].rstrip()
            end = end_of_words(record.text, own.start + len(masked) if masked.strip() else section.heading.end)
            said = f"Reason: {words}" if role == "status" else f"{word.capitalize()}, because {words}"
            return edited(record, [Patch(Span(end, end), f"\n\n{said}")])
    return edited(record, [_new_section(record, f"{word.capitalize()}, because {words}", "More Information")])
