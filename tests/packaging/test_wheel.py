"""The wheel carries what the checkout has, and works without it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from archwright.resources import checkout_root

ROOT = checkout_root()


def run(program, *arguments, cwd):
    clean = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    return subprocess.run([program, *arguments], cwd=cwd, env=clean, capture_output=True, text=True, check=False)


def tracked(*places):
    listed = subprocess.run(["git", "ls-files", "-z", *places], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()}


def test_the_wheel_carries_exactly_what_git_tracks(wheel):
    """Code and data folders go into the wheel whole, and nothing else does."""
    moved = {"generator/archwright/": "archwright/", "blueprints/": "archwright/_data/blueprints/"}
    moved["templates/"] = "archwright/_data/templates/"
    expected = {name.replace(old, new, 1) for old, new in moved.items() for name in tracked(old.rstrip("/"))}

    with zipfile.ZipFile(wheel) as archive:
        carried = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert set() == expected - carried
    assert set() == carried - expected


def test_the_installed_program_finds_its_own_data(installed, tmp_path):
    """From an empty folder, the wheel's own catalog is listed; the checkout is not used."""
    where = run(installed / "python", "-c", "import archwright.resources as r; print(r.data_root())", cwd=tmp_path)
    listed = run(installed / "archwright", "list", cwd=tmp_path)

    assert str(ROOT) not in where.stdout
    assert where.stdout.strip().endswith("_data")
    assert listed.returncode == 0, listed.stderr
    assert "work-queue" in listed.stdout


def test_a_starter_from_the_wheel_is_the_one_from_the_checkout(installed, tmp_path):
    """Both give the same bytes."""
    trees = []
    for number, program in enumerate((installed / "archwright", Path(sys.executable).with_name("archwright"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        done = run(program, "new", "work-queue", "order-desk", "--no-input", "--no-git", cwd=folder)
        assert done.returncode == 0, done.stderr
        trees.append({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()})

    assert trees[0] == trees[1]
