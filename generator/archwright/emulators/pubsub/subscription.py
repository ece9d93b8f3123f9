"""One subscription: what waits, who holds what and until when, and what happens to a message that comes back."""

from __future__ import annotations

import itertools
import secrets
from functools import partial
from typing import TYPE_CHECKING

from .backlog import Backlog
from .filters import parse_filter
from .leases import Leases
from .message import Delivery, State
from .ordering import Lanes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from .agenda import Agenda
    from .consumer import Consumer
    from .message import Message
    from .settings import SubscriptionSettings

_UNLIMITED = 1 << 62


class Subscription:
    """The messages of one topic on their way to one group of consumers.

    `dead_letters` moves a delivery to the dead-letter topic and tells whether it could. `reopened` is told of
    acknowledged messages that come back because a predecessor of their key did.
    No call walks over the backlog, except `reset` (seek), which rebuilds it.
    """

    def __init__(  # noqa: PLR0913  # what a subscription is, and its two neighbours
        self,
        name: str,
        topic: str,
        settings: SubscriptionSettings,
        definition: bytes,
        *,
        agenda: Agenda,
        dead_letters: Callable[[Subscription, Delivery], bool],
        reopened: Callable[[Subscription, Sequence[Message]], None],
    ) -> None:
        self.name = name
        self.topic = topic
        self.settings = settings
        self.definition = definition  # the resource as the API tells it; kept, not read
        self.detached = False
        self.deleted = False
        self._accepts = parse_filter(settings.filter)
        self._agenda = agenda
        self._dead_letters = dead_letters
        self._reopened = reopened
        self._log: dict[int, Delivery] = {}  # everything that a seek can still reach
        self._backlog = Backlog()
        self._lanes = Lanes()
        self._leases = Leases()
        self._watched: float | None = None
        self._idle: dict[Consumer, None] = {}  # consumers that found nothing, longest waiting first
        self._token = secrets.token_hex(4)  # an id from before a restart must not acknowledge a new lease
        self._leased = itertools.count(1)

    def offer(self, messages: Iterable[Message], rest: float = 0.0) -> None:
        """Take in newly published messages that pass the filter, to be delivered after `rest` seconds."""
        for message in messages:
            if self.accepts(message):
                delivery = Delivery(message)
                if rest:
                    self._rest(delivery, rest)
                self._enter(delivery)
        self.signal()

    def accepts(self, message: Message) -> bool:
        """Return whether the filter lets a message through."""
        return self._accepts is None or self._accepts.matches(message.attributes)

    def take(
        self, consumer: Consumer, limit: int, *, seconds: float, max_bytes: int = _UNLIMITED
    ) -> Sequence[Delivery]:
        """Lease up to `limit` deliveries to a consumer for `seconds`; one at least fits, whatever its size."""
        taken: list[Delivery] = []
        size = 0
        now = self._agenda.clock()
        limit = min(limit, consumer.room, self._fair_share())
        max_bytes = min(max_bytes, consumer.max_bytes - consumer.bytes)
        while len(taken) < limit and size < max_bytes:
            delivery = self._next(consumer)
            if delivery is None:
                break
            delivery.attempts += 1
            self._leases.begin(delivery, f"{self._token}-{next(self._leased):x}", seconds, now)
            consumer.hold(delivery)
            size += delivery.message.size
            taken.append(delivery)
        if taken:
            self._watch()
            self.signal()
        return taken

    def held(self, ack_ids: Iterable[str]) -> tuple[Sequence[Delivery], Sequence[str]]:
        """Return the deliveries whose leases still run, and the ids that are worth nothing any more."""
        now = self._agenda.clock()
        found, unknown = {}, []
        for ack_id in ack_ids:
            delivery = self._leases.get(ack_id)
            if delivery is None or delivery.expires <= now:
                unknown.append(ack_id)
            else:
                found[ack_id] = delivery
        return list(found.values()), unknown

    def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        """Finish held deliveries."""
        for delivery in deliveries:
            self._leases.end(delivery)
            delivery.state = State.ACKNOWLEDGED
            if not self.settings.retain_acknowledged:
                del self._log[delivery.message.sequence]
            if self._in_lane(delivery):
                self._wake(self._lanes.settle(delivery))
        self.signal()

    def extend(self, deliveries: Iterable[Delivery], seconds: float) -> None:
        """Let the leases of held deliveries end `seconds` from now; 0 gives them back."""
        now = self._agenda.clock()
        for delivery in deliveries:
            if delivery.state is not State.LEASED:  # came back with a predecessor of its key in this very call
                continue
            if seconds:
                self._leases.extend(delivery, seconds, now)
            else:
                self._fail(delivery)
        self._watch()

    def end_leases(self) -> int:
        """End every lease at once, as if its time had run out; return how many there were."""
        held = [delivery for delivery in self._leases if delivery.state is State.LEASED]
        for delivery in held:
            if delivery.state is State.LEASED:
                self._fail(delivery)
        return len(held)

    def reset(self, unacknowledged: Mapping[int, Message], acknowledged: Mapping[int, Message]) -> None:
        """Start over with these messages, by sequence; every lease ends, every count of attempts begins anew."""
        for delivery in self._leases:
            self._leases.end(delivery)
        for delivery in self._log.values():
            delivery.state = State.GONE
        self._log, self._backlog, self._lanes = {}, Backlog(), Lanes()
        for sequence in sorted({*unacknowledged, *acknowledged}):
            if sequence in unacknowledged:
                self._enter(Delivery(unacknowledged[sequence]))
            elif self.settings.retain_acknowledged:
                delivery = self._log[sequence] = Delivery(acknowledged[sequence])
                delivery.state = State.ACKNOWLEDGED
        self.signal()

    def prune(self, now: float) -> None:
        """Forget messages that are older than the subscription keeps them."""
        oldest = now - self.settings.retention
        expired = list(itertools.takewhile(lambda d: d.message.published_seconds < oldest, self._log.values()))
        for delivery in expired:
            self._drop(delivery)

    def logged(self) -> Iterator[tuple[Message, bool]]:
        """Give every message that a seek can reach, and whether it is acknowledged."""
        return ((d.message, d.state is State.ACKNOWLEDGED) for d in self._log.values())

    @property
    def unacknowledged(self) -> dict[int, Message]:
        """The messages that are not acknowledged, by sequence."""
        return {message.sequence: message for message, done in self.logged() if not done}

    def restore(self, settled: Collection[int]) -> None:
        """Mark messages as acknowledged that were so before a restart; nothing is leased yet."""
        for delivery in [self._log[sequence] for sequence in settled if sequence in self._log]:
            delivery.state = State.ACKNOWLEDGED
            if not self.settings.retain_acknowledged:
                del self._log[delivery.message.sequence]

    def reopen(self, messages: Iterable[Message]) -> None:
        """Take back messages that were acknowledged and then brought back before a restart."""
        self._log.update((message.sequence, Delivery(message)) for message in messages)

    def wait(self, consumer: Consumer) -> None:
        """Note that a consumer is to be woken when there is something to take."""
        self._idle[consumer] = None
        self.signal()

    def leave(self, consumer: Consumer) -> None:
        """Forget a consumer; its leases run on until their time is over."""
        consumer.open = False
        self._idle.pop(consumer, None)
        self.signal()  # it may have been woken and gone before it took anything

    def close(self) -> None:
        """Tell every waiting consumer that the subscription was deleted."""
        self.deleted = True
        for consumer in list(self._idle):
            consumer.wake()

    def signal(self) -> None:
        """Wake the consumer that waits longest, if there is anything to take; it wakes the next one."""
        if self._idle and (self._backlog or self._lanes.ready):
            consumer = next(iter(self._idle))
            del self._idle[consumer]
            consumer.wake()

    def _wake(self, holder: Consumer | None) -> None:
        if holder is not None:
            holder.wake()

    def _in_lane(self, delivery: Delivery) -> bool:
        return self.settings.ordered and bool(delivery.message.ordering_key)

    def _fair_share(self) -> int:
        """Leave something for consumers that wait: competing consumers each get a part of a burst."""
        return max(1, -(-(len(self._backlog) + len(self._lanes)) // (len(self._idle) + 1)))

    def _enter(self, delivery: Delivery) -> None:
        self._log[delivery.message.sequence] = delivery
        if self._in_lane(delivery):
            self._wake(self._lanes.append(delivery))
        elif delivery.state is State.READY:
            self._backlog.append(delivery)

    def _next(self, consumer: Consumer) -> Delivery | None:
        plain = self._backlog.head()
        keyed = self._lanes.head(consumer)
        if keyed is not None and (plain is None or keyed.message.sequence < plain.message.sequence):
            return self._lanes.take(consumer)
        return self._backlog.take() if plain is not None else None

    def _fail(self, delivery: Delivery) -> None:
        """Deal with a delivery that was given back, or whose lease is over."""
        self._leases.end(delivery)
        settings = self.settings
        policy = settings.dead_letter
        if policy and delivery.attempts >= policy.max_attempts and self._dead_letters(self, delivery):
            self._drop(delivery)
            return
        if self._in_lane(delivery):
            self._bring_back(self._lanes.give_back(delivery))
        if settings.back_off is None:
            delivery.state = State.RESTING
            self._resume(delivery)
        else:
            self._rest(delivery, settings.back_off.delay(delivery.attempts))

    def _bring_back(self, successors: Sequence[Delivery]) -> None:
        """Make what was handed out after a failed delivery of its key ready again, even what was acknowledged."""
        reopened = []
        for successor in successors:
            if successor.state is State.LEASED:
                self._leases.end(successor)
            elif successor.state is State.ACKNOWLEDGED:
                reopened.append(successor.message)
            successor.state = State.READY
            self._log[successor.message.sequence] = successor
        if reopened:
            self._reopened(self, reopened)

    def _rest(self, delivery: Delivery, seconds: float) -> None:
        delivery.state = State.RESTING
        self._agenda.at(self._agenda.clock() + seconds, partial(self._resume, delivery))

    def _resume(self, delivery: Delivery) -> None:
        if delivery.state is not State.RESTING:  # expired or sought away meanwhile
            return
        delivery.state = State.READY
        if self._in_lane(delivery):
            self._wake(self._lanes.resume(delivery))
        else:
            self._backlog.give_back(delivery)
        self.signal()

    def _drop(self, delivery: Delivery) -> None:
        if delivery.state is State.LEASED and self._leases.get(delivery.ack_id) is delivery:
            self._leases.end(delivery)
        delivery.state = State.GONE
        self._log.pop(delivery.message.sequence, None)
        if self._in_lane(delivery):
            self._wake(self._lanes.settle(delivery))
            self.signal()

    def _watch(self) -> None:
        """Have the agenda call when the next lease ends."""
        due = self._leases.next_end()
        if due is not None and (self._watched is None or due < self._watched):
            self._watched = due
            self._agenda.at(due, partial(self._end_overdue, due))

    def _end_overdue(self, due: float) -> None:
        if due != self._watched:  # a sooner call took over
            return
        self._watched = None
        for delivery in self._leases.overdue(self._agenda.clock()):
            if delivery.state is State.LEASED:  # not given back with a predecessor a moment ago
                self._fail(delivery)
        self._watch()
