"""Open a person's editor on a record, and lose nothing whatever the editor does."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import TYPE_CHECKING

from archwright.errors import DecisionLogError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


def command() -> list[str]:
    """Return the editor's command: `$VISUAL`, else `$EDITOR`.

    Raises:
        UsageError: neither is set, or it cannot be taken apart.
    """
    named = os.environ.get("VISUAL", "").strip() or os.environ.get("EDITOR", "").strip()
    try:
        words = shlex.split(named)
    except ValueError as error:
        raise UsageError(f"the editor `{named}` cannot be read: {error}") from error
    if not words:
        raise UsageError("no editor is set", hint="set VISUAL or EDITOR, or leave out --edit.")
    return words


def edit(path: Path) -> None:
    """Let a person edit a file; one that comes back empty or missing gets its text again.

    Raises:
        DecisionLogError: the editor could not be started, failed, or left nothing. The record stays as it was drafted.
    """
    drafted = path.read_bytes()
    words = command()
    failure = ""
    try:
        done = subprocess.run([*words, str(path)], check=False)  # noqa: S603  # the person's own editor
    except OSError as error:
        failure = f"the editor `{words[0]}` could not be started: {error.strerror}"
    else:
        if done.returncode:
            failure = f"the editor `{words[0]}` failed with exit code {done.returncode}"
    if not path.exists() or not path.read_bytes().strip():
        path.write_bytes(drafted)
        failure = failure or f"the editor `{words[0]}` left the file empty"
    if failure:
        raise DecisionLogError(failure, hint=f"the record is kept as it was drafted: {path}")
