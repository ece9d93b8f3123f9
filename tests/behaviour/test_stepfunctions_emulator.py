"""What the emulated Step Functions do that ministack by itself does not: the pin's conformance, through the plain SDK.

The port's own promises are held in `test_engine_contract.py`; here stands what starters do not use yet, and what would
hide a mistake.
"""

from __future__ import annotations

import json
import time
import uuid

import boto3
import pytest
from botocore.exceptions import ClientError

from port_engine import write_nest
from port_sqs import EmulatedAws

ROLE = "arn:aws:iam::000000000000:role/emulated"


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    """A session that leads to the emulator of a starter with workflows, corrections included."""
    emulated = EmulatedAws(write_nest("aws", tmp_path_factory.mktemp("emulated")).parent / "dev")
    yield boto3.session.Session()
    emulated.close()


@pytest.fixture(scope="module")
def machines(aws):
    return aws.client("stepfunctions")


@pytest.fixture
def queue(aws):
    return aws.client("sqs").create_queue(QueueName=f"tokens-{uuid.uuid4().hex}")["QueueUrl"]


def begun(machines, states, start, data=None, **machine):
    """Begin an execution of a machine of these states, and return its ARN."""
    definition = json.dumps({"StartAt": start, "States": states, **machine})
    arn = machines.create_state_machine(name=f"m-{uuid.uuid4().hex}", definition=definition, roleArn=ROLE)
    started = machines.start_execution(stateMachineArn=arn["stateMachineArn"], input=json.dumps(data or {}))
    return started["executionArn"]


def ended(machines, arn, within=20.0):
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        found = machines.describe_execution(executionArn=arn)
        if found["status"] != "RUNNING":
            return found
        time.sleep(0.05)
    raise TimeoutError(f"{arn} did not end within {within:g} s")


def waiting(queue, **more):
    """A state that sends its token to the queue and waits for whoever takes it."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {
            "QueueUrl": queue,
            "MessageBody": {"token.$": "$$.Task.Token", "state.$": "$$.State.Name", "attempt.$": "$$.State.RetryCount"},
        },
        "End": True,
        **more,
    }


def taken(aws, queue, within=15.0):
    """Take the next token out of the queue."""
    sqs = aws.client("sqs")
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", []):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            return json.loads(message["Body"])
    raise TimeoutError("no token came")


@pytest.mark.parametrize(
    ("states", "start"),
    [
        ({"a": {"Type": "Pass", "Next": "b"}}, "a"),
        ({"a": {"Type": "Pass", "End": True}}, "b"),
        ({"a": {"Type": "Nap", "End": True}}, "a"),
        ({"a": {"Type": "Task", "Resource": "x", "End": True, "Catch": [{"ErrorEquals": ["X"], "Next": "b"}]}}, "a"),
        ({"a": {"Type": "Map", "End": True, "ItemProcessor": {"StartAt": "c", "States": {}}}}, "a"),
    ],
)
def test_a_definition_that_cannot_run_is_refused_when_it_is_made(machines, states, start):
    """Targets that are not there and unknown types are told at once, as AWS does."""
    definition = json.dumps({"StartAt": start, "States": states})

    with pytest.raises(ClientError, match="InvalidDefinition"):
        machines.create_state_machine(name=f"m-{uuid.uuid4().hex}", definition=definition, roleArn=ROLE)


def test_a_branch_that_fails_ends_its_sibling(aws, machines, queue):
    """A parallel state fails with the error of its branch, while another one waits for a worker that never reports."""
    fails = {
        "rests": {"Type": "Wait", "Seconds": 1, "Next": "fails"},
        "fails": {"Type": "Fail", "Error": "Hawk", "Cause": "feathers"},
    }
    branches = [
        {"StartAt": "rests", "States": fails},
        {"StartAt": "waits", "States": {"waits": waiting(queue, TimeoutSeconds=300)}},
    ]

    found = ended(machines, begun(machines, {"both": {"Type": "Parallel", "Branches": branches, "End": True}}, "both"))
    token = taken(aws, queue)["token"]

    assert (found["status"], found["error"], found["cause"]) == ("FAILED", "Hawk", "feathers")
    with pytest.raises(ClientError, match="TaskTimedOut"):
        machines.send_task_success(taskToken=token, output="{}")


def test_each_branch_has_tokens_of_its_own_at_each_attempt(aws, machines, queue):
    """A retry in one branch is given a new token, and none that its sibling waits for."""
    retry = [{"ErrorEquals": ["Fog"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1}]
    branches = [
        {"StartAt": name, "States": {name: waiting(queue, TimeoutSeconds=30, Retry=retry)}} for name in ("a", "b")
    ]
    arn = begun(machines, {"both": {"Type": "Parallel", "Branches": branches, "End": True}}, "both")
    first = {one["state"]: one for one in (taken(aws, queue), taken(aws, queue))}
    machines.send_task_failure(taskToken=first["a"]["token"], error="Fog", cause="")
    again = taken(aws, queue)
    machines.send_task_success(taskToken=again["token"], output='"A"')
    machines.send_task_success(taskToken=first["b"]["token"], output='"B"')

    assert (again["state"], again["attempt"]) == ("a", 1)
    assert len({first["a"]["token"], first["b"]["token"], again["token"]}) == 3
    assert json.loads(ended(machines, arn)["output"]) == ["A", "B"]


def test_the_longest_pause_holds_and_is_drawn(aws, machines, queue):
    """`MaxDelaySeconds` bounds the pause of a retry, and full jitter draws it from there down."""
    retry = [{"ErrorEquals": ["Fog"], "IntervalSeconds": 90, "MaxDelaySeconds": 2, "JitterStrategy": "FULL"}]
    began = time.monotonic()
    begun(machines, {"a": waiting(queue, TimeoutSeconds=30, Retry=retry)}, "a")
    machines.send_task_failure(taskToken=taken(aws, queue)["token"], error="Fog", cause="")
    machines.send_task_success(taskToken=taken(aws, queue)["token"], output="{}")

    assert time.monotonic() - began < 10


@pytest.mark.parametrize(("caught", "status"), [("States.Timeout", "SUCCEEDED"), ("States.TaskFailed", "FAILED")])
def test_silence_is_a_timeout_and_no_task_failed(machines, queue, caught, status):
    """`States.Timeout` stands for a missed heartbeat too, and `States.TaskFailed` for every error but those."""
    catch = [{"ErrorEquals": [caught], "Next": "end"}]
    states = {
        "a": waiting(queue, TimeoutSeconds=30, HeartbeatSeconds=1, Catch=catch),
        "end": {"Type": "Succeed"},
    }

    found = ended(machines, begun(machines, states, "a"))

    assert found["status"] == status
    assert found.get("error", "") == ("" if status == "SUCCEEDED" else "States.HeartbeatTimeout")


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Pass", "Parameters": {"x.$": "$.missing"}, "Next": "end"},
        {"Type": "Choice", "Choices": [{"Variable": "$.missing", "NumericEquals": 1, "Next": "end"}], "Default": "end"},
        {
            "Type": "Map",
            "ItemsPath": "$.missing",
            "ItemProcessor": {"StartAt": "p", "States": {"p": {"Type": "Pass", "End": True}}},
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "end"}],
            "Next": "end",
        },
    ],
    ids=["parameters", "choice", "items"],
)
def test_a_path_that_leads_nowhere_ends_the_execution(machines, state):
    """What is not there is no `null`, and `States.ALL` does not catch it."""
    found = ended(machines, begun(machines, {"a": state, "end": {"Type": "Succeed"}}, "a", {"here": 1}))

    assert (found["status"], found["error"]) == ("FAILED", "States.Runtime")


def test_a_result_that_is_no_json_or_too_large_is_refused(aws, machines, queue):
    """A report that Step Functions would not take is not taken here either, and the task goes on to wait."""
    arn = begun(machines, {"a": waiting(queue, TimeoutSeconds=30)}, "a")
    token = taken(aws, queue)["token"]
    for output in ("{", json.dumps("x" * 262_144)):
        with pytest.raises(ClientError):
            machines.send_task_success(taskToken=token, output=output)
    machines.send_task_success(taskToken=token, output='"good"')

    assert json.loads(ended(machines, arn)["output"]) == "good"
