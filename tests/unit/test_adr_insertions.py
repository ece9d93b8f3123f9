from __future__ import annotations

import pytest

from archwright.adr import load_log
from archwright.adr.actions import link, supersede

TARGET = b"# 2. Other\n\nDate: 2026-11-22\n\n## Status\n\nAccepted\n\n## Context\n\nNone.\n"


def written(tmp_path, content, name="0001-one.md"):
    """Link a record to another one and return its bytes before and after."""
    (tmp_path / name).write_bytes(content)
    (tmp_path / "0002-other.md").write_bytes(TARGET)
    log = load_log(tmp_path)
    link(log, log.find("1"), "depends on", log.find("2"))
    return (tmp_path / name).read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        b"# 1. One\n\n## Status\n\nAccepted \n\n## Context\n\nWhy.\n",
        b"# 1. One\n\n## Status\n\nAccepted (lazy consensus).\n\nImplemented. \t\n\n## Context\n\nWhy.\n",
        b"# One\n\n| Metadata | Value |\n|---|---|\n| Status | Accepted |\n\n## Context\n\nIt ends in blanks.  \n",
        b"# 1. One\r\n\r\n## Status\r\n\r\nAccepted \r\n\r\n## Context\r\n\r\nWhy.\r\n",
    ],
)
def test_blanks_at_the_end_of_a_line_stay_with_it(tmp_path, content):
    """What is added goes below the line, not between its words and its trailing blanks."""
    after = written(tmp_path, content)

    assert after != content
    lines = after.splitlines(keepends=True)
    assert [] == [line for line in content.splitlines(keepends=True) if line not in lines]


def test_an_empty_section_of_a_windows_file_keeps_its_line_endings(tmp_path):
    """A line added below a heading with nothing under it gives no carriage return of its own."""
    old = b"= ADR 0001 One\r\n\r\n== Status\r\n\r\nAccepted\r\n\r\n== Context\r\n\r\nWhy.\r\n\r\n== References\r\n"
    (tmp_path / "0001-one.adoc").write_bytes(old)
    (tmp_path / "0003-three.adoc").write_bytes(old.replace(b"0001 One", b"0003 Three"))
    log = load_log(tmp_path)

    supersede(log, [log.find("1")], log.find("3"))

    for name in ("0001-one.adoc", "0003-three.adoc"):
        content = (tmp_path / name).read_bytes()
        assert b"\r\r" not in content
        assert content.count(b"\n") == content.count(b"\r\n")
