from __future__ import annotations

import pytest

from archwright import model
from archwright.catalog import read_catalog
from archwright.errors import Severity
from archwright.quantities import Duration
from archwright.resolve import resolve
from made_up import LIMITS, write_catalog
from made_up_workflow import WITH_ENGINE, WITH_WORKFLOW


def found(folder, text):
    catalog = read_catalog([write_catalog(folder, blueprint=text, platform=WITH_ENGINE, limits=LIMITS)])
    return [(one.code, one.subject.removeprefix("workflows.delivery."), one.message) for one in catalog.findings]


def bound(folder, **answers):
    catalog = read_catalog([write_catalog(folder, blueprint=WITH_WORKFLOW, platform=WITH_ENGINE, limits=LIMITS)])
    assert not catalog.findings
    return resolve(catalog, "pigeon-post", "mountain", "my-post", answers)


def test_a_workflow_is_bound_with_its_engine_and_its_queue(tmp_path):
    """A workflow knows the container that runs it, its service, and the channel by which steps reach workers."""
    [workflow] = bound(tmp_path).workflows

    assert (workflow.id, workflow.engine.service.name, workflow.queue.id) == ("delivery", "Wise owl", "errands")
    assert (workflow.start, workflow.timeout, workflow.input) == ("sort", Duration(86_400), ("sack", "sender"))
    assert workflow.handlers == ("sort_sack", "fly_letter", "tell_sender")


def test_steps_have_their_quantities_and_parameters_filled_in(tmp_path):
    """A step of a map holds its heartbeat from `${rest}`, its retries in order, and what it is given."""
    [workflow] = bound(tmp_path, rest="90s").workflows
    flights = next(step for step in workflow.steps if step.id == "fly-all")
    fly = flights.steps[0]

    assert (flights.over, flights.item, flights.most, flights.concurrency) == ("sorting.letters", "letter", 40, 3)
    assert (fly.heartbeat, fly.timeout, fly.result) == (Duration(90), Duration(7200), "flight")
    assert fly.retries == (
        model.StepRetry(
            errors=("Fog", "heartbeat"),
            attempts=3,
            first=Duration(60),
            longest=Duration(600),
            exponential=True,
            jitter=True,
        ),
        model.StepRetry(
            errors=("any",), attempts=1, first=Duration(1), longest=Duration(60), exponential=False, jitter=False
        ),
    )


def test_workflows_bring_the_message_of_their_steps(tmp_path):
    """A blueprint with a workflow has the contract `StepDue`, after its own, whose example keeps it."""
    messages = bound(tmp_path).messages

    assert [one.name for one in messages] == ["Letter", "StepDue"]
    assert set(messages[1].schema["required"]) <= set(messages[1].example)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("start: sort\n", "start: sorting\n", ("AW104", "start", "unknown step `sorting`")),
        ("next: any-letters", "next: letters", ("AW104", "steps.sort.next", "unknown step `letters`")),
        ("next: torn}", "next: burnt}", ("AW104", "steps.sort.catch.0.next", "unknown step `burnt`")),
        ("otherwise: nothing", "otherwise: else", ("AW104", "steps.any-letters.otherwise", "unknown step `else`")),
        ("next: fly-all}", "next: fly}", ("AW104", "steps.any-letters.choices.0.next", "unknown step `fly`")),
        ("start: fly\n", "start: sort\n", ("AW104", "steps.fly-all.start", "unknown step `sort`")),
        ("next: landed", "next: tell", ("AW104", "steps.fly-all.steps.fly.next", "unknown step `tell`")),
        ("engine: owl", "engine: loft", ("AW104", "engine", "unknown engine `loft`")),
        ("queue: errands", "queue: pigeons", ("AW104", "queue", "unknown queue that carries StepDue `pigeons`")),
        ("otherwise: nothing", "otherwise: fly-all", ("AW107", "steps.nothing", "no step leads here")),
        ("      dry: {kind: wait, duration: 5m, next: tell}", "      dry: {kind: wait, duration: 5m, next: dry}",
         ("AW108", "steps.dry", "no way leads from here to an end")),
        ("over: sorting.letters", "over: letters",
         ("AW109", "steps.fly-all.over", "`letters` is not in the data on every way to this step")),
        ("handler: tell_sender,", "handler: tell_sender, input: {flights: flights},",
         ("AW109", "steps.tell.input.flights", "`flights` is not in the data on every way to this step")),
        ("- {errors: [any], attempts: 1, backoff", "- {errors: [any, Fog], attempts: 1, backoff",
         ("AW110", "steps.fly-all.steps.fly.retry.1.errors", "`any` hides the other errors")),
        ("[Fog, heartbeat]", "[any]",
         ("AW110", "steps.fly-all.steps.fly.retry.0.errors", "`any` hides the other errors")),
        ("          landed: {", "          torn: {",
         ("AW103", "steps.fly-all.steps.torn", "the id `torn` is used twice")),
    ],
)  # fmt: skip
def test_a_workflow_that_cannot_be_run_is_told_where(tmp_path, old, new, expected):
    """Each reference, way and read of a workflow is checked before anything is generated, with its place."""
    assert old in WITH_WORKFLOW

    problems = found(tmp_path, WITH_WORKFLOW.replace(old, new))

    assert expected in problems


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("kind: wait, duration: 5m", "kind: nap, duration: 5m", "nap"),
        ("timeout: 1m}", "timeout: soon}", "is no duration"),
        ("most: 40", "most: 0", "greater than or equal to 1"),
        ("above: 0,", "above: 0, below: 9,", "exactly one of"),
        ("item: letter", "item: index", "names two things"),
        ("[SackTorn], next", "[sacktorn], next", "sacktorn"),
        ("over: sorting.letters", "over: $.sorting", "does not match"),
        ("handler: tell_sender,", "handler: tell_sender, heartbeat: 3s,", "unknown key"),
    ],
)
def test_a_workflow_of_the_wrong_shape_is_told_what(tmp_path, old, new, says):
    """What no workflow can hold is refused by its shape, in words."""
    assert old in WITH_WORKFLOW

    problems = found(tmp_path, WITH_WORKFLOW.replace(old, new))

    assert any(says in message for _, _, message in problems), problems


def test_a_message_of_ones_own_may_not_take_the_name(tmp_path):
    """`StepDue` is the message of workflows; a blueprint that has both a workflow and its own is told."""
    text = WITH_WORKFLOW.replace("messages:\n", "messages:\n  StepDue: {description: Mine., schema: {}, example: {}}\n")

    assert ("AW103", "messages.StepDue", "`StepDue` is the message of workflows") in found(tmp_path, text)


def test_every_problem_of_a_workflow_stops_the_work(tmp_path):
    """A workflow that cannot be run is an error, with line and column."""
    text = WITH_WORKFLOW.replace("start: sort\n", "start: nowhere\n")
    catalog = read_catalog([write_catalog(tmp_path, blueprint=text, platform=WITH_ENGINE, limits=LIMITS)])

    [finding] = [one for one in catalog.findings if one.subject == "workflows.delivery.start"]
    assert finding.severity is Severity.ERROR
    assert text.splitlines()[finding.location.line - 1].strip() == "start: nowhere"
