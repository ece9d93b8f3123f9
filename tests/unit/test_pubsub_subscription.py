from __future__ import annotations

import sys
from collections import Counter
from itertools import pairwise

import pytest

from archwright.emulators.pubsub.consumer import Consumer
from archwright.emulators.pubsub.errors import PubSubError
from archwright.emulators.pubsub.settings import DeadLetterPolicy, RetryPolicy
from pubsub_model import GRAVES, SUBSCRIPTION, TOPIC, World, texts

WEEK = 7 * 86_400


def test_a_lease_ends_at_its_time_and_not_before():
    """A message comes again after the ack deadline, under a new id; the old id is worth nothing."""
    world = World(ack_deadline=10.0)
    world.publish("a")
    (first,) = world.take()
    old_id = first.ack_id

    world.pass_time(9.9)
    assert [] == world.bodies()
    world.pass_time(0.2)
    (again,) = world.take()

    assert again.ack_id != old_id
    assert [old_id] == world.broker.acknowledge(world.subscription, [old_id])


def test_a_lease_that_is_over_is_over_even_before_anybody_looked():
    """An acknowledgement after the deadline is refused although the agenda has not run yet."""
    world = World(ack_deadline=10.0)
    world.publish("a")
    taken = world.take()

    world.now += 10.0

    assert [taken[0].ack_id] == world.ack(taken)


def test_leases_of_different_lengths_end_in_their_own_time():
    """Shortened, extended and untouched leases each end when they should."""
    world = World(ack_deadline=20.0)
    world.publish("short", "long", "plain")
    short, long, _plain = world.take()
    world.broker.extend(world.subscription, [short.ack_id], 5)
    world.broker.extend(world.subscription, [long.ack_id], 60)

    ended = []
    for _ in range(70):
        world.pass_time(1)
        ended += [(round(world.now - 1_700_000_000), text) for text in world.bodies()[:1]]

    assert [(5, "short"), (20, "plain"), (25, "short")] == ended[:3]
    assert (60, "long") in ended


@pytest.mark.parametrize(("attempts", "delay"), [(1, 2), (2, 4), (3, 8), (4, 8), (60, 8)])
def test_back_off_doubles_up_to_its_maximum(attempts, delay):
    """The rest after each failure is twice the last one, and never longer than the maximum."""
    assert delay == RetryPolicy(minimum=2, maximum=8).delay(attempts)


def test_a_failed_message_rests_for_its_back_off():
    """Given back, a message is not delivered before its back-off is over, whether nacked or run out."""
    world = World(ack_deadline=10.0, retry=RetryPolicy(minimum=2, maximum=600))
    world.publish("a")
    world.nack(world.take())

    world.pass_time(1.9)
    assert [] == world.bodies()
    world.pass_time(0.2)
    assert ["a"] == world.bodies()

    world.pass_time(10.0)  # the lease runs out: second failure
    world.pass_time(3.9)
    assert [] == world.bodies()
    world.pass_time(0.2)
    assert ["a"] == world.bodies()


def test_the_last_failed_attempt_moves_a_message_to_the_dead_letters():
    """After max_attempts failures the message is in the dead-letter topic and nowhere else."""
    world = World(dead_letter=DeadLetterPolicy(topic=GRAVES, max_attempts=5))
    world.publish("poison")
    for _ in range(5):
        world.nack(world.take())

    (dead,) = world.take(subscription=world.graveyard)

    assert "5" == dead.message.attributes["CloudPubSubDeadLetterSourceDeliveryCount"]
    assert [] == world.bodies()
    assert {} == world.subscription.unacknowledged


def test_without_its_dead_letter_topic_a_message_stays():
    """Nothing is dropped when there is no topic to move it to."""
    world = World(dead_letter=DeadLetterPolicy(topic=GRAVES, max_attempts=5))
    world.broker.delete_topic(GRAVES)
    world.publish("poison")
    for _ in range(7):
        world.nack(world.take())

    assert ["poison"] == world.bodies()


def test_returned_messages_come_before_fresh_ones():
    """The backlog is in the order of publishing, whatever came back."""
    world = World()
    world.publish("1", "2", "3", "4")
    world.nack(world.take(2)[::-1])

    assert ["1", "2", "3", "4"] == world.bodies()


def test_a_consumer_never_holds_more_than_it_allows():
    """Messages and bytes outstanding are bounded; an acknowledgement makes room and wakes the consumer."""
    world = World()
    woken: list[int] = []
    consumer = Consumer(lambda: woken.append(1), max_messages=3, max_bytes=10)
    world.publish(*"abcdef")

    held = list(world.take(consumer=consumer))
    assert ["a", "b", "c"] == texts(held)
    assert [] == world.bodies(consumer=consumer)
    world.ack(held[:1])

    assert woken
    assert ["d"] == world.bodies(consumer=consumer)


def test_bytes_outstanding_stop_a_consumer_as_well():
    """One message may exceed the bytes allowed, so that it gets through at all; then nothing more comes."""
    world = World()
    consumer = Consumer(lambda: None, max_bytes=10)
    world.publish("x" * 30, "y")

    assert ["x" * 30] == world.bodies(consumer=consumer)
    assert [] == world.bodies(consumer=consumer)


def test_waiting_consumers_share_a_burst():
    """The consumer that is woken takes half of what is there if one other waits, and then that one is woken."""
    world = World()
    woken: Counter[str] = Counter()
    for name in ("one", "two"):
        world.subscription.wait(Consumer(lambda name=name: woken.update([name])))

    world.publish(*"abcdefghi")

    assert {"one": 1} == woken
    assert 5 == len(world.take())
    assert {"one": 1, "two": 1} == woken


def test_a_woken_consumer_that_leaves_passes_the_word_on():
    """Messages do not lie idle because the consumer that was told of them went away."""
    world = World()
    woken = []
    first, second = Consumer(lambda: woken.append("first")), Consumer(lambda: woken.append("second"))
    world.subscription.wait(first)
    world.subscription.wait(second)
    world.publish("a")

    world.subscription.leave(first)

    assert ["first", "second"] == woken


def test_old_messages_are_forgotten():
    """After the retention a message is gone, wherever it stood."""
    world = World(retention=0.0)
    world.publish("leased", "waiting")
    world.take(1)
    world.pass_time(WEEK - 1)
    world.broker.housekeep()
    assert 2 == len(world.subscription.unacknowledged)

    world.pass_time(2)
    world.broker.housekeep()

    assert {} == world.subscription.unacknowledged
    assert [] == world.bodies()


def test_a_topic_keeps_its_history_for_its_retention_and_its_snapshots():
    """History goes when neither the retention nor a snapshot needs it."""
    world = World(retention=600.0)
    topic = world.broker.topic(TOPIC)
    world.publish("a")
    world.pass_time(500)
    world.broker.create_snapshot("projects/p/snapshots/s", SUBSCRIPTION, b"")
    world.publish("b")

    world.pass_time(700)
    world.broker.housekeep()
    assert [message.data.decode() for message in topic.history] == ["b"]

    world.broker.delete_snapshot("projects/p/snapshots/s")
    world.broker.housekeep()
    assert [] == list(topic.history)


def test_a_snapshot_expires_a_week_after_its_oldest_message():
    """A snapshot over old messages lives shorter, and one that would not live an hour is refused (documented)."""
    world = World(retention=0.0)
    subscription = world.subscribe("projects/p/subscriptions/patient", retention=31 * 86_400.0)
    world.publish("a")
    world.pass_time(2 * 86_400)

    snapshot = world.broker.create_snapshot("projects/p/snapshots/s", subscription.name, b"")
    assert pytest.approx(snapshot.expires - world.now) == 5 * 86_400

    world.pass_time(5 * 86_400)
    world.broker.housekeep()
    assert {} == world.broker.snapshots
    with pytest.raises(PubSubError):
        world.broker.create_snapshot("projects/p/snapshots/late", subscription.name, b"")


def test_a_seek_ends_every_lease():
    """After a seek the ids from before are worth nothing, and attempts are counted anew."""
    world = World()
    world.publish("a")
    taken = world.take()

    world.broker.seek_to_time(SUBSCRIPTION, 0)

    assert [taken[0].ack_id] == world.ack(taken)
    (again,) = world.take()
    assert 1 == again.attempts


def test_the_cost_of_a_message_does_not_depend_on_the_backlog():
    """Publishing, taking and acknowledging 100 messages runs as many steps over 20,000 waiting ones as over 200."""

    def steps(backlog: int) -> int:
        world = World(ordered=True)
        for start in range(0, backlog, 100):
            world.publish(*[str(i) for i in range(100)], key=str(start % 700) if start % 200 else "")
        count = 0

        def tally(_frame, event, _argument):
            nonlocal count
            count += event in {"call", "c_call"}

        sys.setprofile(tally)
        try:
            world.publish(*["x"] * 100)
            world.ack(world.take(100))
        finally:
            sys.setprofile(None)
        return count

    few, many = steps(200), steps(20_000)

    assert many <= few * 1.2


def test_ids_never_repeat():
    """No acknowledgement id is given twice, over redeliveries and seeks."""
    world = World()
    world.publish(*"abc")
    seen: Counter[str] = Counter()
    for _ in range(5):
        taken = world.take()
        seen.update(delivery.ack_id for delivery in taken)
        world.nack(taken)

    assert 15 == len(seen)


def test_message_ids_grow():
    """Ids tell the order of publishing."""
    world = World()
    world.publish(*"abc")
    world.publish(*"de")

    sequences = [delivery.message.sequence for delivery in world.take()]

    assert all(earlier < later for earlier, later in pairwise(sequences))
