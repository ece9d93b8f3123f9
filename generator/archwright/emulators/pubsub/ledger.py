"""The record of every change: told before a change is made, so that a refusal leaves everything as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..journal import JournalError  # noqa: TID252  # copied whole under other names
from .errors import NotRecordedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..journal import Journal  # noqa: TID252  # copied whole under other names
    from .message import Delivery, Message
    from .schemas import Revision
    from .snapshots import Snapshot


class Ledger:
    """A ledger that keeps nothing: the state lives in memory alone."""

    def write(self, record: dict[str, Any]) -> None:
        """Keep a record."""

    def topic_defined(self, name: str, definition: bytes) -> None:
        """A topic is made or changed."""
        self.write({"is": "topic", "name": name, "definition": definition})

    def subscription_defined(self, name: str, definition: bytes) -> None:
        """A subscription is made or changed."""
        self.write({"is": "subscription", "name": name, "definition": definition})

    def schema_revised(self, revision: Revision) -> None:
        """A schema gets a revision."""
        self.write({"is": "schema", **revision.record()})

    def schema_revision_deleted(self, name: str, revision: str) -> None:
        """A schema loses a revision."""
        self.write({"is": "schema revision deleted", "name": name, "revision": revision})

    def deleted(self, kind: str, name: str) -> None:
        """A topic, subscription, snapshot or schema is deleted."""
        self.write({"is": "deleted", "kind": kind, "name": name})

    def detached(self, name: str) -> None:
        """A subscription is cut off its topic."""
        self.write({"is": "detached", "name": name})

    def snapshot_taken(self, snapshot: Snapshot, subscription: str) -> None:
        """A snapshot of a subscription is made."""
        self.write(snapshot_record(snapshot) | {"subscription": subscription})

    def snapshot_changed(self, name: str, expires: float, definition: bytes) -> None:
        """A snapshot gets another end or other labels."""
        self.write({"is": "snapshot changed", "name": name, "expires": expires, "definition": definition})

    def published(self, topic: str, messages: Sequence[Message]) -> None:
        """Messages are accepted."""
        self.write({"is": "published", "topic": topic, "messages": message_rows(messages)})

    def acknowledged(self, subscription: str, deliveries: Iterable[Delivery]) -> None:
        """Deliveries are finished."""
        done = [delivery.message.sequence for delivery in deliveries]
        self.write({"is": "acknowledged", "subscription": subscription, "sequences": done})

    def reopened(self, subscription: str, messages: Sequence[Message]) -> None:
        """Acknowledged messages come back with a predecessor of their key."""
        self.write({"is": "reopened", "subscription": subscription, "messages": message_rows(messages)})

    def dead_lettered(self, subscription: str, sequence: int, topic: str, message: Message) -> None:
        """A message moves to the dead-letter topic: one record, so that it is never in both places or in none."""
        rows = message_rows([message])
        self.write(
            {
                "is": "dead-lettered",
                "subscription": subscription,
                "sequence": sequence,
                "topic": topic,
                "messages": rows,
            }
        )

    def sought(self, subscription: str, *, nanoseconds: int | None = None, snapshot: str = "") -> None:
        """A subscription is taken back or forth."""
        self.write({"is": "sought", "subscription": subscription, "time": nanoseconds, "snapshot": snapshot})


class JournalLedger(Ledger):
    """A ledger on disk."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def write(self, record: dict[str, Any]) -> None:
        """Append a record to the journal.

        Raises:
            NotRecordedError: the journal cannot take it.
        """
        try:
            self._journal.append(record)
            self._journal.commit()
        except JournalError as error:
            raise NotRecordedError(error) from error


def message_rows(messages: Iterable[Message]) -> list[list[Any]]:
    """Return messages as the journal keeps them; `recovery` reads them back."""
    return [[m.sequence, m.published, m.data, dict(m.attributes), m.ordering_key] for m in messages]


def snapshot_record(snapshot: Snapshot) -> dict[str, Any]:
    """Return a snapshot as the journal keeps it; its messages stand elsewhere in the journal."""
    return {
        "is": "snapshot",
        "name": snapshot.name,
        "topic": snapshot.topic,
        "expires": snapshot.expires,
        "marker": snapshot.marker,
        "unacknowledged": list(snapshot.unacknowledged),
        "definition": snapshot.definition,
    }
