"""What a workflow's diagram shows: its steps, what follows what, and where it goes on when one fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright.model import (
    ChoiceStep,
    FailingStep,
    FailStep,
    MapStep,
    Mode,
    Route,
    SucceedStep,
    TaskStep,
    WaitStep,
)
from archwright.views import Edge, Group, Kind, Node, View, walked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from archwright.model import Case, Step, Workflow

END = "end"


def workflow_view(workflow: Workflow) -> View:
    """Show a workflow; the steps of a map stand in its frame."""
    nodes, edges = [*_nodes(workflow.steps)], [*_edges(workflow.steps)]
    if any(edge.target == END for edge in edges):
        nodes.append(Node(id=END, label="End", detail="with all of the data", kind=Kind.SUCCEED))
    return View(
        id=f"workflow-{workflow.id}",
        title=workflow.name,
        description=workflow.description or f"The steps of {workflow.name}.",
        nodes=_in_order(workflow.start, nodes, edges),
        edges=tuple(edges),
        steps=True,
        groups=tuple(
            Group(id=step.id, label=f"for each {step.item} of {step.over}, {step.concurrency} at a time")
            for step in workflow.steps
            if isinstance(step, MapStep)
        ),
    )


def _nodes(steps: Iterable[Step], group: str = "") -> Iterator[Node]:
    for step in steps:
        yield Node(id=step.id, label=step.name, detail=_detail(step), kind=_kind(step), group=group)
        if isinstance(step, MapStep):
            yield from _nodes(step.steps, step.id)


def _kind(step: Step) -> Kind:
    kinds = {TaskStep: Kind.TASK, MapStep: Kind.MAP, ChoiceStep: Kind.CHOICE, WaitStep: Kind.WAIT}
    return kinds.get(type(step)) or (Kind.SUCCEED if isinstance(step, SucceedStep) else Kind.FAIL)


def _detail(step: Step) -> str:
    match step:
        case TaskStep():
            tries = sum(retry.attempts for retry in step.retries)
            again = f", {tries} further attempt{'s' if tries > 1 else ''}" if tries else ""
            return f"{step.handler}: up to {step.timeout}{again}"
        case MapStep():
            return f"up to {step.most} items"
        case WaitStep():
            return f"for {step.duration}"
        case SucceedStep():
            return f"gives {step.output}" if step.output else "gives all of the data"
        case FailStep():
            return step.error
    return "the data decide"


def _edges(steps: Iterable[Step], end: str = END) -> Iterator[Edge]:
    for step in steps:
        if isinstance(step, ChoiceStep):
            for case in step.cases:
                yield _edge(step.id, case.next, _condition(case))
            yield _edge(step.id, step.otherwise, "otherwise")
        elif step.next:
            yield _edge(step.id, step.next)
        elif not isinstance(step, (SucceedStep, FailStep)) and end:
            yield _edge(step.id, end)
        if isinstance(step, FailingStep):
            for catch in step.catches:
                yield _edge(
                    step.id, catch.next, f"on {' or '.join(_error(one) for one in catch.errors)}", Route.FAILURE
                )
        if isinstance(step, MapStep):
            yield _edge(step.id, step.start, f"each {step.item}")
            yield from _edges(step.steps, end="")


def _edge(source: str, target: str, label: str = "", route: Route = Route.MAIN) -> Edge:
    return Edge(source=source, target=target, label=label, mode=Mode.SYNCHRONOUS, route=route)


def _condition(case: Case) -> str:
    if case.comparison == "present":
        return f"{case.path} is {'there' if case.value else 'not there'}"
    value = str(case.value).lower() if isinstance(case.value, bool) else str(case.value)
    return f"{case.path} {'is' if case.comparison == 'equals' else case.comparison} {value}"


def _error(name: str) -> str:
    return {"any": "any error", "timeout": "a timeout", "heartbeat": "silence"}.get(name, name)


def _in_order(start: str, nodes: list[Node], edges: list[Edge]) -> tuple[Node, ...]:
    """Order nodes as an execution meets them."""
    following: dict[str, list[str]] = {node.id: [] for node in nodes}
    for edge in edges:
        following[edge.source].append(edge.target)
    return walked(nodes, following, [start])
