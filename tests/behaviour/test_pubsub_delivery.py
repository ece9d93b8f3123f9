from __future__ import annotations

import threading
import time
from collections import Counter

import pytest
from google.api_core import exceptions
from google.cloud import pubsub_v1

from pubsub_clients import duration, until

pytest_plugins = ["pubsub_fixtures"]


def test_a_published_message_is_pulled_and_acknowledged(bus):
    """Data, attributes, id and time of a message arrive; acknowledged, it does not come again."""
    topic = bus.topic()
    subscription = bus.subscription(topic)

    (message_id,) = bus.publish(topic, b"hello", kind="greeting")

    (received,) = bus.pull(subscription, 1)
    message = received.message
    assert (b"hello", {"kind": "greeting"}, message_id) == (message.data, dict(message.attributes), message.message_id)
    assert abs(message.publish_time.timestamp() - time.time()) < 5
    bus.ack(subscription, [received])
    assert [] == bus.pull(subscription, 1, within=0.5)


def test_every_subscription_gets_its_own_copy(bus):
    """Two subscriptions of a topic each deliver every message published since they were made."""
    topic = bus.topic()
    bus.publish(topic, b"before")
    first, second = bus.subscription(topic), bus.subscription(topic)

    bus.publish(topic, b"after")

    assert [b"after"] == bus.bodies(first, 1)
    assert [b"after"] == bus.bodies(second, 1)


def test_streaming_pull_delivers_everything_once(bus):
    """200 messages reach a streaming subscriber that acknowledges them, none twice."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    seen: Counter[bytes] = Counter()

    def take(message):
        seen[message.data] += 1
        message.ack()

    with bus.stream(subscription, take):
        bus.publish(topic, *(b"%d" % i for i in range(200)))
        until(lambda: len(seen) == 200)
        time.sleep(0.3)

    assert {1} == set(seen.values())


def test_competing_consumers_share_a_burst(bus):
    """Of 200 messages published at once, each of two streaming subscribers gets some, and none goes to both."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    seen: dict[str, list[bytes]] = {"one": [], "two": []}

    def taker(name):
        def take(message):
            seen[name].append(message.data)
            time.sleep(0.002)
            message.ack()

        return take

    flow = pubsub_v1.types.FlowControl(max_messages=20)
    with (
        bus.stream(subscription, taker("one"), flow_control=flow),
        bus.stream(subscription, taker("two"), flow_control=flow),
    ):
        time.sleep(0.5)
        bus.publish(topic, *(b"%d" % i for i in range(200)))
        until(lambda: len(seen["one"]) + len(seen["two"]) >= 200)

    assert seen["one"]
    assert seen["two"]
    assert 200 == len({*seen["one"], *seen["two"]})


def test_flow_control_limits_what_a_stream_holds(bus):
    """A stream that allows three outstanding messages never holds a fourth (documented: max_outstanding_messages)."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    held: list[object] = []
    most = 0
    lock = threading.Lock()

    def take(message):
        nonlocal most
        with lock:
            held.append(message)
            most = max(most, len(held))

    bus.publish(topic, *(b"%d" % i for i in range(10)))
    with bus.stream(subscription, take, flow_control=pubsub_v1.types.FlowControl(max_messages=3)):
        until(lambda: len(held) == 3)
        time.sleep(0.5)
        assert 3 == most
        with lock:
            held.pop().ack()
        until(lambda: len(held) == 3)


def test_a_message_given_back_comes_again_at_once(bus):
    """A nack (deadline of 0) makes the message available again without a wait, if there is no retry policy."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    bus.publish(topic, b"x")

    bus.nack(subscription, bus.pull(subscription, 1))
    start = time.monotonic()

    assert [b"x"] == bus.bodies(subscription, 1)
    assert time.monotonic() - start < 1


def test_a_message_not_acknowledged_in_time_comes_again(bus):
    """When the deadline is over, and not before, the message is delivered again."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    bus.publish(topic, b"x")
    bus.hold(subscription, bus.pull(subscription, 1), seconds=2)

    start = time.monotonic()
    assert [] == bus.pull(subscription, 1, within=1.0)
    again = bus.pull(subscription, 1)

    assert [entry.message.data for entry in again] == [b"x"]
    assert 1.5 < time.monotonic() - start < 4


def test_a_deadline_can_be_extended(bus):
    """ModifyAckDeadline moves the end of the lease, counted from the call."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    bus.publish(topic, b"x")
    received = bus.pull(subscription, 1)
    bus.hold(subscription, received, seconds=1)

    bus.hold(subscription, received, seconds=30)

    assert [] == bus.pull(subscription, 1, within=2.0)
    bus.ack(subscription, received)


def test_an_acknowledgement_after_the_deadline_does_no_harm(bus):
    """Without exactly-once delivery a late acknowledgement is taken without an error (documented as best effort)."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    bus.publish(topic, b"x")
    received = bus.pull(subscription, 1)
    bus.hold(subscription, received, seconds=1)
    time.sleep(1.5)

    bus.ack(subscription, received)

    assert len(bus.pull(subscription, 1, within=1.0)) in (0, 1)


def test_back_off_doubles_up_to_its_maximum(bus):
    """With a retry policy of 1 to 2 s, a message that fails comes again after about 1, 2 and 2 s."""
    topic = bus.topic()
    policy = {"minimum_backoff": duration(1), "maximum_backoff": duration(2)}
    subscription = bus.subscription(topic, retry_policy=policy)
    bus.publish(topic, b"x")
    gaps = []
    received = bus.pull(subscription, 1)
    for _ in range(3):
        start = time.monotonic()
        bus.nack(subscription, received)
        received = bus.pull(subscription, 1)
        gaps.append(time.monotonic() - start)

    assert [1.0, 2.0, 2.0] == pytest.approx(gaps, abs=0.4)


def test_an_empty_message_is_refused(bus):
    """A message needs data or an attribute (documented)."""
    topic = bus.topic()

    with pytest.raises(exceptions.InvalidArgument, match="non-empty data"):
        bus.plain_publisher.publish(topic=topic, messages=[{}])


def test_a_pull_waits_for_a_message(bus):
    """A pull of an empty subscription answers as soon as something is published."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    late = threading.Timer(0.7, bus.publish, [topic, b"late"])
    late.start()

    start = time.monotonic()
    received = bus.pull(subscription, 1)

    assert [entry.message.data for entry in received] == [b"late"]
    assert 0.5 < time.monotonic() - start < 2
    late.join()
