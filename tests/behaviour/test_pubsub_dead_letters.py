from __future__ import annotations

import pytest
from google.api_core import exceptions

from pubsub_clients import until

pytest_plugins = ["pubsub_fixtures"]


def _with_dead_letters(bus, **settings):
    dead = bus.topic()
    graveyard = bus.subscription(dead)
    topic = bus.topic()
    policy = {"dead_letter_topic": dead, "max_delivery_attempts": 5}
    return topic, bus.subscription(topic, dead_letter_policy=policy, **settings), graveyard


def test_a_poison_message_reaches_the_dead_letters_after_its_attempts(bus):
    """Given back five times, a message moves to the dead-letter topic; each delivery tells its number."""
    topic, subscription, graveyard = _with_dead_letters(bus)
    bus.publish(topic, b"poison", colour="green")
    attempts = []
    for _ in range(5):
        received = bus.pull(subscription, 1)
        attempts += [entry.delivery_attempt for entry in received]
        bus.nack(subscription, received)

    (dead,) = bus.pull(graveyard, 1)

    assert [1, 2, 3, 4, 5] == attempts
    assert b"poison" == dead.message.data
    assert [] == bus.pull(subscription, 1, within=0.5)


def test_a_dead_letter_tells_where_it_comes_from(bus):
    """The service's CloudPubSubDeadLetterSource attributes stand beside the message's own."""
    topic, subscription, graveyard = _with_dead_letters(bus)
    bus.publish(topic, b"poison", colour="green")
    for _ in range(5):
        bus.nack(subscription, bus.pull(subscription, 1))

    (dead,) = bus.pull(graveyard, 1)

    attributes = dict(dead.message.attributes)
    assert "green" == attributes["colour"]
    assert subscription.rpartition("/")[2] == attributes["CloudPubSubDeadLetterSourceSubscription"]
    assert "demo" == attributes["CloudPubSubDeadLetterSourceSubscriptionProject"]
    assert "5" == attributes["CloudPubSubDeadLetterSourceDeliveryCount"]
    assert attributes["CloudPubSubDeadLetterSourceTopicPublishTime"].endswith("Z")


def test_attempts_are_counted_only_with_a_dead_letter_policy(bus):
    """Without a policy delivery_attempt is absent (documented)."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    bus.publish(topic, b"x")

    (received,) = bus.pull(subscription, 1)

    assert not received.delivery_attempt


def test_streamed_messages_reach_the_dead_letters(bus):
    """A callback that always gives back sees the message exactly five times."""
    topic, subscription, graveyard = _with_dead_letters(bus)
    attempts = []

    def refuse(message):
        attempts.append(message.delivery_attempt)
        message.nack()

    bus.publish(topic, b"poison")
    with bus.stream(subscription, refuse):
        assert [b"poison"] == bus.bodies(graveyard, 1)

    assert [1, 2, 3, 4, 5] == attempts


def test_leases_that_run_out_count_as_attempts(bus):
    """A consumer that never answers uses up the attempts as well."""
    topic, subscription, graveyard = _with_dead_letters(bus)
    bus.publish(topic, b"poison")
    for _ in range(4):
        bus.nack(subscription, bus.pull(subscription, 1))

    bus.hold(subscription, bus.pull(subscription, 1), seconds=1)

    assert [b"poison"] == bus.bodies(graveyard, 1)


def test_dead_letters_of_an_ordered_subscription_arrive(bus):
    """A poison message of an ordering key is set aside, and its successors go on in order."""
    topic, subscription, graveyard = _with_dead_letters(bus, enable_message_ordering=True)
    bus.publish(topic, b"poison", b"good", b"better", key="k")
    done = []

    def take(message):
        if message.data == b"poison":
            message.nack()
        else:
            done.append(message.data)
            message.ack()

    with bus.stream(subscription, take):
        (dead,) = bus.pull(graveyard, 1)
        until(lambda: {b"good", b"better"} <= set(done))

    assert (dead.message.data, dead.message.ordering_key) == (b"poison", "k")


def test_dead_letters_keep_what_a_filter_looks_at(bus):
    """A subscription of the dead-letter topic can filter by the attributes of the original."""
    dead = bus.topic()
    wanted = bus.subscription(dead, filter='attributes.tenant = "a"')
    topic = bus.topic()
    policy = {"dead_letter_topic": dead, "max_delivery_attempts": 5}
    subscription = bus.subscription(topic, dead_letter_policy=policy)
    bus.publish(topic, b"mine", tenant="a")
    bus.publish(topic, b"theirs", tenant="b")
    for _ in range(5):
        bus.nack(subscription, bus.pull(subscription, 2))

    assert [b"mine"] == bus.bodies(wanted, 2, within=1.5)


def test_attempts_are_held_to_the_bounds_of_the_service(bus):
    """max_delivery_attempts is between 5 and 100 (documented)."""
    dead, topic = bus.topic(), bus.topic()

    for attempts in (4, 101):
        with pytest.raises(exceptions.InvalidArgument):
            bus.subscription(topic, dead_letter_policy={"dead_letter_topic": dead, "max_delivery_attempts": attempts})


def test_a_message_is_not_lost_when_its_dead_letter_topic_is_gone(bus):
    """With no topic to move to, the message stays and is delivered again."""
    topic, subscription, graveyard = _with_dead_letters(bus)
    described = bus.subscriber.get_subscription(subscription=subscription)
    bus.publisher.delete_topic(topic=described.dead_letter_policy.dead_letter_topic)
    bus.publish(topic, b"x")
    for _ in range(6):
        bus.nack(subscription, bus.pull(subscription, 1))

    assert [b"x"] == bus.bodies(subscription, 1)
    assert [] == bus.pull(graveyard, 1, within=0.3)
