"""Where a message sent to an entity lands: decided here, before anything changes; `Queue` carries it out.

Sessions asked for, duplicates, schedules, forwarding and dead ends are all part of the decision.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from .errors import NotAllowedError, NotRecordedError, ServiceBusError
from .message import SCHEDULED, Entry
from .routing import MOST_HOPS
from .settings import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .broker import Broker
    from .message import Message
    from .queue import Queue
    from .routing import Routing
    from .settings import QueueSettings


class Entity(ABC):
    """What queues and topics have in common towards senders.

    `main` is the queue whose dead letters this one takes; None for all others.
    """

    dead_letters: Queue | None
    transfer_dead_letters: Queue | None

    def __init__(self, broker: Broker, path: str, settings: QueueSettings, main: Queue | None) -> None:
        self.broker = broker
        self.path = path
        self.settings = settings
        self.main = main
        self.last_sequence = 0
        self._seen: OrderedDict[Any, float] = OrderedDict()

    @abstractmethod
    def insert(self, entry: Entry) -> None:
        """Take an entry that was decided on."""

    def route(self, message: Message, routing: Routing, hops: int = 0) -> None:
        """Decide where a message sent here lands.

        Raises:
            ServiceBusError: it is refused; nothing was changed.
        """
        if self.settings.requires_session and message.session_id is None and not self.settings.forward_to:
            raise NotAllowedError(
                f"The message has no session id, and '{self.path}' has sessions: it takes only messages that have one."
            )
        if self.settings.duplicate_window is not None and not routing.first_time(self, message.message_id):
            return
        due = message.scheduled_for
        if due is not None and due > routing.now:
            self.place(message, routing, due=due)
        else:
            self.arrive(message, routing, hops)

    def arrive(self, message: Message, routing: Routing, hops: int) -> None:
        """Decide where a message that is due lands: here, or where this queue forwards to."""
        if not self.settings.forward_to:
            self.place(message, routing)
            return
        if hops >= MOST_HOPS:
            told = Verdict(
                "MaxTransferHopCountExceeded", f"More than {MOST_HOPS} forwardings, the last to {self.path}."
            )
            self.dead_end(self.dead_letters, told, message, routing)
            return
        try:
            self.broker.find(self.settings.forward_to).route(message, routing, hops + 1)
        except NotRecordedError:
            raise
        except ServiceBusError as error:
            self.dead_end(self.transfer_dead_letters, Verdict(error.condition, error.description), message, routing)

    def dead_end(self, queue: Queue | None, verdict: Verdict, message: Message, routing: Routing) -> None:
        """Decide that a message on its way stops in a dead-letter queue."""
        assert queue is not None, "only main queues route"
        queue.place(verdict.written_on(message), routing)

    def place(self, message: Message, routing: Routing, *, due: float = 0.0, deliveries: int = 0) -> Entry:
        """Decide that a message becomes an entry here."""
        self.last_sequence += 1
        entry = Entry(message, self.last_sequence, routing.now, deliveries=deliveries)
        if due:
            entry.state, entry.due = SCHEDULED, due
        lives = [ttl for ttl in (message.ttl, self.settings.time_to_live) if ttl is not None]
        if lives and self.main is None:
            entry.expires = max(due, routing.now) + min(lives)
        routing.place(self, entry)
        return entry

    def remember(self, identity: Any, when: float) -> None:
        """Note an identity against duplicates."""
        self._seen[identity] = when

    def remembers(self, identity: Any, now: float) -> bool:
        """Whether this identity was sent within the window."""
        oldest = now - (self.settings.duplicate_window or 0.0)
        while self._seen and next(iter(self._seen.values())) < oldest:
            self._seen.popitem(last=False)
        return identity in self._seen

    def remembered(self) -> Iterable[tuple[Any, float]]:
        """Return the identities of the window."""
        return self._seen.items()
