from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pubsub_clients import KNOWN_DIFFERENCES, reference_missing

pytest_plugins = ["pubsub_fixtures"]


def test_the_conformance_tests_also_ran_against_googles_emulator(servers):
    """Where Google's own emulator is at hand every conformance test runs against both; elsewhere this says so."""
    if missing := reference_missing():
        pytest.skip(missing)

    assert {"emulator", "reference"} == set(servers)


def test_every_known_difference_names_a_test():
    """The table of known differences holds no test that does not exist."""
    named = {
        node.name
        for path in Path(__file__).parent.glob("test_pubsub_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    }

    assert set() == set(KNOWN_DIFFERENCES) - named
