from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from archwright import resources, yamlfile
from archwright.schema import Blueprint
from archwright.shapes import check_shape

if TYPE_CHECKING:
    from pathlib import Path

ROOT = resources.data_root() / "blueprints"
FOLDERS = sorted(path.parent for path in ROOT.glob("*/blueprint.yaml"))
DEFINED = re.compile(r"^(?:async )?def (test_\w+)\(", re.MULTILINE)


def blueprint_in(folder: Path) -> Blueprint:
    spec, findings = check_shape(Blueprint, yamlfile.load(folder / "blueprint.yaml", folder.name))
    assert spec, findings
    return spec


def drills_named(spec: Blueprint) -> set[str]:
    """Every drill that the blueprint names, leaving out where it says why there is none."""
    drills = [one.drill for one in spec.guarantees] + [one.drill for one in spec.failure_modes]
    drills += [one.confirmed_by for one in spec.decisions]
    return {drill for drill in drills if not drill.startswith("none, because ")}


def drills_written(folder: Path) -> list[str]:
    """Every test function of the drill files in the blueprint's layer."""
    files = sorted((folder / "layer" / "files" / "tests").rglob("test_*drill*.py.jinja"))
    return [name for file in files for name in DEFINED.findall(file.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_drill_that_is_named_is_written(folder):
    """What a blueprint says is proved by a drill is proved by a test in its starter."""
    named, written = drills_named(blueprint_in(folder)), drills_written(folder)

    assert named
    assert sorted(named - set(written)) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_drill_that_is_written_is_named(folder):
    """A starter drills nothing that its blueprint does not tell of, and no drill hides another of its name."""
    named, written = drills_named(blueprint_in(folder)), drills_written(folder)

    assert sorted(set(written) - named) == []
    assert sorted(written) == sorted(set(written))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_hop_has_a_guarantee(folder):
    """Each arrow that a message takes has a guarantee, so that no hop is left to hope."""
    spec = blueprint_in(folder)

    promised = {tuple(one.hop.split(" → ")) for one in spec.guarantees}
    taken = {
        (flow.from_, flow.to)
        for flow in spec.flows
        if spec.channels.keys() & {end.split("/")[0] for end in (flow.from_, flow.to)}
    }
    fanned = {(channel, f"{channel}/{one}") for channel, knobs in spec.channels.items() for one in knobs.subscriptions}
    assert sorted((taken | fanned) - promised) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_story_is_the_one_that_the_demo_tells(folder):
    """Each line that a README promises begins with a word that the demo prints, and the last one is its count."""
    demo = (folder / "layer" / "files" / "dev" / "demo.py.jinja").read_text(encoding="utf-8")
    told = re.findall(r"\.tell\(\s*\"([^\"]+)\"", demo)

    promised = [line[2:15].strip() for line in blueprint_in(folder).story]

    assert promised
    assert promised.pop().startswith("✓")
    assert [word for word in promised if word not in told] == []
