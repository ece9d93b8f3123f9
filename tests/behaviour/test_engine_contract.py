"""What the workflow engine's port promises, held against the adapter of each platform.

A platform joins by a function in `ADAPTERS`: it gives a `Nest` whose engine and broker are those of a starter.
"""

from __future__ import annotations

import threading
import time
import uuid
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import pytest
from opentelemetry import context, propagate

from port_desk import load
from port_engine import Nest, write_nest
from port_sqs import EmulatedAws


def local(source, folder):
    """The state machine of our own, in SQLite."""
    port, settings, adapter, messaging, topology = load(
        source, "nest_local", "workflow.port", "settings", "workflow.adapter", "messaging.adapter", "topology"
    )
    variables = {"STORE_PATH": str(folder / "store.db"), "BROKER_PATH": str(folder / "broker.db")}
    read = settings.Settings.from_environment(variables)
    engine, broker = adapter.open_engine(read), messaging.open_broker(read, topology.CHANNELS)
    return Nest(port=port, engine=engine, broker=broker, tick=engine.wake_due)


def aws(source, folder):
    """Step Functions, and SQS in between, through the official SDK."""
    del folder
    port, adapter, broker, client, topology = load(
        source,
        "nest_aws",
        "workflow.port",
        "workflow.adapter",
        "messaging.sqs.broker",
        "messaging.sqs.client",
        "topology",
    )
    emulated = EmulatedAws(source.parent / "dev")
    stack = ExitStack()
    stack.callback(emulated.close)
    settings = emulated.set_up(topology.CHANNELS)
    carrier = broker.SqsBroker(client.connect(settings), topology.CHANNELS)
    return Nest(port=port, engine=adapter.open_engine.__wrapped__(settings), broker=carrier, stack=stack)


ADAPTERS = {"aws": aws, "local": local}


@pytest.fixture(scope="module")
def nests(tmp_path_factory):
    """The engines, each made when it is first asked for, and cleared away at the end."""
    made = {}

    def open_nest(platform):
        if platform not in made:
            folder = tmp_path_factory.mktemp(platform)
            made[platform] = ADAPTERS[platform](write_nest(platform, folder), folder)
        return made[platform]

    yield open_nest
    for nest in made.values():
        nest.engine.close()
        nest.broker.close()
        nest.stack.close()


@pytest.fixture(params=sorted(ADAPTERS))
def nest(request, nests):
    return nests(request.param)


def begun(nest, workflow="sack", **data):
    """Begin an execution under an id of its own, and return the id."""
    execution = str(uuid.uuid4())
    nest.engine.start(workflow, execution, data or {"sack": "s-1", "sender": "Ada"})
    return execution


def sorted_into(nest, *letters):
    """Sort the sack, so that these letters are to be flown."""
    nest.engine.succeed(nest.take()["ticket"], {"count": len(letters), "letters": list(letters)})


def test_an_execution_goes_from_its_first_step_to_its_output(nest):
    """Each step is given what it asks for, each result is put into the data, and the last data are the output."""
    execution = begun(nest)
    sort = nest.take()
    nest.engine.succeed(sort["ticket"], {"count": 1, "letters": ["to Eve"]})
    fly = nest.take()
    nest.engine.succeed(fly["ticket"], "landed at noon")
    tell = nest.take()
    nest.engine.succeed(tell["ticket"], {"by": "owl"})

    ended = nest.ended("sack", execution)

    assert (sort["step"], sort["handler"], sort["attempt"], sort["input"]) == ("sort", "sort_sack", 1, {"sack": "s-1"})
    assert (sort["workflow"], sort["execution"], "index" in sort) == ("sack", execution, False)
    assert (fly["step"], fly["index"], fly["input"]) == ("fly", 0, {"letter": "to Eve", "index": 0, "sender": "Ada"})
    assert tell["input"]["flights"] == ["landed at noon"]
    assert ended.status == nest.port.Status.SUCCEEDED
    assert ended.output == {
        "sack": "s-1",
        "sender": "Ada",
        "sorting": {"count": 1, "letters": ["to Eve"]},
        "flights": ["landed at noon"],
        "told": {"by": "owl"},
    }


def test_a_choice_follows_the_data(nest):
    """Where nothing was sorted nothing is flown, and the output is the place that the end names."""
    execution = begun(nest)
    sorted_into(nest)

    ended = nest.ended("sack", execution)

    assert (ended.status, ended.output) == (nest.port.Status.SUCCEEDED, {"count": 0, "letters": []})


def test_a_map_works_on_so_many_at_a_time_and_joins_in_order(nest):
    """Two items are at work at once, the next begins when one is done, and results stand in the order of the items."""
    execution = begun(nest)
    sorted_into(nest, "a", "b", "c")
    first, second = sorted([nest.take(), nest.take()], key=lambda step: step["index"])
    alone = nest.none()
    nest.engine.succeed(second["ticket"], "B")
    third = nest.take()
    nest.engine.succeed(third["ticket"], "C")
    nest.engine.succeed(first["ticket"], "A")
    tell = nest.take()
    nest.engine.succeed(tell["ticket"], None)

    assert (first["index"], second["index"], third["index"], alone) == (0, 1, 2, True)
    assert tell["input"]["flights"] == ["A", "B", "C"]
    assert nest.ended("sack", execution).status == nest.port.Status.SUCCEEDED


def test_a_failure_is_tried_again_by_its_name(nest):
    """`Fog` is tried twice more, with a ticket of its own each time; the third failure is caught by `any`."""
    execution = begun(nest)
    steps = []
    for _ in range(3):
        steps.append(nest.take())
        nest.engine.fail(steps[-1]["ticket"], "Fog", "nothing to be seen")
    tell = nest.take()
    nest.engine.succeed(tell["ticket"], None)

    assert [step["attempt"] for step in steps] == [1, 2, 3]
    assert len({step["ticket"] for step in steps}) == 3
    assert tell["input"]["failure"] == {"Error": "Fog", "Cause": "nothing to be seen"}
    assert nest.ended("sack", execution).status == nest.port.Status.SUCCEEDED


def test_a_failure_that_is_not_tried_again_is_caught_at_once(nest):
    """An error of another name goes straight to where it is caught, and the workflow ends as that step says."""
    execution = begun(nest)
    nest.engine.fail(nest.take()["ticket"], "SackTorn", "a hole")

    ended = nest.ended("sack", execution)

    assert (ended.status, ended.error, ended.cause) == (nest.port.Status.FAILED, "SackTorn", "The sack is torn.")


def test_one_item_that_fails_ends_its_map(nest):
    """The error of an item is that of the map; the other items are not waited for, and their workers are told so."""
    execution = begun(nest)
    sorted_into(nest, "a", "b")
    first, second = nest.take(), nest.take()
    nest.engine.fail(first["ticket"], "Hawk", "feathers")
    tell = nest.take()

    with pytest.raises(nest.port.StepGone):
        nest.engine.succeed(second["ticket"], "too late")
    nest.engine.succeed(tell["ticket"], None)

    assert tell["input"]["failure"] == {"Error": "Hawk", "Cause": "feathers"}
    assert nest.ended("sack", execution).status == nest.port.Status.SUCCEEDED


def test_an_error_that_nobody_catches_ends_the_execution(nest):
    """An item whose error neither it nor its map knows ends the execution, with name and cause."""
    execution = begun(nest)
    sorted_into(nest, "a")
    nest.engine.fail(nest.take()["ticket"], "Storm", "lightning")

    ended = nest.ended("sack", execution)

    assert (ended.status, ended.error, ended.cause) == (nest.port.Status.FAILED, "Storm", "lightning")


def test_a_step_is_reported_once(nest):
    """A second report under a ticket, and one under a ticket that never was, are refused and change nothing."""
    begun(nest)
    ticket = nest.take()["ticket"]
    nest.engine.succeed(ticket, {"count": 0, "letters": []})

    with pytest.raises(nest.port.StepGone):
        nest.engine.succeed(ticket, {"count": 9, "letters": ["x"]})
    with pytest.raises(nest.port.StepGone):
        nest.engine.fail(ticket, "Fog", "late")
    with pytest.raises(nest.port.StepGone):
        nest.engine.heartbeat("no-such-ticket")


def test_a_wait_passes_and_a_silent_worker_is_replaced(nest):
    """After the wait comes the step; a worker that is not heard from is replaced by another attempt."""
    began = time.monotonic()
    execution = begun(nest, "watch", pigeon="p-1")
    first = nest.take()
    waited = time.monotonic() - began
    second = nest.take()  # the first one's worker says nothing
    nest.engine.succeed(second["ticket"], None)

    with pytest.raises(nest.port.StepGone):
        nest.engine.heartbeat(first["ticket"])
    assert waited >= 0.9
    assert (first["attempt"], second["attempt"], first["heartbeat_seconds"]) == (1, 2, 2)
    assert nest.ended("watch", execution).status == nest.port.Status.SUCCEEDED


def test_heartbeats_keep_a_step_alive_until_its_timeout(nest):
    """A worker that is heard from is waited for beyond its heartbeat, and no longer than the step's timeout."""
    execution = begun(nest, "watch", pigeon="p-2")
    step = nest.take()
    began = time.monotonic()
    with pytest.raises(nest.port.StepGone):  # noqa: PT012  # it has to be said until it is refused
        while time.monotonic() - began < 15:
            nest.engine.heartbeat(step["ticket"])
            nest.tick()
            time.sleep(0.3)
    lasted = time.monotonic() - began

    ended = nest.ended("watch", execution)

    assert 4.5 <= lasted < 12
    assert (ended.status, ended.output["Error"]) == (nest.port.Status.SUCCEEDED, "States.Timeout")


def test_an_execution_ends_when_its_time_is_over(nest):
    """An execution that takes longer than it may is ended, and the worker of its step is told."""
    execution = begun(nest, "brief", letter="l-1")
    ticket = nest.take()["ticket"]

    ended = nest.ended("brief", execution)

    assert ended.status == nest.port.Status.TIMED_OUT
    with pytest.raises(nest.port.StepGone):
        nest.engine.succeed(ticket, None)


def test_cancelling_ends_it_where_it_stands(nest):
    """A cancelled execution sends no further step, its workers are told, and cancelling again changes nothing."""
    execution = begun(nest)
    ticket = nest.take()["ticket"]
    nest.engine.cancel("sack", execution, "the sender thought better of it")
    nest.engine.cancel("sack", execution, "again")
    nest.engine.cancel("sack", str(uuid.uuid4()), "never was")

    ended = nest.ended("sack", execution)

    assert (ended.status, ended.cause) == (nest.port.Status.CANCELLED, "the sender thought better of it")
    with pytest.raises(nest.port.StepGone):
        nest.engine.heartbeat(ticket)
    assert nest.none()


def test_beginning_twice_is_beginning_once(nest):
    """The same id with the same data is the same execution; with other data it is refused."""
    execution = begun(nest)
    nest.engine.start("sack", execution, {"sender": "Ada", "sack": "s-1"})

    with pytest.raises(nest.port.ExecutionExists):
        nest.engine.start("sack", execution, {"sack": "s-2", "sender": "Ada"})
    nest.engine.succeed(nest.take()["ticket"], {"count": 0, "letters": []})
    assert nest.none()


def test_beginning_again_what_has_ended_changes_nothing(nest):
    """An execution that has ended is not begun again under its id with the same data."""
    execution = begun(nest)
    sorted_into(nest)
    nest.ended("sack", execution)

    nest.engine.start("sack", execution, {"sender": "Ada", "sack": "s-1"})

    assert nest.none()


def test_what_is_not_known_is_told(nest):
    """A workflow that is not there is refused by name; an execution that is not there is None."""
    with pytest.raises(nest.port.UnknownWorkflow):
        nest.engine.start("cart", "e-1", {})

    assert nest.engine.describe("sack", str(uuid.uuid4())) is None


def test_data_that_are_too_large_are_refused(nest):
    """Neither an execution nor a result may be larger than 256 KiB, and what was refused may be reported otherwise."""
    big = "x" * 300_000
    with pytest.raises(nest.port.DataTooLarge):
        nest.engine.start("sack", str(uuid.uuid4()), {"sack": big, "sender": "Ada"})
    execution = begun(nest)
    ticket = nest.take()["ticket"]
    with pytest.raises(nest.port.DataTooLarge):
        nest.engine.succeed(ticket, big)
    nest.engine.fail(ticket, "DataTooLarge", "it does not fit")
    nest.engine.succeed(nest.take()["ticket"], None)

    assert nest.ended("sack", execution).output["failure"]["Error"] == "DataTooLarge"


def test_data_that_are_not_there_end_the_execution(nest):
    """A step that reads what no result has put there ends the execution; no step can catch that."""
    execution = begun(nest)
    nest.engine.succeed(nest.take()["ticket"], {"letters": []})

    ended = nest.ended("sack", execution)

    assert (ended.status, ended.error) == (nest.port.Status.FAILED, "States.Runtime")


def test_many_reports_at_once_are_all_taken(nest):
    """Workers that report on one execution at the same moment lose nothing."""
    execution = begun(nest)
    letters = [f"letter {number}" for number in range(12)]
    sorted_into(nest, *letters)
    results = []

    def fly(step):
        nest.engine.succeed(step["ticket"], step["input"]["letter"].upper())
        results.append(step["index"])

    threads = []
    for _ in letters:
        threads.append(threading.Thread(target=fly, args=(nest.take(),)))
        threads[-1].start()
    for thread in threads:
        thread.join(20)
    tell = nest.take()
    nest.engine.succeed(tell["ticket"], None)

    assert sorted(results) == list(range(12))
    assert tell["input"]["flights"] == [letter.upper() for letter in letters]
    assert nest.ended("sack", execution).status == nest.port.Status.SUCCEEDED
    assert list(nest.broker.lease("errands", wait=timedelta(0))) == []


@contextmanager
def traced(trace):
    """Let the block be in this trace."""
    token = context.attach(propagate.extract({"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}))
    try:
        yield
    finally:
        context.detach(token)


def test_every_step_goes_on_in_the_trace_of_its_beginning(nest):
    """A step, an attempt after a pause and items of a map are in the trace of who began it, and not of who reports."""
    began, reports = "4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"
    with traced(began):
        execution = begun(nest)
    traces = []

    def take():
        step = nest.take()
        traces.append(nest.headers["traceparent"].split("-")[1])
        return step["ticket"]

    with traced(reports):
        nest.engine.fail(take(), "Fog", "")
        nest.engine.succeed(take(), {"count": 1, "letters": ["to Eve"]})
        nest.engine.succeed(take(), "landed")
        nest.engine.succeed(take(), {"by": "owl"})

    assert traces == [began] * 4
    assert "traceparent" not in nest.ended("sack", execution).output


def test_a_step_that_nobody_traces_is_done_as_well(nest):
    """An execution that was begun in no trace has steps like any other."""
    begun(nest)
    nest.engine.cancel("sack", nest.take()["execution"], "enough")

    assert not nest.headers.get("traceparent")
