from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archwright import write
from archwright.catalog import load_catalog
from archwright.errors import ArchwrightError, DestinationError
from archwright.filetree import safe_path
from archwright.pipeline import generate

CATALOG = load_catalog()
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "lease": st.integers(1, 300).map(lambda n: f"{n}s"),
        "max_deliveries": st.integers(2, 20).map(str),
        "license": st.sampled_from(["Apache-2.0", "MIT", "Proprietary"]),
        "owner": st.from_regex(r"@[a-z]{1,8}/[a-z]{1,8}", fullmatch=True),
        "date": st.dates().map(str),
    },
)
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8}){1,2}", fullmatch=True)


def contents(plan):
    return {one.path: one.file for one in plan.files}


@settings(max_examples=8, deadline=None)
@given(name=NAMES, answers=ANSWERS)
def test_equal_answers_give_equal_files_and_a_second_plan_is_empty(name, answers):
    """Whatever the answers, generating twice gives the same bytes, and nothing is left to do after applying."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, name)
        first = generate(CATALOG, "work-queue", target, answers=answers)
        second = generate(CATALOG, "work-queue", target, answers=dict(reversed(answers.items())))
        assert contents(first) == contents(second)

        write.apply(first)

        again = generate(CATALOG, "work-queue", target, answers=answers)
        assert {write.Change.KEEP} == {one.change for one in again.files}
        manifest = json.loads((target / write.MANIFEST).read_text(encoding="utf-8"))
        assert {**answers} == {key: manifest["parameters"][key] for key in answers} | {
            key: value for key, value in answers.items() if key in {"lease", "max_deliveries"}
        }


@settings(deadline=None)
@given(path=st.text(st.sampled_from("ab./\\:~ \n\0é-_"), max_size=12))
def test_an_accepted_path_stays_below_the_destination(path):
    """Either a path is refused, or joining it to a folder gives something inside that folder."""
    try:
        accepted = safe_path(path)
    except DestinationError:
        return

    assert PurePosixPath("/root-folder", accepted).is_relative_to("/root-folder")
    assert ".." not in PurePosixPath(accepted).parts
    assert not accepted.startswith("/")


@settings(max_examples=60, deadline=None)
@given(name=st.text(max_size=20), value=st.text(max_size=20))
def test_any_answer_is_taken_or_refused_in_words(name, value):
    """No text given as a name or as a parameter ends in anything but a starter or an error of ours."""
    told = ["generated"]
    try:
        generate(CATALOG, "work-queue", Path("/nowhere", name or "x").absolute(), answers={"owner": value})
    except ArchwrightError as error:
        told = [str(error), error.hint]

    assert all(told)


@pytest.mark.parametrize("blueprint", sorted(CATALOG.blueprints))
def test_bytes_do_not_depend_on_the_process(tmp_path, blueprint):
    """Another process with another hash seed, locale, folder and time zone writes the same bytes."""
    trees = []
    for seed, locale, zone in (("0", "C", "UTC"), ("4242", "C.UTF-8", "Pacific/Kiritimati")):
        folder = tmp_path / seed
        folder.mkdir()
        environment = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": zone}
        command = [Path(sys.executable).with_name("archwright"), "new", blueprint, "desk", "--no-input", "--no-git"]
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        trees.append({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()})

    assert trees[0] == trees[1]
