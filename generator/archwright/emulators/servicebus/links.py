"""Links: an incoming one takes messages or requests of a client, an outgoing one is the client's receiver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from . import frames
from .codec import CodecError, Described, Symbol, UByte, UInt, ULong
from .errors import ArgumentError, MessageSizeError, ServiceBusError
from .frames import performative
from .message import unpack_transfer

if TYPE_CHECKING:
    from collections.abc import Callable

    from .frames import Fields
    from .message import Entry
    from .queue import Queue
    from .session import AmqpSession
    from .sessions import Session

_GRANTED = 1000
_FLOOD = 16  # times the largest message: who sends more than that without an end is cut off
_SESSION_FILTER = Symbol("com.microsoft:session-filter")
_LOCKED_UNTIL = Symbol("com.microsoft:locked-until-utc")
_TICKS_AT_1970 = 621_355_968_000_000_000
_FILTER_FIELD = 7


class Link:
    """What both directions share: attaching and parting."""

    def __init__(self, session: AmqpSession, fields: Fields) -> None:
        self.amqp = session
        self.name = fields.need(0, str)
        self.handle = fields.need(1, int)
        self.client_receives = fields.need(2, bool)
        self.source = fields.get(5, Described)
        self.target = fields.get(6, Described)
        self.count = 0
        self.open = False
        self._modes = (fields.get(3, int), fields.get(4, int))
        session.links[self.handle] = self

    def attach(
        self, source: Described | None, target: Described | None, properties: dict[Any, Any] | None = None
    ) -> None:
        """Answer the client's attach; without source and target it is the first half of a refusal."""
        self.open = True
        sending, receiving = self._modes
        self.amqp.send(performative(
            frames.ATTACH, self.name, UInt(self.handle), not self.client_receives,
            UByte(2 if sending is None else sending), UByte(receiving or 0), source, target, None, None,
            UInt(0) if self.client_receives else None,
            ULong(self.amqp.connection.server.max_message_size), None, None, properties,
        ))  # fmt: skip

    def refuse(self, error: ServiceBusError) -> None:
        """Part with the client and say why; its frames for this link are ignored until it agrees."""
        if not self.open:
            self.attach(None, None)
        self.open = False
        reason = frames.error(error.condition, error.description)
        self.amqp.send(performative(frames.DETACH, UInt(self.handle), True, reason))  # noqa: FBT003  # closed
        self.leave()

    def detached(self) -> None:
        """The client parts."""
        was_open, self.open = self.open, False
        self.leave()
        if was_open:
            self.amqp.send(performative(frames.DETACH, UInt(self.handle), True))  # noqa: FBT003  # closed

    def leave(self) -> None:
        """Let go of everything."""


class IncomingLink(Link):
    """A client's sender; `accept` takes each whole message."""

    def __init__(self, session: AmqpSession, fields: Fields, accept: Callable[[bytes, int], None]) -> None:
        super().__init__(session, fields)
        self._accept = accept
        self._credit = 0
        self._parts: list[bytes] = []
        self._size = 0
        self._delivery: tuple[int, int, bool] | None = None

    def grant(self) -> None:
        """Let the client send."""
        self._credit = _GRANTED
        self.amqp.flow(self, _GRANTED)

    def take(self, fields: Fields, payload: bytes) -> None:
        """Take one frame of a message; act when it is whole."""
        if not self.open:
            return
        if self._delivery is None:
            self._delivery = (fields.need(1, int), fields.get(3, int) or 0, bool(fields.get(4, bool)))
        self._collect(payload)
        if fields.get(9, bool):  # aborted
            self._forget()
        elif self.open and not fields.get(5, bool):  # no more to come
            self._take_whole(*self._delivery)

    def _collect(self, payload: bytes) -> None:
        """Keep a piece of a message, unless the message has become too large anyway."""
        limit = self.amqp.connection.server.max_message_size
        self._size += len(payload)
        if self._size <= limit:
            self._parts.append(payload)
            return
        self._parts.clear()
        if self._size > _FLOOD * limit:
            self._forget()
            self.refuse(_too_large(limit))

    def _take_whole(self, number: int, message_format: int, settled: bool) -> None:  # noqa: FBT001  # as the frame has it
        """Hand a whole message on, and answer."""
        limit = self.amqp.connection.server.max_message_size
        raw, size = b"".join(self._parts), self._size
        self._forget()
        self.count += 1
        self._credit -= 1
        outcome = Described(ULong(frames.ACCEPTED), [])
        try:
            if size > limit:
                raise _too_large(limit)
            self._accept(raw, message_format)
        except ServiceBusError as refusal:
            outcome = Described(ULong(frames.REJECTED), [frames.error(refusal.condition, refusal.description)])
        if not settled:
            self.amqp.answer(number, outcome)
        if self._credit < _GRANTED // 2 and self.open:
            self.grant()

    def _forget(self) -> None:
        self._parts, self._size, self._delivery = [], 0, None


def _too_large(limit: int) -> MessageSizeError:
    return MessageSizeError(f"The message is larger than the {limit} bytes that this link takes.")


def accept_messages(session: AmqpSession, entity: Queue) -> Callable[[bytes, int], None]:
    """Return how a link's messages reach an entity."""
    server = session.connection.server

    def accept(raw: bytes, message_format: int) -> None:
        try:
            batch = unpack_transfer(raw, message_format)
        except CodecError as error:
            raise ArgumentError(str(error)) from error
        server.broker.send(entity, batch)
        if not server.faults.quiet and server.faults.take_lost_answer(entity.path):
            server.settle()
            session.connection.abort()

    return accept


class OutgoingLink(Link):
    """A client's receiver: of a queue, or of the answers to its requests."""

    def __init__(self, session: AmqpSession, fields: Fields, queue: Queue | None = None) -> None:
        super().__init__(session, fields)
        self.queue = queue
        self.session: Session | None = None
        self.receive_and_delete = self._modes[0] == 1
        self._credit = 0

    @property
    def credit(self) -> int:
        """How many messages the client takes now."""
        return self._credit if self.open else 0

    def grant(self, credit: int) -> None:
        """The client takes this many."""
        self._credit = credit
        if self.queue is not None:
            self.queue.line.feed(self)

    def drain(self) -> None:
        """Use up the credit that no message was there for."""
        self.count += max(0, self._credit)
        self.grant(0)

    def deliver(self, entry: Entry, token: bytes) -> None:
        """Send a message of the queue."""
        number = self.send(entry.encode(), token)
        if not self.receive_and_delete and self.queue is not None:
            self.amqp.note_lock(number, self.queue, token)

    def send(self, raw: bytes, tag: bytes | None = None) -> int:
        """Send a message; without a tag it is an answer, which needs no settling."""
        self._credit -= 1
        self.count += 1
        settled = tag is None or self.receive_and_delete
        return self.amqp.deliver(self.handle, tag or uuid4().bytes, raw, settled=settled)

    def granted(self, session: Session) -> None:
        """The client has a session: tell it which, and until when."""
        assert self.source is not None, "checked when it attached"
        fields = [*self.source.value, *[None] * (_FILTER_FIELD + 1 - len(self.source.value))]
        fields[_FILTER_FIELD] = {_SESSION_FILTER: session.id}
        ticks = int(session.locked_until * 10_000_000) + _TICKS_AT_1970
        self.attach(Described(ULong(frames.SOURCE), fields), self.target, {_LOCKED_UNTIL: ticks})

    def leave(self) -> None:
        """Give back the session, and wait no longer."""
        self.open = False
        if self.queue is not None:
            self.queue.line.leave(self)
