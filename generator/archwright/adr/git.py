"""The only door to git: runs it in a repository, quietly, and tells clearly when it cannot."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from archwright.errors import DecisionLogError, InstallationError

_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_PAGER": "cat", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
_HOOKED = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")


@dataclass(frozen=True, slots=True)
class Repository:
    """A git work tree; `root` is its top folder."""

    root: Path

    def run(self, *arguments: str, given: bytes | None = None) -> bytes:
        """Run git and return what it printed.

        Raises:
            DecisionLogError: git refused; the message is git's own first line.
        """
        done = _git(self.root, arguments, given)
        if done.returncode:
            words = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"]
            raise DecisionLogError(f"git {arguments[0]} failed: {words[0].removeprefix('fatal: ')}")
        return done.stdout

    def lines(self, *arguments: str, given: bytes | None = None) -> list[str]:
        """Run git and return the lines that it printed."""
        return self.run(*arguments, given=given).decode("utf-8", errors="surrogateescape").splitlines()

    def path_of(self, path: Path) -> str:
        """Return a path as git names it: from the root, with forward slashes; `.` for the root itself."""
        return path.resolve().relative_to(self.root).as_posix()

    def has_commit(self, ref: str) -> bool:
        """Whether a name leads to a commit; a name that looks like an option never does."""
        if ref.startswith("-"):
            return False
        return _git(self.root, ("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}"), None).returncode == 0

    @property
    def shallow(self) -> bool:
        """Whether only a part of the history is here."""
        return self.run("rev-parse", "--is-shallow-repository").strip() == b"true"


def find_repository(folder: Path) -> Repository | None:
    """Return the repository that a folder is in, or None when it is in none.

    Raises:
        InstallationError: git is not installed.
    """
    here = next((each for each in (folder, *folder.parents) if each.is_dir()), Path.cwd())
    done = _git(here, ("rev-parse", "--show-toplevel"), None)
    root = done.stdout.decode("utf-8", errors="surrogateescape").rstrip("\r\n")
    return Repository(Path(root).resolve()) if done.returncode == 0 and root else None


def _git(folder: Path, arguments: tuple[str, ...], given: bytes | None) -> subprocess.CompletedProcess[bytes]:
    environment = {key: value for key, value in os.environ.items() if key not in _HOOKED} | _QUIET
    command = ["git", "-c", "core.quotepath=off", "-c", "color.ui=never", *arguments]
    try:
        return subprocess.run(  # noqa: S603  # a fixed program; references that start with a dash are refused by callers
            command, cwd=folder, input=given, stdin=None if given is not None else subprocess.DEVNULL,
            capture_output=True, check=False, env=environment,
        )  # fmt: skip  # one call
    except FileNotFoundError as error:
        raise InstallationError(
            "git is not installed, or not on the path", hint="install git and try again."
        ) from error
    except OSError as error:
        raise InstallationError(f"git cannot be run: {error}") from error
