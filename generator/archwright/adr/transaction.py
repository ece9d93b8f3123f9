"""Write several files or none: staged beside their places, moved in at once, put back if anything fails."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from archwright.errors import DecisionLogError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NOTHING = "Nothing was written."


@dataclass
class Transaction:
    """Changes to files that happen together or not at all.

    `replace` and `remove` take the bytes that were read before; a file that has changed since then stops the
    transaction before anything is written. `create` never overwrites.
    """

    _steps: list[tuple[str, Path, bytes | None, bytes | None]] = field(default_factory=list)

    def replace(self, path: Path, before: bytes, after: bytes) -> None:
        """Give a file other bytes; through a link, the file that it leads to."""
        if before != after:
            self._steps.append(("replace", Path(os.path.realpath(path)), before, after))

    def create(self, path: Path, content: bytes) -> None:
        """Write a file that is not there yet, with the folders above it."""
        self._steps.append(("create", path, None, content))

    def remove(self, path: Path, before: bytes) -> None:
        """Take a file away."""
        self._steps.append(("remove", path, before, None))

    @property
    def paths(self) -> list[Path]:
        """The files that will change."""
        return [path for _, path, _, _ in self._steps]

    def commit(self) -> None:
        """Carry out every change, or none.

        Raises:
            DecisionLogError: a file changed meanwhile, exists already or cannot be written; all files are as before.
        """
        undo: list[Callable[[], None]] = []
        stale: list[Path] = []
        try:
            self._check()
            staged = [
                self._stage(path, after, stale, undo) if after is not None else None
                for _, path, _, after in self._steps
            ]
            for (kind, path, before, _), temporary in zip(self._steps, staged, strict=True):
                _KINDS[kind](path, temporary, before, undo)
        except BaseException as error:
            for step in reversed(undo):
                with contextlib.suppress(OSError):
                    step()
            if isinstance(error, OSError):
                raise _told(error) from error
            raise
        finally:
            for path in stale:
                path.unlink(missing_ok=True)

    def _check(self) -> None:
        for kind, path, before, _ in self._steps:
            if kind == "create":
                if os.path.lexists(path):
                    raise DecisionLogError(
                        f"{path} exists already. {_NOTHING}", hint="choose another title, or look at that file first."
                    )
            elif path.read_bytes() != before:
                raise DecisionLogError(
                    f"{path} has changed since it was read. {_NOTHING}", hint="run the command again."
                )

    def _stage(self, path: Path, content: bytes, stale: list[Path], undo: list[Callable[[], None]]) -> Path:
        """Write the new bytes beside their place, so that what remains to be done is a rename."""
        for folder in reversed([each for each in path.parents if not each.exists()]):
            folder.mkdir()
            undo.append(folder.rmdir)
        try:
            descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".tmp", dir=path.parent)
        except OSError as error:
            error.filename = str(path)
            raise
        temporary = Path(name)
        stale.append(temporary)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        else:
            temporary.chmod(0o666 & ~_umask())
        return temporary


def _replace(path: Path, temporary: Path | None, before: bytes | None, undo: list[Callable[[], None]]) -> None:
    assert temporary is not None
    assert before is not None
    mode = path.stat().st_mode
    undo.append(lambda: _restore(path, before, mode))
    os.replace(temporary, path)  # noqa: PTH105  # the same call, which a test can make fail


def _create(path: Path, temporary: Path | None, _before: bytes | None, undo: list[Callable[[], None]]) -> None:
    assert temporary is not None
    try:
        os.link(temporary, path)  # fails if the file exists, which a rename does not
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}:
            raise
        with path.open("xb") as file:  # a file system without links
            undo.append(path.unlink)
            file.write(temporary.read_bytes())
        return
    undo.append(path.unlink)


def _remove(path: Path, _temporary: Path | None, before: bytes | None, undo: list[Callable[[], None]]) -> None:
    assert before is not None
    mode = path.stat().st_mode
    undo.append(lambda: _restore(path, before, mode))
    path.unlink()


_KINDS = {"replace": _replace, "create": _create, "remove": _remove}


def _restore(path: Path, content: bytes, mode: int) -> None:
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)
        path.chmod(mode & 0o7777)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _told(error: OSError) -> DecisionLogError:
    if isinstance(error, FileExistsError):
        return DecisionLogError(f"{error.filename2 or error.filename} exists already. {_NOTHING}")
    hint = {
        errno.EACCES: "make the folder writable, or work in another copy.",
        errno.EROFS: "the file system is read-only; work in another copy.",
        errno.ENOSPC: "make room on the disk and run the command again.",
        errno.ENAMETOOLONG: "choose a shorter title.",
    }.get(error.errno or 0, "")
    return DecisionLogError(f"cannot write {error.filename or 'the files'}: {error.strerror}. {_NOTHING}", hint=hint)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a log's folder while a number is chosen and its file is written; others wait.

    The lock is the folder itself, which leaves nothing behind, and ends with the process. Where folders cannot be
    locked, exclusive creation of the file still keeps two records from sharing a name.
    """
    try:
        import fcntl  # noqa: PLC0415  # not on Windows
    except ImportError:
        yield
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise _told(error) from error
    try:
        with contextlib.suppress(OSError):  # some network file systems lock nothing
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
