"""What the decision log refuses or cannot know: a clear message, the right exit code, nothing lost."""

from __future__ import annotations

import os
import shutil

import pytest

from adr_repository import new_project, record

FIRST = "docs/adr/0001-use-a-queue.md"


@pytest.fixture
def project(tmp_path):
    return new_project(tmp_path / "desk")


def test_a_shallow_clone_is_no_clean_history(project, tmp_path):
    """Where only a part of the history is here, audit does not call it clean, and says how to get the rest."""
    project.commit()
    project.git("clone", "-q", "--depth", "1", f"file://{project.root}", str(tmp_path / "shallow"))

    done = project.adr("audit", cwd=tmp_path / "shallow")

    assert done.returncode == 1
    assert "is a shallow clone: the history that would be looked at is not here" in done.stderr
    assert "`git fetch --unshallow` brings it (in GitHub Actions: `fetch-depth: 0` of the checkout)" in done.stderr


def test_a_base_that_a_shallow_clone_lacks_is_told(project, tmp_path):
    """`lint --base` names the ref that is not here and how to fetch it."""
    project.commit()
    project.git("clone", "-q", "--depth", "1", f"file://{project.root}", str(tmp_path / "shallow"))

    done = project.adr("lint", "--base", "HEAD~1", cwd=tmp_path / "shallow")

    assert done.returncode == 2
    assert "`HEAD~1` is no commit of this repository\n  help: this is a shallow clone" in done.stderr


@pytest.mark.parametrize("command", [["audit"], ["diff", "HEAD~1.."], ["lint", "--base", "main"]])
def test_without_git_history_is_no_answer(project, tmp_path, command):
    """In a folder without git, what needs history says so; lint by itself works."""
    shutil.copytree(project.root / "docs", tmp_path / "plain" / "docs")

    done = project.adr(*command, cwd=tmp_path / "plain")

    assert done.returncode == 1
    assert "is in no git work tree" in done.stderr
    assert project.adr("lint", cwd=tmp_path / "plain").returncode == 0


def test_git_not_installed(project, tmp_path):
    """Without the program, history is refused with its name; lint, index and due go on without it."""
    (tmp_path / "empty").mkdir()
    bare = {"PATH": str(tmp_path / "empty")}

    done = project.adr("audit", **bare)

    assert done.returncode == 1
    assert "git is not installed" in done.stderr
    assert [0, 0, 0] == [project.adr(*command, **bare).returncode for command in (["lint"], ["due"], ["why", FIRST])]


def test_a_bare_repository_has_no_files(project, tmp_path):
    """A log exported beside a bare repository, or the bare repository itself, gets a message, not a crash."""
    project.git("clone", "-q", "--bare", str(project.root), str(tmp_path / "bare.git"))
    shutil.copytree(project.root / "docs", tmp_path / "bare.git" / "docs")

    done = project.adr("audit", cwd=tmp_path / "bare.git")

    assert done.returncode == 1
    assert "a bare repository has no files" in done.stderr


def test_a_detached_head_is_as_good_as_a_branch(project):
    """History needs no branch."""
    project.edit(FIRST, "We use a queue.", "We use a stream.")
    project.commit()
    project.git("checkout", "-q", "--detach", "HEAD")

    assert "substantive" in project.adr("audit").stdout
    assert "### Edited" in project.adr("diff", "HEAD~1..HEAD").stdout


def test_a_repository_without_a_commit(project, tmp_path):
    """An empty history is told as that."""
    shutil.copytree(project.root / "docs", tmp_path / "new" / "docs")
    project.git("init", "-q", str(tmp_path / "new"))

    done = project.adr("audit", cwd=tmp_path / "new")

    assert (done.returncode, "has no commit yet" in done.stderr) == (1, True)


@pytest.mark.parametrize("ref", ["nowhere", "--output=owned", "-x", "main:docs", "a b", "$(touch owned)", "..", ""])
def test_a_ref_is_never_an_option(project, ref):
    """What is no commit is told as that, whatever it looks like, and nothing else happens."""
    done = project.adr("lint", f"--base={ref or 'HEAD~9'}")
    other = project.adr("diff", "--", f"{ref or 'x'}..main")

    assert done.returncode == 2
    assert "is no commit of this repository" in done.stderr
    assert other.returncode in {0, 2}
    assert not (project.root / "owned").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["why", "gone.py"], "`gone.py` is not there"),
        (["why", f"{FIRST}:4000"], "has no line 4000"),
        (["why", f"{FIRST}:0"], "`0` is no line"),
        (["why", "/"], "is not below"),
        (["index", "--style", "cloud"], "`cloud` is no style of an index"),
    ],
)
def test_arguments_that_mean_nothing(project, arguments, message):
    """Each is told with what is wrong, with exit code 2."""
    done = project.adr(*arguments)

    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('[adr]\nimmutability = "gds"\n', "`immutability` is `gds`"),
        ('[adr]\nrules = { AD9 = "off" }\n', "`rules` names `AD9`"),
        ('[adr]\nrules = "off"\n', "`rules` is no table"),
        ("[adr\n", "it is no valid TOML"),
    ],
)
def test_settings_that_are_wrong_stop_lint(project, settings, message):
    """A policy that cannot be read is never taken for a lenient one."""
    project.write(".archwright.toml", settings)

    done = project.adr("lint")

    assert done.returncode in {1, 2}
    assert message in done.stderr


def test_marks_of_an_index_that_do_not_pair(project):
    """An index whose end is missing is not guessed: the page stays as it is."""
    project.write("docs/adr/README.md", "# Log\n\n<!-- archwright:index -->\n\nmine\n")

    done = project.adr("index")

    assert done.returncode == 1
    assert "do not stand as one pair" in done.stderr
    assert (project.log / "README.md").read_text() == "# Log\n\n<!-- archwright:index -->\n\nmine\n"


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else False, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(project):
    """An index that cannot be written is told as that."""
    project.log.chmod(0o555)
    try:
        done = project.adr("index")
    finally:
        project.log.chmod(0o755)

    assert done.returncode == 1
    assert "Nothing was written" in done.stderr


def test_a_fix_keeps_each_files_encoding(project):
    """A file that is no UTF-8 is mended too, its other bytes as they were."""
    project.write("docs/adr/0002-x.md", record("X", number=2))
    project.adr("supersede", "1", "--by", "2")
    project.write("src/a.py", "# ADR-0001\n")
    (project.root / "src/b.py").write_bytes(b"# ADR-0001 caf\xe9\n")

    done = project.adr("lint", "--fix")

    assert done.returncode == 0
    assert (project.root / "src/b.py").read_bytes() == b"# ADR-0002 caf\xe9\n"
    assert (project.root / "src/a.py").read_text() == "# ADR-0002\n"


def test_files_that_are_no_text_are_left_alone(project):
    """A binary file, a large one, a link out of the repository and one in a circle are not searched for citations."""
    (project.root / "a.bin").write_bytes(b"ADR-0009\0\1")
    (project.root / "big.txt").write_text("ADR-0009\n" * 200_000)
    (project.root / "loop").symlink_to("loop")
    (project.root / "out").symlink_to("/etc")

    done = project.adr("lint")

    assert (done.returncode, done.stdout) == (0, "1 record checked: no problem.\n")


def test_revisit_triggers_that_are_none(project):
    """Each trigger that cannot be read is told with the form that would work, and fails the run."""
    triggers = (
        "[{date: soon}, {age: a while}, {package: '>= 3'}, {path-gone: ../x}, {moon: full}, 7, {package: x >= y}]"
    )
    project.write(
        "docs/adr/0002-x.md", f"---\nstatus: accepted\nrevisit: {triggers}\n---\n\n# X\n\n## Decision\n\nX.\n"
    )

    done = project.adr("due")

    assert done.returncode == 1
    assert 7 == done.stdout.count("invalid")
    for words in (
        "write it as YYYY-MM-DD",
        "write it as `18 months`",
        "write it as `pydantic >= 3`",
        "no path below",
        "known are date",
    ):
        assert words in done.stdout


def test_a_damaged_lock_file_is_not_our_crash(project):
    """Lock files that cannot be read leave a package unknown."""
    for name in ("uv.lock", "package-lock.json", "Pipfile.lock", "composer.lock", "yarn.lock"):
        project.write(name, "[[[{not a lock")
    project.write(
        "docs/adr/0002-x.md", "---\nstatus: accepted\nrevisit: [{package: x >= 1}]\n---\n\n# X\n\n## Decision\n\nX.\n"
    )

    done = project.adr("due")

    assert (done.returncode, "unknown " in done.stdout) == (0, True)


def test_a_circle_of_supersessions_ends(project):
    """Records that supersede each other in a circle are told; nothing hangs."""
    project.write(FIRST, record(status="Superseded by [2](0002-x.md)\n\nSupersedes [2](0002-x.md)"))
    project.write(
        "docs/adr/0002-x.md",
        record("X", number=2, status="Superseded by [1](0001-use-a-queue.md)\n\nSupersedes [1](0001-use-a-queue.md)"),
    )
    project.write("src/a.py", "# ADR-0001\n")

    done = project.adr("lint")

    assert done.returncode == 1
    assert "AD132 error 0001: supersession goes in a circle: 0001 → 0002 → 0001" in done.stdout
    assert project.adr("why", "src/a.py").returncode == 0
    assert project.adr("graph").returncode == 0
