"""Generate, then use: what the owner of a starter does on the first day, with archwright installed from its wheel."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import subprocess
import sys
import time

import pytest

from archwright.catalog import load_catalog
from archwright.resolve import platforms_of
from archwright.resources import DEFAULT_PLATFORM, checkout_root

ROOT = checkout_root()
CATALOG = load_catalog()
CELLS = [
    (blueprint, platform) for blueprint in sorted(CATALOG.blueprints) for platform in platforms_of(CATALOG, blueprint)
]
ELSEWHERE = [cell for cell in CELLS if cell[1] != DEFAULT_PLATFORM]
# Every cell runs in `make test-all`. `make test` runs all of one machine's, and of the others one a day, in turn.
TURN = ELSEWHERE[dt.datetime.now(dt.UTC).date().toordinal() % len(ELSEWHERE)] if ELSEWHERE else None
SHARED = ROOT / "build" / "starter-venv"  # one environment for all starters: they are locked to one set of pins

pytestmark = pytest.mark.early  # they share an environment, and take long


def cells():
    """The cells as parameters; those that wait for their turn are slow."""
    for cell in CELLS:
        waits = cell in ELSEWHERE and cell != TURN
        yield pytest.param(cell, id=f"{cell[0]}-on-{cell[1]}", marks=[pytest.mark.slow] if waits else [])


@pytest.fixture(scope="module", params=cells())
def starter(request, installed, tmp_path_factory):
    """A starter, generated in an empty folder by the installed program."""
    blueprint, platform = request.param
    folder = tmp_path_factory.mktemp("cell")
    command = [
        installed / "archwright",
        "new",
        blueprint,
        "order-desk",
        "--platform",
        platform,
        "--no-input",
        "--no-git",
    ]
    done = subprocess.run(command, cwd=folder, env=clean(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "order-desk"


def clean(**more):
    """The environment of a person who has never heard of ours."""
    kept = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME"}}
    return {**kept, "STARTER_VENV": str(SHARED), **more}


def task(starter, *arguments, **more):
    command = [sys.executable, "dev/tasks.py", *arguments]
    return subprocess.run(
        command, cwd=starter, env=clean(**more), capture_output=True, text=True, check=False, timeout=600
    )


def digest(folder):
    skip = {".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__", "var"}
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not skip & set(path.relative_to(folder).parts)
    }


def test_its_own_tests_and_drills_pass(starter):
    """`make test` is green on the first day, and every drill that a document names is among the tests."""
    done = task(starter, "test", "-q")

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    tests = "".join(path.read_text(encoding="utf-8") for path in starter.glob("tests/test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", (starter / "README.md").read_text(encoding="utf-8")))
    assert named
    assert {name for name in named if f"def {name}(" not in tests} - {
        p.stem for p in starter.glob("tests/*.py")
    } == set()


def test_its_demo_proves_the_pattern(starter):
    """`make demo` tells its story within a minute, in 80 columns, and leaves the repository as it was."""
    before = digest(starter)
    start = time.monotonic()

    done = task(starter, "demo", COLUMNS="80")

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert time.monotonic() - start < 60
    assert "✓" in done.stdout.splitlines()[-1]
    assert [line for line in done.stdout.splitlines() if len(line) > 80] == []
    assert before == digest(starter)


def test_its_code_is_clean(starter):
    """Ruff, its formatter and mypy (strict) find nothing in what was generated."""
    done = task(starter, "check")

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_it_carries_no_trace_of_where_it_was_made(starter):
    """No absolute path, no template syntax, no blank-line debris, and every text file ends in a newline."""
    wrong = []
    for path in sorted(starter.rglob("*")):
        if not path.is_file() or {"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"} & set(path.parts):
            continue
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(starter).as_posix()
        wrong += [f"{name}: names {place}" for place in (str(starter.parent), str(ROOT)) if place in text]
        own = path.suffix == ".py" or "dashboard" in path.name  # braces have a meaning of their own there
        if "{%" in text or (re.search(r"(?<!\$)\{\{ ?[a-z]", text) and not own):
            wrong.append(f"{name}: template syntax")
        if text and not text.endswith("\n"):
            wrong.append(f"{name}: no newline at its end")
        if re.search(r"[ \t]\n", text) and path.suffix not in {".md", ".svg"}:
            wrong.append(f"{name}: trailing spaces")
        if "\n\n\n\n" in text or text.endswith("\n\n"):
            wrong.append(f"{name}: blank lines")

    assert wrong == []
