"""The starter's decision records: numbered, filled from the answers, confirmed by drills, with an index (MADR 4)."""

from __future__ import annotations

from textwrap import TextWrapper
from typing import TYPE_CHECKING

from archwright import render, yamlfile
from archwright.filetree import FileTree, GeneratedFile, Ownership

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archwright.model import Architecture, Decision, Option, Parameter

FOLDER = "docs/adr"
_FIRST = "0001-record-architecture-decisions.md"
_WIDTH = 100
_FUNCTION_WORDS = frozenset(
    ("A", "All", "An", "Any", "Each", "Every", "It", "Its", "No", "Nobody", "One", "The", "This", "We")
)
_DECIDED_BY = {
    "blueprint": "This is the usual choice for the pattern {blueprint}; no answer asked for another.",
    "platform": "Where this repository runs, on {platform}, settled it.",
    "parameter": "It was chosen when this repository was generated.",
}


def render_decisions(architecture: Architecture) -> FileTree:
    """Return `docs/adr/`: a first record about keeping records, one for each decision, and the index."""
    names = file_names(architecture)
    files = {f"{FOLDER}/{_FIRST}": render.render_template("docs/first-record.md.jinja", architecture)}
    files[f"{FOLDER}/README.md"] = render.render_template("docs/records.md.jinja", architecture)
    for decision in architecture.decisions:
        files[f"{FOLDER}/{names[decision.id]}"] = _record(decision, architecture)
    return FileTree({path: _file(text) for path, text in files.items()})


def file_names(architecture: Architecture) -> dict[str, str]:
    """Return the file name of each decision's record; it comes from the id, so that a better title keeps the name."""
    return {
        decision.id: f"{number:04d}-{decision.id}.md" for number, decision in enumerate(architecture.decisions, start=2)
    }


def _file(text: str) -> GeneratedFile:
    return GeneratedFile.text(text, ownership=Ownership.SEEDED, origin="decisions")


def _record(decision: Decision, architecture: Architecture) -> str:
    blocks = [
        front_matter(architecture),
        f"# {decision.title}",
        "## Context and Problem Statement",
        _paragraph(decision.context),
        _paragraph(decision.question),
        "## Decision Drivers",
        _bullets(decision.drivers),
        "## Considered Options",
        "\n".join(f"* {option.name}" for option in decision.options),
        "## Decision Outcome",
        _paragraph(f'Chosen option: "{decision.outcome.name}", because {_because(decision)}'),
        "### Consequences",
        _bullets(decision.consequences),
        "### Confirmation",
        *_confirmation(decision),
        "## Pros and Cons of the Options",
        *_options(decision),
        "## More Information",
        *_more(decision, architecture),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def front_matter(architecture: Architecture) -> str:
    """Return the front matter of an accepted record, as MADR 4 has it."""
    fields = {
        "status": "accepted",
        "date": architecture.starter.date,
        "decision-makers": [architecture.starter.owner],
    }
    # the date stays bare, as record tools expect it; it was checked when the answers were read
    text = yamlfile.dump(fields).replace(f"'{architecture.starter.date}'", architecture.starter.date)
    return f"---\n{text}---"


def _because(decision: Decision) -> str:
    """Return the reason for the choice; where nobody wrote one, what the option gains is the reason."""
    return _stop(
        _clause(decision.because) if decision.because else f"of its gains: {'; '.join(decision.outcome.gains)}"
    )


def _options(decision: Decision) -> Iterator[str]:
    for option in decision.options:
        yield f"### {option.name}"
        yield _bullets(_judged(option))


def _judged(option: Option) -> list[str]:
    return [f"Good: {gain}" for gain in option.gains] + [f"Bad: {cost}" for cost in option.costs]


def _confirmation(decision: Decision) -> list[str]:
    if not decision.confirmed_by:
        return [_paragraph(f"No drill confirms this, because {_stop(decision.confirmation)}")]
    return [
        _paragraph(
            f"The drill `{decision.confirmed_by}` confirms this: it makes the failure happen and fails itself when "
            "the decision no longer holds. It runs with every `make test`; alone it is run by:"
        ),
        f"```console\n$ python3 dev/tasks.py test -k {decision.confirmed_by}\n```",
    ]


def _more(decision: Decision, architecture: Architecture) -> list[str]:
    why = _DECIDED_BY[decision.decided_by].format(
        blueprint=f"“{architecture.blueprint.name}”", platform=architecture.platform.name
    )
    answers = [_answer(one) for one in architecture.parameters.values() if _concerns(decision, one)]
    blocks = [_paragraph(f"{why} {' '.join(answers)}".strip())]
    if decision.revisit_when:
        blocks += ["Revisit this decision when:", _bullets(decision.revisit_when)]
    links = _related(decision, architecture)
    return [*blocks, "Related:", "\n".join(f"* {link}" for link in links)]


def _answer(parameter: Parameter) -> str:
    return f"`{parameter.id}` was set to `{parameter.value}`."


def _concerns(decision: Decision, parameter: Parameter) -> bool:
    """Whether a parameter's value is one of the decision's options, so that it took the decision."""
    return decision.decided_by == "parameter" and parameter.value == decision.chosen


def _related(decision: Decision, architecture: Architecture) -> list[str]:
    names = file_names(architecture)
    others = [other for other in architecture.decisions if other.id != decision.id]
    same_drill = [other for other in others if other.confirmed_by and other.confirmed_by == decision.confirmed_by]
    links = [f"[{_number(names[o.id])} {o.title}]({names[o.id]}), confirmed by the same drill" for o in same_drill]
    modes = [mode for mode in architecture.failure_modes if mode.drill and mode.drill == decision.confirmed_by]
    links += [f"Failure mode in the [runbook](../runbook.md): {mode.mode}" for mode in modes]
    near = [other for other in _neighbours(decision, architecture.decisions) if other not in same_drill]
    links += [f"[{_number(names[other.id])} {other.title}]({names[other.id]})" for other in near]
    return [*links, f"[0001 Record architecture decisions]({_FIRST})"]


def _neighbours(decision: Decision, decisions: Sequence[Decision]) -> list[Decision]:
    """Return the decisions before and after: a blueprint lists what belongs together side by side."""
    place = decisions.index(decision)
    return [*decisions[max(place - 1, 0) : place], *decisions[place + 1 : place + 2]]


def _number(name: str) -> str:
    return name[:4]


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(_wrapped(_stop(line), first="* ", indent="  ") for line in lines)


def _paragraph(text: str) -> str:
    return _wrapped(_stop(text[:1].upper() + text[1:]))


def _wrapped(text: str, *, first: str = "", indent: str = "") -> str:
    wrapper = TextWrapper(
        width=_WIDTH,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return wrapper.fill(text)


def _stop(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?", ":")) else f"{text}."


def _clause(text: str) -> str:
    """Write a sentence so that it can follow a comma: a function word loses its capital, a name keeps it."""
    first, _, rest = text.partition(" ")
    return f"{first.lower()} {rest}" if first in _FUNCTION_WORDS else text
