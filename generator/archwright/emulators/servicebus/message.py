"""A message: what its sender wrote, split in AMQP sections and kept as bytes, and its entry in one queue.

A `Message` never changes; copies in several queues share it. An `Entry` is the broker's own: number, times, lock.
The body is never decoded, so that it comes out as it went in.
"""

from __future__ import annotations

import time
import uuid
from types import NoneType
from typing import Any

from .codec import CodecError, Symbol, Timestamp, UByte, UInt, decode, encode, skip

HEADER, DELIVERY_ANNOTATIONS, ANNOTATIONS, PROPERTIES, APPLICATION, DATA, SEQUENCE, VALUE, FOOTER = range(0x70, 0x79)
BATCH_FORMAT = 0x80013700
PROPERTY_NAMES = (
    "message_id",
    "user_id",
    "to",
    "subject",
    "reply_to",
    "correlation_id",
    "content_type",
    "content_encoding",
    "absolute_expiry_time",
    "creation_time",
    "group_id",
    "group_sequence",
    "reply_to_group_id",
)
_GROUP_ID = PROPERTY_NAMES.index("group_id")
_SYMBOLS = {"content_type", "content_encoding"}
_TIMES = {"absolute_expiry_time", "creation_time"}
_SCHEDULED = "x-opt-scheduled-enqueue-time"

ACTIVE, DEFERRED, SCHEDULED = 0, 1, 2
"""States of an entry, as the annotation `x-opt-message-state` counts them."""


def section(code: int, value: Any) -> bytes:
    """Return an encoded section."""
    return b"\x00\x53" + bytes((code,)) + encode(value)


def split_sections(raw: bytes) -> dict[int, list[bytes]]:
    """Return the sections of an encoded message by their code, undecoded.

    Raises:
        CodecError: this is not a message.
    """
    sections: dict[int, list[bytes]] = {}
    position, end = 0, len(raw)
    while position < end:
        if raw[position : position + 2] != b"\x00\x53":
            raise CodecError("a message must be made of sections")
        behind = skip(raw, position)
        sections.setdefault(raw[position + 2], []).append(raw[position:behind])
        position = behind
    return sections


def section_value(raw: bytes) -> Any:
    """Return what a section holds."""
    return decode(raw, 3)[0]


def _typed(code: int, sections: dict[int, list[bytes]], kind: type) -> Any:
    if code not in sections:
        return kind()
    value = section_value(sections[code][0])
    if value is None:
        return kind()
    if not isinstance(value, kind):
        raise CodecError(f"section 0x{code:02x} must hold a {kind.__name__}")
    return value


class Message:
    """What a sender sent."""

    __slots__ = ("annotations", "body", "durable", "message_id", "priority", "raw_application", "raw_properties",
                 "session_id", "ttl")  # fmt: skip

    durable: Any
    priority: int | None
    ttl: float | None
    annotations: dict[str, Any]
    raw_properties: bytes
    raw_application: bytes
    body: bytes
    message_id: Any
    session_id: str | None

    @classmethod
    def parse(cls, raw: bytes) -> Message:
        """Read an encoded message.

        Raises:
            CodecError: it is not one.
        """
        sections = split_sections(raw)
        header = _typed(HEADER, sections, list) + [None] * 3
        properties = _typed(PROPERTIES, sections, list)
        message = cls.__new__(cls)
        message.durable = header[0]
        message.priority = header[1]
        message.ttl = header[2] / 1000 if header[2] is not None else None
        message.annotations = _typed(ANNOTATIONS, sections, dict)
        message.message_id = properties[0] if properties else None
        message.session_id = properties[_GROUP_ID] if len(properties) > _GROUP_ID else None
        if not isinstance(message.message_id, (str, int, bytes, uuid.UUID, NoneType)):
            raise CodecError("a message id must be a string, a number, bytes or a UUID")
        if not isinstance(message.session_id, (str, NoneType)):
            raise CodecError("a session id must be a string")
        message.raw_properties = sections[PROPERTIES][0] if properties else b""
        message.raw_application = sections[APPLICATION][0] if _typed(APPLICATION, sections, dict) else b""
        message.body = b"".join([part for code in (DATA, SEQUENCE, VALUE, FOOTER) for part in sections.get(code, ())])
        if message.message_id is None:  # the service gives one too
            return message.changed(properties={**message.properties(), "message_id": uuid.uuid4().hex})
        return message

    def properties(self) -> dict[str, Any]:
        """Return the set properties by name."""
        if not self.raw_properties:
            return {}
        values = section_value(self.raw_properties)
        return {name: value for name, value in zip(PROPERTY_NAMES, values, strict=False) if value is not None}

    def application(self) -> dict[str, Any]:
        """Return the application's own properties."""
        return (section_value(self.raw_application) or {}) if self.raw_application else {}

    def changed(
        self,
        *,
        properties: dict[str, Any] | None = None,
        application: dict[str, Any] | None = None,
        annotations: dict[str, Any] | None = None,
        ttl: float | None = None,
    ) -> Message:
        """Return a copy with other parts."""
        other = Message.__new__(Message)
        for name in Message.__slots__:
            setattr(other, name, getattr(self, name))
        if properties is not None:
            values = [_property(name, properties.get(name)) for name in PROPERTY_NAMES]
            other.raw_properties = section(PROPERTIES, values)
            other.message_id, other.session_id = values[0], values[_GROUP_ID]
        if application is not None:
            other.raw_application = section(APPLICATION, application) if application else b""
        if annotations is not None:
            other.annotations = annotations
        if ttl is not None:
            other.ttl = ttl
        return other

    @property
    def scheduled_for(self) -> float | None:
        """When it wants to be enqueued, in seconds since 1970."""
        due = self.annotations.get(_SCHEDULED) if self.annotations else None
        return due / 1000 if isinstance(due, int) else None

    def unscheduled(self) -> Message:
        """Return a copy that is due at once."""
        return self.changed(annotations={key: x for key, x in self.annotations.items() if key != _SCHEDULED})

    def encode(self, deliveries: int = 0, annotations: dict[Symbol, Any] | None = None) -> bytes:
        """Return the message as bytes, with the broker's annotations added to the sender's."""
        ttl = UInt(int(self.ttl * 1000)) if self.ttl is not None else None
        priority = UByte(self.priority) if self.priority is not None else None
        notes: dict[Any, Any] = {**self.annotations, **(annotations or {})}
        return b"".join([
            section(HEADER, [self.durable, priority, ttl, None, UInt(deliveries)]),
            section(ANNOTATIONS, notes) if notes else b"",
            self.raw_properties,
            self.raw_application,
            self.body,
        ])  # fmt: skip


def _property(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _SYMBOLS:
        return Symbol(value)
    if name in _TIMES:
        return Timestamp(value)
    return UInt(value) if name == "group_sequence" else value


_SEQUENCE_NUMBER, _ENQUEUED = Symbol("x-opt-sequence-number"), Symbol("x-opt-enqueued-time")
_LOCKED_UNTIL, _STATE = Symbol("x-opt-locked-until"), Symbol("x-opt-message-state")


class Entry:
    """A message in one queue."""

    __slots__ = ("deliveries", "due", "enqueued", "expires", "locked_until", "message", "sequence", "session", "state",
                 "token")  # fmt: skip

    def __init__(self, message: Message, sequence: int, enqueued: float, *, deliveries: int = 0) -> None:
        self.message = message
        self.sequence = sequence
        self.enqueued = enqueued
        self.deliveries = deliveries
        self.state = ACTIVE
        self.expires = 0.0
        """When its time to live ends; 0: never."""
        self.due = 0.0
        self.token: bytes | None = None
        """The lock that a receiver holds: sixteen bytes, which are also the delivery tag."""
        self.locked_until = 0.0
        self.session: Any = None
        """The session through which it is locked, where the queue has sessions."""

    def encode(self) -> bytes:
        """Return the message as a receiver sees it."""
        notes: dict[Symbol, Any] = {
            _SEQUENCE_NUMBER: self.sequence,
            _ENQUEUED: Timestamp(int(self.enqueued * 1000)),
        }
        if self.token is not None:
            notes[_LOCKED_UNTIL] = Timestamp(int(self.locked_until * 1000))
        if self.state != ACTIVE:
            notes[_STATE] = self.state
        return self.message.encode(self.deliveries, notes)


def unpack_transfer(raw: bytes, message_format: int) -> list[Message]:
    """Return the messages of one transfer: the service packs a batch as data sections that hold encoded messages.

    Raises:
        CodecError: they are not messages.
    """
    try:
        if message_format != BATCH_FORMAT:
            return [Message.parse(raw)]
        return [Message.parse(section_value(part)) for part in split_sections(raw).get(DATA, [])]
    except (TypeError, IndexError, ValueError) as error:
        raise CodecError(f"malformed message: {error}") from error


def now() -> float:
    """Return the time in seconds since 1970, as annotations and the journal count it."""
    return time.time()
