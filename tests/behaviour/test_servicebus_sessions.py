"""Sessions of Service Bus as the official synchronous SDK sees them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest
from azure.servicebus import NEXT_AVAILABLE_SESSION
from azure.servicebus.exceptions import OperationTimeoutError, SessionCannotBeLockedError, SessionLockLostError

from servicebus_bench import Bus, Message

pytest_plugins = ["servicebus_fixtures"]

DIES_WITH_A_SESSION = """
import os, sys
from azure.servicebus import ServiceBusClient
client = ServiceBusClient.from_connection_string(sys.argv[1])
receiver = client.get_queue_receiver("sess", session_id="a", max_wait_time=5)
os._exit(9 if receiver.receive_messages(1) else 1)
"""


def send(bus, session, *bodies, queue="sess"):
    bus.send(queue, *[Message(body, session_id=session) for body in bodies])


def test_a_session_is_first_in_first_out(bus):
    """A holder sees only its session, in the order sent, however sessions were mixed."""
    for n in range(10):
        send(bus, "a", f"a{n}")
        send(bus, "b", f"b{n}")

    assert [f"a{n}" for n in range(10)] == bus.take("sess", 10, session_id="a")
    assert [f"b{n}" for n in range(10)] == bus.take("sess", 10, session_id="b")


def test_a_session_has_one_holder(bus, emulator):
    """A session that is held is refused to others."""
    send(bus, "a", "1")
    bus.receive("sess", session_id="a")
    other = Bus(emulator.connection_string)

    with pytest.raises(SessionCannotBeLockedError):
        other.receive("sess", session_id="a")
    other.close()


def test_the_next_available_session_is_waited_for(bus):
    """A receiver of the next available session gets the first one that has a message."""
    timer = threading.Timer(1, lambda: send(bus, "late", "x"))
    timer.start()
    receiver = bus.receiver("sess", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=8)
    (message,) = receiver.receive_messages(1)
    timer.join()

    assert (receiver.session.session_id, message.session_id, str(message)) == ("late", "late", "x")


def test_waiting_for_a_session_ends(bus):
    """Without any session the wait ends with the SDK's time-out error."""
    with pytest.raises(OperationTimeoutError):
        bus.receiver("sess", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=1).receive_messages(1)


def test_state_outlives_its_holder(bus):
    """The state that one holder sets is read by the next."""
    receiver = bus.receiver("sess", session_id="a")
    assert receiver.session.get_state() is None
    receiver.session.set_state(b"step-1")
    bus.part(receiver)

    assert bus.receiver("sess", session_id="a").session.get_state() == b"step-1"


def test_a_renewed_session_holds(bus):
    """Renewing the session keeps its messages locked."""
    send(bus, "a", "1")
    (message,) = bus.receive("sess", session_id="a")
    session = bus.receiver("sess", session_id="a").session
    before = session.locked_until_utc
    time.sleep(1.3)

    assert session.renew_lock() > before
    time.sleep(1.3)
    bus.receiver("sess", session_id="a").complete_message(message)


def test_a_session_lock_that_runs_out_is_lost(bus, emulator):
    """After LockDuration the holder can settle nothing, and the next holder gets the message, counted."""
    send(bus, "a", "1")
    (message,) = bus.receive("sess", session_id="a")
    time.sleep(2.5)

    with pytest.raises(SessionLockLostError):
        bus.receiver("sess", session_id="a").complete_message(message)
    other = Bus(emulator.connection_string)
    (again,) = other.receive("sess", session_id="a")
    assert again.delivery_count == 1
    other.close()


def test_a_lost_session_goes_to_one_who_waits_and_to_nobody_else(bus, emulator):
    """Whoever waits has the session as soon as its lock runs out; the next one does not get what follows in it."""
    send(bus, "a", "1", "2")
    first = bus.receiver("sess", session_id="a")
    assert [str(one) for one in first.receive_messages(1, max_wait_time=5)] == ["1"]
    second, third = Bus(emulator.connection_string), Bus(emulator.connection_string)

    (message,) = second.receiver("sess", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=8).receive_messages(1)

    assert (message.session_id, str(message), message.delivery_count) == ("a", "1", 1)
    with pytest.raises(OperationTimeoutError):
        third.receiver("sess", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=1).receive_messages(1)
    second.close()
    third.close()


def test_closing_frees_a_session_uncounted(bus, emulator):
    """A receiver that closes frees its session at once; an unsettled message is delivered again, not counted.

    "Message sessions", impact of delivery count: "the messages within the session aren't completed (even if they're
    locked), and the session is closed: No".
    """
    send(bus, "a", "1")
    bus.receive("sess", session_id="a")
    bus.part(bus.receiver("sess", session_id="a"))
    other = Bus(emulator.connection_string)

    (again,) = other.receive("sess", session_id="a", within=1)

    assert (str(again), again.delivery_count) == ("1", 0)
    other.close()


def test_a_killed_holder_frees_its_session_uncounted(bus, emulator):
    """The connection of a killed process breaks: its session is free at once, and what it held comes back uncounted.

    The documentation counts a lock that ends and no session that is closed, and is silent on a connection that breaks.
    Users report that the session is free then (azure-service-bus 694), and that the count of a message whose process
    is killed each time never rises (azure-service-bus 410).
    """
    send(bus, "a", "1")
    for _ in range(2):
        command = [sys.executable, "-c", DIES_WITH_A_SESSION, emulator.connection_string]
        assert subprocess.run(command, check=False, timeout=60).returncode == 9

    (again,) = bus.receive("sess", session_id="a", within=1)

    assert (str(again), again.delivery_count) == ("1", 0)


def test_order_holds_after_an_abandon(bus):
    """An abandoned message comes before its successors again."""
    send(bus, "a", *"0123")
    receiver = bus.receiver("sess", session_id="a")
    seen = []
    while len(seen) < 6:
        (message,) = receiver.receive_messages(1, max_wait_time=2)
        seen.append(str(message))
        again = str(message) == "1" and message.delivery_count < 2
        (receiver.abandon_message if again else receiver.complete_message)(message)

    assert seen == ["0", "1", "1", "1", "2", "3"]


def test_a_deferred_message_of_a_session(bus):
    """A session's deferred message is fetched by the session's holder."""
    send(bus, "a", "1")
    (message,) = bus.receive("sess", session_id="a")
    receiver = bus.receiver("sess", session_id="a")
    receiver.defer_message(message)

    (deferred,) = receiver.receive_deferred_messages(message.sequence_number)
    receiver.complete_message(deferred)
    assert str(deferred) == "1"
