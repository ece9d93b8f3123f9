from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from archwright.emulators.journal import Journal
from archwright.emulators.pubsub.broker import Broker
from archwright.emulators.pubsub.consumer import Consumer
from archwright.emulators.pubsub.ledger import JournalLedger
from archwright.emulators.pubsub.message import Draft
from archwright.emulators.pubsub.publisher import Publisher
from archwright.emulators.pubsub.push import PushOffice
from archwright.emulators.pubsub.recovery import Recovery, state_records
from archwright.emulators.pubsub.subscriber import Subscriber
from archwright.emulators.pubsub.wire import message_class

PROJECT = "projects/demo"
TOPICS = [f"{PROJECT}/topics/topic{i}" for i in range(2)]
SUBSCRIPTIONS = [f"{PROJECT}/subscriptions/subscription{i}" for i in range(3)]
SNAPSHOTS = [f"{PROJECT}/snapshots/snapshot{i}" for i in range(2)]

ACTIONS = st.one_of(
    st.tuples(st.just("publish"), st.sampled_from(TOPICS), st.sampled_from(["", "a", "b"])),
    st.tuples(st.just("ack"), st.sampled_from(SUBSCRIPTIONS), st.integers(1, 4)),
    st.tuples(st.just("nack"), st.sampled_from(SUBSCRIPTIONS), st.integers(1, 4)),
    st.tuples(st.just("seek"), st.sampled_from(SUBSCRIPTIONS), st.integers(-5, 5)),
    st.tuples(st.just("snapshot"), st.sampled_from(SUBSCRIPTIONS), st.sampled_from(SNAPSHOTS)),
    st.tuples(st.just("seek snapshot"), st.sampled_from(SUBSCRIPTIONS), st.sampled_from(SNAPSHOTS)),
    st.tuples(st.just("detach"), st.sampled_from(SUBSCRIPTIONS), st.none()),
    st.tuples(st.just("delete topic"), st.just(TOPICS[1]), st.none()),
    st.tuples(st.just("wait"), st.none(), st.none()),
    st.tuples(st.just("rewrite"), st.none(), st.none()),
)


class Story:
    """A broker that writes a journal."""

    def __init__(self, path: Path) -> None:
        self.now = 1_700_000_000.0
        self.journal = Journal(path)
        list(self.journal.replay())
        self.broker = Broker(clock=self.clock, ledger=JournalLedger(self.journal))
        publisher, subscriber = Publisher(self.broker), Subscriber(self.broker, PushOffice(self.broker))
        topic, subscription = message_class("Topic"), message_class("Subscription")
        publisher.create(topic(name=TOPICS[0], message_retention_duration={"seconds": 3600}))
        publisher.create(topic(name=TOPICS[1]))
        policy = {"dead_letter_topic": TOPICS[1], "max_delivery_attempts": 5}
        subscriber.create(
            subscription(
                name=SUBSCRIPTIONS[0], topic=TOPICS[0], enable_message_ordering=True, dead_letter_policy=policy
            )
        )
        subscriber.create(subscription(name=SUBSCRIPTIONS[1], topic=TOPICS[0], retain_acked_messages=True))
        subscriber.create(subscription(name=SUBSCRIPTIONS[2], topic=TOPICS[1]))

    def clock(self) -> float:
        return self.now

    def do(self, what, first, second):  # noqa: C901  # one branch an action
        self.now += 11 if what == "wait" else 1  # past every lease
        self.broker.agenda.run()
        broker = self.broker
        match what:
            case "publish" if first in broker.topics:
                broker.publish(first, [Draft(data=b"x", attributes={"n": "1"}, ordering_key=second)] * 2)
            case "ack" | "nack":
                subscription = broker.subscription(first)
                consumer = Consumer(lambda: None)
                taken = subscription.take(consumer, second, seconds=10)
                ids = [delivery.ack_id for delivery in taken]
                if what == "ack":
                    broker.acknowledge(subscription, ids[-1:] if len(ids) > 2 else ids)
                else:
                    broker.extend(subscription, ids[:1], 0)
                subscription.leave(consumer)
            case "seek":
                broker.seek_to_time(first, int((self.now + second) * 1e9))
            case "snapshot" if second not in broker.snapshots:
                broker.create_snapshot(second, first, b"")
            case "seek snapshot" if second in broker.snapshots:
                if broker.snapshot(second).topic == broker.subscription(first).topic:
                    broker.seek_to_snapshot(first, second)
            case "detach":
                broker.detach(first)
            case "delete topic" if first in broker.topics:
                broker.delete_topic(first)
            case "rewrite":
                self.journal.rewrite(state_records(broker))

    def recovered(self) -> Broker:
        """Read the journal as a new process would."""
        path = self.journal.path
        self.journal.close()
        broker = Broker(clock=self.clock)
        with Journal(path) as journal:
            Recovery(broker).run(journal.replay())
        return broker


@settings(max_examples=150, deadline=None)
@given(st.lists(ACTIONS, max_size=40))
def test_a_journal_tells_the_whole_story(actions):
    """Replayed, a journal gives exactly the messages that wait, the history and the snapshots."""
    with tempfile.TemporaryDirectory() as folder:
        story = Story(Path(folder) / "journal")
        for action in actions:
            story.do(*action)

        recovered = story.recovered()

    live = story.broker
    assert list(live.topics) == list(recovered.topics)
    for name, subscription in live.subscriptions.items():
        assert set(subscription.unacknowledged) == set(recovered.subscription(name).unacknowledged)
        assert subscription.topic == recovered.subscription(name).topic
        assert subscription.detached == recovered.subscription(name).detached
    for name, topic in live.topics.items():
        assert [m.sequence for m in topic.history] == [m.sequence for m in recovered.topic(name).history]
    assert {name: set(s.unacknowledged) for name, s in live.snapshots.items()} == {
        name: set(s.unacknowledged) for name, s in recovered.snapshots.items()
    }
    assert live.sequence == recovered.sequence
