"""The broker: topics, subscriptions and snapshots by name, and all that passes between them. Knows no transport."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ..faults import Faults  # noqa: TID252  # copied whole under other names
from .agenda import NANOSECONDS, Agenda, steady_clock
from .dead_letters import dead_letter
from .errors import NotRecordedError, already_exists, invalid, not_found
from .ledger import Ledger
from .message import Message
from .schemas import Schemas
from .snapshots import Snapshot, expiry
from .subscription import Subscription
from .topic import DELETED_TOPIC, Topic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .message import Delivery, Draft
    from .settings import SubscriptionSettings, TopicSettings


class Broker:
    """All state of one emulator.

    Args:
        clock: seconds since 1970; tests pass their own.
        ledger: told of every change before it is made; what it refuses does not happen.
    """

    def __init__(self, clock: Callable[[], float] | None = None, ledger: Ledger | None = None) -> None:
        self.clock = clock or steady_clock()
        self.agenda = Agenda(self.clock)
        self.ledger = ledger or Ledger()
        self.faults = Faults()
        self.topics: dict[str, Topic] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.snapshots: dict[str, Snapshot] = {}
        self.schemas = Schemas()
        self.sequence = 0

    def topic(self, name: str) -> Topic:
        """Return a topic, or refuse with NOT_FOUND."""
        if name not in self.topics:
            raise not_found(name)
        return self.topics[name]

    def subscription(self, name: str) -> Subscription:
        """Return a subscription, or refuse with NOT_FOUND."""
        if name not in self.subscriptions:
            raise not_found(name)
        return self.subscriptions[name]

    def snapshot(self, name: str) -> Snapshot:
        """Return a snapshot, or refuse with NOT_FOUND."""
        if name not in self.snapshots:
            raise not_found(name)
        return self.snapshots[name]

    def create_topic(self, name: str, settings: TopicSettings, definition: bytes) -> Topic:
        """Make a topic; its schema must exist."""
        if name in self.topics:
            raise already_exists(name)
        if settings.schema:
            self.schemas.get(settings.schema.schema)
        self.ledger.topic_defined(name, definition)
        topic = self.topics[name] = Topic(name, settings, definition)
        return topic

    def change_topic(self, name: str, settings: TopicSettings, definition: bytes) -> Topic:
        """Give a topic other settings."""
        topic = self.topic(name)
        if settings.schema:
            self.schemas.get(settings.schema.schema)
        self.ledger.topic_defined(name, definition)
        topic.settings, topic.definition = settings, definition
        return topic

    def delete_topic(self, name: str) -> None:
        """Delete a topic; its subscriptions stay, with what they have not delivered yet."""
        topic = self.topic(name)
        self.ledger.deleted("topic", name)
        del self.topics[name]
        for subscription in topic.subscriptions.values():
            subscription.topic = DELETED_TOPIC

    def create_subscription(
        self, name: str, topic: str, settings: SubscriptionSettings, definition: bytes
    ) -> Subscription:
        """Make a subscription: it gets what is published from now on."""
        if name in self.subscriptions:
            raise already_exists(name)
        source = self.topic(topic)
        if settings.dead_letter:
            self.topic(settings.dead_letter.topic)
        subscription = self.new_subscription(name, topic, settings, definition)
        self.ledger.subscription_defined(name, definition)
        self.subscriptions[name] = source.subscriptions[name] = subscription
        return subscription

    def new_subscription(
        self, name: str, topic: str, settings: SubscriptionSettings, definition: bytes
    ) -> Subscription:
        """Return a subscription that stands in no list yet."""
        return Subscription(
            name,
            topic,
            settings,
            definition,
            agenda=self.agenda,
            dead_letters=self._dead_letter,
            reopened=self._reopened,
        )

    def change_subscription(self, name: str, settings: SubscriptionSettings, definition: bytes) -> Subscription:
        """Give a subscription other settings."""
        subscription = self.subscription(name)
        if settings.dead_letter:
            self.topic(settings.dead_letter.topic)
        self.ledger.subscription_defined(name, definition)
        subscription.settings, subscription.definition = settings, definition
        subscription.signal()
        return subscription

    def delete_subscription(self, name: str) -> None:
        """Delete a subscription and all that waits in it."""
        subscription = self.subscription(name)
        self.ledger.deleted("subscription", name)
        del self.subscriptions[name]
        self._leave_topic(subscription)
        subscription.close()

    def detach(self, name: str) -> None:
        """Cut a subscription off its topic, and drop all that waits in it."""
        subscription = self.subscription(name)
        self.ledger.detached(name)
        self._leave_topic(subscription)
        subscription.detached = True
        subscription.reset({}, {})

    def publish(self, name: str, drafts: Sequence[Draft]) -> Sequence[Message]:
        """Accept messages: all of them or, on any refusal, none. Return them as the publisher is told of them."""
        topic = self.topic(name)
        late, twice = self._faults_of(topic, drafts)
        messages = self._number(topic, [*drafts, *twice])
        self.ledger.published(name, messages)
        self.admit(topic, messages, late)
        return messages[: len(drafts)]

    def admit(self, topic: Topic, messages: Sequence[Message], late: float = 0.0) -> None:
        """Deliver messages that have their place already, `late` seconds from now."""
        self.sequence = max(self.sequence, messages[-1].sequence) if messages else self.sequence
        topic.accept(messages, late)

    def acknowledge(self, subscription: Subscription, ack_ids: Iterable[str]) -> Sequence[str]:
        """Finish held messages; return the ids that are worth nothing any more."""
        deliveries, unknown = subscription.held(ack_ids)
        if deliveries:
            self.ledger.acknowledged(subscription.name, deliveries)
            subscription.acknowledge(deliveries)
        return unknown

    def extend(self, subscription: Subscription, ack_ids: Iterable[str], seconds: float) -> Sequence[str]:
        """Move the end of leases; 0 gives the messages back. Return the ids that are worth nothing any more."""
        deliveries, unknown = subscription.held(ack_ids)
        subscription.extend(deliveries, seconds)
        return unknown

    def create_snapshot(self, name: str, subscription: str, definition: bytes) -> Snapshot:
        """Keep the acknowledgement state of a subscription."""
        if name in self.snapshots:
            raise already_exists(name)
        source = self.subscription(subscription)
        waiting = source.unacknowledged
        snapshot = Snapshot(
            name=name,
            topic=source.topic,
            expires=expiry(self.clock(), waiting),
            marker=self.sequence,
            unacknowledged=waiting,
            definition=definition,
        )
        self.ledger.snapshot_taken(snapshot, subscription)
        self.add_snapshot(snapshot)
        return snapshot

    def add_snapshot(self, snapshot: Snapshot) -> None:
        """Put a snapshot in its place; from now on its topic keeps what is published."""
        self.snapshots[snapshot.name] = snapshot
        if snapshot.topic in self.topics:
            self.topics[snapshot.topic].snapshots[snapshot.name] = snapshot

    def change_snapshot(self, name: str, expires: float, definition: bytes) -> Snapshot:
        """Give a snapshot another end or other labels."""
        snapshot = self.snapshot(name)
        self.ledger.snapshot_changed(name, expires, definition)
        snapshot.expires, snapshot.definition = expires, definition
        return snapshot

    def delete_snapshot(self, name: str) -> None:
        """Forget a snapshot."""
        snapshot = self.snapshot(name)
        self.ledger.deleted("snapshot", name)
        del self.snapshots[name]
        if snapshot.topic in self.topics:
            self.topics[snapshot.topic].snapshots.pop(name, None)

    def seek_to_time(self, name: str, nanoseconds: int) -> None:
        """Mark what was published before a moment as acknowledged, and everything kept since then as not."""
        subscription = self.subscription(name)
        self.ledger.sought(name, nanoseconds=nanoseconds)
        kept = self._reachable(subscription)
        after = {sequence: message for sequence, message in kept.items() if message.published >= nanoseconds}
        subscription.reset(after, kept)

    def seek_to_snapshot(self, name: str, snapshot_name: str) -> None:
        """Take a subscription to the state that a snapshot kept; it may be another subscription's of the same topic."""
        subscription, snapshot = self.subscription(name), self.snapshot(snapshot_name)
        if snapshot.topic != subscription.topic:
            raise invalid("The snapshot and the subscription belong to different topics.")
        self.ledger.sought(name, snapshot=snapshot_name)
        kept = self._reachable(subscription)
        wanted = {s: m for s, m in snapshot.unacknowledged.items() if subscription.accepts(m)}
        wanted.update((s, m) for s, m in kept.items() if s > snapshot.marker)
        subscription.reset(wanted, kept)

    def housekeep(self) -> None:
        """Forget what is too old; called about once a second."""
        now = self.clock()
        for snapshot in [s for s in self.snapshots.values() if s.expires <= now]:
            self.delete_snapshot(snapshot.name)
        for subscription in self.subscriptions.values():
            subscription.prune(now)
        for topic in self.topics.values():
            topic.prune(now)

    def _faults_of(self, topic: Topic, drafts: Sequence[Draft]) -> tuple[float, Sequence[Draft]]:
        """Return by how many seconds these messages are late, and which of them are published twice."""
        if self.faults.quiet:
            return 0.0, ()
        entity = short_name(topic.name)
        late = max((self.faults.take_delay(entity) for _ in drafts), default=0.0)
        return late, [draft for draft in drafts if self.faults.take_duplicate(entity)]

    def _number(self, topic: Topic, drafts: Iterable[Draft]) -> list[Message]:
        """Give drafts their place, once the topic's schema has let all of them through."""
        published = int(self.clock() * NANOSECONDS)
        schema = topic.settings.schema
        messages = []
        for sequence, draft in enumerate(drafts, self.sequence + 1):
            attributes = draft.attributes
            if schema:
                attributes = {**attributes, **self.schemas.check(schema, draft.data)}
            messages.append(Message(sequence, published, draft.data, attributes, draft.ordering_key))
        return messages

    def _dead_letter(self, subscription: Subscription, delivery: Delivery) -> bool:
        """Publish a delivery that failed too often to the dead-letter topic; False if that cannot be done now."""
        policy = subscription.settings.dead_letter
        topic = self.topics.get(policy.topic) if policy else None
        if topic is None:
            return False
        message = dead_letter(subscription.name, delivery, self.sequence + 1, int(self.clock() * NANOSECONDS))
        try:
            self.ledger.dead_lettered(subscription.name, delivery.message.sequence, topic.name, message)
        except NotRecordedError:
            return False  # no room in the journal: the message stays where it is
        self.admit(topic, [message])
        return True

    def _reopened(self, subscription: Subscription, messages: Sequence[Message]) -> None:
        with contextlib.suppress(NotRecordedError):  # after a restart they count as acknowledged, which they were
            self.ledger.reopened(subscription.name, messages)

    def _leave_topic(self, subscription: Subscription) -> None:
        topic = self.topics.get(subscription.topic)
        if topic is not None:
            topic.subscriptions.pop(subscription.name, None)

    def _reachable(self, subscription: Subscription) -> dict[int, Message]:
        """Return every message that a seek of this subscription can bring back."""
        topic = self.topics.get(subscription.topic)
        kept = {s: m for s, m in topic.since(0).items() if subscription.accepts(m)} if topic else {}
        kept.update((message.sequence, message) for message, _ in subscription.logged())
        return kept


def short_name(name: str) -> str:
    """Return the last part of a name: `orders` for `projects/demo/topics/orders`."""
    return name.rpartition("/")[2]
