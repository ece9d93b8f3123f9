"""A workflow as plain data, for the state machine that starters run themselves behind a queue and a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archwright.model import ChoiceStep, FailingStep, FailStep, MapStep, SucceedStep, TaskStep, WaitStep

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archwright.model import Case, Catch, Step, StepRetry, Workflow
    from archwright.quantities import Duration


def export_machine(workflow: Workflow) -> dict[str, Any]:
    """Return everything that running `workflow` takes; times are in seconds, and what is absent is left out."""
    return {
        "workflow": workflow.id,
        "queue": workflow.queue.id,
        "timeout": _seconds(workflow.timeout),
        "start": workflow.start,
        "steps": _steps(workflow.steps),
    }


def _steps(steps: Iterable[Step]) -> dict[str, Any]:
    return {step.id: _step(step) | ({"next": step.next} if step.next else {}) for step in steps}


def _step(step: Step) -> dict[str, Any]:
    match step:
        case TaskStep():
            heartbeat = {"heartbeat": _seconds(step.heartbeat)} if step.heartbeat else {}
            limits = {"timeout": _seconds(step.timeout), **heartbeat}
            return {"kind": "task", "handler": step.handler, **limits, **_outcome(step)}
        case MapStep():
            return {
                "kind": "map",
                "over": step.over,
                "item": step.item,
                "concurrency": step.concurrency,
                **_outcome(step),
                "start": step.start,
                "steps": _steps(step.steps),
            }
        case ChoiceStep():
            return {"kind": "choice", "choices": [*map(_case, step.cases)], "otherwise": step.otherwise}
        case WaitStep():
            return {"kind": "wait", "duration": _seconds(step.duration)}
        case SucceedStep():
            return {"kind": "succeed", **({"output": step.output} if step.output else {})}
        case FailStep():
            return {"kind": "fail", "error": step.error, "cause": step.cause}
    raise TypeError(f"{type(step).__name__} is no step that has a form")


def _outcome(step: FailingStep) -> dict[str, Any]:
    outcome = {
        "input": dict(step.input),
        "result": step.result,
        "retry": [*map(_retry, step.retries)],
        "catch": [*map(_catch, step.catches)],
    }
    return {name: value for name, value in outcome.items() if value}


def _retry(retry: StepRetry) -> dict[str, Any]:
    return {
        "errors": list(retry.errors),
        "attempts": retry.attempts,
        "first": _seconds(retry.first),
        "longest": _seconds(retry.longest),
        "exponential": retry.exponential,
        "jitter": retry.jitter,
    }


def _catch(catch: Catch) -> dict[str, Any]:
    return {"errors": list(catch.errors), "next": catch.next, **({"result": catch.result} if catch.result else {})}


def _case(case: Case) -> dict[str, Any]:
    return {"when": case.path, case.comparison: case.value, "next": case.next}


def _seconds(duration: Duration) -> float | int:
    return int(duration.seconds) if duration.seconds == int(duration.seconds) else duration.seconds
