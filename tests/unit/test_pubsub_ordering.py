from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from archwright.emulators.pubsub.consumer import Consumer
from archwright.emulators.pubsub.settings import DeadLetterPolicy, RetryPolicy
from pubsub_model import GRAVES, World, texts


def test_a_key_belongs_to_one_consumer_until_all_is_acknowledged():
    """The holder of a key's messages is given their successors; everybody else waits."""
    world = World(ordered=True)
    holder, other = Consumer(lambda: None, max_messages=2), Consumer(lambda: None)
    world.publish("1", "2", "3", key="k")
    held = list(world.take(consumer=holder))
    assert ["1", "2"] == texts(held)

    assert [] == world.bodies(consumer=other)
    world.ack(held[:1])
    assert [] == world.bodies(consumer=other)
    assert ["3"] == world.bodies(consumer=holder)


def test_a_key_passes_on_when_its_holder_is_done():
    """Once nothing of a key is outstanding, anybody may have what comes next."""
    world = World(ordered=True)
    holder, other = Consumer(lambda: None, max_messages=1), Consumer(lambda: None)
    world.publish("1", "2", key="k")
    held = world.take(consumer=holder)
    world.subscription.leave(holder)

    world.ack(held)

    assert ["2"] == world.bodies(consumer=other)


def test_the_holder_is_woken_for_a_successor():
    """A message published on a key that a stream holds wakes that stream."""
    world = World(ordered=True)
    woken = []
    holder = Consumer(lambda: woken.append(1))
    world.publish("1", key="k")
    world.take(consumer=holder)

    world.publish("2", key="k")

    assert woken
    assert ["2"] == world.bodies(consumer=holder)


def test_a_nack_takes_back_acknowledged_successors():
    """1 given back after 2 was acknowledged: 1, 2 and 3 are delivered again, in order."""
    world = World(ordered=True)
    world.publish("1", "2", "3", key="k")
    one, two, _three = world.take()
    world.ack([two])

    world.nack([one])

    assert ["1", "2", "3"] == world.bodies()


def test_a_nack_leaves_predecessors_alone():
    """2 given back while 1 is held: 2 and 3 come again, and only when 1 is done."""
    world = World(ordered=True)
    world.publish("1", "2", "3", key="k")
    one, two, _three = world.take()

    world.nack([two])
    assert [] == world.bodies()
    world.ack([one])

    assert ["2", "3"] == world.bodies()


def test_a_key_stands_still_while_its_first_message_rests():
    """During the back-off nothing of the key is delivered, also nothing published meanwhile; other keys go on."""
    world = World(ordered=True, retry=RetryPolicy(minimum=10, maximum=10))
    world.publish("1", "2", key="k")
    world.nack(world.take(1))
    world.publish("3", key="k")
    world.publish("other", key="free")

    assert ["other"] == world.bodies()
    world.pass_time(10.1)

    assert ["1", "2", "3"] == world.bodies()


def test_a_dead_letter_frees_its_key():
    """When a poison message is set aside, its successors go on in order."""
    world = World(ordered=True, dead_letter=DeadLetterPolicy(topic=GRAVES, max_attempts=5))
    world.publish("poison", "1", "2", key="k")
    for _ in range(5):
        world.nack(world.take(1))

    assert ["1", "2"] == world.bodies()
    assert ["poison"] == world.bodies(subscription=world.graveyard)


def test_messages_without_a_key_are_not_held_up():
    """On an ordered subscription a message without a key goes to anybody."""
    world = World(ordered=True)
    world.publish("1", "2", key="k")
    world.take(1)

    world.publish("plain")

    assert ["plain"] == world.bodies()


def test_keys_that_are_done_leave_nothing_behind():
    """Memory does not grow with the number of keys ever used."""
    world = World(ordered=True)
    for i in range(500):
        world.publish("x", key=f"k{i}")
    world.ack(world.take(500))

    assert {} == world.subscription._lanes._lanes


def test_a_seek_starts_keys_over():
    """After a seek a stream that held a key is served from the new state."""
    world = World(ordered=True, retain_acknowledged=True)
    stream = Consumer(lambda: None)
    world.publish("1", "2", "3", key="k")
    world.ack(world.take(2, consumer=stream))
    world.take(1, consumer=stream)

    world.broker.seek_to_time(world.subscription.name, 0)

    assert ["1", "2", "3"] == world.bodies(consumer=stream)


ACTIONS = st.one_of(
    st.tuples(st.just("publish"), st.sampled_from(["", "a", "b", "c"])),
    st.tuples(st.just("take"), st.integers(0, 2), st.integers(1, 4)),
    st.tuples(st.just("ack"), st.integers(0, 20)),
    st.tuples(st.just("nack"), st.integers(0, 20)),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 5.0, 11.0])),
    st.tuples(st.just("leave"), st.integers(0, 2)),
)


@settings(deadline=None)
@given(st.lists(ACTIONS, max_size=60), st.booleans())
def test_nothing_overtakes_and_nothing_is_lost(actions, rests):  # noqa: C901  # one branch an action
    """A key's next delivery never skips one that is still to be done, and in the end everything is acknowledged.

    Whatever is taken, acknowledged, given back or left to run out, by whom ever.
    """
    world = World(ordered=True, ack_deadline=10.0, retry=RetryPolicy(minimum=1, maximum=4) if rests else None)
    consumers = [Consumer(lambda: None, max_messages=5) for _ in range(3)]
    held, published = [], 0
    delivered = defaultdict(list)  # key → what was handed out since the key last started over

    def note(taken):
        for delivery in taken:
            key, sequence = delivery.message.ordering_key, delivery.message.sequence
            if key:
                again = [known for known in delivered[key] if known < sequence]
                assert len(again) == sum(1 for known in every[key] if known < sequence), "something was overtaken"
                delivered[key] = [*again, sequence]
        held.extend(taken)

    every = defaultdict(list)
    for action in actions:
        match action:
            case "publish", key:
                published += 1
                world.publish(str(published), key=key)
                every[key].append(world.broker.sequence)
            case "take", who, limit:
                note(world.take(limit, consumer=consumers[who]))
            case "ack", index if held:
                world.ack([held.pop(index % len(held))])
            case "nack", index if held:
                world.nack([held.pop(index % len(held))])
            case "wait", seconds:
                world.pass_time(seconds)
            case "leave", who:
                world.subscription.leave(consumers[who])
                consumers[who] = Consumer(lambda: None, max_messages=5)
    world.pass_time(20)  # whatever is held runs out, whatever rests has rested
    world.pass_time(20)
    while taken := world.take(3):
        note(taken)
        world.ack(taken)

    assert {} == world.subscription.unacknowledged
    assert 0 == len(world.subscription._leases)
