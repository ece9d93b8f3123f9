"""The commands that look at the catalog, as a person and as a program use them."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

from archwright import yamlfile
from archwright.catalog import load_catalog
from archwright.resources import checkout_root
from made_up import BLUEPRINT, write_catalog

ROOT = checkout_root()
ARCHWRIGHT = Path(sys.executable).with_name("archwright")
CATALOG = load_catalog()


def run(*arguments, cwd=None, **environment):
    return subprocess.run(
        [ARCHWRIGHT, *arguments], cwd=cwd, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        env={**os.environ, "COLUMNS": "80", **environment},
    )  # fmt: skip


def test_list_tells_a_program_what_there_is():
    """`list --json` names every blueprint with the platforms that its capabilities allow."""
    listed = {one["id"]: one for one in json.loads(run("list", "--json").stdout)}

    assert set(CATALOG.blueprints) == set(listed)
    assert {"id", "name", "category", "ring", "summary", "platforms"} == set(listed["work-queue"])
    assert "local" in listed["work-queue"]["platforms"]


def test_list_can_be_narrowed():
    """Category and platform leave out what is not asked for; an unknown one is told."""
    listed = [one["id"] for one in json.loads(run("list", "--category", "reliability", "--json").stdout)]

    assert "dead-letter-redrive" in listed
    assert "work-queue" not in listed
    assert 2 == run("list", "--category", "messagin").returncode
    assert 'did you mean "messaging"?' in run("list", "--category", "messagin").stderr
    assert 2 == run("list", "--platform", "moon").returncode


@pytest.mark.parametrize(
    "arguments", [("list",), ("show", "work-queue"), ("new", "--help"), ("--help",), ("adr", "--help")]
)
def test_output_fits_eighty_columns_and_has_no_colour_in_a_pipe(arguments):
    """What is piped to a file is plain text; only what can be typed may be longer than a line."""
    done = run(*arguments)

    assert 0 == done.returncode
    assert "\x1b" not in done.stdout
    long = [line for line in done.stdout.splitlines() if len(line) > 80 and not line.strip().startswith("archwright ")]
    assert [] == long


def test_show_tells_a_program_the_whole_blueprint():
    """`show --json` carries guarantees, failure modes, decisions and parameters."""
    shown = json.loads(run("show", "work-queue", "--json").stdout)

    assert "work-queue" == shown["blueprint"]["id"]
    assert shown["guarantees"]
    assert all(one["drill"] or one["no_drill_because"] for one in shown["failure_modes"])
    assert {"lease", "max_deliveries"} <= set(shown["parameters"])
    assert {"name", "level", "limits"} <= set(shown["channels"][0]["service"])


def test_validate_accepts_the_catalog():
    """Nothing is wrong with what is shipped."""
    done = run("validate", cwd=ROOT)

    assert 0 == done.returncode, done.stdout
    assert "no problem" in done.stdout


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_validate_tells_every_problem_in_each_format(tmp_path, form):
    """File, line, column and code are there for people, programs and code hosts."""
    write_catalog(tmp_path, blueprint=BLUEPRINT.replace("ring: assess", "ring: asess"))

    done = run("validate", tmp_path, "--format", form)

    assert 1 == done.returncode
    if form == "text":
        assert "blueprint.yaml:5:1: AW102 error ring:" in done.stdout
    elif form == "json":
        (found,) = json.loads(done.stdout)
        assert ("AW102", "error", 5, 1) == (found["code"], found["severity"], found["line"], found["column"])
    else:
        (result,) = json.loads(done.stdout)["runs"][0]["results"]
        assert ("AW102", "error") == (result["ruleId"], result["level"])
        assert 5 == result["locations"][0]["physicalLocation"]["region"]["startLine"]


def test_validate_refuses_a_folder_that_holds_nothing(tmp_path):
    """An empty folder is no catalog, and a missing one is told."""
    assert 2 == run("validate", tmp_path).returncode
    assert "holds no blueprint" in run("validate", tmp_path).stderr
    assert 2 == run("validate", tmp_path / "gone").returncode


@pytest.mark.parametrize(("kind", "files"), [
    ("blueprint", "blueprints/*/blueprint.yaml"),
    ("platform", "templates/platforms/*/platform.yaml"),
    ("limits", "blueprints/facts/limits.yaml"),
    ("prices", "blueprints/facts/prices.yaml"),
])  # fmt: skip
def test_the_printed_schema_accepts_the_shipped_files(kind, files):
    """An editor that uses the schema agrees with archwright; each file names it in its first line."""
    schema = json.loads(run("schema", kind).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    found = sorted(ROOT.glob(files))

    assert found
    for file in found:
        text = file.read_text(encoding="utf-8")
        assert f"{kind}.schema.json" in text.splitlines()[0]
        jsonschema.validate(yamlfile.parse(text, file.name).value, schema)


def test_a_catalog_of_ones_own_is_added(tmp_path):
    """`--catalog` makes a blueprint of one's own listed, shown and generated beside the built-in ones."""
    write_catalog(tmp_path / "mine")

    listed = run("list", "--catalog", tmp_path / "mine")
    made = run(
        "new", "pigeon-post", "loft-desk", "--catalog", tmp_path / "mine", "--no-input", "--no-git", cwd=tmp_path
    )

    assert "pigeon-post" in listed.stdout
    assert "work-queue" in listed.stdout
    assert 0 == made.returncode, made.stderr
    assert (tmp_path / "loft-desk/README.md").exists()


def test_answers_come_from_a_file_and_flags_win(tmp_path):
    """A file of answers is read, `--set` is stronger, and the manifest remembers all of it."""
    (tmp_path / "answers.yaml").write_text("lease: 1m\nmax_deliveries: 7\nlicense: MIT\n")

    run(
        "new",
        "work-queue",
        "desk",
        "--answers",
        "answers.yaml",
        "--set",
        "lease=2m",
        "--no-input",
        "--no-git",
        cwd=tmp_path,
    )

    manifest = json.loads((tmp_path / "desk/.archwright/manifest.json").read_text())
    assert ("2m", 7, "MIT") == tuple(manifest["parameters"][key] for key in ("lease", "max_deliveries", "license"))
    assert "MIT License" in (tmp_path / "desk/LICENSE").read_text()


def test_the_day_can_be_fixed_for_a_reproducible_build(tmp_path):
    """SOURCE_DATE_EPOCH is the day of the records, as for any other tool."""
    run("new", "work-queue", "desk", "--no-input", "--no-git", cwd=tmp_path, SOURCE_DATE_EPOCH="0")

    assert "date: 1970-01-01" in next((tmp_path / "desk/docs/adr").glob("0002*")).read_text()


def test_on_a_terminal_it_asks_and_asks_again(tmp_path):
    """Each parameter is asked for with its help and default; a wrong answer is explained and asked for again."""
    said = _at_a_terminal(
        [ARCHWRIGHT, "new", "work-queue", "desk", "--no-git", "--set", "owner=@a/b", "--set", "license=MIT"],
        {"lease [30s]:": ["soon", "45s"], "max_deliveries [5]:": ["0", "3"]}, tmp_path,
    )  # fmt: skip

    assert "How long a worker holds a task" in said
    assert "`soon` is no duration" in said
    assert "0 is out of range" in said
    manifest = json.loads((tmp_path / "desk/.archwright/manifest.json").read_text())
    assert ("45s", 3, "5m") == tuple(
        manifest["parameters"][key] for key in ("lease", "max_deliveries", "retry_longest")
    )


def _at_a_terminal(command, answers, folder):
    """Run `command` at a pseudo-terminal; give each question its answers in turn, and Enter to all others."""
    waiting = {question: list(texts) for question, texts in answers.items()}
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execv(command[0], [str(one) for one in command])  # noqa: S606  # a terminal's child
    said, asked, deadline = "", 0, time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                said += os.read(terminal, 4096).decode()
            except OSError:
                break
        elif said.rstrip(" ").endswith(":") and len(said) > asked:
            asked = len(said)
            question = said.rsplit("\n", 1)[-1].strip()
            texts = waiting.get(question, [])
            os.write(terminal, ((texts.pop(0) if texts else "") + "\n").encode())
    os.waitpid(child, 0)
    return said
