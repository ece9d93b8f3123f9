from __future__ import annotations

import random
import threading
import time
from collections import defaultdict

from pubsub_clients import until

pytest_plugins = ["pubsub_fixtures"]


def test_messages_of_a_key_are_pulled_in_order(bus):
    """Pulled in small batches, each key's messages come in the order of publishing."""
    topic = bus.topic()
    subscription = bus.subscription(topic, enable_message_ordering=True)
    for i in range(20):
        for key in "abc":
            bus.publish(topic, b"%d" % i, key=key)

    seen = defaultdict(list)
    while sum(map(len, seen.values())) < 60:
        received = bus.pull(subscription, 1, most=7)
        assert received
        for entry in received:
            seen[entry.message.ordering_key].append(int(entry.message.data))
        bus.ack(subscription, received)

    assert {key: list(range(20)) for key in "abc"} == seen


def test_messages_of_a_key_are_streamed_in_order(bus):
    """A streaming subscriber gets each key's messages in the order of publishing."""
    topic = bus.topic()
    subscription = bus.subscription(topic, enable_message_ordering=True)
    seen = defaultdict(list)

    def take(message):
        seen[message.ordering_key].append(int(message.data))
        message.ack()

    with bus.stream(subscription, take):
        for i in range(50):
            for key in "abcd":
                bus.publisher.publish(topic, b"%d" % i, ordering_key=key)
        until(lambda: sum(map(len, seen.values())) >= 200)

    assert {key: list(range(50)) for key in "abcd"} == seen


def test_a_key_that_is_held_waits_for_its_acknowledgement(bus):
    """While somebody holds messages of a key, another pull gets none of that key (documented for unary pull)."""
    topic = bus.topic()
    subscription = bus.subscription(topic, enable_message_ordering=True)
    bus.publish(topic, b"1", b"2", key="k")
    held = bus.pull(subscription, 1, most=1)

    assert [] == bus.pull(subscription, 1, within=0.5)
    bus.ack(subscription, held)

    assert [b"2"] == bus.bodies(subscription, 1)


def test_other_keys_go_on_while_one_is_held(bus):
    """A key that waits does not hold up the others, nor messages without a key."""
    topic = bus.topic()
    subscription = bus.subscription(topic, enable_message_ordering=True)
    bus.publish(topic, b"slow", b"slower", key="held")
    held = bus.pull(subscription, 1, most=1)

    bus.publish(topic, b"other", key="free")
    bus.publish(topic, b"plain")

    assert {b"other", b"plain"} == set(bus.bodies(subscription, 2))
    bus.ack(subscription, held)


def test_a_nack_brings_back_the_successors_too(bus):
    """Given back, a message is delivered again with its successors of the key, even acknowledged ones (documented)."""
    topic = bus.topic()
    subscription = bus.subscription(topic, enable_message_ordering=True)
    bus.publish(topic, b"1", b"2", b"3", key="k")
    first, second, _third = bus.pull(subscription, 3)

    bus.ack(subscription, [second])
    bus.nack(subscription, [first])

    assert [b"1", b"2", b"3"] == bus.bodies(subscription, 3)


def test_a_deadline_that_runs_out_keeps_the_order(bus):
    """After a lease ends the key starts over at the message that was not acknowledged."""
    topic = bus.topic()
    subscription = bus.subscription(topic, enable_message_ordering=True)
    bus.publish(topic, b"1", b"2", b"3", key="k")
    received = bus.pull(subscription, 3)
    bus.ack(subscription, received[:1])

    bus.hold(subscription, received[1:2], seconds=1)
    time.sleep(1.5)

    assert [b"2", b"3"] == bus.bodies(subscription, 2)


def test_order_per_key_survives_random_nacks(bus):
    """With one message in twenty given back, each consumer of a sequence number per key finishes every key in order."""
    keys, each = 10, 40
    topic = bus.topic()
    subscription = bus.subscription(topic, enable_message_ordering=True)
    chance = random.Random(1)  # noqa: S311  # the same nacks in every run
    lock = threading.Lock()
    finished = dict.fromkeys((f"k{k}" for k in range(keys)), -1)

    def take(message):
        number = int(message.data)
        with lock:
            if number <= finished[message.ordering_key]:
                message.ack()  # done before: its predecessor came back and brought it along
            elif number > finished[message.ordering_key] + 1 or chance.random() < 0.05:
                message.nack()  # its predecessor was given back: this one will come again behind it
            else:
                finished[message.ordering_key] = number
                message.ack()

    sent = [bus.publisher.publish(topic, b"%d" % i, ordering_key=f"k{k}") for i in range(each) for k in range(keys)]
    for future in sent:
        future.result(10)
    with bus.stream(subscription, take):
        until(lambda: set(finished.values()) == {each - 1}, within=60)
