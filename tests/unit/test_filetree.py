from __future__ import annotations

import subprocess

import pytest

from archwright.errors import CollisionError, DestinationError
from archwright.filetree import FileTree, GeneratedFile, Ownership, safe_path


def a_file(text="x", origin="base"):
    return GeneratedFile.text(text, ownership=Ownership.MANAGED, origin=origin)


def test_two_sources_for_one_path_collide():
    """The second source is refused, and both are named."""
    tree = FileTree({"README.md": a_file(origin="base")})

    with pytest.raises(CollisionError, match="`base` and `features/worker`"):
        tree.add("README.md", a_file(origin="features/worker"))


def test_a_declared_replacement_wins():
    """A stronger layer that says so replaces a file."""
    tree = FileTree({"README.md": a_file("weak")})

    tree.add("README.md", a_file("strong"), replaces=True)

    assert tree["README.md"].content == b"strong"


def test_files_come_in_the_order_of_their_paths():
    """Iteration does not depend on the order in which files were added."""
    tree = FileTree({"b": a_file(), "a/z": a_file(), "a/b": a_file()})

    assert list(tree) == ["a/b", "a/z", "b"]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a//b",
        "a/./b",
        ".git/config",
        "C:\\x",
        "a\\b",
        "nul",
        "a/con.txt",
        "a.",
        " a",
        "a/b\n",
        "a:b",
        ".GIT/hooks/x",
    ],
)
def test_paths_that_leave_the_destination_are_refused(path):
    """Nothing absolute, climbing, hidden in `.git` or unportable is written."""
    with pytest.raises(DestinationError):
        safe_path(path)


@pytest.mark.parametrize("path", ["a", "a/b.py", ".github/workflows/ci.yml", "a-b/_c.d", "console.py", "docs/é.md"])
def test_plain_relative_paths_are_allowed(path):
    """Dotfiles, accents and names that only begin like a device are fine."""
    assert path == safe_path(path)


def test_the_blob_id_is_the_one_git_gives():
    """Git itself can find the content that was written."""
    asked = subprocess.run(["git", "hash-object", "--stdin"], input=b"hello\n", capture_output=True, check=True)

    assert asked.stdout.decode().strip() == a_file("hello\n").blob_id
