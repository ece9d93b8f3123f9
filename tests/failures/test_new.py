"""What `archwright new` refuses: one clear message, the documented exit code, the disk as it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ARCHWRIGHT = Path(sys.executable).with_name("archwright")


def run(*arguments, cwd, **environment):
    """Run the program as a person would who is not at a terminal."""
    done = subprocess.run(
        [ARCHWRIGHT, *arguments], cwd=cwd, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        env={**os.environ, "NO_COLOR": "1", **environment},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done


def everything(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["work-queu", "d"], 2, 'There is no blueprint `work-queu`.\n  help: did you mean "work-queue"?'),
        (["work-queue", "d", "--platform", "locl"], 2, 'There is no platform `locl`.\n  help: did you mean "local"?'),
        (["work-queue", "d", "--set", "leese=1m"], 2, 'There is no parameter `leese`.\n  help: did you mean "lease"?'),
        (["work-queue", "d", "--set", "lease"], 2, "`--set lease` has no value.\n  help: write it as `--set key=val"),
        (["work-queue", "d", "--set", "lease=30"], 2, "Parameter `lease`: `30` is no duration"),
        (["work-queue", "d", "--set", "max_deliveries=0"], 2, "Parameter `max_deliveries`: 0 is out of range."),
        (["work-queue", "d", "--set", "date=2026-02-30"], 2, "Parameter `date`: `2026-02-30` is no day."),
        (["work-queue", "d", "--answers", "gone.yaml"], 2, "The answers file `gone.yaml` does not exist."),
        (["work-queue", "d", "--answers", "list.yaml"], 2, "`list.yaml` is no mapping of parameters to values."),
        (["work-queue", "d", "--answers", "broken.yaml"], 1, "broken.yaml:2:1: AW101 error is no YAML"),
        (["work-queue", "1 2 ☃"], 2, "`1 2 ☃` is no name for a starter."),
        (["work-queue", "json"], 2, "`json` would hide the Python module `json`."),
        (["work-queue", "demo"], 2, "`demo` would hide the Python module `demo`."),
        (["work-queue", "test"], 2, "`test` would hide the Python module `test`."),
        (["work-queue", "deploy", "--platform", "azure"], 2, "`deploy` would be hidden by the starter's own"),
        (["work-queue", "file"], 1, "is a file. Nothing was written."),
        (["work-queue", "file/below"], 1, "is a file. Nothing was written."),
        (["work-queue", "full"], 1, "is not empty. Nothing was written."),
        (["work-queue", "link"], 1, "is a symbolic link. Nothing was written."),
        (["work-queue", "d", "--catalog", "nowhere"], 2, "The catalog folder `nowhere` does not exist."),
    ],
)  # fmt: skip
def test_a_refusal_tells_what_and_what_to_do_and_writes_nothing(tmp_path, arguments, code, message):
    """Each refusal has its exit code and text, and leaves the folder as it was."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "full")
    (tmp_path / "list.yaml").write_text("- a\n")
    (tmp_path / "broken.yaml").write_text("a: [\n")
    before = everything(tmp_path)

    done = run("new", *arguments, "--no-input", cwd=tmp_path)

    assert code == done.returncode, done.stderr
    assert message in done.stderr
    assert done.stdout == ""
    assert before == everything(tmp_path)


def test_the_text_of_a_typo_is_this(tmp_path):
    """The whole message, as a person sees it."""
    done = run("new", "work-queu", "order-desk", "--no-input", cwd=tmp_path)

    assert done.stderr == 'error: There is no blueprint `work-queu`.\n  help: did you mean "work-queue"?\n'


def test_plan_and_diff_write_nothing(tmp_path):
    """Both list every file; neither makes the folder."""
    plan = run("new", "work-queue", "planned", "--plan", "--no-input", cwd=tmp_path)
    diff = run("new", "work-queue", "planned", "--diff", "--no-input", cwd=tmp_path)

    assert "create managed" in plan.stdout
    assert "README.md" in plan.stdout
    assert "+++ b/README.md" in diff.stdout
    assert everything(tmp_path) == []


def test_without_git_the_starter_is_made_all_the_same(tmp_path):
    """Git is optional; its absence is told in one line."""
    done = run("new", "work-queue", "desk", "--no-input", cwd=tmp_path, PATH=str(ARCHWRIGHT.parent))

    assert done.returncode == 0, done.stderr
    assert "git is not installed; no repository was made" in done.stdout
    assert not (tmp_path / "desk/.git").exists()


def test_inside_a_repository_no_second_one_is_made(tmp_path):
    """A starter that lands in somebody's repository is theirs to commit."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)

    done = run("new", "work-queue", "services/desk", "--no-input", cwd=tmp_path)

    assert "lies in a git repository already" in done.stdout
    assert not (tmp_path / "services/desk/.git").exists()


def test_output_into_a_closed_pipe_ends_quietly(tmp_path):
    """`archwright ... | head -1` prints one line and no complaint."""
    with subprocess.Popen(
        [ARCHWRIGHT, "new", "work-queue", "d", "--diff", "--no-input"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        complaint = process.stderr.read()

    assert complaint == b""


@pytest.mark.skipif(os.name == "nt", reason="no POSIX signals")
def test_an_interruption_leaves_no_folder(tmp_path):
    """Ctrl-C at any moment leaves either the whole starter or nothing at all."""
    for delay in (0.3, 0.6, 0.9, 1.2):
        target = tmp_path / f"d{int(delay * 10)}"
        process = subprocess.Popen(
            [ARCHWRIGHT, "new", "work-queue", target.name, "--no-input", "--no-git"], cwd=tmp_path,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate()

        assert "Traceback" not in complaint
        assert process.returncode in {0, 130, -signal.SIGINT}
        assert process.returncode != 0 or target.exists()
        if target.exists():  # whole, even where the interruption came while Python was already leaving
            listed = json.loads((target / ".archwright/manifest.json").read_text(encoding="utf-8"))["files"]
            assert [] == [path for path in listed if not (target / path).is_file()]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_two_at_once_give_one_whole_starter(tmp_path):
    """Of two runs into one folder, one wins and the other says so."""
    command = [ARCHWRIGHT, "new", "work-queue", "desk", "--no-input", "--no-git"]
    both = [
        subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outcomes = [(*process.communicate(), process.returncode) for process in both]

    codes = sorted(code for _, _, code in outcomes)
    assert codes == [0, 1]
    assert any("Nothing was written" in complaint for _, complaint, _ in outcomes)
    assert [path.name for path in tmp_path.iterdir()] == ["desk"]


def test_a_bug_of_ours_is_told_as_one(tmp_path):
    """What nobody foresaw ends with 3 and a way to report it."""
    code = "from archwright.cli.terminal import guard\nimport sys\nsys.exit(guard(lambda **_: 1 / 0))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 3
    assert "this is a bug in archwright: ZeroDivisionError" in done.stderr
    assert "Traceback" not in done.stderr
