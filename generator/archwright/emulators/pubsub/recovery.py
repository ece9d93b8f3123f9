"""The journal read back into a broker, and a broker written out whole when the journal has grown long."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from ..journal import JournalError  # noqa: TID252  # copied whole under other names
from .ledger import Ledger, message_rows, snapshot_record
from .message import Message
from .resources import subscription_settings, topic_settings
from .schemas import Revision
from .snapshots import Snapshot
from .topic import Topic
from .wire import message_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .broker import Broker

_PIECE = 500  # messages in one record
_Topic = message_class("Topic")
_Subscription = message_class("Subscription")


class Recovery:
    """Replays records into a broker that keeps no ledger meanwhile."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._loose: dict[int, Message] = {}  # messages that a whole-state journal tells before it tells where they are
        self._readers: dict[str, Callable[[dict[str, Any]], None]] = {
            "topic": self._topic,
            "subscription": self._subscription,
            "schema": self._schema,
            "schema revision deleted": lambda r: broker.schemas.delete_revision(r["name"], r["revision"]),
            "deleted": self._deleted,
            "detached": lambda r: broker.detach(r["name"]),
            "snapshot": self._snapshot,
            "snapshot changed": self._snapshot_changed,
            "published": self._published,
            "acknowledged": lambda r: broker.subscriptions[r["subscription"]].restore(r["sequences"]),
            "reopened": lambda r: broker.subscriptions[r["subscription"]].reopen(_messages(r)),
            "dead-lettered": self._dead_lettered,
            "sought": self._sought,
            "state": lambda r: setattr(broker, "sequence", r["sequence"]),
            "messages": self._messages,
            "history": self._history,
            "backlog": self._backlog,
        }

    def run(self, records: Iterable[dict[str, Any]]) -> None:
        """Replay everything."""
        broker = self._broker
        assert type(broker.ledger) is Ledger, "a replay must not be recorded again"
        for record in records:
            reader = self._readers.get(record.get("is", ""))
            if reader is None:
                raise JournalError(
                    "This journal is another emulator's, or was written by a newer version.",
                    hint="Name another file; this one was left untouched.",
                )
            reader(record)
        for subscription in broker.subscriptions.values():  # drops what lies finished among what waits
            subscription.reset(subscription.unacknowledged, {m.sequence: m for m, _ in subscription.logged()})
        broker.housekeep()

    def _topic(self, record: dict[str, Any]) -> None:
        name, definition = record["name"], record["definition"]
        settings = topic_settings(_Topic.FromString(definition))
        topic = self._broker.topics.setdefault(name, Topic(name, settings, definition))  # its schema may be gone by now
        topic.settings, topic.definition = settings, definition

    def _subscription(self, record: dict[str, Any]) -> None:
        broker, name, definition = self._broker, record["name"], record["definition"]
        settings = subscription_settings(_Subscription.FromString(definition))
        if name in broker.subscriptions:
            known = broker.subscriptions[name]
            known.settings, known.definition = settings, definition
            return
        topic = record.get("topic") or _Subscription.FromString(definition).topic
        subscription = broker.subscriptions[name] = broker.new_subscription(name, topic, settings, definition)
        subscription.detached = bool(record.get("detached"))
        if topic in broker.topics and not subscription.detached:
            broker.topics[topic].subscriptions[name] = subscription

    def _schema(self, record: dict[str, Any]) -> None:
        self._broker.schemas.add(Revision(**{key: value for key, value in record.items() if key != "is"}))

    def _deleted(self, record: dict[str, Any]) -> None:
        broker = self._broker
        delete = {
            "topic": broker.delete_topic,
            "subscription": broker.delete_subscription,
            "snapshot": broker.delete_snapshot,
            "schema": broker.schemas.delete,
        }[record["kind"]]
        delete(record["name"])

    def _snapshot(self, record: dict[str, Any]) -> None:
        source = self._broker.subscriptions.get(record.get("subscription", ""))
        known = source.unacknowledged if source else self._loose
        self._broker.add_snapshot(
            Snapshot(
                name=record["name"],
                topic=record["topic"],
                expires=record["expires"],
                marker=record["marker"],
                unacknowledged={s: known[s] for s in record["unacknowledged"] if s in known},
                definition=record["definition"],
            )
        )

    def _snapshot_changed(self, record: dict[str, Any]) -> None:
        self._broker.change_snapshot(record["name"], record["expires"], record["definition"])

    def _published(self, record: dict[str, Any]) -> None:
        self._broker.admit(self._broker.topics[record["topic"]], _messages(record))

    def _dead_lettered(self, record: dict[str, Any]) -> None:
        self._broker.subscriptions[record["subscription"]].restore([record["sequence"]])
        self._published(record)

    def _sought(self, record: dict[str, Any]) -> None:
        name = record["subscription"]
        if record["snapshot"]:
            self._broker.seek_to_snapshot(name, record["snapshot"])
        else:
            self._broker.seek_to_time(name, record["time"])

    def _messages(self, record: dict[str, Any]) -> None:
        self._loose.update((message.sequence, message) for message in _messages(record))

    def _history(self, record: dict[str, Any]) -> None:
        self._broker.topics[record["topic"]].history.extend(self._loose[s] for s in record["sequences"])

    def _backlog(self, record: dict[str, Any]) -> None:
        subscription = self._broker.subscriptions[record["subscription"]]
        waiting = {s: self._loose[s] for s in record["unacknowledged"]}
        subscription.reset(waiting, {s: self._loose[s] for s in record["acknowledged"]})


def state_records(broker: Broker) -> Iterator[dict[str, Any]]:
    """Give records that make up the whole state of a broker: what a compacted journal holds."""
    yield {"is": "state", "sequence": broker.sequence}
    for latest in broker.schemas.all():
        for revision in broker.schemas.revisions(latest.name):
            yield {"is": "schema", **revision.record()}
    for topic in broker.topics.values():
        yield {"is": "topic", "name": topic.name, "definition": topic.definition}
    everything = sorted(_all_messages(broker).items())
    for start in range(0, len(everything), _PIECE):
        piece = [message for _, message in everything[start : start + _PIECE]]
        yield {"is": "messages", "messages": message_rows(piece)}
    for topic in broker.topics.values():
        if topic.history:
            yield {"is": "history", "topic": topic.name, "sequences": [m.sequence for m in topic.history]}
    for subscription in broker.subscriptions.values():
        yield {
            "is": "subscription",
            "name": subscription.name,
            "definition": subscription.definition,
            "topic": subscription.topic,
            "detached": subscription.detached,
        }
        logged = list(subscription.logged())
        yield {
            "is": "backlog",
            "subscription": subscription.name,
            "unacknowledged": [message.sequence for message, done in logged if not done],
            "acknowledged": [message.sequence for message, done in logged if done],
        }
    for snapshot in broker.snapshots.values():
        yield snapshot_record(snapshot)


def _all_messages(broker: Broker) -> dict[int, Message]:
    kept = itertools.chain(
        (message for topic in broker.topics.values() for message in topic.history),
        (message for subscription in broker.subscriptions.values() for message, _ in subscription.logged()),
        (message for snapshot in broker.snapshots.values() for message in snapshot.unacknowledged.values()),
    )
    return {message.sequence: message for message in kept}


def _messages(record: dict[str, Any]) -> list[Message]:
    return [Message(*row) for row in record["messages"]]
