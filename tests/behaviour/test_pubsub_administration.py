from __future__ import annotations

import pytest
from google.api_core import exceptions

from pubsub_clients import PROJECT, duration

pytest_plugins = ["pubsub_fixtures"]

DAY = 86_400


def test_a_topic_is_changed_by_mask(bus):
    """UpdateTopic changes the fields of its mask and no others."""
    topic = bus.topic(labels={"a": "b"})
    request = {
        "topic": {"name": topic, "labels": {"x": "y"}, "message_retention_duration": duration(600)},
        "update_mask": {"paths": ["labels"]},
    }

    changed = bus.publisher.update_topic(request=request)

    assert {"x": "y"} == dict(changed.labels)
    assert not bus.publisher.get_topic(topic=topic).message_retention_duration


def test_a_subscription_is_changed_by_mask(bus):
    """UpdateSubscription takes effect; a field of the mask that does not exist is refused."""
    subscription = bus.subscription(bus.topic())
    wanted = {"name": subscription, "ack_deadline_seconds": 42}

    bus.subscriber.update_subscription(
        request={"subscription": wanted, "update_mask": {"paths": ["ack_deadline_seconds"]}}
    )

    assert 42 == bus.subscriber.get_subscription(subscription=subscription).ack_deadline_seconds
    with pytest.raises((exceptions.InvalidArgument, exceptions.NotFound)):
        bus.subscriber.update_subscription(request={"subscription": wanted, "update_mask": {"paths": ["nonsense"]}})


def test_defaults_are_those_of_the_service(bus):
    """A plain subscription has a deadline of 10 s and keeps messages for 7 days (documented)."""
    found = bus.subscriber.get_subscription(subscription=bus.subscription(bus.topic()))

    assert 10 == found.ack_deadline_seconds
    assert found.message_retention_duration.total_seconds() == 7 * DAY


def test_lists_come_in_pages(bus):
    """Every topic and subscription is listed once, whatever the size of a page."""
    topics = {bus.topic() for _ in range(5)}
    subscriptions = {bus.subscription(topic) for topic in topics}

    listed = [found.name for found in bus.publisher.list_topics(request={"project": PROJECT, "page_size": 2})]
    subscribed = bus.subscriber.list_subscriptions(request={"project": PROJECT, "page_size": 2})

    assert topics <= set(listed)
    assert len(set(listed)) == len(listed)
    assert subscriptions <= {found.name for found in subscribed}
    topic = min(topics)
    assert 1 == len(list(bus.publisher.list_topic_subscriptions(topic=topic)))


def test_a_subscription_outlives_its_topic(bus):
    """After its topic is deleted a subscription says so and still delivers what it had."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    bus.publish(topic, b"left")

    bus.publisher.delete_topic(topic=topic)

    assert "_deleted-topic_" == bus.subscriber.get_subscription(subscription=subscription).topic
    assert [b"left"] == bus.bodies(subscription, 1)


def test_a_detached_subscription_delivers_nothing_more(bus):
    """Detached, a subscription drops its messages and refuses pulls (documented)."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    bus.publish(topic, b"x")

    bus.publisher.detach_subscription(request={"subscription": subscription})

    assert bus.subscriber.get_subscription(subscription=subscription).detached
    with pytest.raises(exceptions.FailedPrecondition):
        bus.subscriber.pull(request={"subscription": subscription, "max_messages": 1}, timeout=2, retry=None)


def test_a_deleted_subscription_ends_its_streams(bus):
    """A streaming subscriber learns that its subscription is gone."""
    subscription = bus.subscription(bus.topic())

    with bus.stream(subscription, lambda message: message.ack()) as future:
        bus.subscriber.delete_subscription(subscription=subscription)
        with pytest.raises(exceptions.NotFound):
            future.result(10)


def test_nothing_is_made_twice(bus):
    """A second creation of a topic or subscription is refused as such."""
    topic = bus.topic()
    subscription = bus.subscription(topic)

    with pytest.raises(exceptions.AlreadyExists):
        bus.publisher.create_topic(name=topic)
    with pytest.raises(exceptions.AlreadyExists):
        bus.subscriber.create_subscription(name=subscription, topic=topic)


def test_retention_is_held_to_its_bounds(bus):
    """A subscription keeps messages for 10 minutes to 31 days (documented)."""
    topic = bus.topic()
    for seconds in (599, 31 * DAY + 1):
        with pytest.raises(exceptions.InvalidArgument):
            bus.subscription(topic, message_retention_duration=duration(seconds))

    assert bus.subscription(topic, message_retention_duration=duration(600))
    assert bus.subscription(topic, message_retention_duration=duration(31 * DAY))


def test_permissions_are_always_granted(bus):
    """IAM calls answer, and everything is allowed."""
    topic = bus.topic()
    wanted = ["pubsub.topics.publish", "pubsub.topics.delete"]

    granted = bus.publisher.test_iam_permissions(request={"resource": topic, "permissions": wanted})

    assert wanted == list(granted.permissions)
    assert bus.publisher.get_iam_policy(request={"resource": topic}) is not None


def test_what_is_not_emulated_is_refused_rather_than_ignored(bus):
    """Message transforms would change messages: a subscription with one is refused, not made without it."""
    code = "function f(message, metadata) { return message; }"
    transforms = [{"javascript_udf": {"function_name": "f", "code": code}}]

    with pytest.raises(exceptions.MethodNotImplemented):
        bus.subscription(bus.topic(), message_transforms=transforms)
