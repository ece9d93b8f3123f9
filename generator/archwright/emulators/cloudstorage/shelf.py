"""What is kept: bytes in files of one folder, and an index of them in SQLite, whose changes a crash leaves whole."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import time
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO

from .errors import StorageError, condition_not_met, invalid, no_bucket, no_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, made REAL) STRICT;
CREATE TABLE IF NOT EXISTS objects (
    bucket TEXT, name TEXT, file TEXT, size INTEGER, crc32c TEXT, md5 TEXT, generation INTEGER,
    metageneration INTEGER, made REAL, updated REAL, kept TEXT,
    PRIMARY KEY (bucket, name)
) STRICT;
"""
_COLUMNS = "bucket, name, file, size, crc32c, md5, generation, metageneration, made, updated, kept"


@dataclass(frozen=True, slots=True)
class Draft:
    """Bytes that have arrived and are no object yet."""

    file: str
    size: int
    crc32c: str
    md5: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """What is known of an object; `kept` holds the fields that its owner sets, such as `contentType`."""

    bucket: str
    name: str
    file: str
    size: int
    crc32c: str
    md5: str
    generation: int
    metageneration: int
    made: float
    updated: float
    kept: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Under which circumstances a request is to be done, and which version of an object it means."""

    generation: int | None = None
    generation_match: int | None = None
    generation_not_match: int | None = None
    metageneration_match: int | None = None
    metageneration_not_match: int | None = None

    def check(self, found: Object | None) -> None:
        """Raise `StorageError` if they do not hold; generation 0 stands for an object that is not there."""
        generation = found.generation if found else 0
        metageneration = found.metageneration if found else 0
        holds = (
            self.generation_match in {None, generation}
            and self.metageneration_match in {None, metageneration}
            and generation != self.generation_not_match
            and (found is None or metageneration != self.metageneration_not_match)
        )
        if not holds:
            raise condition_not_met()


class Shelf:
    """Buckets and objects; every method is one transaction."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.files = folder / "objects"
        self.files.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._lock = threading.RLock()
        self._index = sqlite3.connect(folder / "index.db", isolation_level=None, check_same_thread=False)
        self._index.execute("PRAGMA journal_mode = WAL")
        self._index.executescript(_TABLES)

    def close(self) -> None:
        """Close the index."""
        with self._lock:
            self._index.close()

    def create_bucket(self, name: str) -> float:
        """Make a bucket and return when that was."""
        with self._transaction() as index:
            values = (name, self._clock())
            if index.execute("INSERT OR IGNORE INTO buckets VALUES (?, ?)", values).rowcount == 0:
                raise StorageError(409, "Your previous request to create the named bucket succeeded and you own it.")
        return values[1]

    def ensure_bucket(self, name: str) -> None:
        """Make a bucket unless it is there."""
        with contextlib.suppress(StorageError):
            self.create_bucket(name)

    def bucket(self, name: str) -> float:
        """Return when a bucket was made."""
        with self._transaction() as index:
            row = index.execute("SELECT made FROM buckets WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise no_bucket()
        return float(row[0])

    def delete_bucket(self, name: str) -> None:
        """Take an empty bucket away."""
        self.bucket(name)
        with self._transaction() as index:
            if index.execute("SELECT 1 FROM objects WHERE bucket = ? LIMIT 1", (name,)).fetchone():
                raise StorageError(409, "The bucket you tried to delete is not empty.")
            index.execute("DELETE FROM buckets WHERE name = ?", (name,))

    def put(self, bucket: str, name: str, draft: Draft, kept: Mapping[str, Any], conditions: Conditions) -> Object:
        """Put an object in the place of what is there, if the conditions hold; the draft is used up in any case."""
        try:
            self.bucket(bucket)
            with self._transaction() as index:
                old = self._find(index, bucket, name)
                conditions.check(old)
                now = self._clock()
                made = Object(
                    bucket=bucket,
                    name=name,
                    file=draft.file,
                    size=draft.size,
                    crc32c=draft.crc32c,
                    md5=draft.md5,
                    generation=max(int(now * 1_000_000), old.generation + 1 if old else 1),
                    metageneration=1,
                    made=now,
                    updated=now,
                    kept=kept,
                )
                self._keep(index, made)
        except BaseException:
            self.drop(draft.file)
            raise
        if old:
            self.drop(old.file)
        return made

    def get(self, bucket: str, name: str, conditions: Conditions) -> Object:
        """Return what is known of an object."""
        self.bucket(bucket)
        with self._transaction() as index:
            found = self._find(index, bucket, name)
        if found is None or conditions.generation not in {None, found.generation}:
            raise no_object(bucket, name)
        conditions.check(found)
        return found

    def may_put(self, bucket: str, name: str, conditions: Conditions) -> None:
        """Raise what `put` would raise now, before the bytes are sent."""
        self.bucket(bucket)
        with self._transaction() as index:
            conditions.check(self._find(index, bucket, name))

    def open(self, bucket: str, name: str, conditions: Conditions) -> tuple[Object, BinaryIO]:
        """Return an object and its content; what is opened stays readable although it is replaced meanwhile."""
        with self._lock:
            found = self.get(bucket, name, conditions)
            return found, (self.files / found.file).open("rb")

    def patch(self, bucket: str, name: str, changes: Mapping[str, Any], conditions: Conditions) -> Object:
        """Change the fields that an object's owner sets; None takes one away."""
        with self._lock:
            found = self.get(bucket, name, conditions)
            kept = {**found.kept, **changes}
            if isinstance(changes.get("metadata"), dict):
                merged = {**found.kept.get("metadata", {}), **changes["metadata"]}
                kept["metadata"] = {key: value for key, value in merged.items() if value is not None}
            if "customTime" in found.kept and (kept["customTime"] or "") < found.kept["customTime"]:
                raise invalid("Custom time cannot be removed or set to an earlier time.")
            changed = replace(
                found,
                kept={key: value for key, value in kept.items() if value is not None},
                metageneration=found.metageneration + 1,
                updated=self._clock(),
            )
            with self._transaction() as index:
                self._keep(index, changed)
            return changed

    def delete(self, bucket: str, name: str, conditions: Conditions) -> None:
        """Take an object away."""
        with self._lock:
            found = self.get(bucket, name, conditions)
            with self._transaction() as index:
                index.execute("DELETE FROM objects WHERE bucket = ? AND name = ?", (bucket, name))
        self.drop(found.file)

    def page(self, bucket: str, prefix: str, after: str, limit: int) -> list[Object]:
        """Return up to `limit` objects by name, those after `after`."""
        self.bucket(bucket)
        with self._transaction() as index:
            rows = index.execute(
                f"SELECT {_COLUMNS} FROM objects WHERE bucket = ? AND substr(name, 1, ?) = ? AND name > ?"  # noqa: S608
                " ORDER BY name LIMIT ?",
                (bucket, len(prefix), prefix, after, limit),
            ).fetchall()
        return [_object(row) for row in rows]

    def new_file(self) -> str:
        """Return the name of a file that is not there yet."""
        return uuid.uuid4().hex

    def drop(self, *files: str) -> None:
        """Delete files of objects that are gone."""
        for file in files:
            (self.files / file).unlink(missing_ok=True)

    def _keep(self, index: sqlite3.Connection, one: Object) -> None:
        values = tuple(getattr(one, column) for column in _COLUMNS.split(", ")[:-1])
        marks = ", ".join("?" * (len(values) + 1))
        index.execute(f"INSERT OR REPLACE INTO objects VALUES ({marks})", (*values, json.dumps(one.kept)))  # noqa: S608

    def _find(self, index: sqlite3.Connection, bucket: str, name: str) -> Object | None:
        row = index.execute(
            f"SELECT {_COLUMNS} FROM objects WHERE bucket = ? AND name = ?",  # noqa: S608  # constants
            (bucket, name),
        ).fetchone()
        return _object(row) if row else None

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


def _object(row: tuple[Any, ...]) -> Object:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    return Object(**{**values, "kept": json.loads(values["kept"])})
