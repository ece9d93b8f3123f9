"""The broker: entities by name, sending, the journal's veto, and whose turn it is. It knows no transport."""

from __future__ import annotations

import re
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any

from . import message as messages
from .errors import NotAllowedError, NotFoundError, NotRecordedError
from .queue import Queue
from .routing import Routing
from .topic import Subscription, Topic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..faults import Faults  # noqa: TID252  # the room is copied under other names
    from .ledger import Ledger
    from .message import Entry, Message
    from .rules import Rule
    from .settings import QueueSettings

_BELOW = {"/$transfer/$deadletterqueue": "transfer_dead_letters", "/$deadletterqueue": "dead_letters"}
_ADDRESS = re.compile(r"^\w+://[^/]*/")
_RETRY = 1.0


class Broker:
    """All entities of a namespace.

    `on_wake` is called with a time when something becomes due earlier than anything before: the transport then calls
    `tick` at that time, and `settle` after every operation.
    """

    def __init__(self, *, clock: Callable[[], float] = messages.now, faults: Faults | None = None) -> None:
        self.now = clock
        self.faults = faults
        self.ledger: Ledger | None = None
        self.on_wake: Callable[[float], None] = lambda _when: None
        self.configured_rules: dict[str, dict[str, Any]] = {}
        """Definitions by subscription and name, as the configuration has them."""
        self._entities: dict[str, Queue] = {}
        self._alarms: list[tuple[float, int, Queue]] = []
        self._ticket = count()
        self._to_serve: dict[Queue, None] = {}

    # Entities.

    def add_queue(self, name: str, settings: QueueSettings) -> Queue:
        """Add a queue."""
        return self._add(Queue(self, name, settings))

    def add_topic(self, name: str, settings: QueueSettings) -> Topic:
        """Add a topic."""
        topic = Topic(self, name, settings)
        self._add(topic)
        return topic

    def add_subscription(self, topic: Topic, name: str, settings: QueueSettings, rules: Sequence[Rule]) -> Queue:
        """Add a subscription to a topic."""
        queue = self._add(Queue(self, f"{topic.path}/Subscriptions/{name}", settings))
        self.configured_rules[queue.path] = {rule.name: rule.definition for rule in rules}
        topic.subscriptions[name.lower()] = Subscription(queue, {rule.name: rule for rule in rules})
        return queue

    def _add(self, queue: Queue) -> Queue:
        self._entities[queue.path.lower()] = queue
        return queue

    def find(self, address: str) -> Queue:
        """Return the entity of an address: a path, or a URL with one; names do not tell capitals from small letters.

        Raises:
            NotFoundError: there is none.
        """
        path = _ADDRESS.sub("", address or "").strip("/").lower()
        attribute = ""
        for ending, name in _BELOW.items():
            if path.endswith(ending):
                path, attribute = path.removesuffix(ending), name
                break
        entity = self._entities.get(path)
        if entity is None or (attribute and isinstance(entity, Topic)):
            raise NotFoundError(address)
        found: Queue = getattr(entity, attribute) if attribute else entity
        return found

    def has(self, name: str) -> bool:
        """Whether there is an entity of this name."""
        return name.strip("/").lower() in self._entities

    def subscription_of(self, queue: Queue) -> Subscription:
        """Return the subscription that a queue belongs to.

        Raises:
            NotAllowedError: it is not one.
        """
        topic, _, name = queue.path.lower().partition("/subscriptions/")
        owner = self._entities.get(topic)
        if not name or not isinstance(owner, Topic):
            raise NotAllowedError(f"'{queue.path}' is not a subscription.")
        return owner.subscriptions[name]

    def queues(self) -> Iterator[Queue]:
        """Give every queue, dead-letter queues too."""
        for entity in self._entities.values():
            yield from entity.family()

    # Changes.

    def send(self, entity: Queue, batch: Sequence[Message]) -> list[Entry]:
        """Accept messages, all or none; return the entries that they became in `entity` itself.

        Raises:
            ServiceBusError: refused; nothing was changed.
        """
        if self.faults is not None and not self.faults.quiet:
            batch = self._disturbed(entity, batch)
        routing = Routing(self.now())
        for message in batch:
            entity.route(message, routing)
        self.carry_out(routing)
        return [entry for queue, entry in routing.placements if queue is entity]

    def _disturbed(self, entity: Queue, batch: Sequence[Message]) -> list[Message]:
        """Return the messages as armed faults make them: late, or twice."""
        assert self.faults is not None, "asked only where there are faults"
        disturbed = []
        for message in batch:
            changed, delay = message, self.faults.take_delay(entity.path)
            if delay:
                due = int((max(self.now(), message.scheduled_for or 0.0) + delay) * 1000)
                changed = message.changed(annotations={**message.annotations, "x-opt-scheduled-enqueue-time": due})
            disturbed += [changed] * (2 if self.faults.take_duplicate(entity.path) else 1)
        return disturbed

    def carry_out(self, routing: Routing, before: Sequence[tuple[Any, ...]] = ()) -> None:
        """Record what was decided, then do it.

        Raises:
            NotRecordedError: the journal refused; nothing was changed.
        """
        identities = routing.identities()
        if self.ledger is not None:
            self.record([
                *before,
                *(("put", queue, entry) for queue, entry in routing.placements),
                *(("seen", queue, identity, routing.now) for queue, identity in identities),
            ])  # fmt: skip
        for queue, identity in identities:
            queue.remember(identity, routing.now)
        for queue, entry in routing.placements:
            queue.insert(entry)

    def record(self, changes: Sequence[tuple[Any, ...]]) -> None:
        """Write changes to the journal, if there is one, before they are made.

        Raises:
            NotRecordedError: it cannot take them.
        """
        if self.ledger is not None and changes:
            self.ledger.record(changes)

    def commit(self) -> None:
        """Make sure of everything accepted so far; called before answers leave."""
        if self.ledger is not None:
            self.ledger.commit(self)

    def expire_locks(self, entity: str = "") -> int:
        """Let the locks of an entity, or of all, run out now; return how many."""
        queues = list(self.find(entity).family()) if entity else list(self.queues())
        return sum(queue.expire_locks() for queue in queues)

    # Turns.

    def serve(self, queue: Queue) -> None:
        """Note that a queue may have something to hand over."""
        self._to_serve[queue] = None

    def settle(self) -> None:
        """Hand over what can be handed over, everywhere."""
        while self._to_serve:
            queue, _ = self._to_serve.popitem()
            try:
                queue.line.serve()
            except NotRecordedError:  # messages that leave for good have to wait until the journal can say so
                self.wake(queue, self.now() + _RETRY)

    def wake(self, queue: Queue, when: float) -> None:
        """Let a queue's `tick` be called at a time, unless it is called before that anyway."""
        if queue.wake_at is not None and queue.wake_at <= when:
            return
        queue.wake_at = when
        heappush(self._alarms, (when, next(self._ticket), queue))
        if self._alarms[0][2] is queue:
            self.on_wake(when)

    def next_alarm(self) -> float | None:
        """Return when `tick` is needed next."""
        return self._alarms[0][0] if self._alarms else None

    def tick(self) -> None:
        """Do everything that is due."""
        now = self.now()
        while self._alarms and self._alarms[0][0] <= now:
            when, _, queue = heappop(self._alarms)
            if queue.wake_at == when:  # else it was woken before
                queue.tick(now)
                self.serve(queue)
