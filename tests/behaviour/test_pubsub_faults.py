from __future__ import annotations

import threading
import time

import pytest
from google.api_core import exceptions

from archwright.emulators.pubsub import PubSubEmulator
from pubsub_clients import Bus, until


@pytest.fixture
def faulty():
    """An emulator of its own, and its clients."""
    with PubSubEmulator() as emulator:
        bus = Bus(emulator.endpoint)
        yield emulator, bus
        bus.close()


def _short(name):
    return name.rpartition("/")[2]


def test_a_dropped_connection_is_survived_by_a_stream(faulty):
    """Streams are cut; the client reconnects by itself and gets what is published afterwards."""
    emulator, bus = faulty
    faults = emulator.faults
    topic = bus.topic()
    subscription = bus.subscription(topic)
    seen = []

    def take(message):
        seen.append(message.data)
        message.ack()

    with bus.stream(subscription, take):
        bus.publish(topic, b"before")
        until(lambda: b"before" in seen)
        assert faults.drop_connections() >= 1
        bus.publish(topic, b"after")
        until(lambda: b"after" in seen)


def test_a_dropped_connection_fails_a_pull_that_waits(faulty):
    """A pull that is under way ends with UNAVAILABLE, as a lost connection would."""
    emulator, bus = faulty
    faults = emulator.faults
    subscription = bus.subscription(bus.topic())
    struck = []

    def drop():
        until(lambda: emulator.broker.subscription(subscription)._idle)
        struck.append(faults.drop_connections())

    later = threading.Thread(target=drop)
    later.start()

    with pytest.raises(exceptions.ServiceUnavailable):
        bus.subscriber.pull(request={"subscription": subscription, "max_messages": 1}, timeout=5, retry=None)

    later.join()
    assert [1] == struck


def test_leases_can_be_ended_now(faulty):
    """expire_locks lets held messages come again at once; it can be narrowed to one subscription."""
    emulator, bus = faulty
    faults = emulator.faults
    topic = bus.topic()
    one, two = bus.subscription(topic), bus.subscription(topic)
    bus.publish(topic, b"x")
    bus.pull(one, 1)
    bus.pull(two, 1)

    assert 1 == faults.expire_locks(_short(one))
    assert [b"x"] == bus.bodies(one, 1)
    assert [] == bus.pull(two, 1, within=0.3)
    assert 1 == faults.expire_locks()
    assert [b"x"] == bus.bodies(two, 1)


def test_messages_can_be_late(faulty):
    """A delay holds back what is published from now on, and keeps the order of a key."""
    emulator, bus = faulty
    faults = emulator.faults
    topic = bus.topic()
    subscription = bus.subscription(topic, enable_message_ordering=True)
    faults.delay(1.0, entity=_short(topic), messages=1)

    bus.publish(topic, b"late", key="k")
    bus.publish(topic, b"behind", key="k")
    bus.publish(topic, b"other", key="free")

    start = time.monotonic()
    assert [b"other"] == bus.bodies(subscription, 1)
    assert [b"late", b"behind"] == bus.bodies(subscription, 2)
    assert time.monotonic() - start > 0.5


def test_a_message_can_come_twice(faulty):
    """A duplicate is a second message with an id of its own, as when a publisher repeats itself."""
    emulator, bus = faulty
    faults = emulator.faults
    topic = bus.topic()
    subscription = bus.subscription(topic)
    faults.duplicate(entity=_short(topic))

    bus.publish(topic, b"x")
    received = bus.pull(subscription, 3, within=1.0)

    assert [entry.message.data for entry in received] == [b"x", b"x"]
    assert 2 == len({entry.message.message_id for entry in received})


def test_an_answer_can_be_lost(faulty):
    """The message is accepted, the publisher is told nothing and repeats itself: it arrives twice."""
    emulator, bus = faulty
    faults = emulator.faults
    topic = bus.topic()
    subscription = bus.subscription(topic)
    faults.lose_answers(entity=_short(topic))

    bus.publish(topic, b"x")

    assert [b"x", b"x"] == bus.bodies(subscription, 3, within=1.0)


def test_nothing_armed_means_nothing_happens(faulty):
    """After clear() messages are delivered as ever."""
    emulator, bus = faulty
    faults = emulator.faults
    topic = bus.topic()
    subscription = bus.subscription(topic)
    faults.delay(60)
    faults.duplicate()

    faults.clear()
    bus.publish(topic, b"x")

    assert [b"x"] == bus.bodies(subscription, 2, within=0.5)
