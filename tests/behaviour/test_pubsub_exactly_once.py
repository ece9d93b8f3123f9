from __future__ import annotations

import threading
import time

import pytest
from google.api_core import exceptions
from google.cloud.pubsub_v1.subscriber.exceptions import AcknowledgeError, AcknowledgeStatus

from pubsub_clients import until

pytest_plugins = ["pubsub_fixtures"]


def test_a_streamed_acknowledgement_is_confirmed(bus):
    """ack_with_response tells SUCCESS, and the message does not come again."""
    topic = bus.topic()
    subscription = bus.subscription(topic, enable_exactly_once_delivery=True)
    answers, seen = [], []

    def take(message):
        seen.append(message.data)
        answers.append(message.ack_with_response())

    with bus.stream(subscription, take):
        bus.publish(topic, b"once")
        until(lambda: answers)
        assert answers[0].result(10) == AcknowledgeStatus.SUCCESS
        time.sleep(0.5)

    assert [b"once"] == seen


def test_a_late_acknowledgement_is_refused(bus):
    """After the deadline an acknowledgement fails with the id's fate in the status, and the message comes again."""
    topic = bus.topic()
    subscription = bus.subscription(topic, enable_exactly_once_delivery=True)
    bus.publish(topic, b"x")
    received = bus.pull(subscription, 1)
    bus.hold(subscription, received, seconds=1)
    time.sleep(1.5)

    with pytest.raises(exceptions.FailedPrecondition) as refusal:
        bus.ack(subscription, received)

    assert {received[0].ack_id: "PERMANENT_FAILURE_INVALID_ACK_ID"} == refusal.value.metadata
    assert [b"x"] == bus.bodies(subscription, 1)


def test_a_late_streamed_acknowledgement_raises_in_the_subscriber(bus):
    """ack_with_response raises INVALID_ACK_ID when the message was given back before."""
    topic = bus.topic()
    subscription = bus.subscription(topic, enable_exactly_once_delivery=True)
    answers, done = [], threading.Event()

    def take(message):
        if answers:
            message.ack()
            done.set()
            return
        bus.subscriber.modify_ack_deadline(
            request={"subscription": subscription, "ack_ids": [message.ack_id], "ack_deadline_seconds": 0}
        )
        answers.append(message.ack_with_response())

    with bus.stream(subscription, take):
        bus.publish(topic, b"x")
        until(lambda: answers)
        with pytest.raises(AcknowledgeError) as refusal:
            answers[0].result(10)
        assert done.wait(10)

    assert refusal.value.error_code == AcknowledgeStatus.INVALID_ACK_ID


def test_a_message_is_not_redelivered_while_it_is_held(bus):
    """As long as the lease runs nobody else gets the message (documented)."""
    topic = bus.topic()
    subscription = bus.subscription(topic, enable_exactly_once_delivery=True)
    bus.publish(topic, b"x")
    received = bus.pull(subscription, 1)

    assert [] == bus.pull(subscription, 1, within=1.0)
    bus.ack(subscription, received)
