"""`archwright adr` as a program, and what its tests keep looking at."""

from __future__ import annotations

import os
import subprocess
import sys

NYGARD = (
    "# {number}. {title}\n\nDate: 2024-01-01\n\n## Status\n\n"
    "{status}\n\n## Context\n\nC.\n\n## Decision\n\nD.\n\n## Consequences\n\nE.\n"
)


def adr(*arguments, cwd, **environment):
    """Run `archwright adr` as a person would who is not at a terminal."""
    return subprocess.run(
        [sys.executable, "-c", "import sys; from archwright.cli import main; main()", "adr", *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
        env={**os.environ, "NO_COLOR": "1", **environment},
    )  # fmt: skip  # one call


def git(folder, *arguments):
    """Run git, as somebody whom it knows."""
    subprocess.run(
        ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main", *arguments],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip  # one call


def contents(folder):
    """Every file of a folder by its name."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
