"""A person at a terminal, answering or leaving."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time

import pytest

NYGARD = (
    "# {number}. {title}\n\nDate: 2024-01-01\n\n## Status\n\n"
    "{status}\n\n## Context\n\nC.\n\n## Decision\n\nD.\n\n## Consequences\n\nE.\n"
)


@pytest.fixture
def log(tmp_path):
    """A small log, in a folder of its own."""
    folder = tmp_path / "doc" / "adr"
    folder.mkdir(parents=True)
    for number, title in enumerate(("one", "two", "three"), start=1):
        (folder / f"{number:04d}-{title}.md").write_text(NYGARD.format(number=number, title=title, status="Accepted"))
    return folder


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_ctrl_c_at_the_prompt_writes_nothing(log):
    """An interview that is interrupted ends with 130, and the log is as it was."""
    before = contents(log)
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; from archwright.cli import main; main()", "adr", "new", "Use X"],
        cwd=log, stdin=child, stdout=child, stderr=child, start_new_session=True,
    )  # fmt: skip  # one call
    os.close(child)
    seen, deadline = b"", time.monotonic() + 30
    while b"Context" not in seen and time.monotonic() < deadline:
        if select.select([parent], [], [], 0.2)[0]:
            seen += os.read(parent, 4096)
    process.send_signal(signal.SIGINT)

    assert 130 == process.wait(timeout=30)
    os.close(parent)
    assert b"Context" in seen
    assert before == contents(log)


def test_an_interview_writes_what_was_answered(log):
    """On a terminal the questions are asked one by one, and the record says what was answered."""
    answers = [
        "The broker is down weekly",
        "cost",
        "",
        "SQS",
        "",
        "nobody runs it",
        "",
        "lock-in",
        "",
        "1",
        "it is there",
        "sleep",
        "",
        "a bill",
        "",
    ]
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; from archwright.cli import main; main()", "adr", "new", "Use SQS"],
        cwd=log, stdin=child, stdout=child, stderr=child, start_new_session=True,
    )  # fmt: skip  # one call
    os.close(child)
    os.write(parent, "".join(f"{answer}\n" for answer in answers).encode())
    seen = b""
    while True:
        try:
            seen += os.read(parent, 4096)
        except OSError:
            break

    assert 0 == process.wait(timeout=30), seen
    os.close(parent)
    text = (log / "0004-use-sqs.md").read_text()
    for words in (
        "The broker is down weekly",
        "SQS: nobody runs it; but lock-in",
        "We choose SQS, because it is there.",
        "Good: sleep",
        "Bad: a bill",
    ):
        assert words in text
