"""Files in memory: merge, collide, compare; nothing here touches a disk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Self

from archwright.errors import CollisionError, DestinationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))}


class Ownership(StrEnum):
    """Who keeps a generated file: archwright rewrites `MANAGED`, `SEEDED` is the user's once it is written."""

    MANAGED = "managed"
    SEEDED = "seeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedFile:
    """One file: its bytes, whether it may be executed, who keeps it, and what wrote it (a layer's id or a room)."""

    content: bytes
    ownership: Ownership
    origin: str
    executable: bool = False

    @classmethod
    def text(cls, text: str, *, ownership: Ownership, origin: str, executable: bool = False) -> Self:
        """Make a file of UTF-8 text."""
        return cls(content=text.encode(), ownership=ownership, origin=origin, executable=executable)

    @property
    def blob_id(self) -> str:
        """The id that git gives to this content, so that git itself can find it again."""
        header = b"blob %d\0" % len(self.content)
        return hashlib.sha1(header + self.content, usedforsecurity=False).hexdigest()


class FileTree:
    """A set of files by POSIX path, in the order of their paths."""

    def __init__(self, files: Mapping[str, GeneratedFile] | None = None) -> None:
        self._files: dict[str, GeneratedFile] = {}
        for path, file in (files or {}).items():
            self.add(path, file)

    def add(self, path: str, file: GeneratedFile, *, replaces: bool = False) -> None:
        """Put a file at `path`.

        Raises:
            DestinationError: the path leaves the destination or cannot stand on every file system.
            CollisionError: another source has this path already, and `replaces` is false.
        """
        path = safe_path(path)
        taken = self._files.get(path)
        if taken and not replaces:
            raise CollisionError(
                f"`{path}` comes from both `{taken.origin}` and `{file.origin}`.",
                hint=f"rename one, or list the path under `replaces` in the layer.yaml of `{file.origin}`.",
            )
        self._files[path] = file

    def merge(self, other: FileTree) -> None:
        """Add every file of `other`; a path in both is a collision."""
        for path, file in other.items():
            self.add(path, file)

    def items(self) -> Iterator[tuple[str, GeneratedFile]]:
        """Give (path, file) in the order of the paths."""
        return iter(sorted(self._files.items()))

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._files))

    def __getitem__(self, path: str) -> GeneratedFile:
        return self._files[path]

    def __contains__(self, path: object) -> bool:
        return path in self._files

    def __len__(self) -> int:
        return len(self._files)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FileTree) and self._files == other._files

    __hash__ = None  # type: ignore[assignment]  # it can be added to


def safe_path(path: str) -> str:
    """Return `path` if it stays below the destination on every file system.

    Raises:
        DestinationError: it is absolute, climbs with `..`, names `.git`, or is no portable name.
    """
    parts = PurePosixPath(path).parts
    bad = (
        not parts
        or path != "/".join(parts)
        or path.startswith("/")
        or any(_unsafe_name(part) for part in parts)
        or parts[0].lower() == ".git"
    )
    if bad:
        raise DestinationError(
            f"`{path}` is no path that may be written below a destination.",
            hint="use a relative path of plain names: no `..`, no drive, no backslash, not `.git`.",
        )
    return path


def _unsafe_name(name: str) -> bool:
    return (
        name in {".", ".."}
        or name != name.strip()
        or name.endswith(".")
        or any(ord(c) < 32 or c in '\\:*?"<>|' for c in name)  # noqa: PLR2004  # control characters end at 32
        or name.partition(".")[0].lower() in _RESERVED
    )
