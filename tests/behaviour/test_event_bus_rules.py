"""A rule is one entry and its examples: added by hand to a starter of each platform, told, and seen at work."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from archwright import write
from archwright.catalog import load_catalog
from archwright.pipeline import generate
from archwright.resolve import platforms_of
from archwright.resources import DEFAULT_PLATFORM, checkout_root

CATALOG = load_catalog()
PLATFORMS = platforms_of(CATALOG, "event-bus-router")
RULES = "src/desk/routing/rules.py"
SHARED = checkout_root() / "build" / "starter-venv"  # where an emulator with an environment of its own has that

NUMBERS = '"large": {"type": equals("StockLow"), "total": at_least(100), "rank": below(5)},'
WORDS = '"large": {"band": other_than("it\'s odd"), "test": absent()},'
EXAMPLES = {
    NUMBERS: """
    (shown("StockLow", total="100", rank="4.9"), {BILLING}),
    (shown("StockLow", total="99.5", rank="4"), set()),
    (shown("StockLow", total="100", rank="5"), set()),
    (shown("StockLow", total="many", rank="-1"), set()),
    (shown("StockLow", rank="1"), set()),
    (shown("ReturnAsked", total="100", rank="1"), set()),
""",
    WORDS: """
    (shown("StockLow", band="large"), {BILLING}),
    (shown("StockLow", band="it's odd"), set()),
    (shown("StockLow", band="large", test="yes"), set()),
""",
}


# Each platform; on all but the default one the tests wait for an emulator.
CELLS = [
    pytest.param(platform, id=platform, marks=[] if platform == DEFAULT_PLATFORM else [pytest.mark.slow])
    for platform in PLATFORMS
]


@pytest.fixture
def starter(request, tmp_path):
    """The starter of one platform, as it is on the first day."""
    folder = tmp_path / "desk"
    write.apply(generate(CATALOG, "event-bus-router", folder, platform=request.param))
    return folder


def add(starter, rule):
    """Do what the head of rules.py tells: one entry there, and examples of what it takes."""
    path = starter / RULES
    text = path.read_text()
    text = text.replace("from .rule import ", "from .rule import absent, at_least, below, ")
    assert text.count('    "events/billing": {\n') == 1
    path.write_text(text.replace('    "events/billing": {\n', f'    "events/billing": {{\n        {rule}\n'))
    path = starter / "tests/examples.py"
    text = path.read_text()
    end = text.rindex("]\n")
    path.write_text(text[:end] + EXAMPLES[rule].strip("\n") + "\n" + text[end:])


def run(starter, *arguments):
    variables = {"PYTHONPATH": str(starter / "src"), "STARTER_VENV": str(SHARED)}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=starter,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def proven(starter):
    drill = "test_each_event_reaches_exactly_the_targets_whose_rules_take_it"
    tests = [one for one in ("tests/test_rules.py", "tests/test_told.py") if (starter / one).exists()]
    return run(starter, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, f"tests/test_drills.py::{drill}")


@pytest.mark.parametrize("starter", CELLS, indirect=True)
def test_a_rule_that_is_added_is_told_and_kept(starter):
    """The broker takes what the examples say, once it is told; until then a test says that it is not."""
    add(starter, WORDS)
    if (starter / "dev/routes.py").exists():
        stale = run(starter, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_told.py")
        assert "test_the_broker_is_told_what_the_rules_say" in stale.stdout
        assert stale.returncode == 1

        told = run(starter, "dev/routes.py")
        assert told.returncode == 0, told.stderr
        assert "infra/routes.json written" in told.stdout

    done = proven(starter)

    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("starter", CELLS, indirect=True)
def test_a_rule_on_numbers_is_kept_or_refused(starter):
    """Where a service compares numbers, the broker does what the examples say; elsewhere nothing is written."""
    add(starter, NUMBERS)
    if (starter / "dev/routes.py").exists():
        before = (starter / "infra/routes.json").read_text()
        told = run(starter, "dev/routes.py")
        if "at_least" not in (starter / "dev/told.py").read_text().partition("BOTH")[0]:
            assert told.returncode == 1
            assert "events/billing: rule large asks `at_least` of total; it can ask equals, prefix," in told.stderr
            assert "Nothing was written." in told.stderr
            assert (starter / "infra/routes.json").read_text() == before
            return
        assert told.returncode == 0, told.stderr
        assert json.loads((starter / "infra/routes.json").read_text()) != json.loads(before)

    done = proven(starter)

    assert done.returncode == 0, done.stdout[-3000:]
