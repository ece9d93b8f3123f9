"""What a new record does with git in every state, and with numbers on other branches."""

from __future__ import annotations

import pytest

from adr_command import NYGARD, adr, git


def test_numbers_of_other_branches_are_taken(log):
    """A number on a branch that is not checked out, or on a remote's, is not given again."""
    root = log.parent.parent
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")
    git(root, "checkout", "-qb", "other")
    (log / "0007-seven.md").write_text(NYGARD.format(number=7, title="seven", status="Accepted"))
    git(root, "add", ".")
    git(root, "commit", "-qm", "seven")
    git(root, "update-ref", "refs/remotes/origin/far", "HEAD")
    git(root, "checkout", "-q", "main")
    git(root, "branch", "-D", "other")

    done = adr("new", "Use X", "--no-input", cwd=log)

    assert "0008-use-x.md" in done.stdout


@pytest.mark.parametrize("state", ["no repository", "git absent", "detached", "shallow", "no commit yet", "broken"])
def test_git_in_every_state_does_not_stop_a_record(log, state, tmp_path):
    """`new` works without git, in a fresh, broken, shallow or detached checkout; what is not known is told."""
    root = log.parent.parent
    environment = {}
    if state != "no repository":
        git(root, "init", "-q")
    if state in {"detached", "shallow"}:
        git(root, "add", ".")
        git(root, "commit", "-qm", "one")
        git(root, "commit", "-qm", "two", "--allow-empty")
        git(root, "checkout", "-q", "--detach")
    if state == "shallow":
        git(tmp_path, "clone", "-q", "--depth", "1", root.as_uri(), "clone")
        log = tmp_path / "clone" / "doc" / "adr"
    if state == "git absent":
        environment["PATH"] = str(tmp_path / "empty")
    if state == "broken":
        (root / ".git" / "HEAD").write_text("nonsense")

    done = adr("new", "Use X", "--no-input", "--dir", log, cwd=tmp_path, **environment)

    assert 0 == done.returncode, done.stderr
    assert (log / "0004-use-x.md").is_file()
    assert ("git is not installed" in done.stderr) == (state == "git absent")
