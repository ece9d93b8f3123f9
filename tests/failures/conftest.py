"""Fixtures of the tests about what goes wrong."""

from __future__ import annotations

import pytest

from adr_command import NYGARD


@pytest.fixture
def log(tmp_path):
    """A small log, in a folder of its own."""
    folder = tmp_path / "doc" / "adr"
    folder.mkdir(parents=True)
    for number, title in enumerate(("one", "two", "three"), start=1):
        (folder / f"{number:04d}-{title}.md").write_text(NYGARD.format(number=number, title=title, status="Accepted"))
    return folder
