"""Rules about workflows: what a step may take fits into what stands around it, and an execution fits its engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright.errors import Severity
from archwright.model import ChoiceStep, FailingStep, MapStep, TaskStep, WaitStep
from archwright.quantities import Duration, Size
from archwright.review.rule import Problem, duration, rule, within

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from archwright.model import Architecture, Step, StepRetry, Workflow

ENVELOPE = Size(8 * 1024)
"""What a step's message holds besides its input: ticket, names and attributes."""
_EVENTS_OF_STATE, _EVENTS_OF_ATTEMPT, _EVENTS_OF_ITEM = 2, 4, 2  # entered, exited; scheduled to ended; begun, ended
_EVENTS_OF_MAP = 2
_EVENTS_OF_EXECUTION = 2


@rule("AW240", Severity.ERROR)
def silence_is_shorter_than_the_timeout(architecture: Architecture) -> Iterator[Problem]:
    """The heartbeat of each step is shorter than its timeout, which otherwise ends it first."""
    for _, step, subject in _tasks(architecture):
        if step.heartbeat and step.heartbeat >= step.timeout:
            message = f"a heartbeat of {step.heartbeat} never counts, since the step ends after {step.timeout}"
            hint = f"set less than {step.timeout}, or lengthen the timeout."
            nearest = str(Duration(step.timeout.seconds / 2))
            yield Problem(subject=f"{subject}.callback.heartbeat", message=message, hint=hint, nearest=nearest)


@rule("AW241", Severity.WARNING)
def a_killed_workers_step_comes_back_in_time(architecture: Architecture) -> Iterator[Problem]:
    """The heartbeat of each step is no shorter than its queue's lease, so that another worker may take it in time."""
    for workflow, step, subject in _tasks(architecture):
        lease = workflow.queue.queue.lease if workflow.queue.queue else None
        if step.heartbeat and lease and step.heartbeat < lease:
            message = (
                f"the step fails after {step.heartbeat} of silence, before the lease of {lease} has ended "
                "and another worker could take it"
            )
            hint = f"set {lease} or more, or shorten the lease of `{workflow.queue.id}`."
            nearest = str(lease)
            yield Problem(subject=f"{subject}.callback.heartbeat", message=message, hint=hint, nearest=nearest)


@rule("AW242", Severity.ERROR)
def steps_end_before_their_workflow(architecture: Architecture) -> Iterator[Problem]:
    """No single attempt or wait may take longer than the whole execution."""
    for workflow in architecture.workflows:
        for step, subject in _steps(workflow):
            takes = (
                step.timeout if isinstance(step, TaskStep) else step.duration if isinstance(step, WaitStep) else None
            )
            if takes and takes > workflow.timeout:
                knob = "timeout" if isinstance(step, TaskStep) else "duration"
                message = f"it may take {takes}, but the workflow ends after {workflow.timeout}"
                hint = f"set {workflow.timeout} or less, or lengthen the workflow's timeout."
                yield Problem(subject=f"{subject}.{knob}", message=message, hint=hint, nearest=str(workflow.timeout))


@rule("AW243", Severity.WARNING)
def attempts_fit_their_workflow(architecture: Architecture) -> Iterator[Problem]:
    """The last attempt at each step can begin before the execution is over, if each one before it fails at once."""
    for workflow, step, subject in _tasks(architecture):
        for number, retry in enumerate(step.retries):
            takes = Duration(sum(_pauses(retry)))
            if takes > workflow.timeout:
                message = (
                    f"its {retry.attempts} further attempts wait {takes} in all, longer than the {workflow.timeout}"
                )
                hint = "try it less often, wait less in between, or lengthen the workflow's timeout."
                yield Problem(
                    subject=f"{subject}.retry.{number}.attempts", message=f"{message} of the workflow", hint=hint
                )


@rule("AW244", Severity.ERROR)
def history_is_long_enough(architecture: Architecture) -> Iterator[Problem]:
    """The events of an execution, each step tried as often as it may be, fit into its engine's history."""
    for workflow in architecture.workflows:
        if workflow.engine.service:
            events = _EVENTS_OF_EXECUTION + _events(workflow.steps)
            yield from within(
                workflow.engine.service, "history", events, f"{workflow.id}.steps", lambda n: f"{n:,.0f} events"
            )


@rule("AW245", Severity.WARNING)
def loops_leave_room_in_the_history(architecture: Architecture) -> Iterator[Problem]:
    """A workflow leads back to an earlier step only where its engine's history has no end."""
    for workflow in architecture.workflows:
        service = workflow.engine.service
        if service and "history" in service.limits and (step := _loop(workflow)):
            limit = service.limits["history"]
            message = f"the way from here leads back here, and each time counts towards {limit.value}"
            hint = "let the data say after how many times it is left."
            yield Problem(subject=f"{workflow.id}.steps.{step}", message=message, hint=hint, limit=limit)


@rule("AW246", Severity.ERROR)
def maps_are_within_limit(architecture: Architecture) -> Iterator[Problem]:
    """Each map works on no more items at a time than its engine does."""
    for workflow in architecture.workflows:
        for step, subject in _steps(workflow):
            if isinstance(step, MapStep) and workflow.engine.service:
                most, named = min(step.concurrency, step.most), f"{subject}.concurrency"
                yield from within(workflow.engine.service, "concurrency", most, named, lambda n: f"{n:g}")


@rule("AW247", Severity.ERROR)
def executions_are_within_limit(architecture: Architecture) -> Iterator[Problem]:
    """An execution takes no longer than its engine keeps one."""
    for one in architecture.workflows:
        if one.engine.service:
            yield from within(one.engine.service, "timeout", one.timeout.seconds, f"{one.id}.timeout", duration)


@rule("AW248", Severity.ERROR)
def steps_fit_their_queue(architecture: Architecture) -> Iterator[Problem]:
    """The largest input that an engine hands to a step, with its envelope, is one that the queue carries."""
    for workflow in architecture.workflows:
        given, carried = workflow.engine.payload, workflow.queue.payload
        if given and carried and given.bytes + ENVELOPE.bytes > carried.bytes:
            message = f"a step may be given {given}, which with its envelope is more than the {carried} of its queue"
            hint = f"let `{workflow.engine.id}` hold less, or let the queue carry more."
            nearest = str(Size(max(carried.bytes - ENVELOPE.bytes, 0)))
            yield Problem(subject=f"{workflow.engine.id}.payload", message=message, hint=hint, nearest=nearest)


def _steps(workflow: Workflow) -> Iterator[tuple[Step, str]]:
    """Give every step, those of maps too, with its name in the blueprint."""
    for step in workflow.steps:
        subject = f"{workflow.id}.steps.{step.id}"
        yield step, subject
        if isinstance(step, MapStep):
            yield from ((inner, f"{subject}.steps.{inner.id}") for inner in step.steps)


def _tasks(architecture: Architecture) -> Iterator[tuple[Workflow, TaskStep, str]]:
    for workflow in architecture.workflows:
        for step, subject in _steps(workflow):
            if isinstance(step, TaskStep):
                yield workflow, step, subject


def _pauses(retry: StepRetry) -> Iterator[float]:
    """Give the longest seconds that each further attempt waits."""
    pause = retry.first.seconds
    for _ in range(min(retry.attempts, 10_000)):
        yield min(pause, max(retry.longest.seconds, retry.first.seconds))
        pause = pause * 2 if retry.exponential and pause < retry.longest.seconds else pause


def _events(steps: Iterable[Step]) -> float:
    """Return how many events it takes at most to be at each of these steps once."""
    total = 0.0
    for step in steps:
        attempts = 1 + sum(retry.attempts for retry in step.retries) if isinstance(step, FailingStep) else 0
        total += _EVENTS_OF_STATE
        if isinstance(step, MapStep):
            total += attempts * (_EVENTS_OF_MAP + step.most * (_EVENTS_OF_ITEM + _events(step.steps)))
        elif isinstance(step, TaskStep):
            total += attempts * _EVENTS_OF_ATTEMPT
    return total


def _loop(workflow: Workflow) -> str:
    """Return the first step to which a way leads back, or nothing."""
    onward = {step.id: _onward(step) for step in workflow.steps}
    for name, following in onward.items():
        seen, waiting = set[str](), list(following)
        while waiting:
            one = waiting.pop()
            if one == name:
                return name
            if one not in seen:
                seen.add(one)
                waiting += onward[one]
    return ""


def _onward(step: Step) -> list[str]:
    found = [step.next] if step.next else []
    if isinstance(step, ChoiceStep):
        found += [*(case.next for case in step.cases), step.otherwise]
    if isinstance(step, FailingStep):
        found += [catch.next for catch in step.catches]
    return found
