"""Bytes on their way in: received into files, summed up as they come, and put together from pieces."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from typing import TYPE_CHECKING, Any, BinaryIO

import google_crc32c

from .errors import StorageError, invalid
from .shelf import Draft

if TYPE_CHECKING:
    from pathlib import Path

    from .shelf import Conditions, Shelf

_STEP = 1 << 20
_GRAIN = 256 * 1024  # every piece of an upload but the last is a multiple of this
_LARGEST_IN_ONE = 64 << 20  # of an upload in one request, which is held in memory here


@dataclass
class Incoming:
    """A file that grows, and the sums of what is in it."""

    path: Path
    size: int = 0
    crc32c: Any = field(default_factory=google_crc32c.Checksum)
    md5: Any = field(default_factory=lambda: hashlib.md5(usedforsecurity=False))

    @classmethod
    def on(cls, shelf: Shelf) -> Incoming:
        """Begin an empty file among those of a shelf."""
        one = cls(shelf.files / shelf.new_file())
        one.path.touch()
        return one

    def receive(self, content: BinaryIO, size: int) -> int:
        """Add up to `size` bytes, and return how many came."""
        left = size
        with self.path.open("ab") as target:
            while left and (data := content.read(min(left, _STEP))):
                target.write(data)
                self.crc32c.update(data)
                self.md5.update(data)
                left -= len(data)
        self.size += size - left
        return size - left

    def draft(self, claimed: dict[str, Any]) -> Draft:
        """Return what has come as one piece.

        Raises:
            StorageError: it does not have the sums that its sender claims; it is dropped.
        """
        crc32c, md5 = (base64.b64encode(one.digest()).decode() for one in (self.crc32c, self.md5))
        if claimed.get("crc32c", crc32c) != crc32c or claimed.get("md5Hash", md5) != md5:
            self.path.unlink(missing_ok=True)
            raise invalid("Provided CRC32C or MD5 hash doesn't match what Cloud Storage calculated.")
        return Draft(self.path.name, self.size, crc32c, md5)


@dataclass
class Session:
    """An upload in several requests; nobody sees any of it until its last piece is there."""

    bucket: str
    name: str
    description: dict[str, Any]
    content_type: str
    conditions: Conditions
    incoming: Incoming
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def add(self, content: BinaryIO, length: int, first: int | None, total: int | None) -> bool:
        """Add a piece that begins at `first`, and return whether the whole is there.

        Raises:
            StorageError: the piece does not follow what is there, or has a length that none but the last may have.
        """
        if first is not None:
            if first != self.incoming.size:
                raise StorageError(503, "The piece does not follow what was received before.")
            if total is None and length % _GRAIN:
                raise invalid("The size of a piece must be a multiple of 256 KiB, but for the last one.")
            if self.incoming.receive(content, length) < length:
                raise invalid("The request ended before its body did.")
        return total is not None and self.incoming.size == total


def parts(content_type: str, body: bytes) -> tuple[bytes, str, bytes]:
    """Return the description, the content type and the content of an upload in one request of two parts."""
    boundary = content_type.partition("boundary=")[2].strip().strip("'\"").encode()
    pieces = body.split(b"--" + boundary + b"\r\n")
    if not boundary or len(pieces) != 3:  # noqa: PLR2004  # what is before, and the two parts
        raise invalid("Malformed multipart body.")
    description = pieces[1].partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
    head, _, rest = pieces[2].partition(b"\r\n\r\n")
    content, mark, _ = rest.rpartition(b"\r\n--" + boundary + b"--")
    if not mark:
        raise invalid("Malformed multipart body.")
    kind = BytesParser(policy=policy.HTTP).parsebytes(head + b"\r\n\r\n", headersonly=True).get("content-type", "")
    return description, str(kind), content


def check_size(size: int) -> None:
    """Raise `StorageError` if that much is not taken in one request."""
    if size > _LARGEST_IN_ONE:
        raise StorageError(413, "This emulator takes so much in several requests only.")


def as_json(found: dict[str, Any]) -> bytes:
    """Return a document as it is sent."""
    return json.dumps(found, ensure_ascii=False).encode()
