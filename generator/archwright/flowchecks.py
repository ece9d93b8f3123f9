"""Whether a workflow can be run: its steps lead somewhere, every one is reached, and each finds what it reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archwright.errors import Finding, Severity
from archwright.schema import STEP_DUE, MapStep, TaskStep
from archwright.shapes import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from archwright.schema import Blueprint, Catch, Step, StepRetry, Workflow
    from archwright.yamlfile import Document, Place


@dataclass(frozen=True, slots=True)
class _Arrow:
    """A way from one step to another; `gives` is the name that the data have got on it, or empty."""

    source: str
    target: str
    place: Place
    gives: str = ""


def workflow_problems(spec: Blueprint, document: Document) -> Iterator[Finding]:
    """Give a finding for each thing that keeps a workflow of the blueprint from being run."""
    check = _Checker(document)
    if spec.workflows and STEP_DUE in spec.messages:
        hint = "workflows bring the message of that name with them; call this one otherwise."
        check.found("AW103", ("messages", STEP_DUE), f"`{STEP_DUE}` is the message of workflows", hint)
    for name, workflow in spec.workflows.items():
        place = ("workflows", name)
        _check_parts(spec, workflow, place, check)
        taken: set[str] = set()
        _check_level(workflow.start, workflow.steps, set(workflow.input), place, check, taken)
    yield from check.findings


def _check_parts(spec: Blueprint, workflow: Workflow, place: Place, check: _Checker) -> None:
    engines = [name for name, one in spec.containers.items() if one.kind == "engine" and one.capability]
    check.known((*place, "engine"), "engine", workflow.engine, engines)
    carried = {
        name: [one.message] if isinstance(one.message, str) else one.message
        for name, one in spec.channels.items()
        if not one.subscriptions
    }
    queues = [name for name, messages in carried.items() if STEP_DUE in messages]
    check.known((*place, "queue"), f"queue that carries {STEP_DUE}", workflow.queue, queues)


def _check_level(  # noqa: PLR0913, PLR0917  # a level of steps, and what is known around it
    start: str, steps: Mapping[str, Step], given: set[str], place: Place, check: _Checker, taken: set[str]
) -> None:
    """Check the steps of a workflow, or those of one of its maps."""
    for name in steps:
        if name in taken:
            hint = "each id names one step, in maps too; rename this one."
            check.found("AW103", (*place, "steps", name), f"the id `{name}` is used twice", hint)
        taken.add(name)
    check.known((*place, "start"), "step", start, steps)
    arrows = list(_arrows(steps, place))
    for arrow in arrows:
        check.known(arrow.place, "step", arrow.target, steps)
    if start in steps and all(arrow.target in steps for arrow in arrows):
        _check_ways(start, steps, arrows, place, check)
        _check_reads(start, steps, arrows, given, place, check)
    for name, step in steps.items():
        _check_errors(step, (*place, "steps", name), check)
        if isinstance(step, MapStep):
            inside = {step.item, "index", *step.input}
            _check_level(step.start, step.steps, inside, (*place, "steps", name), check, taken)


def _arrows(steps: Mapping[str, Step], place: Place) -> Iterator[_Arrow]:
    for name, step in steps.items():
        at = (*place, "steps", name)
        if step.kind in {"task", "map", "wait"} and step.next:
            yield _Arrow(name, step.next, (*at, "next"), _result(step))
        if step.kind == "choice":
            for number, case in enumerate(step.choices):
                yield _Arrow(name, case.next, (*at, "choices", number, "next"))
            yield _Arrow(name, step.otherwise, (*at, "otherwise"))
        if step.kind in {"task", "map"}:
            for number, catch in enumerate(step.catch):
                yield _Arrow(name, catch.next, (*at, "catch", number, "next"), catch.result or "")


def _result(step: Step) -> str:
    return (step.result or "") if isinstance(step, (TaskStep, MapStep)) else ""


def _check_ways(start: str, steps: Mapping[str, Step], arrows: Iterable[_Arrow], place: Place, check: _Checker) -> None:
    """Find steps that nothing leads to, and steps from which no way leads to an end."""
    onward: dict[str, set[str]] = {name: set() for name in steps}
    back: dict[str, set[str]] = {name: set() for name in steps}
    for arrow in arrows:
        onward[arrow.source].add(arrow.target)
        back[arrow.target].add(arrow.source)
    ends = [name for name, step in steps.items() if step.kind != "choice" and not getattr(step, "next", None)]
    reached, ending = _closure([start], onward), _closure(ends, back)
    for name in steps:
        if name not in reached:
            hint = "let a step go on to it, or take it out."
            check.found("AW107", (*place, "steps", name), "no step leads here", hint)
        elif name not in ending:
            hint = "let one of the steps that follow it go on to a step that ends."
            check.found("AW108", (*place, "steps", name), "no way leads from here to an end", hint)


def _closure(first: Iterable[str], ways: Mapping[str, set[str]]) -> set[str]:
    found, waiting = set(first), list(first)
    while waiting:
        for name in ways[waiting.pop()] - found:
            found.add(name)
            waiting.append(name)
    return found


def _check_reads(  # noqa: PLR0913, PLR0917  # same
    start: str,
    steps: Mapping[str, Step],
    arrows: Iterable[_Arrow],
    given: set[str],
    place: Place,
    check: _Checker,
) -> None:
    """Find what a step reads although some way to it has not put it into the data."""
    there: dict[str, set[str]] = {start: given}
    waiting = [start]
    arrows = list(arrows)
    while waiting:
        source = waiting.pop()
        for arrow in arrows:
            if arrow.source != source:
                continue
            found = there[source] | ({arrow.gives} if arrow.gives else set())
            known = there.get(arrow.target)
            both = found if known is None else known & found
            if both != known:
                there[arrow.target] = both
                waiting.append(arrow.target)
    for name, step in steps.items():
        for path, at in _reads(step):
            field = path.partition(".")[0]
            if name in there and field not in there[name]:
                hint = nearest(field, there[name], f"in the data here: {', '.join(sorted(there[name]))}.")
                what = f"`{field}` is not in the data on every way to this step"
                check.found("AW109", (*place, "steps", name, *at), what, hint)


def _reads(step: Step) -> Iterator[tuple[str, Place]]:
    """Give the places of the data that a step needs; whether one is present may be asked of any."""
    if isinstance(step, (TaskStep, MapStep)):
        for name, path in step.input.items():
            yield path, ("input", name)
    if isinstance(step, MapStep):
        yield step.over, ("over",)
    if step.kind == "choice":
        for number, case in enumerate(step.choices):
            if case.present is None:
                yield case.when, ("choices", number, "when")
    if step.kind == "succeed" and step.output:
        yield step.output, ("output",)


def _check_errors(step: Step, place: Place, check: _Checker) -> None:
    """Find `any` where it would hide what stands beside or after it."""
    if not isinstance(step, (TaskStep, MapStep)):
        return
    entries: list[tuple[str, Sequence[StepRetry | Catch]]] = [("retry", step.retry), ("catch", step.catch)]
    for key, rows in entries:
        for number, row in enumerate(rows):
            if "any" in row.errors and (len(row.errors) > 1 or number < len(rows) - 1):
                hint = "give `any` an entry of its own, the last one."
                check.found("AW110", (*place, key, number, "errors"), "`any` hides the other errors", hint)


class _Checker:
    """Collects findings about one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.findings: list[Finding] = []

    def known(self, place: Place, what: str, word: str, words: Iterable[str]) -> None:
        names = sorted(words)
        if word not in names:
            hint = nearest(word, names, f"known: {', '.join(names)}." if names else "there is none.")
            self.found("AW104", place, f"unknown {what} `{word}`", hint)

    def found(self, code: str, place: Place, message: str, hint: str) -> None:
        self.findings.append(
            Finding(
                code=code,
                severity=Severity.ERROR,
                location=self.document.location(place),
                subject=".".join(map(str, place)),
                message=message,
                hint=hint,
            )
        )
