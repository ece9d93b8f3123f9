"""Rules about what a record says: its sections, its options, and what a template left behind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archwright.adr.dialects import dialect, flat
from archwright.adr.options import plain_name, same_option
from archwright.adr.rules import Problem, record_rule
from archwright.adr.source import Span
from archwright.errors import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archwright.adr.model import DecisionRecord
    from archwright.adr.rules import Inspection

_UNDECIDED = frozenset({"draft", "proposed"})
_ALSO = {"decision": ("rationale",), "consequences": ("good-consequences", "bad-consequences", "pros-and-cons")}
_NAMES = {"decision": "Decision", "context": "Context", "options": "Considered Options", "consequences": "Consequences"}
_STOP_GAPS = (
    "short title", "title of option", "option ", "decision driver", "driver ", "argument ", "justification",
    "list everyone", "describe ", "first option", "second option", "one of these", "yyyy-mm-dd", "example |", "e.g.,",
    "proposed", "accepted |", "you might want", "title}", "title]",
)  # fmt: skip  # how what MADR's templates ask for begins, in their braces or brackets
_SENTENCES = (
    "The issue motivating this decision, and any context that influences or constrains",
    "The change that we're proposing or have agreed to implement",
    "What becomes easier or more difficult to do and any risks introduced by the change",
    "What is the issue that we're seeing that is motivating this decision",
    "What is the change that we're proposing and/or doing",
    "What becomes easier or more difficult to do because of this change",
    "Describe the context and problem statement, e.g., in free form using two to three sentences",
    "Lorem ipsum dolor",
)  # fmt: skip  # sentences of Nygard's templates
_OPEN = re.compile(
    rf"(?:\{{|^[ \t]*(?:(?:[-*+]|\d+\.|#+)[ \t]+)?(?:\d+\.[ \t]+)?(?:\*\*?)?(?:chosen option: \"?)?\[)"
    rf"(?:{'|'.join(re.escape(each) for each in _STOP_GAPS)})",
    re.IGNORECASE | re.MULTILINE,
)
_BRACED = re.compile(r"\{[A-Za-z][^{}\n:=;,]* [^{}\n:=;,]* [^{}\n:=;]*\}")
_UNWRITTEN_WORDS = (
    "TODO",
    "TBD",
    "TBA",
    "FIXME",
    "XXX",
    "NUMBER",
    "STATUS",
    "DATE",
    "<your",
    "<insert",
    "<add",
    "<fill",
)
_UNWRITTEN = re.compile(
    r"^[ \t]*(?:[-*+>|][ \t]*)*\**(?:TODO|TBD|TBA|FIXME|XXX)\**(?=[:.!\s|]|$)"
    r"|<(?:your|insert|add|fill)\b[^>\n]+>|^(?:#[ \t]+)?(?:NUMBER\.?[ \t]+TITLE|STATUS|DATE: DATE|Date: DATE)$",
    re.MULTILINE,
)
_CODE = re.compile(
    r"`[^`\n]*`|\$\{[^}\n]*\}|\{\{.*?\}\}|\]\([^)\n]*\)|https?://\S+|^(?:import|export) .*$|<[A-Za-z/][^>\n]*>",
    re.MULTILINE,
)
_SECTIONS = 4  # of a record of Nygard's form and no more: status, context, decision, consequences
_SHARE = 0.8  # of the words of an option, for another wording of it
_SPACES = re.compile(r"[\s*_`]+")
_NUMBERED = re.compile(r"(?:options?|alternatives?)[ \t]*#?(?:\d+|[a-z]\b)|#?\d+\b", re.IGNORECASE)
_PROSE = re.compile(r"[\w!\[(<`|]")


def _wanted(inspection: Inspection, record: DecisionRecord) -> tuple[str, ...]:
    """Return the sections that a record should have: those of the settings, else those of the form that it follows."""
    if inspection.policy.sections:
        return inspection.policy.sections
    titles = {section.title.strip().lower() for section in record.sections}
    roles = {section.role for section in record.sections}
    if len(titles & {"decision outcome", "context and problem statement", "considered options"}) > 1:
        return ("context", "options", "decision")
    if {"status", "context"} <= roles or {"status", "decision"} <= roles:
        plain = "consequences" in roles or len(roles) <= _SECTIONS
        return ("context", "decision", "consequences") if plain else ("context", "decision")
    return ("decision",)


@record_rule("AD150", "missing-section", Severity.WARNING)
def sections_are_there(inspection: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """A record has the sections of its form, the decision above all."""
    if record.status.word == "draft" or not record.text.strip():
        return
    roles = {section.role for section in record.sections}
    for role in _wanted(inspection, record):
        if not roles & {role, *_ALSO.get(role, ())}:
            name = _NAMES.get(role, role)
            yield Problem(
                f"there is no section `{name}`",
                f'add `## {name}`, or say which sections you want: `sections = ["context", "decision"]`.',
                0,
            )


@record_rule("AD151", "empty-section", Severity.WARNING)
def sections_say_something(_: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """A section of context, decision or consequences is not empty."""
    if not record.text.strip():
        yield Problem("the file is empty", "write the decision down, or take the file away.", 0)
        return
    if record.status.word == "draft":
        return
    text = record.text
    for section in record.sections:
        if section.role in _NAMES and section.level > 1 and not _PROSE.search(section.body.of(text)):
            yield Problem(f"`{section.title}` is empty", "write it, or take the heading out.", section.heading)


@record_rule("AD152", "chosen-not-considered", Severity.ERROR)
def chosen_option_was_considered(_: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """The option that a record chose is one of those that it considered."""
    chosen = record.chosen_option
    options = [option for option in record.options if option.name]
    if chosen is None or not options or not record.section("options"):
        return
    if any(same_option(chosen.text, option.name) for option in options) or _named_in(
        chosen.text, [option.name for option in options]
    ):
        return
    section = record.section("options")
    if section and _SPACES.sub(" ", chosen.text).lower() in _SPACES.sub(" ", section.body.of(record.text)).lower():
        return
    names = ", ".join(f"`{option.name}`" for option in options[:4])
    yield Problem(f"`{chosen.text}` was chosen, but considered were {names}", "use the very words of the list.", chosen)


def _named_in(chosen: str, options: list[str]) -> bool:
    """Whether the words chosen name an option by more or fewer words: `Use Kafka` and `Kafka`, or two at once."""
    words = _words(chosen)
    for option in options:
        others = _words(option)
        most = _SHARE * min(len(words), len(others))
        if others and (words <= others or others <= words or (len(others) > 1 and len(words & others) >= most)):
            return True
    return bool(_NUMBERED.match(chosen.strip('*"`_ ')))


def _words(name: str) -> set[str]:
    plain = re.sub(r"[^\w]+", " ", plain_name(name))
    return {
        word
        for word in plain.split()
        if word not in {"use", "the", "a", "an", "of", "with", "and", "to", "for", "in", "option", "only"}
    }


@record_rule("AD153", "single-option", Severity.NOTE)
def several_options_were_considered(_: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """A record that lists its options has more than one."""
    section = record.section("options")
    if section is not None and len(record.options) == 1 and record.options[0].span.start >= section.heading.start:
        yield Problem(
            f"`{record.options[0].name}` is the only option",
            "a decision has an alternative: doing nothing is one.",
            section.heading,
        )


@record_rule("AD154", "placeholder", Severity.WARNING)
def no_placeholder_is_left(_: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """Nothing of a template's stop-gaps is left in a record."""
    if record.status.word == "draft":
        return
    found = _stop_gaps(record)
    if found:
        first, more = found[0], f", and {len(found) - 1} more" if len(found) > 1 else ""
        line = record.text[first.start : first.end].strip().split("\n")[0]
        yield Problem(
            f"`{line[:60]}` of a template is still there{more}", "write what belongs there, or take it out.", first
        )


def _stop_gaps(record: DecisionRecord) -> list[Span]:
    """Return what a template left: sentences of adr-tools', braces and brackets of MADR's, lines that say TODO."""
    text = flat(record.text)
    known = [sentence for sentence in _SENTENCES if sentence in text]
    lower = text.lower() if "{" in text or "[" in text else ""
    opened = any(f"{mark}{gap}" in lower for mark in "{[" for gap in _STOP_GAPS)
    unwritten = any(word in text for word in _UNWRITTEN_WORDS)  # a plain search first: most records have none
    if not known and not opened and not unwritten and not ("{" in text and _BRACED.search(text)):
        return []
    masked = dialect(record.markup).mask(text, record.front_matter_span.end if record.front_matter_span else 0)
    plain = _CODE.sub(lambda match: re.sub(r"[^\n]", "\0", match[0]), masked)
    found = [
        Span(at, at + len(sentence))
        for sentence in known
        if (at := plain.find(sentence)) >= 0 and _opens_line(plain, at)
    ]
    found += [Span(*match.span()) for match in _BRACED.finditer(plain)]
    for match in _OPEN.finditer(plain):
        start = match.start() + max(match[0].rfind("{"), match[0].rfind("["))
        closing = {"{": "}", "[": "]"}[plain[start]]
        end = plain.find(closing, start, start + 400)
        if end >= 0 and plain[end + 1 : end + 2] not in {"(", "[", ":"}:
            found.append(Span(start, end + 1))
    return sorted({*found, *(Span(*match.span()) for match in _UNWRITTEN.finditer(plain))})


def _opens_line(text: str, at: int) -> bool:
    return not text[text.rfind("\n", 0, at) + 1 : at].strip(" \t>*-{[")
