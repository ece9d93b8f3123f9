"""Workflows as a blueprint writes them become workflows of the model: quantities read, parts looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright import model, schema
from archwright.quantities import Duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def read_workflows(
    spec: schema.Blueprint, containers: Iterable[model.Container], channels: Iterable[model.Channel]
) -> tuple[model.Workflow, ...]:
    """Return the workflows of a blueprint whose parameters are filled in."""
    engines = {one.id: one for one in containers}
    queues = {one.id: one for one in channels}
    return tuple(
        model.Workflow(
            id=key,
            name=one.name,
            description=one.description,
            engine=engines[one.engine],
            queue=queues[one.queue],
            input=tuple(one.input),
            timeout=Duration.parse(one.timeout),
            start=one.start,
            steps=_steps(one.steps),
        )
        for key, one in spec.workflows.items()
    )


def _steps(steps: Mapping[str, schema.Step]) -> tuple[model.Step, ...]:
    return tuple(_step(key, one) for key, one in steps.items())


def _step(key: str, spec: schema.Step) -> model.Step:
    name, about = spec.name or key, spec.description
    match spec:
        case schema.TaskStep():
            return _task(key, spec)
        case schema.MapStep():
            return _map(key, spec)
        case schema.ChoiceStep():
            cases = tuple(_case(one) for one in spec.choices)
            return model.ChoiceStep(id=key, name=name, description=about, cases=cases, otherwise=spec.otherwise)
        case schema.WaitStep():
            wait = Duration.parse(spec.duration)
            return model.WaitStep(id=key, name=name, description=about, next=spec.next or "", duration=wait)
        case schema.SucceedStep():
            return model.SucceedStep(id=key, name=name, description=about, output=spec.output or "")
        case schema.FailStep():
            return model.FailStep(id=key, name=name, description=about, error=spec.error, cause=spec.cause)


def _task(key: str, spec: schema.TaskStep) -> model.TaskStep:
    return model.TaskStep(
        id=key,
        name=spec.name or key,
        description=spec.description,
        next=spec.next or "",
        result=spec.result or "",
        input=spec.input,
        retries=_retries(spec.retry),
        catches=_catches(spec.catch),
        handler=spec.handler,
        timeout=Duration.parse(spec.timeout),
        heartbeat=Duration.parse(spec.callback.heartbeat) if spec.callback else None,
    )


def _map(key: str, spec: schema.MapStep) -> model.MapStep:
    return model.MapStep(
        id=key,
        name=spec.name or key,
        description=spec.description,
        next=spec.next or "",
        result=spec.result or "",
        input=spec.input,
        retries=_retries(spec.retry),
        catches=_catches(spec.catch),
        over=spec.over,
        item=spec.item,
        most=int(spec.most),
        concurrency=int(spec.concurrency),
        start=spec.start,
        steps=_steps(spec.steps),
    )


def _retries(specs: Iterable[schema.StepRetry]) -> tuple[model.StepRetry, ...]:
    return tuple(
        model.StepRetry(
            errors=tuple(one.errors),
            attempts=int(one.attempts),
            first=Duration.parse(one.first),
            longest=Duration.parse(one.longest),
            exponential=one.backoff == "exponential",
            jitter=bool(one.jitter),
        )
        for one in specs
    )


def _catches(specs: Iterable[schema.Catch]) -> tuple[model.Catch, ...]:
    return tuple(model.Catch(errors=tuple(one.errors), next=one.next, result=one.result or "") for one in specs)


def _case(spec: schema.Case) -> model.Case:
    given = {one: getattr(spec, one) for one in ("equals", "above", "below", "present")}
    comparison, value = next((name, value) for name, value in given.items() if value is not None)
    return model.Case(path=spec.when, comparison=comparison, value=value, next=spec.next)
