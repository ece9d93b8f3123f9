"""The guide to the decision log, the action and the hooks do what they say."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from adr_repository import PERSON, Project, new_project
from archwright.resources import checkout_root

ROOT = checkout_root()
GUIDE = ROOT / "site" / "decisions" / "guide.md"
BIN = Path(sys.executable).parent
ENVIRONMENT = {**os.environ, **PERSON, "ADR_DATE": "2026-11-22", "NO_COLOR": "1", "PATH": f"{BIN}:{os.environ['PATH']}"}


def sessions():
    for block in re.findall(r"^```console\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def test_the_guide_shows_what_the_program_prints(tmp_path):
    """Every command of the guide, run one after the other in an empty repository, prints what the page shows."""
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=tmp_path, env=ENVIRONMENT, check=True)

    for command, output in sessions():
        done = subprocess.run(  # noqa: S602  # the commands of our own page
            command, shell=True, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False
        )
        assert (command, output) == (command, done.stdout.replace(f"{tmp_path}/", ""))
        assert done.returncode == 0


@pytest.fixture
def project(tmp_path):
    return new_project(tmp_path / "desk")


@pytest.mark.parametrize("hook", ["archwright-adr-lint", "archwright-adr-index"])
def test_a_hook_fails_on_what_it_is_for(project, hook):
    """Each pre-commit hook's command passes a sound log and fails a broken one."""
    entries = {each["id"]: each["entry"] for each in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    project.adr("index")

    def run():
        return subprocess.run(
            shlex.split(entries[hook]), cwd=project.root, env=ENVIRONMENT, capture_output=True, check=False
        ).returncode

    sound = run()
    project.write("docs/adr/0001-again.md", "# 1. Again\n\n## Status\n\nAccepted\n\n## Decision\n\nAgain.\n")

    assert (0, 1) == (sound, run())


def run_action(project: Project, tmp_path: Path, base: str) -> list[int]:
    """Run the action's own scripts, with the program where the action installs it."""
    (tmp_path / "runner").mkdir(exist_ok=True)
    link = tmp_path / "runner" / "archwright"
    if not link.exists():
        link.symlink_to(BIN.parent)
    steps = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    inputs = {"RUNNER_TEMP": str(tmp_path / "runner"), "FOLDER": "docs/adr", "BASE": base, "FAIL_ON": "error"}
    return [
        subprocess.run(
            ["bash", "-eo", "pipefail", "-c", step["run"]],
            cwd=project.root,
            env={**ENVIRONMENT, **inputs},
            capture_output=True,
            check=False,
        ).returncode
        for step in steps
        if "adr " in step.get("run", "")
    ]


def test_the_action_lints_and_checks_the_index(project, tmp_path):
    """The steps of the action pass a sound branch, and fail one that rewrites a decision and leaves the index stale."""
    project.adr("index")
    project.commit()
    project.git("switch", "-q", "-c", "feature")
    sound = run_action(project, tmp_path, "main")
    project.edit("docs/adr/0001-use-a-queue.md", "We use a queue.", "We use a stream.")
    project.edit("docs/adr/0001-use-a-queue.md", "# 1. Use a queue", "# 1. Use a stream")

    assert ([0, 0], [1, 1], [0, 1]) == (
        sound,
        run_action(project, tmp_path, "main"),
        run_action(project, tmp_path, "none"),
    )


def test_actions_are_pinned():
    """The action runs no other action but by its commit."""
    used = re.findall(r"uses: (\S+)", (ROOT / "action.yml").read_text() + GUIDE.read_text(encoding="utf-8"))

    assert used
    assert [] == [each for each in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", each)]
