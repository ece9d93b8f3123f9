"""AMQP 1.0 frames: performatives by code, fields by number, faults by condition. OASIS AMQP 1.0, part 2 (transport)."""

from __future__ import annotations

import struct
from typing import Any, TypeVar

from .codec import Described, Symbol, ULong, decode, encode

Kind = TypeVar("Kind")

OPEN, BEGIN, ATTACH, FLOW, TRANSFER, DISPOSITION, DETACH, END, CLOSE = range(0x10, 0x19)
ERROR = 0x1D
SOURCE, COORDINATOR = 0x28, 0x30
ACCEPTED, REJECTED, RELEASED, MODIFIED = 0x24, 0x25, 0x26, 0x27
SASL_MECHANISMS, SASL_INIT, SASL_OUTCOME = 0x40, 0x41, 0x44
AMQP_FRAME, SASL_FRAME = 0, 1
LARGEST_FRAME = 65536
HEADER = struct.Struct(">IBBH")
EMPTY = HEADER.pack(8, 2, AMQP_FRAME, 0)


class FrameError(Exception):
    """A client that breaks the protocol: its connection is closed with this condition."""

    def __init__(self, condition: str, description: str) -> None:
        super().__init__(description)
        self.condition = condition
        self.description = description


def performative(code: int, *fields: Any) -> bytes:
    """Return an encoded performative; empty fields at the end are left out."""
    count = len(fields)
    while count and fields[count - 1] is None:
        count -= 1
    return b"\x00\x53" + bytes((code,)) + encode(list(fields[:count]))


def error(condition: str, description: str) -> Described:
    """Return an error as detach, end, close and rejections carry it; the SDK insists on the third field."""
    return Described(ULong(ERROR), [Symbol(condition), description, {}])


class Fields:
    """The fields of a performative, each asked for with its type."""

    __slots__ = ("_values",)

    def __init__(self, values: list[Any]) -> None:
        self._values = values

    def get(self, number: int, kind: type[Kind]) -> Kind | None:
        """Return a field, or None if it is not set.

        Raises:
            FrameError: it has another type.
        """
        value = self._values[number] if number < len(self._values) else None
        if value is None or isinstance(value, kind):
            return value
        raise FrameError("amqp:decode-error", f"field {number} must be a {kind.__name__}")

    def need(self, number: int, kind: type[Kind]) -> Kind:
        """Return a field that must be set.

        Raises:
            FrameError: it is not, or has another type.
        """
        value = self.get(number, kind)
        if value is None:
            raise FrameError("amqp:invalid-field", f"field {number} must be set")
        return value


def read_performative(frame: bytes, start: int) -> tuple[int, Fields, int]:
    """Return code, fields and the offset of the payload.

    Raises:
        FrameError: the frame holds something else.
        CodecError: the frame is not AMQP.
    """
    value, position = decode(frame, start)
    if not isinstance(value, Described) or not isinstance(value.descriptor, int) or not isinstance(value.value, list):
        raise FrameError("amqp:decode-error", "a frame must begin with a performative")
    return int(value.descriptor), Fields(value.value), position


def described_fields(value: Described | None) -> list[Any]:
    """Return the list inside a described value, such as a source or an outcome."""
    return value.value if value is not None and isinstance(value.value, list) else []
