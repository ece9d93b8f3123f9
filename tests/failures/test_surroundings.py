"""What a command meets around it: closed and full outputs, folders that go away, odd environments."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from archwright.render import sandbox

ARCHWRIGHT = Path(sys.executable).with_name("archwright")
posix = pytest.mark.skipif(os.name == "nt", reason="a POSIX shell")


def shell(script, cwd, **environment):
    """Run a line of shell, with the program as `$A`."""
    done = subprocess.run(
        ["bash", "-c", script], cwd=cwd, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        env={**os.environ, "NO_COLOR": "1", "A": str(ARCHWRIGHT), **environment},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "bug in archwright" not in done.stderr
    return done


@posix
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_closed_stream_stops_nothing(tmp_path, closed):
    """A program that was started without an output or input does its work."""
    done = shell(f"$A new work-queue desk --no-input --no-git {closed}", tmp_path)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "desk/README.md").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("command", ["list", "schema blueprint", "validate", "--help"])
def test_a_full_disk_under_the_output_is_told(tmp_path, command):
    """What was asked for did not arrive, so the command fails, with the reason."""
    done = shell(f"$A {command} > /dev/full", tmp_path)

    assert (done.returncode, done.stderr.splitlines()[0]) == (
        1,
        "error: The output cannot be written: no space left on device.",
    )


@posix
@pytest.mark.parametrize(
    "command", ["validate . --format json", "schema blueprint", "show work-queue --json", "list", "diagram work-queue"]
)
def test_a_reader_who_leaves_is_no_error(tmp_path, command):
    """Nothing is complained about at the end either, when what is still waiting is let go."""
    (tmp_path / "blueprint.yaml").write_text("a: 1\n")

    assert shell(f"$A {command} | true", tmp_path).stderr == ""


@posix
def test_without_unicode_the_words_still_arrive(tmp_path):
    """JSON stays JSON where the output cannot hold an arrow."""
    done = shell("$A show work-queue --json | python3 -m json.tool > /dev/null && $A show work-queue", tmp_path,
                 PYTHONIOENCODING="ascii", LC_ALL="C")  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "async-request-reply" in done.stdout


@posix
@pytest.mark.parametrize("command", ["list", "new work-queue desk --no-input", "validate"])
def test_a_folder_that_is_gone_is_told(tmp_path, command):
    """To stand in a removed folder is the user's affair, not a bug."""
    done = shell(f"mkdir gone; cd gone; rmdir ../gone; $A {command}", tmp_path)

    assert (done.returncode, done.stderr) == (
        2,
        "error: The folder that you stand in no longer exists.\n  help: change to one that does.\n",
    )


@pytest.mark.parametrize(("moment", "code"), [("0", 0), ("²", 2), ("soon", 2), ("9" * 25, 2), ("", 0)])
def test_a_moment_that_is_none_is_told(tmp_path, moment, code):
    """SOURCE_DATE_EPOCH is for builds that have to be reproducible: a wrong one must not become today."""
    done = shell("$A new work-queue desk --plan --no-input", tmp_path, SOURCE_DATE_EPOCH=moment)

    assert done.returncode == code, done.stderr
    assert code == 0 or "SOURCE_DATE_EPOCH is" in done.stderr


@posix
@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        ("$A new work-queue '~nosuchuser/desk' --no-input", 2, "names a home folder that is not known"),
        (f"$A new work-queue {'a' * 61} --no-input", 2, "is too long for a name"),
        (f"$A new work-queue {'a' * 300}/desk --no-input", 1, "cannot be written: file name too long"),
        (f"$A list --catalog {'a' * 5000}", 2, "does not exist"),
        (f"$A validate {'a' * 5000}", 2, "does not exist"),
        ("mkdir empty; $A list --catalog empty", 2, "holds no blueprint and no platform"),
        ("mkdir empty; $A new work-queue desk --answers empty", 2, "`empty` is a folder"),
        ("$A new work-queue \u017fervice --no-input", 2, "is no name for a starter"),
        ("$A new work-queue tests --no-input", 2, "would hide the Python module `tests`"),
        ("$A new work-queue desk --set max_deliveries=1_0 --no-input", 2, "`1_0` is no whole number"),
        (f"$A new work-queue desk --set lease={'9' * 400}d --no-input", 2, "is longer than a century"),
        ("$A new work-queue desk --set owner=$'@a\\n' --no-input", 2, "a value has one line"),
        ("ulimit -f 2; $A new work-queue desk --no-input", 1, "file too large. Nothing was written."),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_written(tmp_path, script, code, words):
    """Names, numbers and places that no file system, package or person can use."""
    done = shell(script, tmp_path)

    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert [] == [path for path in tmp_path.iterdir() if path.name != "empty"]


@posix
def test_answers_may_come_from_the_shell(tmp_path):
    """`<(…)` is a pipe, not a file, and can be read all the same."""
    done = shell("$A new work-queue desk --no-git --no-input --answers <(echo 'lease: 7m')", tmp_path)

    assert done.returncode == 0, done.stderr
    assert '"lease": "7m"' in (tmp_path / "desk/.archwright/manifest.json").read_text()


def test_a_plan_that_could_not_be_carried_out_says_so(tmp_path):
    """It is still shown: whoever asks may want to see what differs."""
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk/mine.txt").write_text("mine")

    done = shell("$A new work-queue desk --plan --no-input", tmp_path)

    assert done.returncode == 0
    assert "nothing was written" in done.stdout
    assert "would refuse it" in done.stderr
    assert "is not empty" in done.stderr


def test_a_hook_of_git_does_not_lend_its_repository(tmp_path):
    """Git tells its hooks their repository by GIT_DIR; the starter's first commit must not land there."""
    subprocess.run(["git", "init", "-q", tmp_path / "theirs"], check=True)

    done = shell(
        "git config --global user.name A; git config --global user.email a@b.example;"
        " GIT_DIR=$PWD/theirs/.git GIT_INDEX_FILE=$PWD/theirs/index $A new work-queue desk --no-input",
        tmp_path, HOME=str(tmp_path),
    )  # fmt: skip

    assert "first commit made" in done.stdout
    assert (tmp_path / "desk/.git").is_dir()
    assert not (tmp_path / "theirs/index").exists()


def test_a_first_commit_that_fails_is_told_truly(tmp_path):
    """A signing key that cannot be used is not a missing identity."""
    done = shell(
        "git config --global user.name A; git config --global user.email a@b.example;"
        " git config --global commit.gpgsign true; git config --global gpg.program false;"
        " $A new work-queue desk --no-input",
        tmp_path, HOME=str(tmp_path),
    )  # fmt: skip

    assert "its first commit failed and is yours to make" in done.stdout


@posix
def test_a_blueprint_that_runs_nowhere_says_why(tmp_path):
    """Not that a platform called `none` is missing."""
    from made_up import BLUEPRINT, write_catalog  # noqa: PLC0415  # of this test alone

    write_catalog(tmp_path, platform="", blueprint=BLUEPRINT.replace("capability: work-queue", "capability: owls"))

    done = shell("$A show pigeon-post --catalog .", tmp_path)

    assert done.returncode == 1
    assert "AW111 error owls:" in done.stderr
    assert "runs on no platform of this catalog" in done.stderr


@posix
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o500])
def test_a_cache_that_others_may_write_is_not_used(tmp_path, monkeypatch, mode):
    """Byte code is run when it is read: a folder of anybody's could hold anything."""
    folder = tmp_path / "archwright/templates"
    folder.mkdir(parents=True)
    folder.chmod(mode)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    used = sandbox._bytecode_cache()

    assert used is None or (mode == 0o500 and os.getuid() == 0)


def test_a_cache_needs_a_home_or_a_whole_path(tmp_path, monkeypatch):
    """A relative XDG_CACHE_HOME is ignored, as its specification asks; without a home there is no cache."""

    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    monkeypatch.setattr(Path, "home", homeless)

    assert sandbox._bytecode_cache() is None
    assert list(tmp_path.iterdir()) == []


@posix
def test_a_cache_on_a_full_disk_stops_nothing(tmp_path):
    """What cannot be kept is compiled again the next time."""
    done = shell(
        "ulimit -f 1; $A new work-queue desk --plan --no-input | tail -1", tmp_path, XDG_CACHE_HOME=str(tmp_path / "c")
    )

    assert "nothing was written" in done.stdout
