"""Which decisions govern a file or a line: citations near it, globs in records, commits that touched it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from archwright.adr.chains import successor
from archwright.adr.citing import in_text
from archwright.adr.source import Source
from archwright.errors import DecisionLogError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from archwright.adr.git import Repository
    from archwright.adr.model import DecisionLog, DecisionRecord, Value

KEYS = ("affects", "applies-to", "governs", "paths")
NEAR = 12
_HEAD = 15
_TRAILER = re.compile(
    r"^(?:[A-Z][\w-]*-)?(?:ADRs?|Decisions?|Implements|Refs?|See|Per|Governed-by)[ \t]*:[ \t]*(.+)$",
    re.MULTILINE | re.IGNORECASE,
)
_BARE = re.compile(r"(?<![\w#.-])0*\d{1,5}(?![\w.-])")


@dataclass(frozen=True, slots=True)
class Ground:
    """A record, and how one knows that it governs: `citation`, `affects` or `commit`, with the place in words."""

    record: DecisionRecord
    by: str
    where: str
    successor: DecisionRecord | None = None


def globs_of(record: DecisionRecord) -> tuple[Value, ...]:
    """Return the paths that a record says it affects; keys that logs use for other things too need a slash."""
    return tuple(
        value
        for key in KEYS
        if key in record.front_matter
        for value in record.front_matter[key].values
        if value.text.strip() and (key == "affects" or "/" in value.text)
    )


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    """Return a glob as a pattern: `**` for any folders, `*` within one; a folder governs all that is below it."""
    meant = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    split = re.split(r"(\*\*/?|\*|\?)", glob.strip().removeprefix("./").strip("/"))
    return re.compile(f"{''.join(meant.get(part) or re.escape(part) for part in split)}(?:/.*)?\\Z")


def matching(glob: str, paths: Iterable[str]) -> bool:
    """Whether a glob matches any of these paths."""
    pattern = _pattern(glob)
    return any(pattern.match(path) for path in paths)


def govern(log: DecisionLog, root: Path, repository: Repository | None, path: str, line: int = 0) -> tuple[Ground, ...]:
    """Return the decisions that govern a file, or one line of it, the nearest ground first; each record once.

    Raises:
        UsageError: there is no such file or line.
    """
    place = root / path
    if not place.exists():
        raise UsageError(
            f"`{path}` is not there", hint="give a file or folder of this repository, and a line as `PATH:LINE`."
        )
    found = [*_cited(log, root, path, line), *_by_glob(log, path), *_by_commit(log, repository, path, line)]
    grounds: dict[DecisionRecord, Ground] = {}
    for record, by, where in found:
        grounds.setdefault(record, Ground(record, by, where, successor(log, record)))
    return tuple(grounds.values())


def _cited(log: DecisionLog, root: Path, path: str, line: int) -> Iterator[tuple[DecisionRecord, str, str]]:
    place = root / path
    if not place.is_file():
        return
    try:
        raw = place.read_bytes()
    except OSError as error:
        raise DecisionLogError(f"{path} cannot be read: {error.strerror}") from error
    text = "" if b"\0" in raw[:4096] else Source(raw).text
    if line > text.count("\n") + 1:
        raise UsageError(f"`{path}` has no line {line}", hint=f"it has {text.count(chr(10)) + 1}.")
    folder = log.folder.resolve()
    prefix = folder.relative_to(root.resolve()).as_posix() if folder.is_relative_to(root.resolve()) else folder.name
    cited = [each for each in in_text(log, text, path, prefix, root) if each.records]
    if line:
        cited = [each for each in cited if -NEAR <= line - each.line <= 4 * NEAR or each.line <= _HEAD]
        cited.sort(key=lambda each: (abs(each.line - line) > 4 * NEAR, each.line > line, abs(each.line - line)))
    for each in cited:
        for record in each.records:
            yield record, "citation", f"{path}:{each.line}"


def _by_glob(log: DecisionLog, path: str) -> Iterator[tuple[DecisionRecord, str, str]]:
    matched = [
        (len(value.text.split("*")[0]), record, value.text)
        for record in log
        for value in globs_of(record)
        if _pattern(value.text).match(path)
    ]
    for _, record, glob in sorted(matched, key=lambda each: (-each[0], each[1].name)):
        yield record, "affects", glob


def _by_commit(
    log: DecisionLog, repository: Repository | None, path: str, line: int
) -> Iterator[tuple[DecisionRecord, str, str]]:
    if repository is None:
        return
    for commit, message in _messages(repository, path, line):
        for record in named_in(log, message):
            yield (
                record,
                "commit",
                f"{commit[:10]} {message.strip().splitlines()[0][:72] if message.strip() else ''}".rstrip(),
            )


def named_in(log: DecisionLog, message: str) -> tuple[DecisionRecord, ...]:
    """Return the records that a commit's message names: in a trailer, where a bare number counts, or as `ADR-0012`."""
    found = [record for each in in_text(log, message, "", log.folder.name) for record in each.records]
    for trailer in _TRAILER.finditer(message):
        if trailer[0].lower().startswith(("adr", "decision")):
            for number in _BARE.finditer(trailer[1]):
                found += log.by_number.get(int(number[0]), ())
    return tuple(dict.fromkeys(found))


def _messages(repository: Repository, path: str, line: int) -> list[tuple[str, str]]:
    """Return the commits that wrote a file as it stands, or one of its lines, the newest first, with their messages."""
    tracked = repository.lines("ls-files", "--", path)
    if not tracked or not repository.has_commit("HEAD"):
        return []
    if line:
        blamed = repository.lines("blame", "--porcelain", "-w", "-M", f"-L{line},{line}", "--", path)
    elif (repository.root / path).is_file():
        blamed = repository.lines("blame", "--porcelain", "-w", "--", path)
    else:
        blamed = repository.lines("log", "--format=%H 1 1", "--max-count=500", "--", path)
    commits = {
        match[1]: None
        for each in blamed
        if (match := re.match(r"([0-9a-f]{40,64}) \d+ \d+", each)) and set(match[1]) != {"0"}
    }
    return _told(repository, list(commits)) if commits else []


def _told(repository: Repository, commits: Sequence[str]) -> list[tuple[str, str]]:
    shown = repository.run(
        "log", "--no-walk=sorted", "--stdin", "--format=%x1e%H%x1f%B", given="\n".join(commits).encode()
    )
    entries = shown.decode("utf-8", errors="replace").split("\x1e")
    return [(commit, message) for entry in entries if entry for commit, _, message in [entry.partition("\x1f")]]
