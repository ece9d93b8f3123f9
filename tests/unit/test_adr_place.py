from __future__ import annotations

import pytest

from archwright.adr.place import find_log
from archwright.errors import UsageError

RECORD = "# 1. X\n\n## Status\n\nAccepted\n"


def a_log(folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "0001-x.md").write_text(RECORD)
    return folder


@pytest.mark.parametrize(
    ("name", "text", "folder"),
    [
        (".adr-dir", "notes/adr", "notes/adr"),
        (".adr-dir", "notes/adr\r\n", "notes/adr"),
        (".log4brains.yml", "project:\n  name: x\n  tz: Europe/Paris\n  adrFolder: ./notes/adr\n", "notes/adr"),
        ("adrs.toml", 'adr_dir = "notes/adr"\nmode = "ng"\n', "notes/adr"),
        ("adr.config.json", '{"path": "notes/adr", "templatePath": "x"}', "notes/adr"),
        (".adr", "[adr]\nrecords-dir = notes/adr\n", "notes/adr"),
        ("catalog-info.yaml", "metadata:\n  annotations:\n    backstage.io/adr-location: notes/adr\n", "notes/adr"),
        (".archwright.toml", '[adr]\ndir = "notes/adr"\n', "notes/adr"),
        ("pyproject.toml", '[tool.archwright.adr]\ndir = "notes/adr"\n', "notes/adr"),
    ],
)
def test_a_settings_file_points_to_the_log_from_below(tmp_path, name, text, folder):
    """Each tool's own settings file is honoured, from a folder further down, before the usual folders."""
    a_log(tmp_path / "doc" / "adr")
    a_log(tmp_path / folder)
    (tmp_path / name).write_text(text)
    (tmp_path / "src" / "deep").mkdir(parents=True)

    place = find_log(tmp_path / "src" / "deep")

    assert (tmp_path / folder).resolve() == place.folder.resolve()
    assert [1] == [record.number for record in place.load()]


@pytest.mark.parametrize(
    "folder", ["doc/adr", "docs/adr", "docs/decisions", "docs/architecture/decisions", "ADR", ".archgate/adrs"]
)
def test_the_usual_folders_need_no_settings(tmp_path, folder):
    """A log in a usual folder is found from anywhere in the repository."""
    a_log(tmp_path / folder)
    (tmp_path / "src").mkdir()

    assert (tmp_path / folder).resolve() == find_log(tmp_path / "src").folder.resolve()


def test_the_search_stops_at_the_repository(tmp_path):
    """A log of another project further up is not taken for this one's."""
    a_log(tmp_path / "docs" / "adr")
    (tmp_path / "inner" / ".git").mkdir(parents=True)

    with pytest.raises(UsageError, match="no decision log"):
        find_log(tmp_path / "inner")


def test_log4brains_packages_are_part_of_the_log(tmp_path):
    """Records of a workspace's packages are read with their package in the id."""
    a_log(tmp_path / "docs" / "adr")
    a_log(tmp_path / "packages" / "core" / "adr")
    (tmp_path / ".log4brains.yml").write_text(
        "project:\n  name: x\n  adrFolder: docs/adr\n  packages:\n"
        "    - name: core\n      path: packages/core\n      adrFolder: packages/core/adr\n"
    )

    log = find_log(tmp_path).load()

    assert {"0001", "core/0001"} == {record.id for record in log}


def test_a_log_may_teach_its_own_words(tmp_path):
    """Status words of the settings are understood like those that archwright knows."""
    folder = a_log(tmp_path / "docs" / "adr")
    (folder / "0002-y.md").write_text("# 2. Y\n\n## Status\n\nGrandfathered\n")
    (tmp_path / ".archwright.toml").write_text(
        '[adr]\ndir = "docs/adr"\n\n[adr.statuses]\ngrandfathered = "accepted"\n'
    )

    record = find_log(tmp_path).load().find("2")

    assert ("accepted", "Grandfathered") == (record.status.word, record.status.text)
