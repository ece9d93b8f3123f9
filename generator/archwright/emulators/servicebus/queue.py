"""A queue, a subscription or a dead-letter queue: entries, locks, settlement, expiry. Its line knows who is next."""

from __future__ import annotations

from collections import OrderedDict
from os import urandom
from typing import TYPE_CHECKING, Any

from .agenda import Agenda
from .competing import CompetingLine
from .entity import Entity
from .errors import MessageLockLostError, MessageNotFoundError, NotAllowedError, NotRecordedError, ServiceBusError
from .message import ACTIVE, DEFERRED, SCHEDULED, Entry
from .routing import Routing
from .sessions import SessionLine
from .settings import QueueSettings, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .broker import Broker
    from .line import Consumer
    from .message import Message
    from .sessions import Session

_LATER = 1.0
"""Seconds until what a full disk prevented is tried again."""


class Queue(Entity):
    """One entity that holds messages.

    `dead_letters` and `transfer_dead_letters` are queues of the same kind, without sub-queues of their own.
    """

    def __init__(self, broker: Broker, path: str, settings: QueueSettings, *, main: Queue | None = None) -> None:
        super().__init__(broker, path, settings, main)
        self.entries: dict[int, Entry] = {}
        self.locked: OrderedDict[bytes, Entry] = OrderedDict()  # soonest to run out first: all locks last equally long
        self.wake_at: float | None = None
        self.agenda = Agenda()
        self.line: CompetingLine | SessionLine = SessionLine(self) if settings.requires_session else CompetingLine(self)
        self.dead_letters = self._below("$DeadLetterQueue")
        self.transfer_dead_letters = self._below("$Transfer/$DeadLetterQueue")

    def _below(self, name: str) -> Queue | None:
        if self.main is not None:
            return None
        settings = QueueSettings(lock_duration=self.settings.lock_duration, max_deliveries=2**31)
        return Queue(self.broker, f"{self.path}/{name}", settings, main=self)

    def family(self) -> Iterator[Queue]:
        """Give the queue and its dead-letter queues."""
        yield self
        for below in (self.dead_letters, self.transfer_dead_letters):
            if below is not None:
                yield below

    # Coming in: carried out.

    def insert(self, entry: Entry) -> None:
        """Take an entry that was decided on."""
        self.entries[entry.sequence] = entry
        self.last_sequence = max(self.last_sequence, entry.sequence)
        self.line.joined(entry)
        if entry.due or entry.expires:
            self._note(entry.due or entry.expires, entry)
        if entry.state == ACTIVE:
            self.line.add(entry)

    def restore_removal(self, sequence: int) -> None:
        """Remove an entry because the journal says that it left."""
        entry = self.entries.get(sequence)
        if entry is not None:
            self._remove(entry)

    # Going out.

    def hand_over(self, entry: Entry, consumer: Consumer, session: Session | None = None) -> bool:
        """Give an entry to a consumer, locked or for good; return False if it has expired instead.

        Raises:
            NotRecordedError: it was to leave for good, and the journal cannot say so. It stays.
        """
        now = self.broker.now()
        if entry.expires and entry.expires <= now:
            self._expire(entry)
            return False
        if consumer.receive_and_delete:
            self.broker.record([("remove", self, entry)])
            self._remove(entry)
            consumer.deliver(entry, urandom(16))
            return True
        consumer.deliver(entry, self.lock(entry, now, session))
        return True

    def lock(self, entry: Entry, now: float, session: Session | None) -> bytes:
        """Lock an entry; return the token."""
        token = entry.token = urandom(16)
        self.locked[token] = entry
        if session is None:
            entry.locked_until = now + self.settings.lock_duration
            self.broker.wake(self, entry.locked_until)
        else:
            entry.session, entry.locked_until = session, session.locked_until
            session.locked[token] = entry
        return token

    def renew(self, token: bytes) -> float:
        """Lock for another whole duration; return until when."""
        entry = self._held(token)
        entry.locked_until = self.broker.now() + self.settings.lock_duration
        self.locked.move_to_end(token)
        return entry.locked_until

    def receive_deferred(self, sequences: list[int], *, delete: bool, session: Session | None) -> list[Entry]:
        """Lock deferred entries, or take them for good; all or none."""
        sequences = list(dict.fromkeys(sequences))
        entries = [self.entries.get(sequence) for sequence in sequences]
        found = [entry for entry in entries if entry and entry.state == DEFERRED and entry.token is None]
        if len(found) != len(sequences):
            missing = next(n for n, entry in zip(sequences, entries, strict=True) if entry not in found)
            raise MessageNotFoundError(missing)
        if delete:
            self.broker.record([("remove", self, entry) for entry in found])
        for entry in found:
            if delete:
                self._remove(entry)
                entry.token = urandom(16)
            else:
                self.lock(entry, self.broker.now(), session)
        return found

    # Settling.

    def complete(self, token: bytes) -> None:
        """Remove a locked entry: its work is done."""
        entry = self._held(token)
        self.broker.record([("remove", self, entry)])
        self._unlock(entry)
        self._remove(entry)

    def abandon(self, token: bytes, properties: dict[str, Any] | None = None, *, counted: bool = True) -> None:
        """Give a locked entry back to be delivered again; `counted` as a failed delivery."""
        entry = self._held(token)
        self._give_back(entry, counted=counted, message=self._with(entry, properties))

    def defer(self, token: bytes, properties: dict[str, Any] | None = None) -> None:
        """Set a locked entry aside until somebody asks for its number."""
        entry = self._held(token)
        message = self._with(entry, properties)
        self.broker.record([("update", self, entry, DEFERRED, entry.deliveries, message)])
        self._unlock(entry)
        entry.state, entry.message = DEFERRED, message

    def dead_letter(self, token: bytes, verdict: Verdict) -> None:
        """Move a locked entry to the dead-letter queue."""
        entry = self._held(token)
        if self.dead_letters is None:
            raise NotAllowedError(f"'{self.path}' is a dead-letter queue itself.")
        self._bury(entry, verdict)

    def _with(self, entry: Entry, properties: dict[str, Any] | None) -> Message:
        if not properties:
            return entry.message
        return entry.message.changed(application={**entry.message.application(), **properties})

    def _held(self, token: bytes) -> Entry:
        entry = self.locked.get(token)
        if entry is None:
            raise MessageLockLostError
        if (entry.session.locked_until if entry.session else entry.locked_until) <= self.broker.now():
            self.let_go(entry)
            raise MessageLockLostError
        return entry

    def let_go(self, entry: Entry, *, counted: bool = True) -> None:
        """Give an entry back whose lock has run out or whose session was released."""
        try:
            self._give_back(entry, counted=counted, message=entry.message)
        except NotRecordedError:  # the disk is full: better once too often than not at all
            self._unlock(entry)
            self._make_ready(entry)

    def _give_back(self, entry: Entry, *, counted: bool, message: Message) -> None:
        deliveries = entry.deliveries + counted
        if deliveries >= self.settings.max_deliveries and counted and entry.state == ACTIVE:
            told = f"Message could not be consumed after {self.settings.max_deliveries} delivery attempts."
            self._bury(entry, Verdict("MaxDeliveryCountExceeded", told))
            return
        if counted or message is not entry.message:
            self.broker.record([("update", self, entry, entry.state, deliveries, message)])
        self._unlock(entry)
        entry.deliveries, entry.message = deliveries, message
        self._make_ready(entry)

    def _make_ready(self, entry: Entry) -> None:
        if entry.expires and entry.expires <= self.broker.now():
            self._expire(entry)
        elif entry.state == ACTIVE:
            self.line.add(entry)

    def _unlock(self, entry: Entry) -> None:
        if entry.token is None:
            return
        self.locked.pop(entry.token, None)
        if entry.session is not None:
            entry.session.locked.pop(entry.token, None)
        entry.token = entry.session = None
        entry.locked_until = 0.0

    def _remove(self, entry: Entry) -> None:
        del self.entries[entry.sequence]
        self.line.left(entry)
        if entry.due or entry.expires:
            self.agenda.forget(self.entries)

    def _bury(self, entry: Entry, verdict: Verdict) -> None:
        """Move an entry to the dead-letter queue, or to where that one forwards."""
        assert self.dead_letters is not None, "dead-letter queues do not dead-letter"
        routing = Routing(self.broker.now())
        message = verdict.written_on(entry.message)
        if self.settings.forward_dead_letters_to:
            source = message.changed(annotations={**message.annotations, "x-opt-deadletter-source": self.path})
            try:
                self.broker.find(self.settings.forward_dead_letters_to).route(source, routing, 1)
            except ServiceBusError as error:
                assert self.transfer_dead_letters is not None, "as above"
                told = Verdict(error.condition, error.description)
                self.dead_end(self.transfer_dead_letters, told, entry.message, routing)
        else:
            self.dead_letters.place(message, routing, deliveries=entry.deliveries)
        self.broker.carry_out(routing, before=[("remove", self, entry)])
        self._unlock(entry)
        self._remove(entry)

    # Time.

    def _note(self, when: float, entry: Entry) -> None:
        self.agenda.note(when, entry.sequence)
        self.broker.wake(self, when)

    def tick(self, now: float) -> None:
        """Do what is due: enqueue scheduled messages, expire old ones, take back locks that ran out."""
        self.wake_at = None
        for sequence in self.agenda.take_due(now):
            entry = self.entries.get(sequence)
            if entry is not None:
                self._meet(entry, now)
        if not self.settings.requires_session:
            while self.locked and (first := next(iter(self.locked.values()))).locked_until <= now:
                self.let_go(first)
        self.line.tick(now)
        when = self._next_due()
        if when is not None:
            self.broker.wake(self, when)

    def _meet(self, entry: Entry, now: float) -> None:
        """Do what was noted for an entry."""
        if entry.state == SCHEDULED and entry.due <= now:
            self._enqueue_scheduled(entry, now)
        elif entry.expires > now:
            self._note(entry.expires, entry)
        elif entry.expires and entry.token is None:
            self._expire(entry)

    def _next_due(self) -> float | None:
        times = [self.agenda.first(), self.line.next_due()]
        if self.locked and not self.settings.requires_session:
            times.append(next(iter(self.locked.values())).locked_until)
        return min((when for when in times if when is not None), default=None)

    def _enqueue_scheduled(self, entry: Entry, now: float) -> None:
        routing = Routing(now)
        self.arrive(entry.message.unscheduled(), routing, 0)
        try:
            self.broker.carry_out(routing, before=[("remove", self, entry)])
        except NotRecordedError:
            self._note(now + _LATER, entry)
        else:
            self._remove(entry)

    def _expire(self, entry: Entry) -> None:
        try:
            if self.settings.dead_letter_expired and self.dead_letters is not None:
                self._bury(entry, Verdict("TTLExpiredException", "The message expired and was dead lettered."))
                return
            self.broker.record([("remove", self, entry)])
            self._remove(entry)
        except NotRecordedError:
            self._note(self.broker.now() + _LATER, entry)

    def cancel_scheduled(self, sequences: list[int]) -> None:
        """Remove scheduled entries; all or none."""
        entries = []
        for sequence in sequences:
            entry = self.entries.get(sequence)
            if entry is None or entry.state != SCHEDULED:
                raise MessageNotFoundError(sequence)
            entries.append(entry)
        self.broker.record([("remove", self, entry) for entry in entries])
        for entry in entries:
            self._remove(entry)

    def expire_locks(self) -> int:
        """Let every lock run out now; return how many."""
        if isinstance(self.line, SessionLine):
            return self.line.expire_locks()
        struck = list(self.locked.values())
        for entry in struck:
            self.let_go(entry)
        return len(struck)

    def browse(self, first: int, limit: int, session: str | None) -> list[Entry]:
        """Return entries from a number on, without touching them."""
        found: list[Entry] = []
        span = self.last_sequence - first + 1
        if span > 4 * len(self.entries):  # walk what is there, not the gaps
            candidates: Iterable[Entry] = (entry for entry in list(self.entries.values()) if entry.sequence >= first)
        else:
            numbers = range(max(first, 0), self.last_sequence + 1)
            candidates = (entry for entry in map(self.entries.get, numbers) if entry is not None)
        for entry in candidates:
            if session is None or entry.message.session_id == session:
                found.append(entry)
                if len(found) >= limit:
                    break
        return found
