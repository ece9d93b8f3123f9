"""`archwright new` at a terminal: it asks, explains what will not do, and asks for nothing in vain."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pty = pytest.importorskip("pty")

ARCHWRIGHT = Path(sys.executable).with_name("archwright")


def at_a_terminal(cwd, *arguments, typed=""):
    """Run the program with a terminal at both ends; return its exit code and everything that was shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [ARCHWRIGHT, *arguments], cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True, env={**os.environ, "NO_COLOR": "1", "TERM": "xterm"},
    )  # fmt: skip
    os.close(theirs)
    os.write(ours, typed.encode())
    shown = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the terminal's other end is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    return process.wait(10), shown.decode().replace("\r\n", "\n")


def test_each_parameter_is_asked_for_with_its_help_and_default(tmp_path):
    """Return takes the default; a value that will not do is explained and asked for again."""
    code, shown = at_a_terminal(tmp_path, "new", "work-queue", "desk", "--no-git", typed="soon\n2m\n" + "\n" * 10)

    assert code == 0, shown
    assert "How long a worker holds a task" in shown
    assert "lease [30s]:" in shown
    assert "Parameter `lease`: `soon` is no duration" in shown
    parameters = json.loads((tmp_path / "desk/.archwright/manifest.json").read_text())["parameters"]
    assert (parameters["lease"], parameters["max_deliveries"]) == ("2m", 5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["full"], "is not empty. Nothing was written."),
        (["1desk"], "is no name for a starter"),
        (["desk", "--set", "leese=1m"], "There is no parameter `leese`"),
        (["desk", "--set", "max_deliveries=0"], "0 is out of range"),
    ],
)
def test_nothing_is_asked_where_no_answer_helps(tmp_path, arguments, words):
    """A folder, name or value that cannot be is refused before the first question."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")

    code, shown = at_a_terminal(tmp_path, "new", "work-queue", *arguments)

    assert code in {1, 2}
    assert words in shown
    assert "lease [30s]" not in shown


def test_an_end_of_input_writes_nothing(tmp_path):
    """Ctrl-D at a question leaves the folder as it was."""
    code, shown = at_a_terminal(tmp_path, "new", "work-queue", "desk", typed="\x04")

    assert code == 130, shown
    assert list(tmp_path.iterdir()) == []
