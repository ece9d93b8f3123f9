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

    from archwright.adr.model import DecisionRecord, Section
    from archwright.adr.rules import Inspection

_UNDECIDED = frozenset({"draft", "proposed"})
_ALSO = {"decision": ("rationale",), "consequences": ("good-consequences", "bad-consequences", "pros-and-cons")}
_NAMES = {"decision": "Decision", "context": "Context", "options": "Considered Options", "consequences": "Consequences"}
_SENTENCES = (
    "The issue motivating this decision, and any context that influences or constrains the decision",
    "The change that we're proposing or have agreed to implement",
    "What becomes easier or more difficult to do and any risks introduced by the change that will need to be mitigated",
    "What is the issue that we're seeing that is motivating this decision or change?",
    "What is the change that we're proposing and/or doing?",
    "What becomes easier or more difficult to do because of this change?",
    "short title, representative of solved problem and found solution",
    "short title of solved problem and solution",
    "Describe the context and problem statement, e.g., in free form using two to three sentences",
    "title of option 1", "title of option 2", "title of option 3", "decision driver 1", "argument a", "option 1",
    "justification. e.g., only option", "list everyone involved in the decision", "driver 1, e.g., a force",
    "YYYY-MM-DD when the decision was last updated", "example | description | pointer to more information",
    "Describe how the implementation / compliance of the ADR can/will be confirmed", "to be filled in",
)  # fmt: skip  # sentences of templates
_LEFT = re.compile(
    r"\{[a-z][^{}\n]{4,200}\}|\[(?:option|driver|argument|decision driver|title|short title|describe|list|example|list everyone|justification|e\.g)[^\]\n]{0,200}\](?![(\[:])"
    r"|(?<![`\w])(?:TODO|TBD|FIXME|XXX)(?=[:.!\s]|$)|<(?:your|insert|add|fill)\b[^>\n]+>|Lorem ipsum|^(?:NUMBER|TITLE|STATUS|DATE)$",
    re.MULTILINE,
)
_QUOTED = re.compile(
    "|".join(rf"(?:^[ \t]*|[\[{{])(?:{re.escape(each)})" for each in _SENTENCES), re.MULTILINE | re.IGNORECASE
)
_CODE = re.compile(
    r"`[^`\n]*`|\$\{[^}\n]*\}|\{\{.*?\}\}|\]\([^)\n]*\)|https?://\S+|^(?:import|export) .*$|<[A-Za-z/][^>\n]*>",
    re.MULTILINE,
)
_PROSE = re.compile(r"[\w!\[(<`|]")


def _wanted(inspection: Inspection, record: DecisionRecord) -> tuple[str, ...]:
    """Return the sections that a record should have: those of the settings, else those of the form that it follows."""
    if inspection.policy.sections:
        return inspection.policy.sections
    titles = {section.title.strip().lower() for section in record.sections}
    roles = {section.role for section in record.sections}
    if titles & {"decision outcome", "context and problem statement", "considered options"}:
        return ("context", "options", "decision")
    if {"status", "context"} <= roles or {"status", "decision"} <= roles:
        return (
            ("context", "decision", "consequences")
            if "consequences" in roles or len(roles) <= 4
            else ("context", "decision")
        )  # noqa: PLR2004  # a record of Nygard's form and no more
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
    if chosen is None or not options or not _considered(record):
        return
    if any(same_option(chosen.text, option.name) for option in options) or _named_in(
        chosen.text, [option.name for option in options]
    ):
        return
    names = ", ".join(f"`{option.name}`" for option in options[:4])
    yield Problem(f"`{chosen.text}` was chosen, but considered were {names}", "use the very words of the list.", chosen)


def _considered(record: DecisionRecord) -> Section | None:
    return record.section("options")


def _named_in(chosen: str, options: list[str]) -> bool:
    """Whether the words chosen name an option by more or fewer words: `Use Kafka` and `Kafka`, or `A` and `B` at once."""
    words = _words(chosen)
    for option in options:
        others = _words(option)
        if others and (
            words <= others or others <= words or len(words & others) * 5 >= 4 * min(len(words), len(others)) > 4
        ):  # noqa: PLR2004  # four words of five
            return True
    number = re.match(r"(?:option|alternative)?[ \t]*#?(\d+|[A-Za-z])\b", plain_name(chosen) or chosen)
    return bool(number and re.match(r"(?:option|alternative)", chosen.strip('*"` '), re.IGNORECASE))


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
    section = _considered(record)
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
    text = flat(record.text)
    masked = dialect(record.markup).mask(text, record.front_matter_span.end if record.front_matter_span else 0)
    plain = _CODE.sub(lambda match: re.sub(r"[^\n]", "\0", match[0]), masked)
    found = sorted([*_LEFT.finditer(plain), *_QUOTED.finditer(plain)], key=lambda match: match.start())
    found = [match for match in found if match[0].strip()]
    if found:
        first = found[0]
        words = first[0].strip().replace("\0", "…")
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        yield Problem(
            f"`{words[:60]}` of a template is still there{more}",
            "write what belongs there, or take it out.",
            Span(*first.span()),
        )
