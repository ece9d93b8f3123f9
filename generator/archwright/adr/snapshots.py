"""Read records as they were at a commit: one process for the list, one for all contents."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from archwright.adr.model import DecisionLog, DecisionRecord
from archwright.adr.names import FOLDER_PAGES, MARKUPS, parse_name
from archwright.adr.read import LARGEST, parse_record
from archwright.adr.vocabulary import PLAIN, Vocabulary
from archwright.errors import DecisionLogError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from archwright.adr.git import Repository

_PAGES = frozenset({"readme", "index", "_index", "template", "adr-template", "toc", "summary", "changelog", "backlog"})
NO_BLOB = "0" * 40


def require_commit(repository: Repository, ref: str) -> str:
    """Return the commit that a name leads to.

    Raises:
        UsageError: it leads to none; in a shallow clone the hint says how to get the rest.
    """
    if not repository.has_commit(ref):
        hint = "give a branch, tag or commit that is here; `git fetch` brings others."
        if repository.shallow:
            hint = (
                "this is a shallow clone: `git fetch --unshallow` brings the rest (GitHub Actions: `fetch-depth: 0`)."
            )
        raise UsageError(f"`{ref}` is no commit of this repository", hint=hint)
    return repository.run("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").decode().strip()


def contents(repository: Repository, blobs: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Give the content of each blob, one process for a batch; what is larger than a record may be is left out."""
    wanted = list(dict.fromkeys(blobs))
    for at in range(0, len(wanted), 500):
        raw = repository.run("cat-file", "--batch", given="\n".join(wanted[at : at + 500]).encode() + b"\n")
        start = 0
        while start < len(raw):
            line_end = raw.index(b"\n", start)
            head = raw[start:line_end].split()
            start = line_end + 1
            if head[1:2] == [b"blob"]:
                size = int(head[2])
                if size <= LARGEST:
                    yield head[0].decode(), raw[start : start + size]
                start += size + 1


def is_record_name(name: str) -> bool:
    """Whether a file's name, relative to the log, is that of a record, or may be that of a draft."""
    stem, suffix = posixpath.splitext(posixpath.basename(name))
    if suffix.lower() not in MARKUPS or any(part.startswith(".") for part in name.split("/")):
        return False
    if "template" in stem.lower() and not parse_name(stem).speaks:
        return False
    if stem.lower() in FOLDER_PAGES | _PAGES:
        return parse_name(posixpath.basename(posixpath.dirname(name))).speaks
    return True


def record_of(raw: bytes, folder: Path, name: str, vocabulary: Vocabulary = PLAIN) -> DecisionRecord | None:
    """Return the record that a content is under a name; None for a page that is none."""
    if b"\0" in raw[:8192] and raw[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        return None
    record = parse_record(raw, folder / name, name, vocabulary=vocabulary)
    if record.number is None and record.day is None and record.status.inferred:
        return None
    return record


def log_at(repository: Repository, ref: str, like: DecisionLog) -> DecisionLog:
    """Return a log as it was at a commit, its records sorted by name."""
    commit = require_commit(repository, ref)
    names = blobs_at(repository, commit, like.folder)
    raw = dict(contents(repository, names.values()))
    found = (record_of(raw[blob], like.folder, name, like.vocabulary) for name, blob in names.items() if blob in raw)
    records = sorted((record for record in found if record), key=lambda record: record.name)
    return DecisionLog(like.folder, tuple(records), (), ref, like.settings, like.vocabulary)


def blobs_at(repository: Repository, commit: str, folder: Path) -> Mapping[str, str]:
    """Return the files of a log at a commit that may be records, each with its blob."""
    try:
        inside = repository.path_of(folder)
    except ValueError as error:
        raise DecisionLogError(f"{folder} is not in the repository {repository.root}") from error
    prefix = "" if inside == "." else f"{inside}/"
    listed = repository.run("ls-tree", "-r", "-z", "--full-tree", commit, *([prefix] if prefix else []))
    found = {}
    for entry in listed.decode("utf-8", errors="surrogateescape").split("\0"):
        head, _, path = entry.partition("\t")
        if path.startswith(prefix) and head.startswith("100") and is_record_name(path.removeprefix(prefix)):
            found[path.removeprefix(prefix)] = head.split()[2]
    return found
