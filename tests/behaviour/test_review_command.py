from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from made_up import BLUEPRINT, PLATFORM, write_catalog

SARIF = json.loads((Path(__file__).parent / "sarif-2.1.0.schema.json").read_text(encoding="utf-8"))


def archwright(*arguments, cwd):
    command = [sys.executable, "-c", "from archwright.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def on_a_mountain(tmp_path):
    """Run a command on a catalog with a blueprint and a platform that no code has ever heard of."""
    folder = write_catalog(tmp_path / "own", platform=PLATFORM.replace("loft.rest}", "loft.rest, renewable: true}"))

    def run(command, *arguments):
        return archwright(command, "pigeon-post", "--catalog", folder, *arguments, cwd=tmp_path)

    return run


def test_what_holds_is_told_in_one_line(on_a_mountain):
    """Nothing found is said too, with what was looked at."""
    done = on_a_mountain("review", "--platform", "mountain")

    assert (done.returncode, done.stdout) == (0, "`pigeon-post` on mountain checked: no problem.\n")


def test_a_blueprint_is_reviewed_wherever_it_runs(on_a_mountain):
    """Without --platform every platform that gives the capabilities is asked, the made-up one among them."""
    said = on_a_mountain("review").stdout.splitlines()[-1]

    assert said.startswith("`pigeon-post` on ")
    assert {"azure", "local", "mountain"} <= set(
        said.removeprefix("`pigeon-post` on ").split(" checked")[0].split(", ")
    )


def test_what_does_not_hold_names_place_limit_source_and_what_works(on_a_mountain):
    """Everything that one needs to mend it stands in the finding, as text and as JSON."""
    done = on_a_mountain("review", "--platform", "mountain", "--set", "rest=11m")

    line = 1 + next(n for n, text in enumerate(BLUEPRINT.splitlines()) if "lease: ${rest}" in text)
    assert done.returncode == 1
    where = f"own/blueprints/pigeon-post/blueprint.yaml:{line}:5"
    assert done.stdout.splitlines() == [
        f"{where}: AW204 error pigeons.lease on mountain: 11m exceeds the 10m that a Pigeon loft allows",
        "  help: set 10m or less; a worker renews it while it works, so that long tasks are safe: `--set rest=10m`.",
        "  source: mountain.loft.rest: the loft's keeper (read 2026-11-22, confidence A)",
        "`pigeon-post` on mountain checked: 1 error.",
    ]
    (finding,) = json.loads(on_a_mountain("review", "--set", "rest=11m", "--format", "json", "-p", "mountain").stdout)
    assert finding.items() >= {"nearest": "10m", "platform": "mountain", "subject": "pigeons.lease"}.items()
    assert on_a_mountain("review", "--platform", "mountain", "--set", f"rest={finding['nearest']}").returncode == 0


def test_code_hosts_can_show_the_findings(on_a_mountain):
    """SARIF is what its schema asks for, and an annotation names the line."""
    arguments = ("review", "--platform", "mountain", "--set", "rest=11m", "--format")

    log = json.loads(on_a_mountain(*arguments, "sarif").stdout)
    jsonschema.Draft7Validator(SARIF).validate(log)
    assert [one["ruleId"] for one in log["runs"][0]["results"]] == ["AW204"]
    assert on_a_mountain(*arguments, "github").stdout.startswith("::error file=own/blueprints/pigeon-post/")


def test_new_refuses_what_review_refuses(on_a_mountain, tmp_path):
    """The same finding, and nothing is written."""
    done = on_a_mountain("new", tmp_path / "my-post", "--platform", "mountain", "--set", "rest=11m", "--no-input")

    assert done.returncode == 1
    assert "AW204 error pigeons.lease: 11m exceeds the 10m" in done.stderr
    assert not (tmp_path / "my-post").exists()


def test_a_platform_that_lacks_a_capability_is_a_finding(tmp_path):
    """Whoever asks for it hears why, in any format."""
    own = write_catalog(tmp_path / "own", platform=PLATFORM.replace("  work-queue:\n", "  topic:\n"))

    asked = ("review", "pigeon-post", "--catalog", own, "--platform", "mountain", "--format", "json")
    done = archwright(*asked, cwd=tmp_path)

    (finding,) = json.loads(done.stdout)
    assert (done.returncode, finding["code"], finding["subject"]) == (1, "AW111", "work-queue")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("review", "work-quee"), 'error: There is no blueprint `work-quee`.\n  help: did you mean "work-queue"?\n'),
        (("review", "work-queue", "-p", "lokal"), 'There is no platform `lokal`.\n  help: did you mean "local"?\n'),
        (("compare", "work-queue", "-p", "local,lokal"), 'platform `lokal`.\n  help: did you mean "local"?\n'),
        (("review", "work-queue", "--set", "leese=1m"), 'parameter `leese`.\n  help: did you mean "lease"?\n'),
        (("review", "work-queue", "--set", "lease"), "`--set lease` has no value.\n  help: write it as"),
        (("review", "work-queue", "-p", "local", "--set", "tier=basic"), "There is no parameter `tier`."),
        (("compare", "work-queue", "-p", ","), "`--platforms ,` names no platform.\n"),
        (("review", "work-queue", "--catalog", "no"), "The catalog folder `no` does not exist."),
    ],
)
def test_what_was_typed_wrongly_is_a_usage_error(arguments, said, tmp_path):
    """Exit code 2, and the nearest word that exists."""
    done = archwright(*arguments, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_tier_reaches_only_the_platforms_that_have_tiers(tmp_path):
    """A topic is not in the cheapest tier, which is no matter on a platform without tiers."""
    done = archwright("review", "publish-subscribe", "--set", "tier=basic", "--format", "json", cwd=tmp_path)

    assert {(one["code"], one["platform"]) for one in json.loads(done.stdout)} == {("AW206", "azure")}


@pytest.mark.parametrize("platforms", ["local,azure", "local", None])
def test_a_comparison_fits_a_narrow_terminal(on_a_mountain, platforms):
    """Nobody has to widen a window: eighty columns hold all platforms."""
    done = on_a_mountain("compare", *(("--platforms", platforms) if platforms else ()))

    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "SQLite" in done.stdout


def test_a_comparison_is_data_too(on_a_mountain):
    """Each row has a cell for every platform, and the id of the limit behind it."""
    told = json.loads(on_a_mountain("compare", "--platforms", "local,mountain", "--format", "json").stdout)

    rows = {(row["section"], row["label"]): row for row in told["rows"]}
    assert [(one["id"], one["holds"]) for one in told["platforms"]] == [("local", True), ("mountain", True)]
    assert rows["Service", "pigeons"]["cells"]["mountain"] == "Pigeon loft (native)"
    lease = rows["Limit", "pigeons lease of 30s"]
    assert lease["cells"] == {"local": "—", "mountain": "at most 10m, renewable"}
    assert lease["facts"] == {"local": "", "mountain": "mountain.loft.rest"}
    assert {section for section, _ in rows} >= {"Holds", "Service", "Guarantee", "Limit", "Decision", "Price"}


def test_a_comparison_tells_where_it_does_not_hold(on_a_mountain):
    """What `review` would refuse stands in the table, and the table is still printed."""
    asked = ("compare", "--platforms", "local,mountain", "--set", "rest=11m", "--format", "markdown")
    done = on_a_mountain(*asked)

    assert done.returncode == 0
    assert "| Holds: as asked for | yes | refused: AW204 pigeons.lease |" in done.stdout
