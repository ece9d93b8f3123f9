"""The broker model without a transport: locks, counts, time, turns, rules, and flat cost."""

from __future__ import annotations

import pytest

from archwright.emulators.servicebus.config import load_broker
from archwright.emulators.servicebus.errors import (
    EntityExistsError,
    MessageLockLostError,
    MessageNotFoundError,
    NotFoundError,
)
from archwright.emulators.servicebus.message import DATA, PROPERTIES, Message, section
from archwright.emulators.servicebus.rules import Rule
from servicebus_bench import CONFIG


class Consumer:
    """A receiver without a transport."""

    receive_and_delete = False
    session = None

    def __init__(self, credit=1000):
        self.credit = credit
        self.taken = []
        self.refused = None

    def deliver(self, entry, token):
        self.credit -= 1
        self.taken.append((entry, token))

    def granted(self, session):
        assert self.session is session

    def refuse(self, error):
        self.refused = error


class Clock:
    now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def broker(clock):
    broker = load_broker(CONFIG)
    broker.now = clock
    return broker


def message(body="x", session=None):
    properties = [None] * 10 + [session] if session else []
    return Message.parse(section(PROPERTIES, properties) + section(DATA, body.encode()))


def send(broker, name, count=1, **options):
    broker.send(broker.find(name), [message(str(n), **options) for n in range(count)])


def attach(broker, name, credit=1000):
    consumer = Consumer(credit)
    broker.find(name).line.feed(consumer)
    broker.settle()
    return consumer


def test_consumers_take_turns(broker):
    """Three consumers with credit get a third each."""
    consumers = [attach(broker, "long") for _ in range(3)]
    send(broker, "long", 9)
    broker.settle()

    assert [3, 3, 3] == [len(consumer.taken) for consumer in consumers]


def test_credit_is_never_exceeded(broker):
    """A consumer gets no more than it asked for."""
    send(broker, "long", 9)

    assert len(attach(broker, "long", credit=4).taken) == 4


def test_a_lost_lock_can_be_neither_renewed_nor_settled(broker, clock):
    """Once its time is over, a lock is worth nothing, even before anybody noticed."""
    send(broker, "q")
    ((_, token),) = attach(broker, "q", credit=1).taken
    queue = broker.find("q")
    clock.now += 1.9
    assert queue.renew(token) == clock.now + 2
    clock.now += 2.1

    with pytest.raises(MessageLockLostError):
        queue.renew(token)
    with pytest.raises(MessageLockLostError):
        queue.complete(token)


def test_the_alarm_is_set_for_the_next_thing_due(broker, clock):
    """The broker asks to be woken when the first lock ends, and not before."""
    send(broker, "q")
    attach(broker, "q", credit=1)

    assert broker.next_alarm() == clock.now + 2
    clock.now += 2
    broker.tick()
    assert [1] == [entry.deliveries for entry in broker.find("q").entries.values()]


def test_a_session_that_emptied_leaves_nothing(broker):
    """Sessions without entries, state or holder are forgotten."""
    queue = broker.find("sess")
    for n in range(100):
        send(broker, "sess", session=f"s{n}")
        consumer = Consumer()
        queue.line.accept(consumer, f"s{n}", 1)
        broker.settle()
        queue.complete(consumer.taken[0][1])
        queue.line.leave(consumer)

    assert ({}, {}) == (queue.line.sessions, queue.entries)


def test_traffic_leaves_nothing_behind(broker, clock):
    """After ten thousand messages with a time to live nothing is kept for them."""
    queue = broker.find("ttl")
    consumer = attach(broker, "ttl", credit=0)
    for _ in range(100):
        send(broker, "ttl", 100)
        consumer.credit = 100
        queue.line.feed(consumer)
        broker.settle()
        for _, token in consumer.taken:
            queue.complete(token)
        consumer.taken.clear()

    assert len(queue.agenda) < 3000
    assert not queue.entries
    assert not queue.locked


def test_next_available_ignores_sessions_with_nothing_ready(broker):
    """A session whose only entry is deferred is not offered."""
    queue = broker.find("longsess")
    send(broker, "longsess", session="a")
    first = Consumer()
    queue.line.accept(first, "a", 1)
    broker.settle()
    queue.defer(first.taken[0][1])
    queue.line.leave(first)

    second = Consumer()
    queue.line.accept(second, None, 5)
    assert second.session is None
    send(broker, "longsess", session="b")
    assert second.session.id == "b"


def test_all_or_none_is_deferred_again(broker):
    """Asking for one deferred and one unknown number locks nothing."""
    queue = broker.find("long")
    send(broker, "long")
    ((entry, token),) = attach(broker, "long").taken
    queue.defer(token)

    with pytest.raises(MessageNotFoundError):
        queue.receive_deferred([entry.sequence, 99], delete=False, session=None)
    assert entry.token is None


def test_rules_change_while_messages_flow(broker):
    """A rule can be added once and removed once, and decides from then on."""
    subscription = broker.subscription_of(broker.find("t/Subscriptions/all"))
    subscription.remove_rule("$Default")
    send(broker, "t")
    subscription.add_rule(Rule.define("some", {"sql": "1=1"}))
    send(broker, "t")

    assert len(subscription.queue.entries) == 1
    with pytest.raises(EntityExistsError):
        subscription.add_rule(Rule.define("some", {"sql": "1=1"}))
    with pytest.raises(NotFoundError):
        subscription.remove_rule("none")


ADDRESSES = ["Q", "/q/", "amqp://host:5672/q", "sb://host/q", "q/$DeadLetterQueue", "Q/$deadletterqueue"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_addresses_in_every_spelling(broker, address):
    """Paths and URLs, capitals or not, lead to the entity."""
    assert broker.find(address).path.lower().startswith("q")


def test_browsing_skips_gaps(broker):
    """Peek finds what is left after most was completed, from either side of a gap."""
    queue = broker.find("long")
    send(broker, "long", 1000)
    for entry, token in attach(broker, "long").taken:
        if entry.sequence != 900:
            queue.complete(token)

    assert [900] == [entry.sequence for entry in queue.browse(0, 10, None)]
    assert [] == queue.browse(901, 10, None)
