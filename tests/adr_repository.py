"""A git repository with a decision log in it, made for a test, and the program run in it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ARCHWRIGHT = Path(sys.executable).with_name("archwright")
PERSON = {
    "GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.org", "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.org", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull,
}  # fmt: skip


def record(title="Use a queue", *, number=1, status="Accepted", decision="We use a queue.", more=""):
    """Return a record of Nygard's form."""
    return (
        f"# {number}. {title}\n\nDate: 2026-01-02\n\n## Status\n\n{status}\n\n## Context\n\nWork comes in bursts.\n\n"
        f"## Decision\n\n{decision}\n\n## Consequences\n\nWe recieve work that waits.\n{more}"
    )


@dataclass
class Project:
    """A repository at `root`, with its log in docs/adr."""

    root: Path

    @property
    def log(self):
        return self.root / "docs" / "adr"

    def git(self, *arguments):
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, env={**os.environ, **PERSON}, capture_output=True, text=True, check=True
        )
        return done.stdout

    def write(self, path, text):
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def edit(self, path, old, new):
        text = (self.root / path).read_text()
        assert old in text
        (self.root / path).write_text(text.replace(old, new))

    def commit(self, message="Change"):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)

    def adr(self, *arguments, cwd=None, **environment):
        """Run `archwright adr`; a traceback is never an answer."""
        done = subprocess.run(
            [ARCHWRIGHT, "adr", *arguments], cwd=cwd or self.root, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL, env={**os.environ, **PERSON, "NO_COLOR": "1",
                 "ADR_DATE": "2026-11-22", **environment},
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        assert done.returncode != 3, done.stderr
        return done


def new_project(root):
    """Return a repository with one accepted record, committed."""
    project = Project(root)
    root.mkdir(parents=True, exist_ok=True)
    project.git("init", "-q", "-b", "main")
    project.write("docs/adr/0001-use-a-queue.md", record())
    project.commit("Decide on a queue")
    return project
