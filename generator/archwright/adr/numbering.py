"""Which numbers are taken: in the folder, under an old name, and on every local and remote-tracking branch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archwright.adr.git import find_repository
from archwright.adr.shape import numbers_of, record_names
from archwright.errors import DecisionLogError, InstallationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archwright.adr.git import Repository

_AKA = re.compile(rb"^[^\n]{0,8}aka:([^\n]*)", re.MULTILINE)


def taken_numbers(folder: Path) -> tuple[set[int], str]:
    """Return every number that a record of this folder has anywhere, and what could not be looked at, in words."""
    names = record_names(folder)
    taken = numbers_of(names) | set(_former(folder, names))
    try:
        repository = find_repository(folder)
        if repository is not None:
            taken |= numbers_of(names_on_branches(repository, folder))
    except (InstallationError, DecisionLogError) as error:
        return taken, f"numbers on other branches are not known: {error.message}"
    return taken, ""


def _former(folder: Path, names: list[str]) -> Iterator[int]:
    """Give the numbers that records gave up, and under which they are still cited."""
    for name in names:
        try:
            raw = (folder / name).read_bytes() if (folder / name).stat().st_size < 1 << 20 else b""
        except OSError:
            continue
        if b"aka:" in raw:
            for match in _AKA.finditer(raw):
                yield from (int(digits) for digits in re.findall(rb"\d{1,6}", match[1]))


def names_on_branches(
    repository: Repository, folder: Path, refs: tuple[str, ...] = ("refs/heads", "refs/remotes")
) -> set[str]:
    """Return the file names in a folder on every branch; two runs of git, however many branches there are."""
    try:
        path = repository.path_of(folder)
    except ValueError:
        return set()
    commits = repository.lines("for-each-ref", "--format=%(objectname)", *refs)
    return names_in_commits(repository, path, commits)


def names_in_commits(repository: Repository, path: str, commits: list[str]) -> set[str]:
    """Return the file names of one folder in each of some commits."""
    inside = "" if path == "." else path
    wanted = "".join(f"{commit}:{inside}\n" for commit in dict.fromkeys(commits))
    trees = {
        line.split(" ", 1)[0]
        for line in repository.lines("cat-file", "--batch-check", given=wanted.encode("utf-8", "surrogateescape"))
        if " tree " in line
    }
    if not trees:
        return set()
    listed = repository.run("cat-file", "--batch", given="".join(f"{tree}\n" for tree in sorted(trees)).encode())
    return set(_entries(listed, len(next(iter(trees))) // 2))


def _entries(listed: bytes, hash_length: int) -> Iterator[str]:
    """Read trees as git stores them: mode, name, a null byte, a raw hash."""
    at = 0
    while at < len(listed):
        head_end = listed.index(b"\n", at)
        size = int(listed[at:head_end].rsplit(b" ", 1)[1])
        here, end = head_end + 1, head_end + 1 + size
        while here < end:
            null = listed.index(b"\0", here)
            mode, _, name = listed[here:null].partition(b" ")
            text = name.decode("utf-8", "surrogateescape")
            yield f"{text}/README.md" if mode == b"40000" else text
            here = null + 1 + hash_length
        at = end + 1
