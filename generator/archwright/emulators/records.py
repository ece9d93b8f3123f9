"""How a journal's record becomes bytes and bytes become records: framed, checksummed, `bytes` values unencoded.

A frame is the length of its payload, that length with all bits turned over, the CRC-32 of the payload (big-endian, four
bytes each) and the payload: the length of a JSON text, that text, and after it the `bytes` values whose places the text
holds. The length is there twice so that a damaged one is not taken for an end that was cut off.
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING, Any

from .errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from io import FileIO

_FRAME = struct.Struct(">III")
_LENGTH = struct.Struct(">I")
_ALL_BITS = 0xFFFFFFFF
_READ = 1 << 20
_BLOB = "\0bytes"
_PLACE = '"\\u0000bytes"'


class DamagedRecordError(EmulatorError):
    """A record in the middle of a journal is damaged: what follows it cannot be trusted to be a cut-off end."""

    def __init__(self, position: int, path: str) -> None:
        super().__init__(
            f"The record at byte {position} is damaged, and others follow it. Nothing was changed.",
            hint=f"To keep what stands before it, cut a copy with `truncate --size {position}`, or name another file.",
            where=path,
        )


def pack_record(record: dict[str, Any]) -> bytes:
    """Return the frame of one record."""
    blobs: list[bytes] = []

    def set_aside(value: object) -> dict[str, int]:
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise TypeError(f"a journal cannot hold a {type(value).__name__}")
        blobs.append(bytes(value))
        return {_BLOB: len(blobs[-1])}

    text = json.dumps(record, separators=(",", ":"), default=set_aside).encode()
    payload = b"".join([_LENGTH.pack(len(text)), text, *blobs])
    return _FRAME.pack(len(payload), len(payload) ^ _ALL_BITS, zlib.crc32(payload)) + payload


def read_records(file: FileIO, start: int, path: str) -> Generator[dict[str, Any], None, int]:
    """Yield the whole records from offset `start`; return the offset behind the last one.

    Raises:
        DamagedRecordError: a record does not match its checksum and is not the last.
    """
    reader = _Reader(file, start)
    while True:
        head = reader.look(_FRAME.size)
        if len(head) < _FRAME.size:
            return reader.position
        length, turned, checksum = _FRAME.unpack(head)
        if length ^ turned != _ALL_BITS:
            if reader.only_zeros_left():  # room that a file system gave and nobody wrote
                return reader.position
            raise DamagedRecordError(reader.position, path)
        frame = reader.look(_FRAME.size + length)
        if len(frame) < _FRAME.size + length:
            return reader.position
        payload = frame[_FRAME.size :]
        if zlib.crc32(payload) != checksum:
            if len(reader.look(len(frame) + 1)) == len(frame):
                return reader.position
            raise DamagedRecordError(reader.position, path)
        yield _unpack(payload)
        reader.move(len(frame))


class _Reader:
    """A file read in large pieces, looked at in small ones."""

    def __init__(self, file: FileIO, start: int) -> None:
        file.seek(start)
        self._file = file
        self._buffer = b""
        self._at = 0
        self.position = start

    def look(self, size: int) -> bytes:
        """Return the next `size` bytes without moving, or fewer where the file ends."""
        while len(self._buffer) - self._at < size:
            more = self._file.read(max(_READ, size))
            if not more:
                break
            self._buffer = self._buffer[self._at :] + more
            self._at = 0
        return self._buffer[self._at : self._at + size]

    def move(self, size: int) -> None:
        self._at += size
        self.position += size

    def only_zeros_left(self) -> bool:
        piece: bytes | None = self._buffer[self._at :]
        while piece:
            if piece.strip(b"\0"):
                return False
            piece = self._file.read(_READ)
        return True


def _unpack(payload: bytes) -> dict[str, Any]:
    start = _LENGTH.size + _LENGTH.unpack_from(payload)[0]
    text = payload[_LENGTH.size : start].decode()
    hook = _fetch_blobs(payload, start) if _PLACE in text else None
    record: dict[str, Any] = json.loads(text, object_hook=hook)
    return record


def _fetch_blobs(payload: bytes, start: int) -> Callable[[dict[str, Any]], Any]:
    """Give the decoder's hook; it meets the places in the order in which they were written."""
    position = start

    def fetch(found: dict[str, Any]) -> Any:
        nonlocal position
        if found.keys() != {_BLOB}:
            return found
        begin, position = position, position + found[_BLOB]
        return payload[begin:position]

    return fetch
