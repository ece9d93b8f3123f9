"""What is kept: bytes in files of one folder, and an index of them in SQLite, whose changes a crash leaves whole."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import threading
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from .errors import BlobError, condition_not_met, exists, no_blob, no_container

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS containers (name TEXT PRIMARY KEY, etag TEXT, modified REAL) STRICT;
CREATE TABLE IF NOT EXISTS blobs (
    container TEXT, name TEXT, file TEXT, size INTEGER, etag TEXT, modified REAL, content_type TEXT, metadata TEXT,
    PRIMARY KEY (container, name)
) STRICT;
CREATE TABLE IF NOT EXISTS blocks (
    container TEXT, name TEXT, id TEXT, file TEXT, size INTEGER, PRIMARY KEY (container, name, id)
) STRICT;
"""
_COLUMNS = "name, file, size, etag, modified, content_type, metadata"


@dataclass(frozen=True, slots=True)
class Blob:
    """What is known of a blob."""

    name: str
    file: str
    size: int
    etag: str
    modified: float
    content_type: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under which circumstances a request is to be done: the values of `If-Match` and `If-None-Match`."""

    match: str = ""
    none_match: str = ""

    def check(self, found: Blob | None, *, creates: bool = False) -> None:
        """Raise `BlobError` if they do not hold."""
        if self.none_match == "*" and found and creates:
            raise exists("Blob")
        wrong = self.match and (found is None or self.match not in {"*", found.etag})
        if wrong or (found and self.none_match in {"*", found.etag}):
            raise condition_not_met()


class Shelf:
    """Containers and blobs; every method is one transaction."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._files = folder / "blobs"
        self._files.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._lock = threading.RLock()
        self._index = sqlite3.connect(folder / "index.db", isolation_level=None, check_same_thread=False)
        self._index.execute("PRAGMA journal_mode = WAL")
        self._index.executescript(_TABLES)

    def close(self) -> None:
        """Close the index."""
        with self._lock:
            self._index.close()

    def create_container(self, name: str) -> None:
        """Make a container."""
        with self._transaction() as index:
            values = (name, _etag(), self._clock())
            if index.execute("INSERT OR IGNORE INTO containers VALUES (?, ?, ?)", values).rowcount == 0:
                raise exists("Container")

    def ensure_container(self, name: str) -> None:
        """Make a container unless it is there."""
        with contextlib.suppress(BlobError):
            self.create_container(name)

    def container(self, name: str) -> tuple[str, float]:
        """Return the ETag of a container and when it was made."""
        with self._transaction() as index:
            row = index.execute("SELECT etag, modified FROM containers WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise no_container()
        return row[0], row[1]

    def delete_container(self, name: str) -> None:
        """Take a container away with all that is in it."""
        self.container(name)
        with self._transaction() as index:
            files = index.execute(
                "SELECT file FROM blobs WHERE container = ?1 UNION SELECT file FROM blocks WHERE container = ?1",
                (name,),
            ).fetchall()
            for table, column in (("containers", "name"), ("blobs", "container"), ("blocks", "container")):
                index.execute(f"DELETE FROM {table} WHERE {column} = ?", (name,))  # noqa: S608  # constants
        self._drop(*(file for (file,) in files))

    def receive(self, content: BinaryIO, size: int) -> str:
        """Read `size` bytes into a new file and return its name."""
        file = uuid.uuid4().hex
        left = size
        with (self._files / file).open("xb") as target:
            while left and (data := content.read(min(left, 1 << 20))):
                target.write(data)
                left -= len(data)
        if left:
            self._drop(file)
            raise BlobError(400, "InvalidInput", "The request ended before its body did.")
        return file

    def put_block(self, container: str, name: str, block: str, file: str, size: int) -> None:
        """Keep a block until it is committed; one of the same id is replaced."""
        self.container(container)
        with self._transaction() as index:
            key = (container, name, block)
            old = index.execute("SELECT file FROM blocks WHERE container = ? AND name = ? AND id = ?", key).fetchall()
            index.execute("INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?, ?)", (*key, file, size))
        self._drop(*(one for (one,) in old))

    def joined(self, container: str, name: str, blocks: Sequence[str]) -> tuple[str, int]:
        """Return the name and size of a new file that holds `blocks` in their order."""
        with self._transaction() as index:
            rows = index.execute("SELECT id, file FROM blocks WHERE container = ? AND name = ?", (container, name))
            files = dict(rows.fetchall())
        if set(blocks) - set(files):
            raise BlobError(400, "InvalidBlockList", "The specified block list is invalid.")
        file = uuid.uuid4().hex
        with (self._files / file).open("xb") as target:
            for block in blocks:
                with (self._files / files[block]).open("rb") as source:
                    shutil.copyfileobj(source, target)
            return file, target.tell()

    def put(  # noqa: PLR0913  # the parts of a blob
        self,
        container: str,
        name: str,
        file: str,
        size: int,
        conditions: Conditions,
        *,
        content_type: str,
        metadata: Mapping[str, str],
    ) -> Blob:
        """Put a blob in the place of what is there, if the conditions hold; blocks that wait for it are dropped."""
        blob = Blob(name, file, size, _etag(), self._clock(), content_type, metadata)
        try:
            self.container(container)
            with self._transaction() as index:
                old = self._find(index, container, name)
                conditions.check(old, creates=True)
                values = (container, name, file, size, blob.etag, blob.modified, content_type, json.dumps(metadata))
                index.execute("INSERT OR REPLACE INTO blobs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
                where = "FROM blocks WHERE container = ? AND name = ?"
                waiting = index.execute(f"SELECT file {where}", (container, name)).fetchall()  # constants
                index.execute(f"DELETE {where}", (container, name))  # constants
        except BaseException:
            self._drop(file)
            raise
        self._drop(*(one for (one,) in waiting), *([old.file] if old else []))
        return blob

    def get(self, container: str, name: str, conditions: Conditions) -> Blob:
        """Return what is known of a blob."""
        self.container(container)
        with self._transaction() as index:
            blob = self._find(index, container, name)
        if blob is None:
            raise no_blob()
        conditions.check(blob)
        return blob

    def open(self, container: str, name: str, conditions: Conditions) -> tuple[Blob, BinaryIO]:
        """Return a blob and its content; what is opened stays readable although it is replaced meanwhile."""
        with self._lock:
            blob = self.get(container, name, conditions)
            return blob, (self._files / blob.file).open("rb")

    def set_metadata(self, container: str, name: str, metadata: Mapping[str, str], conditions: Conditions) -> Blob:
        """Replace a blob's metadata, which makes it a new version."""
        with self._lock:
            self.get(container, name, conditions)
            with self._transaction() as index:
                index.execute(
                    "UPDATE blobs SET metadata = ?, etag = ?, modified = ? WHERE container = ? AND name = ?",
                    (json.dumps(metadata), _etag(), self._clock(), container, name),
                )
            return self.get(container, name, Conditions())

    def delete(self, container: str, name: str, conditions: Conditions) -> None:
        """Take a blob away."""
        with self._lock:
            blob = self.get(container, name, conditions)
            with self._transaction() as index:
                index.execute("DELETE FROM blobs WHERE container = ? AND name = ?", (container, name))
        self._drop(blob.file)

    def page(self, container: str, prefix: str, after: str, limit: int) -> list[Blob]:
        """Return up to `limit` blobs by name, beginning with `after`."""
        self.container(container)
        with self._transaction() as index:
            rows = index.execute(
                f"SELECT {_COLUMNS} FROM blobs WHERE container = ? AND substr(name, 1, ?) = ? AND name >= ?"  # noqa: S608
                " ORDER BY name LIMIT ?",
                (container, len(prefix), prefix, after, limit),
            ).fetchall()
        return [_blob(row) for row in rows]

    def _find(self, index: sqlite3.Connection, container: str, name: str) -> Blob | None:
        row = index.execute(
            f"SELECT {_COLUMNS} FROM blobs WHERE container = ? AND name = ?",  # noqa: S608  # constants
            (container, name),
        ).fetchone()
        return _blob(row) if row else None

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._index.execute("BEGIN IMMEDIATE")
            try:
                yield self._index
            except BaseException:
                self._index.execute("ROLLBACK")
                raise
            self._index.execute("COMMIT")

    def _drop(self, *files: str) -> None:
        for file in files:
            (self._files / file).unlink(missing_ok=True)


def _blob(row: tuple[Any, ...]) -> Blob:
    name, file, size, etag, modified, content_type, metadata = row
    return Blob(name, file, size, etag, modified, content_type, json.loads(metadata))


def _etag() -> str:
    return f'"0x{uuid.uuid4().hex[:16].upper()}"'
