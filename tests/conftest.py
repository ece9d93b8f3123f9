"""Fixtures of all tests: archwright as a user has it, installed from its wheel."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from archwright.resources import checkout_root

ROOT = checkout_root()


def pytest_collection_modifyitems(items):
    """Begin with the tests that take long, so that the last worker does not end on them alone.

    `make test` hands tests out one by one in this order. Nothing keeps two of them from running at the same time: what
    they share is locked where it is made, and what measures time and fails beside another is run again, alone.
    """
    items.sort(key=lambda item: item.get_closest_marker("early") is None)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel, built by way of the source distribution, as an index would get it."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT], check=True, capture_output=True
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory):
    """An `archwright` program installed from the wheel, in an environment where the checkout is not importable."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=False)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
    bin_folder = home / ("Scripts" if os.name == "nt" else "bin")
    install = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--python",
        bin_folder / "python",
        wheel,
    ]
    subprocess.run(install, check=True, capture_output=True)
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    engine = Path(sys.executable).with_name("graphviz-pure")  # a program of a dependency: it comes with the package
    (bin_folder / engine.name).symlink_to(engine)
    return bin_folder
