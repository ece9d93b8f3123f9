"""An AMQP session: windows, delivery numbers, links by handle, and which delivery holds which lock."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from . import frames
from .attach import attach
from .codec import Described, UInt, ULong, UShort
from .errors import ServiceBusError
from .frames import FrameError, described_fields, performative
from .links import IncomingLink, OutgoingLink
from .settings import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .connection import Connection
    from .frames import Fields
    from .links import Link
    from .queue import Queue

_WIDE = 0x7FFFFFFF
_MOST_LINKS = 256


class AmqpSession:
    """One channel of a connection."""

    def __init__(self, connection: Connection, channel: int, fields: Fields) -> None:
        self.connection = connection
        self.channel = channel
        self.links: dict[int, Link] = {}
        self._next_incoming = fields.need(1, int)
        self._window = fields.need(2, int)
        self._next_outgoing = 0
        self._next_delivery = 0
        self._backlog: deque[bytes] = deque()
        self._locks: dict[int, tuple[Queue, bytes]] = {}
        self.send(performative(
            frames.BEGIN, UShort(channel), UInt(0), UInt(_WIDE), UInt(_WIDE), UInt(_MOST_LINKS - 1)
        ))  # fmt: skip

    def send(self, body: bytes) -> None:
        """Send a frame on this channel."""
        self.connection.send(self.channel, body)

    def end(self) -> None:
        """The session is over: its links let go of what they held."""
        for link in list(self.links.values()):
            link.leave()
        self.links.clear()

    def meet(self, code: int, fields: Fields, payload: bytes) -> None:
        """Do what a frame says."""
        if code == frames.TRANSFER:
            self._transfer(fields, payload)
        elif code == frames.FLOW:
            self._flow(fields)
        elif code == frames.DISPOSITION:
            self._disposition(fields)
        elif code == frames.ATTACH:
            if fields.need(1, int) in self.links or len(self.links) >= _MOST_LINKS:
                raise FrameError("amqp:session:handle-in-use", "the handle is in use, or there are too many links")
            attach(self, fields)
        elif code == frames.DETACH:
            link = self.links.pop(fields.need(0, int), None)
            if link is not None:
                link.detached()
        else:
            raise FrameError("amqp:not-allowed", f"performative 0x{code:02x} has no place in a session")

    # Windows.

    def flow(self, link: Link, credit: int, *, drain: bool = False) -> None:
        """Tell the client the state of a link."""
        self.send(performative(
            frames.FLOW, UInt(self._next_incoming), UInt(_WIDE), UInt(self._next_outgoing), UInt(_WIDE),
            UInt(link.handle), UInt(link.count), UInt(credit), None, drain,
        ))  # fmt: skip

    def _flow(self, fields: Fields) -> None:
        expected, window = fields.get(0, int), fields.need(1, int)
        sent = self._next_outgoing - len(self._backlog)
        self._window = window if expected is None else expected + window - sent
        while self._backlog and self._window > 0:
            self._window -= 1
            self.send(self._backlog.popleft())
        handle = fields.get(4, int)
        link = self.links.get(handle) if handle is not None else None
        if isinstance(link, OutgoingLink):
            count, credit = fields.get(5, int), fields.get(6, int) or 0
            link.grant((count if count is not None else link.count) + credit - link.count)
            self.connection.server.settle()
            if fields.get(8, bool):
                link.drain()
            if fields.get(8, bool) or fields.get(9, bool):
                self.flow(link, link.credit, drain=bool(fields.get(8, bool)))

    # Outgoing.

    def deliver(self, handle: int, tag: bytes, raw: bytes, *, settled: bool) -> int:
        """Send a message in as many frames as it needs; return its delivery number."""
        number, size = self._next_delivery, self.connection.largest_frame - 64
        self._next_delivery += 1
        for start in range(0, len(raw), size):
            more = start + size < len(raw)
            head = performative(frames.TRANSFER, UInt(handle), UInt(number), tag, UInt(0), settled, more)
            self._next_outgoing += 1
            if self._window > 0:
                self._window -= 1
                self.send(head + raw[start : start + size])
            else:
                self._backlog.append(head + raw[start : start + size])
        return number

    def note_lock(self, number: int, queue: Queue, token: bytes) -> None:
        """Remember which lock a delivery holds."""
        self._locks[number] = (queue, token)

    # Incoming.

    def _transfer(self, fields: Fields, payload: bytes) -> None:
        self._next_incoming += 1
        link = self.links.get(fields.need(0, int))
        if not isinstance(link, IncomingLink):
            raise FrameError("amqp:session:unattached-handle", "a transfer on a handle that takes none")
        link.take(fields, payload)

    def answer(self, number: int, outcome: Described) -> None:
        """Settle a delivery of the client's."""
        self.send(performative(frames.DISPOSITION, True, UInt(number), UInt(number), True, outcome))  # noqa: FBT003  # a role

    def _disposition(self, fields: Fields) -> None:
        if not fields.need(0, bool):
            return  # of our own answers, all of which were settled
        first = fields.need(1, int)
        last = fields.get(2, int)
        outcome = fields.get(4, Described)
        for number in self._unsettled(first, first if last is None else last):
            queue, token = self._locks.pop(number)
            code = (
                int(outcome.descriptor)
                if outcome is not None and isinstance(outcome.descriptor, int)
                else frames.ACCEPTED
            )
            answer = Described(ULong(code), [])  # without the client's own error: it would take that for a refusal
            try:
                settle(queue, token, code, described_fields(outcome))
            except ServiceBusError as refusal:
                answer = rejection(refusal)
            if not fields.get(3, bool):
                self.send(performative(frames.DISPOSITION, False, UInt(number), UInt(number), True, answer))  # noqa: FBT003  # a role

    def _unsettled(self, first: int, last: int) -> Iterable[int]:
        """Return the numbers between two that are unsettled, however far apart a client puts them."""
        if last - first < len(self._locks):
            return [number for number in range(first, last + 1) if number in self._locks]
        return [number for number in self._locks if first <= number <= last]


def rejection(refusal: ServiceBusError) -> Described:
    """Return the outcome that tells a refusal."""
    return Described(ULong(frames.REJECTED), [frames.error(refusal.condition, refusal.description)])


def settle(queue: Queue, token: bytes, code: int, values: list[Any]) -> None:
    """Do to a locked message what a client's outcome says; AMQP has no words for all of it.

    Rejected means dead-letter, modified with undeliverable-here means defer, modified alone abandon.
    """
    if code == frames.ACCEPTED:
        queue.complete(token)
    elif code == frames.REJECTED:
        details = described_fields(values[0]) if values and isinstance(values[0], Described) else []
        info = details[2] if len(details) > 2 and isinstance(details[2], dict) else {}  # noqa: PLR2004  # the error's third field
        told = {name: info[name] for name in info if name not in ("DeadLetterReason", "DeadLetterErrorDescription")}
        queue.dead_letter(token, Verdict(info.get("DeadLetterReason"), info.get("DeadLetterErrorDescription"), told))
    elif code == frames.MODIFIED:
        properties = values[2] if len(values) > 2 and isinstance(values[2], dict) else None  # noqa: PLR2004  # message-annotations
        if len(values) > 1 and values[1]:
            queue.defer(token, properties)
        else:
            queue.abandon(token, properties)
    else:
        queue.abandon(token, counted=False)
