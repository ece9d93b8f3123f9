"""An append-only file of records that survives a killed process, and is cut back to its last whole record.

What `append` returned from is in the operating system's hands and outlives `kill -9`. `commit` also forces it to the
disk, if the journal was opened with `fsync=True`: one `commit` covers all appends before it, so that a server calls it
once per batch of answers.
"""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING, Any

from .errors import EmulatorError
from .records import pack_record, read_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from io import FileIO
    from pathlib import Path
    from typing import Self

_HEADER = b"EMUJRNL1"
_PIECE = 1 << 20
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_SMALLEST_OVERGROWN = 16 * 1024 * 1024
_GROWTH = 3


class JournalError(EmulatorError):
    """The journal cannot be read or written."""


class JournalFullError(JournalError):
    """There is no room for the record: nothing of it was kept, and everything before it still is."""


class Journal:
    """Records on disk, in order.

    Args:
        path: the file; made if it is not there. One process at a time may hold it.
        fsync: whether `commit` waits for the disk: to survive a power failure, not only a killed process.
    """

    def __init__(self, path: Path | str, *, fsync: bool = False) -> None:
        self.path = os.fspath(path)
        self.cut_off = 0
        """How many bytes of an unfinished last record `replay` removed."""
        self._fsync = fsync
        self._unsynced = False
        self._replayed = False
        self._file = _open(self.path)
        self._end = len(_HEADER)
        self._compacted = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def size(self) -> int:
        """Bytes in use."""
        return self._end

    @property
    def overgrown(self) -> bool:
        """Whether the file has become several times as long as it was after the last `rewrite`."""
        return self._end > max(_SMALLEST_OVERGROWN, _GROWTH * self._compacted)

    def replay(self) -> Iterator[dict[str, Any]]:
        """Give every whole record, oldest first, and cut an unfinished one off the end.

        Raises:
            DamagedRecordError: a record in the middle is damaged; the file is left as it is.
        """
        self._end = yield from read_records(self._file, len(_HEADER), self.path)
        self.cut_off = self._file.seek(0, os.SEEK_END) - self._end
        if self.cut_off:
            self._file.truncate(self._end)
        self._file.seek(self._end)
        self._replayed = True

    def append(self, record: dict[str, Any]) -> None:
        """Add a record; once this returns, a killed process has not lost it.

        Raises:
            JournalFullError: there is no room; nothing of the record was kept.
        """
        if not self._replayed:
            for _ in self.replay():
                pass
        frame = pack_record(record)
        try:
            _write(self._file, frame)
        except OSError as error:
            with contextlib.suppress(OSError):  # a partial frame that stays is overwritten, or cut off by `replay`
                self._file.truncate(self._end)
            self._file.seek(self._end)
            raise _told(error, self.path) from error
        self._end += len(frame)
        self._unsynced = True

    def commit(self) -> None:
        """Wait until the disk has every record appended so far, if the journal was opened with `fsync`.

        Raises:
            JournalError: the disk failed; nothing may be confirmed.
        """
        if self._fsync and self._unsynced:
            try:
                os.fsync(self._file.fileno())
            except OSError as error:
                raise _told(error, self.path) from error
            self._unsynced = False

    def rewrite(self, records: Iterable[dict[str, Any]]) -> None:
        """Replace everything by `records`: all of the old or all of the new survives, never a mixture.

        Raises:
            JournalError: the new file could not be written; the old one stays in use.
        """
        beside = f"{self.path}.new"
        try:
            fresh = open(beside, "w+b", buffering=0)  # noqa: SIM115, PTH123  # becomes the journal
            try:
                end = _write_all(fresh, records)
                os.fsync(fresh.fileno())
                _lock(fresh, self.path)
                os.replace(beside, self.path)  # noqa: PTH105  # paths are plain strings here
            except BaseException:
                fresh.close()
                with contextlib.suppress(OSError):
                    os.unlink(beside)  # noqa: PTH108  # same
                raise
        except OSError as error:
            raise _told(error, self.path) from error
        self._file.close()
        self._file, self._end, self._compacted = fresh, end, end
        self._replayed, self._unsynced = True, False

    def close(self) -> None:
        """Force everything to the disk and let go of the file; closing twice is harmless."""
        if not self._file.closed:
            with contextlib.suppress(OSError):
                os.fsync(self._file.fileno())
            self._file.close()


def _open(path: str) -> FileIO:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        file = open(path, "r+b", buffering=0)  # noqa: SIM115, PTH123  # held as long as the journal lives
    except OSError as error:
        raise _told(error, path) from error
    try:
        _lock(file, path)
        _check_header(file, path)
    except BaseException:
        file.close()
        raise
    return file


def _check_header(file: FileIO, path: str) -> None:
    head = file.read(len(_HEADER)) or b""
    if head == _HEADER:
        return
    if not _HEADER.startswith(head):
        raise JournalError(
            "This file is not the journal of an emulator.",
            hint="Name another file; this one was left untouched.",
            where=path,
        )
    try:
        file.seek(0)
        _write(file, _HEADER)
    except OSError as error:
        raise _told(error, path) from error


def _write(file: FileIO, data: bytes) -> None:
    written = file.write(data)
    while written < len(data):
        written += file.write(memoryview(data)[written:])


def _write_all(file: FileIO, records: Iterable[dict[str, Any]]) -> int:
    """Write a whole journal in large pieces; return its length."""
    pieces, waiting, end = [_HEADER], len(_HEADER), 0
    for record in records:
        pieces.append(pack_record(record))
        waiting += len(pieces[-1])
        if waiting >= _PIECE:
            _write(file, b"".join(pieces))
            pieces, waiting, end = [], 0, end + waiting
    _write(file, b"".join(pieces))
    return end + waiting


def _lock(file: FileIO, path: str) -> None:
    """Refuse a file that another process holds; a system without `flock` goes without this check."""
    try:
        import fcntl  # noqa: PLC0415  # absent on Windows
    except ImportError:
        return
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise JournalError(
            "Another emulator is using this journal.", hint="Stop it first, or name another file.", where=path
        ) from error


def _told(error: OSError, path: str) -> JournalError:
    if error.errno in _NO_ROOM:
        return JournalFullError(
            "The disk is full; the record was not kept.", hint="Make room: the emulator goes on by itself.", where=path
        )
    return JournalError(
        f"The journal cannot be used: {error.strerror or error}.", hint="Check the path and its rights.", where=path
    )
