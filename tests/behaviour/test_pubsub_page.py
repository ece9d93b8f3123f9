from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from archwright.emulators.pubsub import PubSubEmulator

PAGE = Path(__file__).parents[2] / "site" / "emulators" / "pubsub.md"


def _blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), flags=re.DOTALL | re.MULTILINE)


def test_the_program_of_the_page_runs_unmodified():
    """A newcomer's program, pointed at the emulator by the environment alone, prints its order."""
    program = next(block for block in _blocks("python") if "table" in block)
    with PubSubEmulator() as emulator:
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PUBSUB_EMULATOR_HOST": emulator.endpoint},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert ("one espresso for table 4\n", 0) == (done.stdout, done.returncode), done.stderr


def test_the_start_up_file_of_the_page_is_taken():
    """The example makes the entities that it names."""
    (example,) = _blocks("json")

    with PubSubEmulator(config=json.loads(example)) as emulator:
        settings = emulator.broker.subscription("projects/demo/subscriptions/billing").settings

    assert (20.0, True, 5) == (settings.ack_deadline, settings.ordered, settings.dead_letter.max_attempts)


def test_the_test_of_the_page_passes(pytester_folder):
    """The example with the fixture runs in a project that knows nothing of archwright but its plugin."""
    example = next(block for block in _blocks("python") if "def test_" in block)
    (pytester_folder / "test_order.py").write_text(example)

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_order.py"],
        cwd=pytester_folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "1 passed" in done.stdout, done.stdout + done.stderr


@pytest.fixture
def pytester_folder(tmp_path):
    """A folder outside this project, so that none of its pytest settings count."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


@pytest.mark.parametrize("word", re.findall(r"^\| [^|]+ \| `(\w+)`", PAGE.read_text(), flags=re.MULTILINE))
def test_every_check_that_the_page_names_exists(word):
    """The table names test files by what stands between `test_pubsub_` and `.py`, or calls of the faults."""
    assert (Path(__file__).parent / f"test_pubsub_{word}.py").is_file()
