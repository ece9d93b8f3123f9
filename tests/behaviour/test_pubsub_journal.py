from __future__ import annotations

import random
import time

import pytest

from archwright.emulators.journal import Journal
from archwright.emulators.pubsub import PubSubEmulator
from archwright.emulators.pubsub.broker import Broker
from archwright.emulators.pubsub.ledger import JournalLedger
from archwright.emulators.pubsub.message import Draft
from archwright.emulators.pubsub.recovery import Recovery, state_records
from archwright.emulators.pubsub.settings import TopicSettings
from archwright.emulators.pubsub.wire import message_class
from pubsub_clients import PROJECT, Bus, duration, until
from pubsub_process import Process


@pytest.fixture
def connect():
    """Make clients, and close them at the end of the test."""
    made = []

    def make(emulator):
        made.append(Bus(emulator.endpoint))
        return made[-1]

    yield make
    for bus in made:
        bus.close()


def _recovered(path):
    broker = Broker()
    with Journal(path) as journal:
        Recovery(broker).run(journal.replay())
    return broker


def test_what_was_accepted_survives_kill_9(tmp_path, connect):
    """After SIGKILL and a restart every message that was not acknowledged is delivered, and no acknowledged one."""
    journal = tmp_path / "journal"
    with Process(journal=journal) as first:
        bus = connect(first)
        topic = bus.topic()
        subscription = bus.subscription(topic)
        bus.publish(topic, *(b"%d" % i for i in range(100)), colour="green")
        done = set(bus.bodies(subscription, 40))
        bus.pull(subscription, 10)  # held, not acknowledged
        first.kill()

    with Process(journal=journal, port=first.port) as second:
        again = connect(second).pull(subscription, 60)

    assert {b"%d" % i for i in range(100)} - done == {entry.message.data for entry in again}
    assert {"green"} == {entry.message.attributes["colour"] for entry in again}


def test_a_publisher_killed_at_any_moment_lost_nothing_it_was_told_of(tmp_path, connect):
    """While messages stream in the emulator is killed; whatever a publisher was given an id for is there afterwards."""
    journal = tmp_path / "journal"
    accepted = []
    with Process(journal=journal) as first:
        bus = connect(first)
        topic = bus.topic()
        subscription = bus.subscription(topic)
        futures = [bus.publisher.publish(topic, b"%d" % i, retry=None) for i in range(3000)]
        until(lambda: sum(future.done() for future in futures) > 500)
        first.kill()
        accepted = [i for i, future in enumerate(futures) if future.done() and not _failed(future)]

    broker = _recovered(journal)

    kept = {int(message.data) for message in broker.subscription(subscription).unacknowledged.values()}
    assert len(accepted) > 400
    assert set() == set(accepted) - kept


def _failed(future):
    return future.exception(timeout=0) is not None


def test_everything_else_comes_back_too(tmp_path, connect):
    """Settings, snapshots, schemas, retained history, detached and orphaned subscriptions are as they were."""
    path = tmp_path / "journal"
    with PubSubEmulator(journal=path) as emulator:
        bus = connect(emulator)
        topic = bus.topic(message_retention_duration=duration(3600), labels={"a": "b"})
        subscription = bus.subscription(topic, enable_message_ordering=True, filter="attributes:kind")
        orphan_topic = bus.topic()
        orphan = bus.subscription(orphan_topic)
        detached = bus.subscription(topic)
        bus.publish(topic, b"1", b"2", kind="k", key="k")
        bus.publish(orphan_topic, b"left")
        bus.publisher.delete_topic(topic=orphan_topic)
        bus.publisher.detach_subscription(request={"subscription": detached})
        snapshot = f"{PROJECT}/snapshots/kept"
        bus.subscriber.create_snapshot(request={"name": snapshot, "subscription": subscription})
        assert [b"1", b"2"] == bus.bodies(subscription, 2)
        described = bus.subscriber.get_subscription(subscription=subscription)

    with PubSubEmulator(journal=path) as emulator:
        bus = connect(emulator)
        assert described == bus.subscriber.get_subscription(subscription=subscription)
        assert {"a": "b"} == dict(bus.publisher.get_topic(topic=topic).labels)
        assert "_deleted-topic_" == bus.subscriber.get_subscription(subscription=orphan).topic
        assert bus.subscriber.get_subscription(subscription=detached).detached
        assert [b"left"] == bus.bodies(orphan, 1)
        assert [] == bus.pull(subscription, 1, within=0.3)
        bus.subscriber.seek(request={"subscription": subscription, "snapshot": snapshot})
        assert [b"1", b"2"] == bus.bodies(subscription, 2)


def test_a_dead_letter_is_in_one_place_after_a_restart(tmp_path, connect):
    """A message that was moved to the dead-letter topic comes back there, and not where it failed."""
    path = tmp_path / "journal"
    with PubSubEmulator(journal=path) as emulator:
        bus = connect(emulator)
        dead, topic = bus.topic(), bus.topic()
        graveyard = bus.subscription(dead)
        policy = {"dead_letter_topic": dead, "max_delivery_attempts": 5}
        subscription = bus.subscription(topic, dead_letter_policy=policy)
        bus.publish(topic, b"poison")
        for _ in range(5):
            bus.nack(subscription, bus.pull(subscription, 1))

    with PubSubEmulator(journal=path) as emulator:
        bus = connect(emulator)
        assert [b"poison"] == bus.bodies(graveyard, 1)
        assert [] == bus.pull(subscription, 1, within=0.3)


def test_a_rewritten_journal_holds_the_same_state(tmp_path, connect):
    """Compaction keeps everything: replayed before and after, a journal gives the same broker."""
    path = tmp_path / "journal"
    with PubSubEmulator(journal=path) as emulator:
        bus = connect(emulator)
        topic = bus.topic(message_retention_duration=duration(3600))
        first = bus.subscription(topic, retain_acked_messages=True, enable_message_ordering=True)
        second = bus.subscription(topic)
        for i in range(30):
            bus.publish(topic, b"%d" % i, key=f"k{i % 3}", n=str(i))
        bus.bodies(first, 10)
        bus.bodies(second, 20)
        bus.subscriber.create_snapshot(request={"name": f"{PROJECT}/snapshots/kept", "subscription": second})

    before = _recovered(path)
    with Journal(path) as journal:
        list(journal.replay())
        journal.rewrite(state_records(before))
    after = _recovered(path)

    assert list(state_records(before)) == list(state_records(after))
    assert 20 == len(before.subscription(first).unacknowledged)
    assert 10 == len(after.subscription(second).unacknowledged)


def test_what_a_nack_brought_back_comes_after_a_restart_too(tmp_path, connect):
    """2 was acknowledged and came back because 1 was given back: after a restart both are delivered."""
    path = tmp_path / "journal"
    with PubSubEmulator(journal=path) as emulator:
        bus = connect(emulator)
        topic = bus.topic()
        subscription = bus.subscription(topic, enable_message_ordering=True)
        bus.publish(topic, b"1", b"2", b"3", key="k")
        first, second, _third = bus.pull(subscription, 3)
        bus.ack(subscription, [second])
        bus.nack(subscription, [first])

    with PubSubEmulator(journal=path) as emulator:
        assert [b"1", b"2", b"3"] == connect(emulator).bodies(subscription, 3)


def test_a_topic_outlives_its_schema_in_a_journal(tmp_path, connect):
    """A topic whose schema was deleted is still there after a restart, also from a rewritten journal."""
    path = tmp_path / "journal"
    with PubSubEmulator(journal=path) as emulator:
        bus = connect(emulator)
        schema = bus.schemas.create_schema(
            parent=PROJECT, schema={"type_": "AVRO", "definition": '"string"'}, schema_id="order"
        )
        topic = bus.topic(schema_settings={"schema": schema.name, "encoding": "JSON"})
        bus.publish(topic, b'"fits"')
        bus.schemas.delete_schema(name=schema.name)

    broker = _recovered(path)
    with Journal(path) as journal:
        list(journal.replay())
        journal.rewrite(state_records(broker))

    assert topic in _recovered(path).topics


def test_an_overgrown_journal_is_shortened_while_the_emulator_runs(tmp_path, connect):
    """A journal of acknowledged messages shrinks by itself, and nothing that waits is lost."""
    path = tmp_path / "journal"
    with PubSubEmulator(journal=path) as emulator:
        bus = connect(emulator)
        topic = bus.topic()
        subscription = bus.subscription(topic)
        for _ in range(20):
            bus.publish(topic, b"x" * 1_000_000)
            bus.bodies(subscription, 1)
        bus.publish(topic, b"kept")
        until(lambda: path.stat().st_size < 1_000_000)

    assert [m.data for m in _recovered(path).subscription(subscription).unacknowledged.values()] == [b"kept"]


def test_replaying_is_quick(tmp_path):
    """50,000 messages are read back in a few seconds."""
    path = tmp_path / "journal"
    topic = f"{PROJECT}/topics/many"
    broker = Broker()
    with Journal(path) as journal:
        list(journal.replay())
        broker.ledger = JournalLedger(journal)
        broker.create_topic(topic, TopicSettings(retention=600.0), _definition(topic))
        chance = random.Random(1)  # noqa: S311  # bytes to fill messages with
        for _ in range(500):
            broker.publish(topic, [_draft(chance.randbytes(200)) for _ in range(100)])

    start = time.monotonic()
    recovered = _recovered(path)

    assert len(recovered.topic(topic).history) == 50_000
    assert time.monotonic() - start < 10


def _draft(data):
    return Draft(data=data, attributes={})


def _definition(name):
    return message_class("Topic")(name=name, message_retention_duration={"seconds": 600}).SerializeToString()
