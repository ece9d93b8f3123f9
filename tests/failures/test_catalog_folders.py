from __future__ import annotations

import pytest

from archwright.catalog import read_catalog
from made_up import BLUEPRINT, PLATFORM, write_catalog


def findings_in(folder):
    """What is wrong in a catalog folder of one's own, as lines that a user sees; the built-in catalog is left out."""
    found = [one for one in read_catalog([folder]).findings if one.location and str(folder) in one.location.path]
    return [
        f"{one.location.path.rsplit('/', 1)[-1]}:{one.location.line}:{one.location.column} {one.code} "
        f"{one.subject}: {one.message}" + (f" | {one.hint}" if one.hint else "")
        for one in found
    ]


def test_the_made_up_catalog_is_sound(tmp_path):
    """The twin of every test below: unchanged, nothing is found."""
    assert findings_in(write_catalog(tmp_path)) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "capability: work-queue",
            "capabilty: work-queue",
            "blueprint.yaml:43:5 AW102 channels.pigeons.capabilty: unknown key",
        ),
        ("name: Pigeon post\n", "", "blueprint.yaml:1:1 AW102 name: is missing"),
        (
            "ring: assess",
            "ring: asess",
            'AW102 ring: `asess` is none of `adopt`, `trial`, `assess`, `caution` | did you mean "assess"?',
        ),
        (
            "    - Roads end at the foot.\n",
            "    - 5\n",
            'AW102 problem.forces.0: must be text, not a number | put it in quotes: "5".',
        ),
        ("lease: ${rest}", "lease: 30", "AW102 channels.pigeons.lease: must be text, not a number"),
        ("lease: ${rest}", "lease: 30 parsecs", "AW102 channels.pigeons.lease: `30 parsecs` is no duration"),
        (
            "lease: ${rest}",
            "lease: ${rset}",
            'AW104 channels.pigeons.lease: unknown parameter `rset` | did you mean "rest"?',
        ),
        (
            "message: Letter",
            "message: Lettre",
            'AW104 channels.pigeons.message: unknown message `Lettre` | did you mean "Letter"?',
        ),
        (
            "handles: pigeons",
            "handles: pigeon",
            'AW104 containers.loft.handles: unknown channel `pigeon` | did you mean "pigeons"?',
        ),
        ("to: loft", "to: lofts", 'AW104 flows.1.to: unknown container or channel `lofts` | did you mean "loft"?'),
        (
            "hop: sender → pigeons",
            "hop: sender → doves",
            "AW104 guarantees.0.hop: unknown container or channel `doves`",
        ),
        (
            "hop: sender → pigeons",
            "hop: sender -> pigeons",
            "AW102 guarantees.0.hop: `sender -> pigeons` does not match",
        ),
        ("default: pigeon\n", "default: eagle\n", "AW104 decisions.0.default: unknown option `eagle`"),
        ("id: pigeon-post", "id: pigeons-post", "AW105 id: the id `pigeons-post` is not the name of its folder"),
        (
            "schema: 1\n",
            "schema: 1\nfacts: [mountain.loft.rset]\n",
            'unknown fact `mountain.loft.rset` | did you mean "mountain.loft.rest"?',
        ),
        (
            "schema: 1\n",
            "schema: 1\nrelated: [{id: work-queu, why: x}]\n",
            'unknown blueprint `work-queu` | did you mean "work-queue"?',
        ),
        ("schema: 1\n", "schema: 1\nfeatures: [wings]\n", "AW104 features.0: unknown feature `features/wings`"),
        ("text: The letter is heavy.", "text: Heavy.\n    use_instead: pigeon-pots", 'did you mean "pigeon-post"?'),
        ("drill: test_letter_arrives}", "drill: none}", "AW102 guarantees.0.drill: `none` does not match"),
        (
            "rest:\n    type",
            "owner:\n    type",
            "AW103 parameters.owner: there is a parameter of this name already",
        ),
    ],
)
def test_a_mistake_in_a_blueprint_is_found_where_it_is(tmp_path, old, new, expected):
    """Each mistake gives a finding with line, column, what is wrong, and what was probably meant."""
    assert old in BLUEPRINT

    found = findings_in(write_catalog(tmp_path, blueprint=BLUEPRINT.replace(old, new, 1)))

    assert any(expected in line for line in found), found


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "limit: mountain.loft.rest",
            "limit: mountain.loft.sleep",
            "AW104 bindings.work-queue.knobs.lease.limit: unknown limit",
        ),
        ("service: Pigeon loft", "level: {absent: }", "AW102 bindings.work-queue.level"),
        ("name: The mountain\n", "", "AW102 name: is missing"),
        ("schema: 1\n", "schema: 1\nprices: [mountain.loft.rest]\n", "AW104 prices.0: unknown price"),
    ],
)
def test_a_mistake_in_a_platform_is_found_where_it_is(tmp_path, old, new, expected):
    """A platform is held to its schema and to the facts that there are."""
    assert old in PLATFORM

    found = findings_in(write_catalog(tmp_path, platform=PLATFORM.replace(old, new, 1)))

    assert any(expected in line for line in found), found


@pytest.mark.parametrize("key", ["source", "read", "confidence"])
def test_a_fact_without_its_source_day_or_confidence_is_refused(tmp_path, key):
    """A number that nobody can check is no fact."""
    limits = "x.y:\n  service: S\n  what: w\n  value: v\n  source: s\n  read: 2026-11-22\n  confidence: A\n"
    without = "".join(line for line in limits.splitlines(keepends=True) if not line.strip().startswith(f"{key}:"))

    found = findings_in(write_catalog(tmp_path, platform="", limits=without))

    assert any(f"x.y.{key}: is missing" in line for line in found), found


def test_two_blueprints_of_one_id_are_told(tmp_path):
    """A blueprint that hides a built-in one is refused, and both places are named."""
    write_catalog(tmp_path, blueprint="", platform="")
    folder = tmp_path / "blueprints/work-queue"
    folder.mkdir(parents=True)
    (folder / "blueprint.yaml").write_text(BLUEPRINT.replace("pigeon-post", "work-queue"))

    found = findings_in(tmp_path)

    assert any("AW103" in line and "is in the catalog already" in line for line in found), found


def test_layers_in_a_circle_are_told(tmp_path):
    """A cycle is shown as the way round, instead of being followed for ever."""
    for name, required in {"a": "b", "b": "c", "c": "a"}.items():
        folder = tmp_path / "templates/features" / name
        folder.mkdir(parents=True)
        (folder / "layer.yaml").write_text(f"schema: 1\ntitle: {name}\nrequires: [features/{required}]\n")

    found = findings_in(tmp_path)

    assert sum("AW106" in line for line in found) == 3, found
    assert any("features/a → features/b → features/c → features/a" in line for line in found)


def test_every_problem_of_a_file_is_told_at_once(tmp_path):
    """Nobody has to mend, run, mend, run."""
    broken = BLUEPRINT.replace("ring: assess", "ring: x").replace("name: Pigeon post", "nmae: Pigeon post")

    found = findings_in(write_catalog(tmp_path, blueprint=broken.replace("max_deliveries:", "max_delivery:")))

    assert len(found) >= 4, found
