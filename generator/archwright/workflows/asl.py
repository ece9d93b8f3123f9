"""A workflow in the Amazon States Language (JSONPath), for Step Functions: each task is a message with a task token.

What only the deployment knows stands as `${queue_url}`. The envelope travels beside the body, so that a worker reads
the message as any other one of its queue. The input of an execution is `{"data": ..., "traceparent": ...}`: the trace
in which it was begun goes on in every step.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from archwright.model import ChoiceStep, FailingStep, FailStep, MapStep, SucceedStep, TaskStep, WaitStep

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from archwright.model import Case, Catch, Step, StepRetry, Workflow
    from archwright.quantities import Duration

QUEUE_URL = "${queue_url}"
_RESOURCE = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
_ENVELOPE = json.dumps({"type": "StepDue", "version": 1, "headers": {"traceparent": "@"}}, separators=(",", ":"))
_WRITTEN = _ENVELOPE.replace("{", r"\{").replace("}", r"\}").replace("@", "{}")  # as `States.Format` takes it
BEGIN = "Begin"
"""The state before the first step, named as no step can be: it leaves the workflow's own data of the input."""
_ERRORS = {"any": "States.ALL", "timeout": "States.Timeout", "heartbeat": "States.HeartbeatTimeout"}
_COMPARISONS = {
    ("equals", str): "StringEquals",
    ("equals", bool): "BooleanEquals",
    ("equals", int): "NumericEquals",
    ("equals", float): "NumericEquals",
    ("above", int): "NumericGreaterThan",
    ("above", float): "NumericGreaterThan",
    ("below", int): "NumericLessThan",
    ("below", float): "NumericLessThan",
    ("present", bool): "IsPresent",
}


def export_asl(workflow: Workflow) -> dict[str, Any]:
    """Return the definition of a state machine."""
    return {
        "Comment": workflow.description or workflow.name,
        "StartAt": BEGIN,
        "TimeoutSeconds": _whole(workflow.timeout),
        "States": {BEGIN: _begin(workflow), **_states(workflow.steps, workflow, in_map=False)},
    }


def _begin(workflow: Workflow) -> dict[str, Any]:
    return {"Type": "Pass", "InputPath": "$.data", "Next": workflow.start}


def _states(steps: Iterable[Step], workflow: Workflow, *, in_map: bool) -> dict[str, Any]:
    return {step.id: _state(step, workflow, in_map=in_map) for step in steps}


def _state(step: Step, workflow: Workflow, *, in_map: bool) -> dict[str, Any]:
    comment = {"Comment": step.description} if step.description else {}
    match step:
        case TaskStep():
            return comment | _task(step, workflow, in_map=in_map) | _outcome(step)
        case MapStep():
            return comment | _map(step, workflow) | _outcome(step)
        case ChoiceStep():
            return comment | {"Type": "Choice", "Choices": [*map(_choice, step.cases)], "Default": step.otherwise}
        case WaitStep():
            return comment | {"Type": "Wait", "Seconds": _whole(step.duration)} | _onward(step)
        case SucceedStep():
            return comment | {"Type": "Succeed"} | ({"OutputPath": f"$.{step.output}"} if step.output else {})
        case FailStep():
            return comment | {"Type": "Fail", "Error": step.error, "Cause": step.cause}
    raise TypeError(f"{type(step).__name__} is no step that has a state")


def _task(step: TaskStep, workflow: Workflow, *, in_map: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "ticket.$": "$$.Task.Token",
        "workflow": workflow.id,
        "execution.$": "$$.Execution.Name",
        "step": step.id,
        **({"index.$": "$.index"} if in_map else {}),
        "attempt.$": "States.MathAdd($$.State.RetryCount, 1)",
        "handler": step.handler,
        "heartbeat_seconds": _whole(step.heartbeat) if step.heartbeat else 0,
        **({"input": _selected(step.input)} if step.input else {"input.$": "$"}),
    }
    envelope = f"States.Format('{_WRITTEN}', $$.Execution.Input.traceparent)"
    state: dict[str, Any] = {
        "Type": "Task",
        "Resource": _RESOURCE,
        "Parameters": {
            "QueueUrl": QUEUE_URL,
            "MessageBody": body,
            "MessageAttributes": {"x_envelope": {"DataType": "String", "StringValue.$": envelope}},
        },
        "TimeoutSeconds": _whole(step.timeout),
    }
    return state | ({"HeartbeatSeconds": _whole(step.heartbeat)} if step.heartbeat else {})


def _map(step: MapStep, workflow: Workflow) -> dict[str, Any]:
    seen = {f"{step.item}.$": "$$.Map.Item.Value", "index.$": "$$.Map.Item.Index"}
    return {
        "Type": "Map",
        "ItemsPath": f"$.{step.over}",
        "MaxConcurrency": step.concurrency,
        "ItemSelector": seen | _selected(step.input),
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"},
            "StartAt": step.start,
            "States": _states(step.steps, workflow, in_map=True),
        },
    }


def _selected(input: Mapping[str, str]) -> dict[str, Any]:  # noqa: A002  # the word that the YAML uses
    return {f"{name}.$": f"$.{path}" for name, path in input.items()}


def _outcome(step: FailingStep) -> dict[str, Any]:
    outcome: dict[str, Any] = {"ResultPath": f"$.{step.result}" if step.result else None}
    if step.retries:
        outcome["Retry"] = [*map(_retry, step.retries)]
    if step.catches:
        outcome["Catch"] = [*map(_catch, step.catches)]
    return outcome | _onward(step)


def _onward(step: Step) -> dict[str, Any]:
    return {"Next": step.next} if step.next else {"End": True}


def _retry(retry: StepRetry) -> dict[str, Any]:
    first = _whole(retry.first)
    return {
        "ErrorEquals": _errors(retry.errors),
        "IntervalSeconds": first,
        "MaxAttempts": retry.attempts,
        "BackoffRate": 2.0 if retry.exponential else 1.0,
        "MaxDelaySeconds": max(_whole(retry.longest), first),
        "JitterStrategy": "FULL" if retry.jitter else "NONE",
    }


def _catch(catch: Catch) -> dict[str, Any]:
    return {
        "ErrorEquals": _errors(catch.errors),
        "ResultPath": f"$.{catch.result}" if catch.result else None,
        "Next": catch.next,
    }


def _errors(errors: Iterable[str]) -> list[str]:
    return [_ERRORS.get(error, error) for error in errors]


def _choice(case: Case) -> dict[str, Any]:
    return {
        "Variable": f"$.{case.path}",
        _COMPARISONS[case.comparison, type(case.value)]: case.value,
        "Next": case.next,
    }


def _whole(duration: Duration) -> int:
    """Return a duration as the language counts: in whole seconds, at least one."""
    return max(math.ceil(duration.seconds), 1)
