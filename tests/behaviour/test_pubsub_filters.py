from __future__ import annotations

import pytest
from google.api_core import exceptions

pytest_plugins = ["pubsub_fixtures"]


def test_a_filter_selects_by_attributes(bus):
    """A subscription with a filter delivers only the messages whose attributes match."""
    topic = bus.topic()
    picky = bus.subscription(topic, filter='attributes.kind = "a" AND NOT hasPrefix(attributes.region, "eu")')
    kinds = bus.subscription(topic, filter="attributes:kind")
    bus.publish(topic, b"1", kind="a", region="us")
    bus.publish(topic, b"2", kind="a", region="eu-1")
    bus.publish(topic, b"3", kind="b", region="us")
    bus.publish(topic, b"4", other="x")

    assert [b"1"] == bus.bodies(picky, 4, within=1.0)
    assert {b"1", b"2", b"3"} == set(bus.bodies(kinds, 4, within=1.0))


def test_what_a_filter_leaves_out_counts_as_acknowledged(bus):
    """Messages that do not match never come, not even after a seek (documented: acknowledged automatically)."""
    topic = bus.topic()
    subscription = bus.subscription(topic, filter="attributes:kind", retain_acked_messages=True)
    bus.publish(topic, b"out")
    bus.publish(topic, b"in", kind="a")
    assert [b"in"] == bus.bodies(subscription, 2, within=0.5)

    bus.subscriber.seek(request={"subscription": subscription, "time": {"seconds": 1}})

    assert [b"in"] == bus.bodies(subscription, 2, within=0.5)


def test_an_invalid_filter_is_refused(bus):
    """A subscription with a filter that is none is not made."""
    topic = bus.topic()

    with pytest.raises(exceptions.InvalidArgument, match="filter"):
        bus.subscription(topic, filter="nonsense (((")


def test_a_filter_cannot_be_changed(bus):
    """Filters are fixed when a subscription is made (documented)."""
    topic = bus.topic()
    subscription = bus.subscription(topic, filter="attributes:kind")
    request = {
        "subscription": {"name": subscription, "filter": "attributes:other"},
        "update_mask": {"paths": ["filter"]},
    }

    with pytest.raises(exceptions.InvalidArgument):
        bus.subscriber.update_subscription(request=request)
