"""Every way that a log, a title, an editor or a disk can be wrong, beside what the user sees."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest

from adr_command import NYGARD, adr, contents
from archwright.adr import load_log
from archwright.adr.actions import supersede
from archwright.errors import DecisionLogError


def assert_refused(done, code, *words):
    """The exit code is right, every word is told on standard error, and no traceback."""
    assert code == done.returncode, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("reader", [("list",), ("show", "1"), ("accept", "1")])
def test_a_folder_that_is_no_log(tmp_path, reader):
    """A missing folder, a file, and a place without a log are told apart."""
    (tmp_path / "file").write_text("x")

    assert_refused(adr(*reader, "--dir", "nowhere", cwd=tmp_path), 1, "nowhere", "does not exist", "help:")
    assert_refused(adr(*reader, "--dir", "file", cwd=tmp_path), 1, "is a file", "help:")


def test_no_log_anywhere(tmp_path):
    """Without a log the message says how to start one."""
    (tmp_path / ".git").mkdir()

    assert_refused(adr("list", cwd=tmp_path), 2, "no decision log", "archwright adr init")


def test_files_that_cannot_be_records_are_left_out_with_reasons(log):
    """A huge, a binary, a dangling and a looping file, and a pipe, are named with reasons; the others are read."""
    with (log / "0004-huge.md").open("wb") as file:
        file.truncate(100 << 20)
    (log / "0005-binary.md").write_bytes(b"# 5. X\0\x01\x02")
    (log / "0006-dangling.md").symlink_to(log / "nothing.md")
    (log / "0007-loop.md").symlink_to(log / "0007-loop.md")
    (log / "loop").symlink_to(log)
    os.mkfifo(log / "0008-pipe.md")

    done = adr("list", cwd=log)

    assert 0 == done.returncode
    assert ["0001", "0002", "0003"] == [line.split()[0] for line in done.stdout.splitlines()]
    for words in (
        "0004-huge.md: is larger than",
        "0005-binary.md: is binary",
        "0006-dangling.md: a link that leads nowhere",
        "0007-loop.md",
        "0008-pipe.md: is no regular file",
    ):
        assert words in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_record_is_named(log):
    """A record without read permission is left out aloud."""
    (log / "0002-two.md").chmod(0)

    assert "0002-two.md: cannot be read: Permission denied" in adr("list", cwd=log).stderr


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Use 🐘 for queues", "0004-use-for-queues.md"),
        ("Say \"yes\" and 'no'", "0004-say-yes-and-no.md"),
        ("a | b & c \\ d / e", "0004-a-b-c-d-e.md"),
        ("two\nlines\tand tabs", "0004-two-lines-and-tabs.md"),
        ("x" * 300, f"0004-{'x' * 80}.md"),
        ("Größe über alles", "0004-grosse-uber-alles.md"),
        ("キューを使う", "0004-キューを使う.md"),
        ("../../../etc/passwd", "0004-etc-passwd.md"),
        ("{{ 7 * 7 }} {% raw %}", "0004-7-7-raw.md"),
        ("<!-- hidden", "0004-hidden.md"),
        ("ends with a hash #", "0004-ends-with-a-hash.md"),
        ("-", None),
        ("🐘🐘", None),
        ("", None),
        ("   ", None),
    ],
)
def test_titles_of_every_kind(log, title, name):
    """A title is one heading whatever it holds; one that makes no name is refused; no other file changes."""
    before = contents(log)

    done = adr("new", "--no-input", "--", title, cwd=log)

    if name is None:
        assert_refused(done, 2, "title")
        assert before == contents(log)
        return
    assert 0 == done.returncode, done.stderr
    assert {*before, name} == set(contents(log))
    assert before == {each: raw for each, raw in contents(log).items() if each != name}
    record = load_log(log).find("4")
    assert " ".join(title.split()) == record.title.text.replace("&lt;", "<").replace("\\#", "#")
    assert "proposed" == record.status.word


@pytest.mark.parametrize(
    ("editor", "words"),
    [
        ("false", "failed with exit code 1"),
        ("no-such-editor", "could not be started"),
        ("truncate -s 0", "left the file empty"),
        ("rm", "left the file empty"),
        ("'", "cannot be read"),
    ],
)
def test_an_editor_that_fails_loses_nothing(log, editor, words):
    """Whatever the editor does, the drafted record is there afterwards, or nothing was written at all."""
    done = adr("new", "Use X", "--no-input", "--edit", cwd=log, EDITOR=editor, VISUAL="")

    assert done.returncode in {1, 2}
    assert words in done.stderr
    drafted = contents(log).get("0004-use-x.md")
    assert drafted is None if done.returncode == 2 else b"# 4. Use X" in drafted


def test_no_editor_is_told_before_anything_is_written(log):
    """`--edit` without an editor writes nothing."""
    assert_refused(adr("new", "Use X", "--edit", cwd=log, EDITOR="", VISUAL=""), 2, "no editor is set", "EDITOR")
    assert 3 == len(contents(log))


def test_references_are_exact(log):
    """A number never means another one that contains it, an ambiguous one names its candidates, a typo is suggested."""
    (log / "0015-fifteen.md").write_text(NYGARD.format(number=15, title="fifteen", status="Accepted"))
    (log / "0003-also-three.md").write_text(NYGARD.format(number=3, title="also three", status="Accepted"))

    assert_refused(adr("show", "5", cwd=log), 1, "no record answers to `5`")
    assert_refused(adr("accept", "3", cwd=log), 1, "ambiguous", "0003-three.md", "0003-also-three.md")
    assert_refused(adr("show", "fiften", cwd=log), 1, "did you mean `0015`")
    for reference in (
        "15",
        "0015",
        "ADR-15",
        "adr-0015",
        "0015-fifteen.md",
        "0015-fifteen",
        "fifteen",
        "doc/adr/0015-fifteen.md",
        "#15",
    ):
        assert 0 == adr("show", reference, cwd=log).returncode, reference


def test_a_circle_of_supersessions_is_refused(log):
    """A record cannot be superseded by one that it supersedes, at any distance, nor by itself."""
    assert 0 == adr("supersede", "1", "--by", "2", cwd=log).returncode
    assert 0 == adr("supersede", "2", "--by", "3", cwd=log).returncode
    before = contents(log)

    assert_refused(adr("supersede", "3", "--by", "1", cwd=log), 1, "circle", "Nothing was written")
    assert_refused(adr("supersede", "3", "--by", "3", cwd=log), 1, "itself")
    assert before == contents(log)


def test_a_life_that_goes_backwards_is_refused(log):
    """A superseded record is not accepted again by accident."""
    adr("supersede", "1", "--by", "2", cwd=log)
    before = contents(log)

    assert_refused(adr("accept", "1", cwd=log), 1, "superseded and cannot be accepted")
    assert_refused(adr("reject", "2", cwd=log), 1, "accepted and cannot be rejected")
    assert before == contents(log)


def test_a_disk_that_fails_half_way_leaves_all_files_as_they_were(log, monkeypatch):
    """When the second of two files cannot be written, the first one is put back, and nothing is left behind."""
    before = contents(log)
    real, calls = os.replace, []

    def failing(source, target):
        calls.append(target)
        if len(calls) == 2:
            raise OSError(28, "No space left on device", str(target))
        return real(source, target)

    monkeypatch.setattr(os, "replace", failing)
    loaded = load_log(log)

    with pytest.raises(DecisionLogError, match=r"No space left on device.*Nothing was written"):
        supersede(loaded, [loaded.find("1")], loaded.find("2"))
    assert before == contents(log)
    assert 2 == len(calls)


def test_a_record_that_changed_meanwhile_is_not_overwritten(log):
    """Bytes that somebody else wrote after the log was read stay."""
    loaded = load_log(log)
    (log / "0002-two.md").write_text("mine")

    with pytest.raises(DecisionLogError, match="has changed since it was read"):
        supersede(loaded, [loaded.find("1")], loaded.find("2"))
    assert b"mine" == (log / "0002-two.md").read_bytes()
    assert b"Superseded" not in (log / "0001-one.md").read_bytes()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_told(log):
    """Where nothing can be written, the message says so, and what to do."""
    log.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert_refused(
            adr("new", "Use X", "--no-input", cwd=log), 1, "Permission denied", "Nothing was written", "help:"
        )
        assert_refused(adr("deprecate", "1", cwd=log), 1, "Permission denied", "Nothing was written")
    finally:
        log.chmod(stat.S_IRWXU)


def test_two_at_once_get_two_numbers(log):
    """Processes that start together write records with different numbers, and none overwrites another."""
    command = [
        sys.executable,
        "-c",
        "import sys; from archwright.cli import main; main()",
        "adr",
        "new",
        "--no-input",
        "--dir",
        str(log),
    ]
    running = [
        subprocess.Popen([*command, f"Title {number}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for number in range(6)
    ]
    for process in running:
        _, err = process.communicate(timeout=60)
        assert 0 == process.returncode, err

    assert [1, 2, 3, 4, 5, 6, 7, 8, 9] == sorted(record.number for record in load_log(log))


def test_answers_that_are_no_answers(log, tmp_path):
    """Answers that are missing, no YAML or no mapping, and a setting without a value, are refused."""
    (tmp_path / "list.yaml").write_text("- a\n")
    (tmp_path / "bad.yaml").write_text("a: [b\n")

    assert_refused(adr("new", "X y", "--answers", tmp_path / "none.yaml", cwd=log), 1, "cannot be read")
    assert_refused(adr("new", "X y", "--answers", tmp_path / "list.yaml", cwd=log), 1, "no mapping")
    assert_refused(adr("new", "X y", "--answers", tmp_path / "bad.yaml", cwd=log), 1, "no valid YAML")
    assert_refused(adr("new", "X y", "--set", "context", cwd=log), 2, "no field=value")
    assert_refused(adr("new", "X y", "--set", "date=soon", cwd=log), 2, "date")
    assert_refused(adr("new", "X y", "--set", "status=maybe", cwd=log), 2, "status")
    assert_refused(adr("new", "X y", "--template", "no-such", cwd=log), 2, "neither a file")
    assert_refused(adr("new", "X y", "--supersedes", "99", cwd=log), 1, "no record answers")
    assert_refused(adr("new", "X y", cwd=log, ADR_DATE="soon"), 2, "ADR_DATE")
    assert_refused(adr("new", "--no-input", cwd=log), 2, "needs a title")
    assert 3 == len(contents(log))


def test_a_field_that_the_template_would_drop_is_refused(log, tmp_path):
    """A mistyped field is not lost in silence; a team's template may have fields of its own, and no others."""
    (tmp_path / "said.yaml").write_text("title: Use X\ncontxt: orders are late\n")

    assert_refused(adr("new", "--answers", tmp_path / "said.yaml", cwd=log), 2, "did you mean `context`?")
    (log / "template.md").write_text("# {{ title }}\n\n* Status: {{ status }}\n* Cost: {{ cost }}\n")
    assert_refused(adr("new", "Use X", "--set", "cots=3", cwd=log), 2, "no place in the template")
    assert 4 == len(contents(log))
    assert 0 == adr("new", "Use X", "--set", "cost=3", cwd=log).returncode
    assert "* Cost: 3" in (log / "0004-use-x.md").read_text()


def test_a_team_template_cannot_leave_the_sandbox(log):
    """A template that reaches for Python's insides is refused, and writes nothing."""
    (log / "template.md").write_text("# {{ title }}\n\n{{ ''.__class__.__mro__[1].__subclasses__() }}\n")

    done = adr("new", "Use X", "--no-input", cwd=log)

    assert_refused(done, 1, "template.md")
    assert not (log / "0004-use-x.md").exists()


def test_init_never_touches_a_log_that_is_there(log):
    """`init` on an existing log, a file, or beside another `.adr-dir`, changes nothing."""
    root = log.parent.parent
    before = contents(root)
    (root / "file").write_text("x")

    assert_refused(adr("init", "doc/adr", cwd=root), 1, "holds a decision log already", "adr new")
    assert_refused(adr("init", "file", cwd=root), 1, "is a file")
    assert before == {name: raw for name, raw in contents(root).items() if name != "file"}


def test_two_statuses_in_one_file_are_told(log):
    """A record whose front matter and section disagree is not taken for accepted already."""
    path = log / "0004-two-minds.md"
    path.write_text("---\nstatus: accepted\n---\n\n# 4. Two minds\n\n## Status\n\nRejected\n")

    assert_refused(
        adr("accept", "4", cwd=log), 1, "states both `accepted` (front-matter) and `Rejected` (section:Status)"
    )
    assert 0 == adr("accept", "4", "--force", cwd=log).returncode
    assert ["accepted", "Accepted"] == [place.text for place in load_log(log).find("4").status.stated]
