"""Where messages will land, decided before anything changes: so that a refusal or a full disk changes nothing.

Entities add placements to a `Routing`; the broker records all of them at once and only then carries them out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .entity import Entity
    from .message import Entry

MOST_HOPS = 4
"""Forwardings of one message: "Maximum number of hops … 4", Service Bus auto-forwarding."""


class Routing:
    """The consequences of one operation."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.placements: list[tuple[Entity, Entry]] = []
        self._identities: dict[tuple[str, Any], Entity] = {}

    def place(self, queue: Entity, entry: Entry) -> None:
        """Put an entry into a queue."""
        self.placements.append((queue, entry))

    def first_time(self, queue: Entity, identity: Any) -> bool:
        """Whether a queue with duplicate detection sees this identity for the first time; note it if so."""
        if queue.remembers(identity, self.now) or (queue.path, identity) in self._identities:
            return False
        self._identities[queue.path, identity] = queue
        return True

    def identities(self) -> list[tuple[Entity, Any]]:
        """Return what queues have to remember against duplicates."""
        return [(queue, identity) for (_, identity), queue in self._identities.items()]
