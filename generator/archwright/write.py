"""Plan what would change, then change it: the only code that touches a destination."""

from __future__ import annotations

import contextlib
import difflib
import errno
import json
import shutil
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archwright.errors import DestinationError
from archwright.filetree import FileTree, GeneratedFile, Ownership, safe_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MANIFEST = ".archwright/manifest.json"


class Change(StrEnum):
    """What applying a plan does to one file."""

    CREATE = "create"
    UPDATE = "update"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One file of a plan."""

    path: str
    file: GeneratedFile
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be written below `destination`; nothing has been."""

    destination: Path
    files: tuple[Planned, ...]

    def count(self, ownership: Ownership) -> int:
        """Return how many files are of this ownership."""
        return sum(one.file.ownership is ownership for one in self.files)

    def diff(self) -> Iterator[str]:
        """Give the lines of a unified diff from what is there to what would be."""
        for one in self.files:
            if one.change is Change.KEEP:
                continue
            old = _read(self.destination / one.path) if one.change is Change.UPDATE else b""
            before, after = (_lines(content) for content in (old, one.file.content))
            if before is None or after is None:
                yield f"Binary file {one.path} differs"
                continue
            source = f"a/{one.path}" if one.change is Change.UPDATE else "/dev/null"
            yield from difflib.unified_diff(before, after, source, f"b/{one.path}", lineterm="")


def with_manifest(tree: FileTree, about: Mapping[str, Any]) -> FileTree:
    """Return `tree` with its manifest: what it was made from, and the owner and git blob id of each file."""
    complete = FileTree()
    complete.merge(tree)
    files = {
        path: {"owner": str(file.ownership), "blob": file.blob_id, "origin": file.origin} for path, file in tree.items()
    }
    text = json.dumps({"schema": 1, **about, "files": files}, indent=2, ensure_ascii=False) + "\n"
    complete.add(MANIFEST, GeneratedFile.text(text, ownership=Ownership.MANAGED, origin="manifest"))
    return complete


def plan(tree: FileTree, destination: Path) -> Plan:
    """Return what writing `tree` into `destination` would do; reads the folder, changes nothing."""
    planned = []
    for path, file in tree.items():
        there = _read(destination / path)
        change = Change.CREATE if there is None else Change.KEEP if there == file.content else Change.UPDATE
        planned.append(Planned(path=path, file=file, change=change))
    return Plan(destination=destination, files=tuple(planned))


def check_new(destination: Path) -> None:
    """Make sure that a new starter may be written at `destination`.

    Raises:
        DestinationError: it is a file, a symbolic link or a folder that holds something, or it lies inside a file.
    """
    try:
        occupied = _is_occupied(destination)
    except OSError as error:
        raise _refused(destination, error) from None
    if occupied:
        raise DestinationError(
            f"`{destination}` is not empty. Nothing was written.", hint="choose another folder, or empty this one."
        )


def _is_occupied(destination: Path) -> bool:
    if destination.is_symlink():
        raise DestinationError(
            f"`{destination}` is a symbolic link. Nothing was written.", hint="give the folder itself, or another name."
        )
    for parent in destination.parents:
        if parent.exists() and not parent.is_dir():
            raise DestinationError(f"`{parent}` is a file. Nothing was written.", hint="choose a place in a folder.")
    if destination.exists() and not destination.is_dir():
        raise DestinationError(f"`{destination}` is a file. Nothing was written.", hint="choose another name.")
    return destination.exists() and any(destination.iterdir())


# adr: 0005
def apply(planned: Plan, *, each: Callable[[str], None] = lambda _path: None) -> None:
    """Write a plan into a new folder, whole or not at all; `each` is told every path as it is written.

    The files are made beside the destination and moved there in one step, so that an interruption, a full disk or
    a second `apply` at the same time leaves nothing half-written.

    Raises:
        DestinationError: the destination is taken, or cannot be written.
    """
    destination = planned.destination.absolute()
    check_new(destination)
    made: list[Path] = []
    try:
        made = _make_parents(destination.parent)
        workshop = Path(tempfile.mkdtemp(prefix=f".{destination.name[:40]}.", dir=destination.parent))
    except OSError as error:
        _remove_empty(made)
        raise _refused(destination, error) from None
    try:
        for one in planned.files:
            _write(workshop, one)
            each(one.path)
        workshop.chmod(0o755)
        _move(workshop, destination)
    except BaseException as error:
        shutil.rmtree(workshop, ignore_errors=True)
        _remove_empty(made)
        if isinstance(error, OSError):
            raise _refused(destination, error) from None
        raise


def _make_parents(folder: Path) -> list[Path]:
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()


def _write(root: Path, one: Planned) -> None:
    target = root / safe_path(one.path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        file.write(one.file.content)
    target.chmod(0o755 if one.file.executable else 0o644)


def _move(workshop: Path, destination: Path) -> None:
    """Give the finished folder its name; the system refuses if the name holds something by now.

    An empty folder that is there already is filled rather than replaced: somebody may stand in it. The manifest's
    folder goes first, since moving it fails where another program has put its own.
    """
    if not destination.is_dir():
        workshop.rename(destination)
        return
    children = sorted(workshop.iterdir())
    try:
        for child in children:
            child.rename(destination / child.name)
        workshop.rmdir()
    except BaseException:
        for child in children:
            if not child.exists():  # moved, even where an interruption kept us from noting it
                (destination / child.name).rename(child)
        raise


def _refused(destination: Path, error: OSError) -> DestinationError:
    if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
        return DestinationError(
            f"`{destination}` was filled by another program meanwhile. Nothing was written.",
            hint="choose another folder.",
        )
    hints = {
        errno.ENOSPC: "free some space, or choose another disk.",
        errno.EDQUOT: "your quota is used up; free some space.",
        errno.EACCES: "choose a folder that you may write to.",
        errno.EPERM: "choose a folder that you may write to.",
        errno.EROFS: "this file system is read-only; choose another.",
        errno.EFBIG: "the size of files is limited here (`ulimit -f`); raise it, or choose another folder.",
        errno.ENAMETOOLONG: "choose a shorter name.",
    }
    reason = (error.strerror or str(error)).lower()
    return DestinationError(
        f"`{destination}` cannot be written: {reason}. Nothing was written.",
        hint=hints.get(error.errno or 0, "choose another folder."),
    )


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _lines(content: bytes | None) -> list[str] | None:
    try:
        return (content or b"").decode().splitlines()
    except UnicodeDecodeError:
        return None
