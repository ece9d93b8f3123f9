"""AMQP 1.0 types to bytes and back: what frames, messages and management bodies are made of.

Types that Python lacks have small classes of their own here, so that what was read is written back with the same type.
OASIS AMQP 1.0, part 1 (types).
"""

# ruff: noqa: PLR2004  # the constructors of AMQP are numbers

from __future__ import annotations

import struct
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class CodecError(ValueError):
    """Bytes that are not AMQP."""


class Symbol(str):
    """A name of the protocol."""

    __slots__ = ()


class Timestamp(int):
    """Milliseconds since 1970."""

    __slots__ = ()


class UByte(int):
    """Eight bits."""

    __slots__ = ()


class UShort(int):
    """Sixteen bits."""

    __slots__ = ()


class UInt(int):
    """Thirty-two bits."""

    __slots__ = ()


class ULong(int):
    """Sixty-four bits."""

    __slots__ = ()


class Int(int):
    """Thirty-two bits and a sign; a plain `int` is written as sixty-four."""

    __slots__ = ()


class Encoded(bytes):
    """A value kept as it came, constructor and all: decimals and characters, which nothing here computes with."""

    __slots__ = ()


class Described:
    """A value with a descriptor."""

    __slots__ = ("descriptor", "value")

    def __init__(self, descriptor: Any, value: Any) -> None:
        self.descriptor = descriptor
        self.value = value

    def __repr__(self) -> str:
        return f"Described({self.descriptor!r}, {self.value!r})"


class Array(list[Any]):
    """Values of one type; `constructor` is its code."""

    def __init__(self, constructor: int, items: Iterable[Any] = ()) -> None:
        super().__init__(items)
        self.constructor = constructor


_U16, _U32, _U64 = struct.Struct(">H"), struct.Struct(">I"), struct.Struct(">Q")
_I8, _I32, _I64, _F64 = struct.Struct("b"), struct.Struct(">i"), struct.Struct(">q"), struct.Struct(">d")

_FIXED: dict[int, tuple[struct.Struct, Callable[[Any], Any] | None]] = {
    0x50: (struct.Struct("B"), UByte),
    0x51: (_I8, None),
    0x52: (struct.Struct("B"), UInt),
    0x53: (struct.Struct("B"), ULong),
    0x54: (_I8, Int),
    0x55: (_I8, None),
    0x56: (struct.Struct("?"), None),
    0x60: (_U16, UShort),
    0x61: (struct.Struct(">h"), None),
    0x70: (_U32, UInt),
    0x71: (_I32, Int),
    0x72: (struct.Struct(">f"), None),
    0x80: (_U64, ULong),
    0x81: (_I64, None),
    0x82: (_F64, None),
    0x83: (_I64, Timestamp),
}
_CONSTANT: dict[int, Callable[[], Any]] = {
    0x40: lambda: None,
    0x41: lambda: True,
    0x42: lambda: False,
    0x43: lambda: UInt(0),
    0x44: lambda: ULong(0),
    0x45: list,
}
_KEPT = {0x73: 4, 0x74: 4, 0x84: 8, 0x94: 16}
_WIDTH = {0x4: 0, 0x5: 1, 0x6: 2, 0x7: 4, 0x8: 8, 0x9: 16}
_FAULTS = (struct.error, IndexError, KeyError, TypeError, ValueError, RecursionError, OverflowError)


def decode(data: bytes | bytearray, position: int = 0) -> tuple[Any, int]:
    """Return the value at `position` and the offset behind it.

    Raises:
        CodecError: the bytes are not AMQP, or end too early.
    """
    try:
        return _value(data, position)
    except CodecError:
        raise
    except _FAULTS as error:
        raise CodecError(f"malformed AMQP value at byte {position}: {error or type(error).__name__}") from error


def _value(data: bytes | bytearray, position: int) -> tuple[Any, int]:
    constructor = data[position]
    if constructor:
        return _after(constructor, data, position + 1)
    descriptor, position = _value(data, position + 1)
    value, position = _value(data, position)
    return Described(descriptor, value), position


def _after(constructor: int, data: bytes | bytearray, position: int) -> tuple[Any, int]:  # noqa: PLR0911  # one per family
    """Return the value behind its constructor."""
    fixed = _FIXED.get(constructor)
    if fixed is not None:
        layout, kind = fixed
        number = layout.unpack_from(data, position)[0]
        return (number if kind is None else kind(number)), position + layout.size
    family = constructor >> 4
    if family in (0xA, 0xB):
        return _variable(constructor, data, position)
    if constructor in _CONSTANT:
        return _CONSTANT[constructor](), position
    if family in (0xC, 0xD):
        return _compound(constructor, data, position)
    if constructor == 0x98:
        return uuid.UUID(bytes=bytes(data[position : position + 16])), position + 16
    if family in (0xE, 0xF):
        return _array(constructor, data, position)
    if constructor in _KEPT:
        end = position + _KEPT[constructor]
        _check_end(data, end)
        return Encoded(bytes((constructor,)) + data[position:end]), end
    raise CodecError(f"unknown AMQP constructor 0x{constructor:02x} at byte {position - 1}")


def _variable(constructor: int, data: bytes | bytearray, position: int) -> tuple[Any, int]:
    if constructor < 0xB0:
        start, size = position + 1, data[position]
    else:
        start, size = position + 4, _U32.unpack_from(data, position)[0]
    end = start + size
    _check_end(data, end)
    raw = bytes(data[start:end])
    kind = constructor & 0x0F
    if kind == 1:
        return raw.decode(), end
    if kind == 0:
        return raw, end
    if kind == 3:
        return Symbol(raw.decode("ascii")), end
    raise CodecError(f"unknown AMQP constructor 0x{constructor:02x} at byte {position - 1}")


def _compound(constructor: int, data: bytes | bytearray, position: int) -> tuple[Any, int]:
    if constructor < 0xD0:
        end, count, position = position + 1 + data[position], data[position + 1], position + 2
    else:
        end, count = position + 4 + _U32.unpack_from(data, position)[0], _U32.unpack_from(data, position + 4)[0]
        position += 8
    _check_end(data, end)
    items = []
    for _ in range(count):
        item, position = _value(data, position)
        items.append(item)
    if position != end:
        raise CodecError("the size of a list or map does not match its content")
    kind = constructor & 0x0F
    if kind == 0:
        return items, end
    if kind == 1 and count % 2 == 0:
        return dict(zip(items[::2], items[1::2], strict=True)), end
    raise CodecError(f"unknown AMQP constructor 0x{constructor:02x}, or a key without a value")


def _array(constructor: int, data: bytes | bytearray, position: int) -> tuple[Array, int]:
    if constructor < 0xF0:
        end, count, position = position + 1 + data[position], data[position + 1], position + 2
    else:
        end, count = position + 4 + _U32.unpack_from(data, position)[0], _U32.unpack_from(data, position + 4)[0]
        position += 8
    _check_end(data, end)
    if count > end - position:  # elements without bytes of their own would let a few bytes claim all memory
        raise CodecError("an array claims more elements than it has bytes")
    kind = data[position]
    position += 1
    if not kind:
        _, position = _value(data, position)
        kind = data[position]
        position += 1
    items = Array(kind)
    for _ in range(count):
        item, position = _after(kind, data, position)
        items.append(item)
    return items, end


def _check_end(data: bytes | bytearray, end: int) -> None:
    if end > len(data):
        raise CodecError("a value reaches past the end of its frame")


def skip(data: bytes, position: int) -> int:
    """Return the offset behind the value at `position` without building it.

    Raises:
        CodecError: the value reaches past the end.
    """
    try:
        if data[position] == 0:
            return skip(data, skip(data, position + 1))
        family = data[position] >> 4
        position += 1
        if family in _WIDTH:
            end = position + _WIDTH[family]
        elif family in (0xA, 0xC, 0xE):
            end = position + 1 + data[position]
        else:
            end = position + 4 + _U32.unpack_from(data, position)[0]
    except (IndexError, struct.error, RecursionError) as error:
        raise CodecError("a value reaches past the end of its frame") from error
    _check_end(data, end)
    return end


def _sized(short: int, long: int, raw: bytes) -> bytes:
    size = len(raw)
    return bytes((short, size)) + raw if size < 256 else bytes((long,)) + _U32.pack(size) + raw


def _counted(short: int, count: int, raw: bytes) -> bytes:
    size = len(raw)
    if size < 255 and count < 256:
        return bytes((short, size + 1, count)) + raw
    return bytes((short + 0x10,)) + _U32.pack(size + 4) + _U32.pack(count) + raw


def _encode_int(value: int) -> bytes:
    return b"\x55" + _I8.pack(value) if -128 <= value < 128 else b"\x81" + _I64.pack(value)


def _encode_uint(value: int) -> bytes:
    return b"\x43" if not value else bytes((0x52, value)) if value < 256 else b"\x70" + _U32.pack(value)


def _encode_ulong(value: int) -> bytes:
    return b"\x44" if not value else bytes((0x53, value)) if value < 256 else b"\x80" + _U64.pack(value)


def _encode_list(value: list[Any]) -> bytes:
    return _counted(0xC0, len(value), b"".join(map(encode, value))) if value else b"\x45"


def _encode_map(value: dict[Any, Any]) -> bytes:
    return _counted(0xC1, 2 * len(value), b"".join([encode(x) for pair in value.items() for x in pair]))


_ELEMENT: dict[int, Callable[[Any], bytes]] = {
    0x81: _I64.pack,
    0x83: _I64.pack,
    0x98: lambda value: value.bytes,
    0xA3: lambda value: bytes((len(value),)) + value.encode(),
    0xB1: lambda value: _U32.pack(len(value.encode())) + value.encode(),
}


def _encode_array(value: Array) -> bytes:
    raw = bytes((value.constructor,)) + b"".join(map(_ELEMENT[value.constructor], value))
    return b"\xf0" + _U32.pack(len(raw) + 4) + _U32.pack(len(value)) + raw


_ENCODERS: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"\x40",
    bool: lambda value: b"\x41" if value else b"\x42",
    str: lambda value: _sized(0xA1, 0xB1, value.encode()),
    Symbol: lambda value: _sized(0xA3, 0xB3, value.encode()),
    bytes: lambda value: _sized(0xA0, 0xB0, value),
    int: _encode_int,
    UByte: lambda value: bytes((0x50, value)),
    UShort: lambda value: b"\x60" + _U16.pack(value),
    UInt: _encode_uint,
    ULong: _encode_ulong,
    Int: lambda value: b"\x71" + _I32.pack(value),
    Timestamp: lambda value: b"\x83" + _I64.pack(value),
    float: lambda value: b"\x82" + _F64.pack(value),
    uuid.UUID: lambda value: b"\x98" + value.bytes,
    Encoded: bytes,
    Described: lambda value: b"\x00" + encode(value.descriptor) + encode(value.value),
    Array: _encode_array,
    list: _encode_list,
    dict: _encode_map,
}


def encode(value: Any) -> bytes:
    """Return the shortest encoding of `value`."""
    return _ENCODERS[type(value)](value)
