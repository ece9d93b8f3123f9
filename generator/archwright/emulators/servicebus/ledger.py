"""The broker's journal: changes as records, records back to a broker, and the fewest records that say the same."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from ..journal import JournalError  # noqa: TID252  # the room is copied under other names
from .errors import NotFoundError, NotRecordedError
from .message import Entry, Message
from .rules import Rule
from .sessions import SessionLine
from .topic import Topic

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..journal import Journal  # noqa: TID252  # same
    from .broker import Broker
    from .queue import Queue


class Ledger:
    """Writes changes down, each group as one record: all of it survives, or none."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def record(self, changes: Sequence[tuple[Any, ...]]) -> None:
        """Write one group of changes.

        Raises:
            NotRecordedError: the journal cannot take it.
        """
        try:
            self._journal.append({"changes": [_WRITE[kind](*rest) for kind, *rest in changes]})
        except JournalError as error:
            raise NotRecordedError(f"The emulator's journal refused: {error.message}") from error

    def commit(self, broker: Broker) -> None:
        """Wait for the disk if the journal was opened so; shorten the journal if most of it is history."""
        self._journal.commit()
        if self._journal.overgrown:
            self.compact(broker)

    def compact(self, broker: Broker) -> None:
        """Replace history by the present."""
        try:
            self._journal.rewrite({"changes": [change]} for change in _snapshot(broker))
        except JournalError:  # no room for a second file: go on with the first
            return

    def replay(self, broker: Broker) -> list[str]:
        """Bring a fresh broker to where the journal left off; return what it lacks and the journal has messages for."""
        missing: dict[str, set[int]] = {}
        for record in self._journal.replay():
            for kind, path, *rest in record["changes"]:
                try:
                    queue = broker.find(path)
                except NotFoundError:
                    _count_missing(missing.setdefault(path, set()), kind, rest)
                    continue
                _READ[kind](broker, queue, *rest)
        return sorted(path for path, sequences in missing.items() if sequences)


def _count_missing(sequences: set[int], kind: str, rest: list[Any]) -> None:
    if kind == "put":
        sequences.add(rest[0])
    elif kind == "remove":
        sequences.discard(rest[0])


def _write_put(queue: Queue, entry: Entry) -> list[Any]:
    times = [entry.enqueued, entry.expires, entry.due]
    return ["put", queue.path, entry.sequence, *times, entry.state, entry.deliveries, entry.message.encode()]


def _write_update(queue: Queue, entry: Entry, state: int, deliveries: int, message: Message) -> list[Any]:
    raw = None if message is entry.message else message.encode()
    return ["update", queue.path, entry.sequence, state, deliveries, raw]


def _plain(identity: Any) -> Any:
    return {"uuid": str(identity)} if isinstance(identity, uuid.UUID) else identity


_WRITE: dict[str, Any] = {
    "put": _write_put,
    "update": _write_update,
    "remove": lambda queue, entry: ["remove", queue.path, entry.sequence],
    "seen": lambda queue, identity, when: ["seen", queue.path, _plain(identity), when],
    "session": lambda queue, identity, state: ["session", queue.path, identity, state],
    "rule": lambda queue, name, definition: ["rule", queue.path, name, definition],
    "sequence": lambda queue: ["sequence", queue.path, queue.last_sequence],
}


def _read_put(_broker: Broker, queue: Queue, *rest: Any) -> None:
    sequence, enqueued, expires, due, state, deliveries, raw = rest
    entry = Entry(Message.parse(raw), sequence, enqueued, deliveries=deliveries)
    entry.expires, entry.due, entry.state = expires, due, state
    queue.insert(entry)


def _read_update(_broker: Broker, queue: Queue, sequence: int, state: int, deliveries: int, raw: bytes | None) -> None:
    entry = queue.entries.get(sequence)
    if entry is None:
        return
    entry.state, entry.deliveries = state, deliveries
    if raw is not None:
        entry.message = Message.parse(raw)


def _read_remove(_broker: Broker, queue: Queue, sequence: int) -> None:
    queue.restore_removal(sequence)


def _read_seen(_broker: Broker, queue: Queue, identity: Any, when: float) -> None:
    if queue.settings.duplicate_window is not None:
        queue.remember(uuid.UUID(identity["uuid"]) if isinstance(identity, dict) else identity, when)


def _read_session(_broker: Broker, queue: Queue, identity: str, state: bytes | None) -> None:
    if isinstance(queue.line, SessionLine):
        queue.line.restore_state(identity, state)


def _read_rule(broker: Broker, queue: Queue, name: str, definition: dict[str, Any] | None) -> None:
    rules = broker.subscription_of(queue).rules
    rules.pop(name, None)
    if definition is not None:
        rules[name] = Rule.define(name, definition)


def _read_sequence(_broker: Broker, queue: Queue, last: int) -> None:
    queue.last_sequence = max(queue.last_sequence, last)


_READ: dict[str, Any] = {
    "put": _read_put,
    "update": _read_update,
    "remove": _read_remove,
    "seen": _read_seen,
    "session": _read_session,
    "rule": _read_rule,
    "sequence": _read_sequence,
}


def _snapshot(broker: Broker) -> Iterator[list[Any]]:
    """Give the changes that lead from an empty broker to this one."""
    for queue in broker.queues():
        if queue.last_sequence:
            yield _WRITE["sequence"](queue)
        for entry in queue.entries.values():
            yield _write_put(queue, entry)
        for identity, when in queue.remembered():
            yield _WRITE["seen"](queue, identity, when)
        if isinstance(queue.line, SessionLine):
            for session in queue.line.sessions.values():
                if session.state is not None:
                    yield _WRITE["session"](queue, session.id, session.state)
        if isinstance(queue, Topic):
            yield from _rules(broker, queue)


def _rules(broker: Broker, topic: Topic) -> Iterator[list[Any]]:
    """Give the rules that were added or removed while the emulator ran."""
    for subscription in topic.subscriptions.values():
        configured = broker.configured_rules.get(subscription.queue.path, {})
        for name in configured.keys() - subscription.rules.keys():
            yield _WRITE["rule"](subscription.queue, name, None)
        for name, rule in subscription.rules.items():
            if configured.get(name) != rule.definition:
                yield _WRITE["rule"](subscription.queue, name, rule.definition)
