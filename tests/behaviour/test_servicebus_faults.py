"""Faults on demand, as the official SDK meets them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request

import pytest
from azure.servicebus.exceptions import MessageLockLostError, ServiceBusError

from servicebus_bench import Bus, Message

pytest_plugins = ["servicebus_fixtures"]


def test_dropped_connections_are_survived_by_a_retrying_client(emulator):
    """A client with retries goes on after its connections were cut."""
    bus = Bus(emulator.connection_string)
    bus.client._config.retry_total = 3
    bus.send("q", "before")

    assert emulator.faults.drop_connections() == 1
    bus.send("q", "after")
    assert bus.take("q", 2) == ["before", "after"]
    bus.close()


def test_expired_locks_are_lost_now(bus, emulator):
    """A lock of a minute ends at once, and the message goes to the next receiver."""
    bus.send("long", "x")
    (message,) = bus.receive("long")

    assert emulator.faults.expire_locks("long") == 1
    with pytest.raises(MessageLockLostError):
        bus.receiver("long").complete_message(message)
    assert bus.take("long", within=1) == ["x"]


def test_an_expired_session_is_lost_now(bus, emulator):
    """A session's lock ends at once, and with it its holder's link."""
    bus.send("longsess", Message("x", session_id="a"))
    (message,) = bus.receive("longsess", session_id="a")

    assert emulator.faults.expire_locks() == 1
    with pytest.raises(ServiceBusError):
        bus.receiver("longsess", session_id="a").complete_message(message)


def test_a_duplicate_arrives_twice(bus, emulator):
    """One message arrives twice with one id, as after a repeated send; the next arrives once."""
    emulator.faults.duplicate(entity="long")
    bus.send("long", Message("x", message_id="1"), Message("y", message_id="2"))

    assert [message.message_id for message in bus.receive("long", 4, within=1)] == ["1", "1", "2"]


def test_duplicate_detection_catches_a_duplicate(bus, emulator):
    """A queue with duplicate detection drops the second one."""
    emulator.faults.duplicate(entity="dup")
    bus.send("dup", Message("x", message_id="1"))

    assert bus.take("dup", 2, within=1) == ["x"]


def test_a_delayed_message_is_late(bus, emulator):
    """A delayed message is overtaken by the next one."""
    emulator.faults.delay(1, entity="long", messages=1)
    start = time.monotonic()
    bus.send("long", "late", "next")

    assert bus.take("long", 2) == ["next", "late"]
    assert time.monotonic() - start >= 1


def test_a_lost_answer_leaves_the_message_accepted(bus, emulator):
    """The sender sees a failure although the message was accepted: why senders need duplicate detection."""
    emulator.faults.lose_answers(entity="q")

    with pytest.raises(ServiceBusError):
        bus.send("q", "x")
    assert bus.take("q") == ["x"]


def test_faults_can_be_ordered_over_http():
    """`--faults-port` takes the same faults from other programs, and refuses nonsense."""
    command = [sys.executable, "-c", "from archwright.cli import main; main()", "emulator", "servicebus"]
    process = subprocess.Popen([*command, "--port", "0", "--faults-port", "0"], stdout=subprocess.PIPE, text=True)
    lines = [process.stdout.readline() for _ in range(3)]
    base = f"http://{lines[2].split()[2].rstrip(':')}"

    def post(path, **headers):
        request = urllib.request.Request(f"{base}{path}", method="POST", headers=headers)  # noqa: S310  # our own server
        with urllib.request.urlopen(request) as answer:  # noqa: S310  # same
            return json.load(answer)

    try:
        assert post("/duplicate?entity=q&messages=2")["armed"][0]["remaining"] == 2
        assert post("/drop-connections")["struck"] == 0
        assert post("/clear")["armed"] == []
        for wrong in ("/nothing", "/delay?seconds=soon", "/delay"):
            with pytest.raises(urllib.error.HTTPError):
                post(wrong)
        with pytest.raises(urllib.error.HTTPError):
            post("/drop-connections", Host="evil.example")
    finally:
        process.terminate()
        assert process.wait(10) == 0
        process.stdout.close()


@pytest.mark.parametrize("kind", ["servicebus", "pubsub"])
def test_a_request_to_terminate_is_never_missed(kind):
    """SIGTERM right after the address was printed stops the emulator in order, with exit code 0."""
    command = [sys.executable, "-c", "from archwright.cli import main; main()", "emulator", kind, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.terminate()

        assert process.wait(10) == 0
        assert process.stdout.read().endswith("Stopped.\n")
