from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "dev" / "pins.py"
LOCK = """\
mypy==2.4.1 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via -r asked.in
mypy-extensions==1.2.0 ; sys_platform == 'win32' \\
    --hash=sha256:cc
    # via mypy
pluggy==1.7.0 \\
    --hash=sha256:dd
    # via
    #   -r asked.in
    #   mypy
"""


@pytest.fixture(scope="module")
def pins():
    spec = importlib.util.spec_from_file_location("pins", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_lock_of_uv_becomes_pins(pins):
    """Version, marker, hashes, and who needs whom, from uv's own notes."""
    found = pins.parse_lock(LOCK)

    assert found["mypy"] == {
        "version": "2.4.1",
        "requires": ["mypy-extensions", "pluggy"],
        "marker": "",
        "hashes": ["sha256:aa", "sha256:bb"],
    }
    assert found["mypy-extensions"]["marker"] == "sys_platform == 'win32'"


def test_a_missing_an_unneeded_and_a_bare_pin_are_stale(pins):
    """The check tells each from the others."""
    found = pins.parse_lock(LOCK) | {"left-pad": {"version": "1", "requires": [], "marker": "", "hashes": []}}

    assert pins.stale(found, ["mypy", "ruff"]) == [
        "ruff: needed, but not pinned",
        "left-pad: pinned, but no layer needs it",
        "left-pad: pinned without a hash",
    ]
    assert pins.stale(pins.parse_lock(LOCK), ["mypy"]) == []


def test_the_pins_of_this_repository_are_not_stale():
    """Every package that a layer names is pinned with all that it needs, and nothing else is."""
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
