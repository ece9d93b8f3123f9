"""The Terraform of starters, run by the real `terraform` against a provider that knows its schema and nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("hcl2", reason="python-hcl2 is not installed")
sys.path.insert(0, str(Path(__file__).parent))

from stub_provider import stub_provider  # found by the line above
from test_infrastructure import CELLS, write_module

pytestmark = pytest.mark.skipif(not shutil.which("terraform"), reason="terraform is not installed")


@pytest.fixture(scope="module", params=CELLS, ids=lambda cell: f"{cell[0]}-on-{cell[1]}")
def module(request, tmp_path_factory):
    """A module's folder, and the environment in which terraform finds its provider."""
    folder = tmp_path_factory.mktemp("module")
    module, provider = write_module(*request.param, folder)
    with stub_provider(provider, folder) as environment:
        yield module, environment


def terraform(module, *arguments):
    folder, environment = module
    return subprocess.run(
        ["terraform", f"-chdir={folder}", *arguments, "-no-color"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_terraform_finds_the_module_valid(module):
    """`terraform validate` takes every file: syntax, types, references, functions, arguments."""
    done = terraform(module, "validate")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stdout


def test_terraform_plans_the_module(module):
    """`terraform plan` evaluates every expression, and would create something."""
    values = module[0] / "plan.auto.tfvars"
    written = "\n".join(path.read_text() for path in sorted((module[0] / "tests").glob("*.tftest.hcl")))
    [given] = set(re.findall(r"^variables \{\n(.*?)^\}", written, re.MULTILINE | re.DOTALL)) or {""}
    values.write_text(given)

    done = terraform(module, "plan", "-input=false", "-refresh=false", "-lock=false")
    values.unlink()

    assert done.returncode == 0, done.stdout + done.stderr
    [added] = re.findall(r"^Plan: (\d+) to add, 0 to change, 0 to destroy\.", done.stdout, re.MULTILINE)
    assert int(added) >= 5


def test_the_tests_of_the_module_pass(module):
    """`terraform test` runs what a starter ships: every run passes, and there are several."""
    done = terraform(module, "test")

    assert done.returncode == 0, done.stdout + done.stderr
    [passed] = re.findall(r"^Success! (\d+) passed, 0 failed", done.stdout, re.MULTILINE)
    assert int(passed) >= 3


def test_terraform_notices(module):
    """A fault that no parser alone can see stops it: the check bites."""
    main = module[0] / "main.tf"
    before = main.read_text()
    main.write_text(before + '\noutput "fault" {\n  value = no_such_function(1)\n}\n')
    done = terraform(module, "validate")
    main.write_text(before)

    assert done.returncode == 1
    assert "no_such_function" in done.stdout + done.stderr
