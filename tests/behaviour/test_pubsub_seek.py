from __future__ import annotations

import datetime as dt
import time
import uuid

import pytest
from google.api_core import exceptions

from pubsub_clients import PROJECT, duration

pytest_plugins = ["pubsub_fixtures"]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _snapshot(bus, subscription):
    name = f"{PROJECT}/snapshots/n{uuid.uuid4().hex[:12]}"
    return bus.subscriber.create_snapshot(request={"name": name, "subscription": subscription})


def test_seek_to_a_time_brings_back_what_was_published_since(bus):
    """With retained acknowledged messages, a seek into the past delivers again exactly what came after that moment."""
    topic = bus.topic()
    subscription = bus.subscription(topic, retain_acked_messages=True, message_retention_duration=duration(3600))
    bus.publish(topic, b"1", b"2")
    time.sleep(0.3)
    middle = _now()
    time.sleep(0.3)
    bus.publish(topic, b"3")
    assert 3 == len(bus.bodies(subscription, 3))

    bus.subscriber.seek(request={"subscription": subscription, "time": middle})
    assert [b"3"] == bus.bodies(subscription, 3, within=0.7)

    bus.subscriber.seek(request={"subscription": subscription, "time": middle - dt.timedelta(hours=1)})
    assert {b"1", b"2", b"3"} == set(bus.bodies(subscription, 3))


def test_seek_to_the_future_purges(bus):
    """A seek past the present acknowledges everything that waits."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    bus.publish(topic, b"1", b"2")

    bus.subscriber.seek(request={"subscription": subscription, "time": _now() + dt.timedelta(minutes=1)})

    assert [] == bus.pull(subscription, 1, within=0.5)


def test_without_retention_nothing_acknowledged_comes_back(bus):
    """A seek reaches only what the subscription keeps (documented)."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    bus.publish(topic, b"gone")
    assert [b"gone"] == bus.bodies(subscription, 1)

    bus.subscriber.seek(request={"subscription": subscription, "time": _now() - dt.timedelta(hours=1)})

    assert [] == bus.pull(subscription, 1, within=0.5)


def test_a_topic_that_retains_serves_subscriptions_made_later(bus):
    """With retention on the topic, a new subscription can seek to before it was made (documented)."""
    topic = bus.topic(message_retention_duration=duration(3600))
    bus.publish(topic, b"1", b"2", b"3")
    subscription = bus.subscription(topic)

    bus.subscriber.seek(request={"subscription": subscription, "time": _now() - dt.timedelta(minutes=5)})

    assert {b"1", b"2", b"3"} == set(bus.bodies(subscription, 3))


def test_a_snapshot_brings_back_what_was_not_acknowledged(bus):
    """After a seek to a snapshot the messages not acknowledged then are delivered again, and no others."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    bus.publish(topic, b"1", b"2", b"3")
    first = bus.bodies(subscription, 1)
    snapshot = _snapshot(bus, subscription)
    rest = bus.bodies(subscription, 2)

    bus.subscriber.seek(request={"subscription": subscription, "snapshot": snapshot.name})

    assert set(rest) == set(bus.bodies(subscription, 3, within=1.0))
    assert first[0] not in rest


def test_a_snapshot_keeps_what_is_published_after_it(bus):
    """Messages published and acknowledged after the snapshot come back as well (documented)."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    snapshot = _snapshot(bus, subscription)
    bus.publish(topic, b"later")
    assert [b"later"] == bus.bodies(subscription, 1)

    bus.subscriber.seek(request={"subscription": subscription, "snapshot": snapshot.name})

    assert [b"later"] == bus.bodies(subscription, 1)


def test_a_snapshot_serves_another_subscription_of_the_topic(bus):
    """A snapshot can be sought by any subscription of its topic (documented)."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    bus.publish(topic, b"1", b"2")
    snapshot = _snapshot(bus, subscription)
    other = bus.subscription(topic)

    bus.subscriber.seek(request={"subscription": other, "snapshot": snapshot.name})

    assert {b"1", b"2"} == set(bus.bodies(other, 2))


def test_a_snapshot_of_another_topic_is_refused(bus):
    """Snapshot and subscription must share their topic (documented)."""
    snapshot = _snapshot(bus, bus.subscription(bus.topic()))
    stranger = bus.subscription(bus.topic())

    with pytest.raises((exceptions.InvalidArgument, exceptions.FailedPrecondition)):
        bus.subscriber.seek(request={"subscription": stranger, "snapshot": snapshot.name})


def test_a_snapshot_expires_within_a_week(bus):
    """A fresh snapshot lives seven days; it can be listed and deleted."""
    subscription = bus.subscription(bus.topic())
    snapshot = _snapshot(bus, subscription)

    life = snapshot.expire_time - _now()
    names = [found.name for found in bus.subscriber.list_snapshots(project=PROJECT)]
    bus.subscriber.delete_snapshot(snapshot=snapshot.name)

    assert dt.timedelta(days=6, hours=23) < life <= dt.timedelta(days=7, minutes=1)
    assert snapshot.name in names
    with pytest.raises(exceptions.NotFound):
        bus.subscriber.seek(request={"subscription": subscription, "snapshot": snapshot.name})
