"""The emulated AWS that a starter carries: it starts at once, keeps what it is to keep, and ends with its owner."""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import boto3
import pytest

from port_desk import write_desk
from port_sqs import EmulatedAws

OWNER = """
import sys, time
from localaws.emulator import LocalAws
emulator = LocalAws().start()
print(emulator.endpoint, emulator._process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def dev(tmp_path_factory):
    yield (dev := write_desk("aws", tmp_path_factory.mktemp("desk")).parent / "dev")
    sys.path.remove(str(dev)) if str(dev) in sys.path else None


@pytest.fixture
def local_aws(dev):
    """The class, as it is imported in a starter."""
    EmulatedAws(dev).close()  # where its environment is, and its folder on the path
    return importlib.import_module("localaws.emulator").LocalAws


def sqs_of(emulator):
    more = {"region_name": "eu-central-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client("sqs", endpoint_url=emulator.endpoint, **more)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123  # not a file of ours
        return stat.read().rpartition(")")[2].split()[0] != "Z"


def until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_it_listens_here_alone_and_nothing_is_left_of_it(local_aws):
    """It is reached on 127.0.0.1 and on no other address of this machine, and its process ends when it is stopped."""
    with local_aws() as emulator:
        port = int(emulator.endpoint.rpartition(":")[2])
        pid = emulator._process.pid
        assert sqs_of(emulator).list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.2", port)) != 0

    assert not alive(pid)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_whoever_started_it(dev, local_aws, number):
    """However its owner ends: killed without a goodbye, the emulator is gone a moment later."""
    assert local_aws
    environment = {**os.environ, "PYTHONPATH": str(dev)}
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, env=environment, text=True)
    _, pid = owner.stdout.readline().split()
    assert alive(int(pid))

    owner.send_signal(number)
    owner.wait()
    owner.stdout.close()

    until(lambda: not alive(int(pid)))


def test_it_keeps_what_was_sent_even_when_it_is_killed(local_aws, tmp_path):
    """What is a second old has been written down; the next one on the same port has it."""
    with local_aws(state=tmp_path) as first:
        port = int(first.endpoint.rpartition(":")[2])
        url = sqs_of(first).create_queue(QueueName="tasks")["QueueUrl"]
        sqs_of(first).send_message(QueueUrl=url, MessageBody="kept")
        first.save()
        first._process.kill()

    with local_aws(port=port, state=tmp_path) as second:
        [found] = sqs_of(second).receive_message(QueueUrl=url)["Messages"]
        assert found["Body"] == "kept"


def test_it_writes_down_what_it_has_when_it_is_stopped(local_aws, tmp_path):
    """Without anybody asking for it."""
    with local_aws(state=tmp_path) as first:
        sqs_of(first).create_queue(QueueName="tasks")

    with local_aws(state=tmp_path) as second:
        assert sqs_of(second).get_queue_url(QueueName="tasks")["QueueUrl"]


def test_a_port_that_is_taken_is_told(local_aws):
    """One sentence, and no process that is left."""
    error = importlib.import_module("localaws.environment").EmulatorError
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(error, match=f"127.0.0.1:{port} cannot be listened on"):
            local_aws(port=port).start()


def test_an_order_to_an_emulator_that_is_not_there_is_told(local_aws):
    """Neither a hang nor a traceback of a pipe."""
    error = importlib.import_module("localaws.environment").EmulatorError
    emulator = local_aws()
    with pytest.raises(error, match="is not running"):
        emulator.let_pass(1)
    emulator.start()
    emulator._process.kill()
    emulator._process.wait()

    with pytest.raises(error, match="has ended"):
        emulator.save()
    emulator.stop()


def test_a_consumer_that_is_killed_while_it_waits_takes_nothing_along(local_aws):
    """A wait for messages ends with the connection, so that nobody's message disappears for a lease."""
    with local_aws() as emulator:
        sqs = sqs_of(emulator)
        url = sqs.create_queue(QueueName="tasks")["QueueUrl"]
        body = json.dumps({"QueueUrl": url, "WaitTimeSeconds": 20}).encode()
        head = (
            "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Target: AmazonSQS.ReceiveMessage\r\n"
            "Authorization: AWS4-HMAC-SHA256 Credential=test/20261122/eu-central-1/sqs/aws4_request\r\n"
            f"Content-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", int(emulator.endpoint.rpartition(":")[2]))) as consumer:
            consumer.sendall(head.encode() + body)
            time.sleep(0.5)  # it waits

        time.sleep(0.3)
        sqs.send_message(QueueUrl=url, MessageBody="for somebody who is there")
        time.sleep(0.3)

        assert len(sqs.receive_message(QueueUrl=url).get("Messages", [])) == 1


def test_time_passes_when_it_is_told_to(local_aws):
    """A message that is held back for a quarter of an hour need not be waited for."""
    with local_aws() as emulator:
        sqs = sqs_of(emulator)
        url = sqs.create_queue(QueueName="tasks")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=900)
        assert "Messages" not in sqs.receive_message(QueueUrl=url)

        emulator.let_pass(901)

        assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1


def test_many_at_once_find_one_environment(dev, local_aws, tmp_path):
    """Several processes that start at the same time, with an environment that is there, wait for nobody."""
    began = time.monotonic()
    started = [local_aws() for _ in range(3)]
    threads = [threading.Thread(target=one.start) for one in started]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({one.endpoint for one in started}) == 3
    assert time.monotonic() - began < 20
    for one in started:
        one.stop()
