"""Sessions: entries of one go to one holder, in order; who asks for any session gets the longest waiting one."""

from __future__ import annotations

from collections import OrderedDict
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from .errors import NoSessionError, SessionCannotBeLockedError, SessionLockLostError
from .message import ACTIVE

if TYPE_CHECKING:
    from .line import Consumer
    from .message import Entry
    from .queue import Queue


class Session:
    """One session of a queue."""

    __slots__ = ("entries", "holder", "id", "locked", "locked_until", "ready", "state")

    def __init__(self, identity: str) -> None:
        self.id = identity
        self.ready: list[int] = []
        self.locked: dict[bytes, Entry] = {}
        self.entries = 0
        """How many entries it has in all, deferred and scheduled ones too."""
        self.state: bytes | None = None
        self.holder: Consumer | None = None
        self.locked_until = 0.0


class SessionLine:
    """The sessions of a queue, and those who wait for one."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self.sessions: dict[str, Session] = {}
        self._free: OrderedDict[str, Session] = OrderedDict()  # have ready entries and no holder; longest waiting first
        self._held: OrderedDict[str, Session] = OrderedDict()  # soonest to run out first
        self._waiting: OrderedDict[Consumer, float] = OrderedDict()
        self._to_serve: dict[str, Session] = {}

    # Entries.

    def joined(self, entry: Entry) -> None:
        """An entry came into the queue."""
        self.session(str(entry.message.session_id)).entries += 1

    def left(self, entry: Entry) -> None:
        """An entry left the queue."""
        session = self.session(str(entry.message.session_id))
        session.entries -= 1
        self._drop_if_empty(session)

    def add(self, entry: Entry) -> None:
        """An entry is ready to be delivered."""
        session = self.session(str(entry.message.session_id))
        heappush(session.ready, entry.sequence)
        if session.holder is None:
            self._free[session.id] = session
            self._grant()
        else:
            self._to_serve[session.id] = session
            self._queue.broker.serve(self._queue)

    def session(self, identity: str) -> Session:
        """Return a session; it comes into being when it is named."""
        session = self.sessions.get(identity)
        if session is None:
            session = self.sessions[identity] = Session(identity)
        return session

    def _drop_if_empty(self, session: Session) -> None:
        if session.entries == 0 and session.state is None and session.holder is None:
            self.sessions.pop(session.id, None)
            self._free.pop(session.id, None)

    # Consumers.

    def accept(self, consumer: Consumer, identity: str | None, patience: float) -> None:
        """Give a consumer the named session, or the next one that has entries, waiting `patience` seconds.

        Raises:
            SessionCannotBeLockedError: somebody else holds the named one.
        """
        if identity is None:
            deadline = self._queue.broker.now() + patience
            self._waiting[consumer] = deadline
            self._queue.broker.wake(self._queue, deadline)
            self._grant()
            return
        session = self.session(identity)
        if session.holder is not None:
            raise SessionCannotBeLockedError(identity)
        self._hold(session, consumer)

    def _grant(self) -> None:
        while self._waiting and self._free:
            session = next(iter(self._free.values()))
            if not self._has_ready(session):
                del self._free[session.id]
                continue
            consumer, _ = self._waiting.popitem(last=False)
            self._hold(session, consumer)

    def _hold(self, session: Session, consumer: Consumer) -> None:
        self._free.pop(session.id, None)
        session.holder = consumer
        session.locked_until = self._queue.broker.now() + self._queue.settings.lock_duration
        self._held[session.id] = session
        self._queue.broker.wake(self._queue, session.locked_until)
        consumer.session = session
        consumer.granted(session)
        self.feed(consumer)

    def feed(self, consumer: Consumer) -> None:
        """A consumer's credit changed."""
        session = consumer.session
        if session is not None and session.ready and consumer.credit > 0:
            self._to_serve[session.id] = session
            self._queue.broker.serve(self._queue)

    def leave(self, consumer: Consumer) -> None:
        """A consumer has gone: its session is free at once, and its unsettled entries are ready again, uncounted."""
        self._waiting.pop(consumer, None)
        if consumer.session is not None and consumer.session.holder is consumer:
            self._release(consumer.session, counted=False)

    def _release(self, session: Session, *, counted: bool) -> None:
        self._held.pop(session.id, None)
        if session.holder is not None:
            session.holder.session = None
            session.holder = None
        for entry in list(session.locked.values()):
            self._queue.let_go(entry, counted=counted)
        if session.ready and session.holder is None:  # whoever waits may have it already, since it has entries again
            self._free[session.id] = session
        self._drop_if_empty(session)
        self._grant()

    def serve(self) -> None:
        """Hand over what can be handed over."""
        while self._to_serve:
            session = next(iter(self._to_serve.values()))
            while session.holder is not None and session.holder.credit > 0 and self._has_ready(session):
                self._queue.hand_over(self._queue.entries[session.ready[0]], session.holder, session)
                heappop(session.ready)
            self._to_serve.pop(session.id, None)

    def _has_ready(self, session: Session) -> bool:
        """Whether the session has a ready entry; others are swept away from the front."""
        while session.ready:
            entry = self._queue.entries.get(session.ready[0])
            if entry is not None and entry.token is None and entry.state == ACTIVE:
                return True
            heappop(session.ready)
        return False

    # Locks.

    def held(self, identity: str) -> Session:
        """Return a session that somebody holds.

        Raises:
            SessionLockLostError: nobody does.
        """
        session = self.sessions.get(identity)
        if session is None or session.holder is None or session.locked_until <= self._queue.broker.now():
            raise SessionLockLostError
        return session

    def renew(self, identity: str) -> float:
        """Lock for another whole duration; return until when."""
        session = self.held(identity)
        session.locked_until = self._queue.broker.now() + self._queue.settings.lock_duration
        self._held.move_to_end(identity)
        return session.locked_until

    def set_state(self, identity: str, state: bytes | None) -> None:
        """Keep something for the session's next holder."""
        session = self.held(identity)
        self._queue.broker.record([("session", self._queue, identity, state)])
        session.state = state

    def restore_state(self, identity: str, state: bytes | None) -> None:
        """Set a state as the journal tells it."""
        session = self.session(identity)
        session.state = state
        self._drop_if_empty(session)

    def expire_locks(self) -> int:
        """Let every session lock run out now; return how many."""
        struck = list(self._held.values())
        for session in struck:
            self._lose(session)
        return len(struck)

    def _lose(self, session: Session) -> None:
        consumer = session.holder
        self._release(session, counted=True)
        if consumer is not None:
            consumer.refuse(SessionLockLostError())

    def tick(self, now: float) -> None:
        """Take back sessions whose lock ran out; turn away those who waited long enough."""
        while self._held and (session := next(iter(self._held.values()))).locked_until <= now:
            self._lose(session)
        for consumer in [consumer for consumer, deadline in self._waiting.items() if deadline <= now]:
            del self._waiting[consumer]
            consumer.refuse(NoSessionError())

    def next_due(self) -> float | None:
        """Return when a lock or somebody's patience ends."""
        times = list(self._waiting.values())
        if self._held:
            times.append(next(iter(self._held.values())).locked_until)
        return min(times, default=None)
