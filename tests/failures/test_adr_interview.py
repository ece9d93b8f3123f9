"""A person at a terminal, answering or leaving."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time

from adr_command import contents

# Whoever was started in the background by a shell ignores Ctrl-C, and so does what it starts.
LISTENING = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from archwright.cli import main; main()"
)


def test_ctrl_c_at_the_prompt_writes_nothing(log):
    """An interview that is interrupted ends with 130, and the log is as it was."""
    before = contents(log)
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", LISTENING, "adr", "new", "Use X"],
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
