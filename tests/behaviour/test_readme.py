"""What the repository's own README says is tried here: its commands, their output, its picture and its links."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from archwright import load_catalog
from archwright.resources import checkout_root

ROOT = checkout_root()
README = (ROOT / "README.md").read_text(encoding="utf-8")


def archwright(*arguments, cwd=ROOT):
    command = [sys.executable, "-c", "from archwright.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


def blocks():
    """Give (command, expected output) of each console block that starts with archwright."""
    return re.findall(r"```console\n\$ archwright ([^\n]+)\n(.*?)```", README, re.DOTALL)


def without_numbers(text):
    return re.sub(r"\d+ (files|managed|yours|decisions)", r"N \1", re.sub(r"\d+ yours", "N yours", text))


@pytest.mark.parametrize(("line", "expected"), blocks(), ids=lambda value: value.split("\n")[0][:40])
def test_a_command_prints_what_the_readme_shows(line, expected, tmp_path):
    """The blocks are what the program says today; how many files there are may differ."""
    done = archwright(*line.split(), cwd=tmp_path)

    assert without_numbers(expected) == without_numbers(done.stdout + done.stderr)


def test_the_demo_in_the_readme_tells_the_blueprints_story():
    """The same events in the same order as the starter's own README; ids and times differ from run to run."""
    shown = re.search(r"make demo\norder-desk on [^\n]+\n(.*?)```", README, re.DOTALL)[1].splitlines()
    told = load_catalog().blueprint("work-queue").spec.story

    assert [line.split()[0] for line in shown] == [line.split()[0] for line in told]
    assert shown[-1].startswith(told[-1])


def test_the_readme_names_every_command():
    """The table of commands is that of the program, no more and no fewer."""
    listed = re.findall(r"^  ([a-z]+) {2,}\S", archwright("--help").stdout.split("Commands:")[1], re.MULTILINE)

    assert listed
    assert set(re.findall(r"^\| `archwright ([a-z]+)", README, re.MULTILINE)) == set(listed)


def test_the_readme_names_every_blueprint():
    """The table of blueprints is the catalog."""
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|$", README, re.MULTILINE))

    assert rows == {entry.spec.id: entry.spec.summary for entry in load_catalog().blueprints.values()}


def test_the_readme_names_every_platform():
    """The table of platforms is the catalog."""
    rows = re.findall(r"^\| `([a-z-]+)` \| [^|]+ \| [^|]+ \|$", README, re.MULTILINE)

    assert sorted(load_catalog().platforms) == sorted(rows)


def test_the_picture_is_fresh(tmp_path):
    """It is what `archwright diagram work-queue -o site/assets/work-queue.svg` draws."""
    archwright("diagram", "work-queue", "-o", "picture.svg", cwd=tmp_path)

    assert (tmp_path / "picture.svg").read_bytes() == (ROOT / "site/assets/work-queue.svg").read_bytes()


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_links_lead_to_files(name):
    """No relative link is broken, and no make target is named that is not there."""
    page = (ROOT / name).read_text(encoding="utf-8")
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert [link for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", page) if not (ROOT / link).exists()] == []
    assert [word for word in re.findall(r"\bmake ([a-z-]+)\b(?=[`\s])", page) if word not in targets] == []
