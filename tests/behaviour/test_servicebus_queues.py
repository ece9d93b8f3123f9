"""Queues of Service Bus as the official synchronous SDK sees them."""

from __future__ import annotations

import os
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import AutoLockRenewer, ServiceBusReceiveMode, ServiceBusSubQueue
from azure.servicebus.exceptions import MessageLockLostError, MessageNotFoundError

from servicebus_bench import Bus, Message

pytest_plugins = ["servicebus_fixtures"]


def soon(seconds):
    return datetime.now(UTC) + timedelta(seconds=seconds)


def test_properties_arrive_as_they_were_sent(bus):
    """Every property, and application properties of each type, come out as they went in."""
    identity = uuid.uuid4()
    application = {"whole": 1, "text": "z", "flag": True, "real": 1.5, "uuid": identity}
    sent = {"message_id": "m1", "correlation_id": "c1", "subject": "s", "to": "t", "reply_to": "r"}
    bus.send("q", Message(b"body", content_type="text/plain", application_properties=application, **sent))

    (message,) = bus.receive("q")

    assert sent == {name: getattr(message, name) for name in sent}
    assert message.content_type == "text/plain"
    assert {
        b"whole": 1,
        b"text": b"z",
        b"flag": True,
        b"real": 1.5,
        b"uuid": identity,
    } == message.application_properties
    assert (b"".join(message.body), message.delivery_count) == (b"body", 0)
    assert message.sequence_number == 1
    assert message.lock_token
    assert message.enqueued_time_utc <= soon(0)
    assert timedelta(seconds=1) < message.locked_until_utc - message.enqueued_time_utc < timedelta(seconds=4)


def test_messages_come_in_the_order_sent(bus):
    """Single messages, a list and a batch object are one sequence."""
    sender = bus.sender("q")
    bus.send("q", "0")
    sender.send_messages([Message(str(n)) for n in range(1, 10)])
    batch = sender.create_message_batch()
    for n in range(10, 20):
        batch.add_message(Message(str(n)))
    sender.send_messages(batch)

    assert [str(n) for n in range(20)] == bus.take("q", 20)


def test_a_message_larger_than_a_frame_arrives_whole(bus):
    """A message near the size limit crosses several AMQP frames both ways."""
    body = os.urandom(240_000)
    bus.send("q", body)

    (message,) = bus.receive("q")

    assert body == b"".join(message.body)


def test_a_completed_message_is_gone(bus):
    """Complete removes the message for everybody."""
    bus.send("q", "x")

    assert bus.take("q") == ["x"]
    assert bus.nothing("q", within=2.5)


def test_a_locked_message_is_nobody_elses(bus, emulator):
    """While one receiver holds the lock, another receives nothing."""
    bus.send("q", "x")
    bus.receive("q")
    other = Bus(emulator.connection_string)

    assert other.nothing("q", within=1)
    other.close()


def test_an_abandoned_message_comes_back_counted(bus):
    """Abandon makes a message available at once, with its delivery count one higher."""
    bus.send("q", "x")
    (first,) = bus.receive("q")
    bus.receiver("q").abandon_message(first)

    (second,) = bus.receive("q", within=1)

    assert (first.delivery_count, second.delivery_count) == (0, 1)


def test_a_dead_letter_tells_why(bus):
    """Dead-lettering moves the message, with reason and description, to the dead-letter queue."""
    bus.send("q", Message("bad", application_properties={"k": "v"}))
    (message,) = bus.receive("q")
    bus.receiver("q").dead_letter_message(message, reason="Poison", error_description="because")

    (dead,) = bus.receive("q", sub_queue=ServiceBusSubQueue.DEAD_LETTER)

    assert (str(dead), dead.dead_letter_reason, dead.dead_letter_error_description) == ("bad", "Poison", "because")
    assert dead.application_properties[b"k"] == b"v"
    assert bus.nothing("q")


def test_a_poison_message_is_dead_lettered_after_max_delivery_count(bus):
    """After exactly MaxDeliveryCount (3) deliveries the message is dead-lettered by the broker."""
    bus.send("q", "p")
    deliveries = 0
    while found := bus.receive("q", within=1):
        deliveries += 1
        bus.receiver("q").abandon_message(found[0])

    (dead,) = bus.receive("q", sub_queue=ServiceBusSubQueue.DEAD_LETTER)

    assert (deliveries, dead.dead_letter_reason) == (3, "MaxDeliveryCountExceeded")


def test_a_lock_that_runs_out_is_lost(bus):
    """After LockDuration (2 s) another delivery follows, counted, and the first holder can settle no more."""
    bus.send("q", "x")
    (first,) = bus.receive("q")
    start = time.monotonic()

    (second,) = bus.receive("q")

    assert 1.5 < time.monotonic() - start < 3.5
    assert second.delivery_count == 1
    with pytest.raises(MessageLockLostError):
        bus.receiver("q").complete_message(first)
    bus.receiver("q").complete_message(second)


def test_a_renewed_lock_holds(bus):
    """Renewal gives another LockDuration from now."""
    bus.send("q", "x")
    (message,) = bus.receive("q")
    before = message.locked_until_utc
    time.sleep(1.2)

    assert bus.receiver("q").renew_message_lock(message) > before
    time.sleep(1.2)
    bus.receiver("q").complete_message(message)
    assert bus.nothing("q", within=2.2)


def test_the_lock_renewer_keeps_a_long_task(bus):
    """The SDK's AutoLockRenewer holds a message for three times its LockDuration."""
    bus.send("q", "x")
    with AutoLockRenewer() as renewer:
        (message,) = bus.receive("q")
        renewer.register(bus.receiver("q"), message, max_lock_renewal_duration=30)
        time.sleep(6)
        bus.receiver("q").complete_message(message)

    assert bus.nothing("q", within=2.2)


def test_a_deferred_message_waits_for_its_number(bus):
    """A deferred message is skipped by receivers and fetched by sequence number, once."""
    bus.send("q", "d")
    (message,) = bus.receive("q")
    bus.receiver("q").defer_message(message)

    assert bus.nothing("q")
    (deferred,) = bus.receiver("q").receive_deferred_messages(message.sequence_number)
    assert str(deferred) == "d"
    bus.receiver("q").complete_message(deferred)
    with pytest.raises(MessageNotFoundError):
        bus.receiver("q").receive_deferred_messages(message.sequence_number)


def test_an_abandoned_deferred_message_stays_deferred(bus):
    """Only its number brings a deferred message back, after an abandon too."""
    bus.send("q", "d")
    (message,) = bus.receive("q")
    bus.receiver("q").defer_message(message)
    (deferred,) = bus.receiver("q").receive_deferred_messages(message.sequence_number)
    bus.receiver("q").abandon_message(deferred)

    assert bus.nothing("q")
    (again,) = bus.receiver("q").receive_deferred_messages(message.sequence_number)
    assert again.delivery_count == 1


def test_peek_walks_without_touching(bus):
    """Peek goes on from where it was, locks nothing, counts nothing."""
    bus.send("q", *"01234")
    receiver = bus.receiver("q")

    assert [str(message) for message in receiver.peek_messages(3)] == ["0", "1", "2"]
    assert [str(message) for message in receiver.peek_messages(3)] == ["3", "4"]
    assert list("01234") == bus.take("q", 5)


def test_scheduled_messages_appear_in_time(bus):
    """A scheduled message is not received before its time, a cancelled one never."""
    sender = bus.sender("q")
    kept, cancelled = sender.schedule_messages([Message("kept"), Message("cancelled")], soon(4.5))
    sender.cancel_scheduled_messages(cancelled)
    bus.send("q", Message("property", scheduled_enqueue_time_utc=soon(4)))

    assert kept != cancelled
    assert bus.nothing("q", within=0.7)
    assert bus.take("q", 2) == ["property", "kept"]
    assert bus.nothing("q")


def test_duplicates_are_dropped_within_the_window(bus):
    """Within DuplicateDetectionHistoryTimeWindow (2 s) the second message of one id vanishes; after it, it does not."""
    bus.send("dup", Message("1", message_id="a"), Message("2", message_id="a"), Message("3", message_id="b"))

    assert bus.take("dup", 3, within=1) == ["1", "3"]
    time.sleep(2.1)
    bus.send("dup", Message("4", message_id="a"))
    assert bus.take("dup") == ["4"]


def test_duplicates_within_one_batch_are_dropped(bus):
    """Duplicate detection looks into batches."""
    bus.sender("dup").send_messages([Message("1", message_id="a"), Message("2", message_id="a")])

    assert bus.take("dup", 2, within=1) == ["1"]


def test_an_expired_message_is_dead_lettered_where_asked(bus):
    """DeadLetteringOnMessageExpiration moves a message past its DefaultMessageTimeToLive (1 s)."""
    bus.send("ttl", "t")
    time.sleep(1.3)

    assert bus.nothing("ttl")
    (dead,) = bus.receive("ttl", sub_queue=ServiceBusSubQueue.DEAD_LETTER)
    assert dead.dead_letter_reason == "TTLExpiredException"


def test_an_expired_message_is_dropped_otherwise(bus):
    """Without dead-lettering, a message past its own time to live is gone."""
    bus.send("q", Message("t", time_to_live=timedelta(seconds=0.5)))
    time.sleep(0.8)

    assert bus.nothing("q")
    assert bus.nothing("q", sub_queue=ServiceBusSubQueue.DEAD_LETTER)


def test_receive_and_delete_takes_for_good(bus):
    """In this mode delivery is settlement."""
    bus.send("q", "x")

    assert [str(m) for m in bus.receive("q", receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE)] == ["x"]
    assert bus.nothing("q", within=2.5)


def test_prefetched_messages_keep_their_order(bus):
    """A prefetching iterator gives all messages in order."""
    bus.sender("long").send_messages([Message(str(n)) for n in range(50)])
    receiver = bus.receiver("long", prefetch_count=20, max_wait_time=1)
    seen = []
    for message in receiver:
        seen.append(int(str(message)))
        receiver.complete_message(message)

    assert list(range(50)) == seen


def test_a_closing_receiver_gives_back_what_it_prefetched(bus):
    """What was prefetched and not touched is available again when its receiver closes."""
    bus.sender("long").send_messages([Message(str(n)) for n in range(10)])
    receiver = bus.receiver("long", prefetch_count=10)
    (message,) = receiver.receive_messages(1, max_wait_time=2)
    receiver.complete_message(message)
    bus.part(receiver)

    assert sorted("123456789") == sorted(bus.take("long", 9, within=4))


def test_competing_receivers_share(bus, emulator):
    """Two receivers of one queue get every message once between them."""
    other = Bus(emulator.connection_string)
    bus.sender("long").send_messages([Message(str(n)) for n in range(40)])
    seen = bus.take("long", 20) + other.take("long", 20)

    assert sorted(map(str, range(40))) == sorted(seen)
    other.close()


def test_forwarded_messages_arrive_at_the_target(bus):
    """ForwardTo moves what is sent to one queue to another."""
    bus.send("fwd", "f")

    assert bus.take("q") == ["f"]


def test_a_refused_forwarding_ends_in_the_transfer_dead_letters(bus):
    """What the target refuses is found in the source's transfer dead-letter queue."""
    bus.send("fwdsess", "without a session")

    (dead,) = bus.receive("fwdsess", sub_queue=ServiceBusSubQueue.TRANSFER_DEAD_LETTER)
    assert (str(dead), dead.dead_letter_reason) == ("without a session", "amqp:not-allowed")


def test_forwarding_in_circles_ends_after_four_hops(bus):
    """A chain of more than four forwardings ends in a dead-letter queue (documented limit of four hops)."""
    bus.send("ring1", "r")

    (dead,) = bus.receive("ring1", sub_queue=ServiceBusSubQueue.DEAD_LETTER)
    assert dead.dead_letter_reason == "MaxTransferHopCountExceeded"


def test_dead_letters_can_be_forwarded(bus):
    """ForwardDeadLetteredMessagesTo collects dead letters in an ordinary queue and names where they come from."""
    bus.send("fwddead", "x")
    (message,) = bus.receive("fwddead")
    bus.receiver("fwddead").dead_letter_message(message, reason="R")

    (moved,) = bus.receive("q")
    assert (str(moved), moved.dead_letter_reason, moved.dead_letter_source) == ("x", "R", "fwddead")
