"""What the other files of a repository say about records: `ADR-0012`, `adr: 0012`, the path of a record."""

from __future__ import annotations

import os
import posixpath
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from archwright.adr.references import candidates
from archwright.adr.source import Source, Span
from archwright.errors import DecisionLogError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archwright.adr.git import Repository
    from archwright.adr.model import DecisionLog, DecisionRecord

LARGEST = 1 << 20
MOST = 50_000
_PRUNED = frozenset(
    [".git", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".mypy_cache", "dist", "build", "target", "vendor"]
)
_NO_TEXT = (
    "*.lock", "*-lock.json", "*-lock.yaml", "go.sum", "*.min.js", "*.min.css", "*.map", "*.svg", "*.png", "*.jpg",
    "*.gif", "*.pdf", "*.zip", "*.gz", "*.whl", "*.jar", "*.ico", "*.woff*", "*.ttf", "*.parquet", "*.sqlite", "*.pyc",
    "CHANGELOG*", "CHANGES*", "HISTORY*", "*/CHANGELOG*", "vendor/*", "*/vendor/*", "third_party/*",
    "*/node_modules/*", "node_modules/*",
)  # fmt: skip  # kinds of files: what happened is told in the words of its day, and nobody reads the others
_MAYBE = re.compile(rb"(?i)adrs?[-_ #:]{0,3}\d|\d[\w.-]*\.(?:md|mdx|rst|adoc)\b")
_PATH = re.compile(
    r"(?<![\w/.%-])(?:[\w.%@~-]*/)*"
    r"(?P<name>(?:[A-Za-z]{2,8}[-_]?)?\d{1,8}[\w%-]*(?:[.][\w%-]+)*?\.(?:mdx?|rst|adoc))\b",
    re.IGNORECASE,
)
_OTHER_LOG = re.compile(
    r"^(?:(?P<root>.*?)/)??(?:docs?/)?(?:architecture[/-])?(?:adrs?|ADR|decisions|decision-records)/"
    r"(?:[\w-]+/)*(?:adr-?)?\d{3,4}-[^/]*\.(?:md|rst|adoc)$"
)
MUTED = "archwright: ignore"


class Citation(NamedTuple):
    """A place that names records: where, in which words, and which records these may mean (none: it is missing)."""

    path: str
    line: int
    column: int
    words: str
    span: Span
    records: tuple[DecisionRecord, ...]
    is_path: bool
    context: str = ""

    def muted(self, code: str) -> bool:
        """Whether the line itself says that this is meant: `archwright: ignore AD171`."""
        _, said, which = self.context.partition(MUTED)
        return bool(said) and (code in which or not which.strip(" -*/#>"))


def citations_of(
    log: DecisionLog, root: Path, repository: Repository | None, excluded: Sequence[str] = ()
) -> Iterator[Citation]:
    """Give every citation in the files of a repository outside the log, file by file."""
    folder = log.folder.resolve()
    if not folder.is_relative_to(root.resolve()) or folder == root.resolve():
        return
    prefix = folder.relative_to(root.resolve()).as_posix()
    paths = list(paths_of(root, repository))
    others = other_logs(paths, prefix)
    for path in sorted(paths):
        if path.startswith(f"{prefix}/") or _skipped(path, excluded) or any(path.startswith(other) for other in others):
            continue
        raw = _bytes(root / path)
        if raw and _MAYBE.search(raw):
            yield from in_text(log, Source(raw).text, path, prefix, root)


def other_logs(paths: Iterable[str], prefix: str) -> tuple[str, ...]:
    """Return the folders of a repository that keep a log of their own, so that numbers in them are its numbers."""
    found = set()
    for path in paths:
        if not path.startswith(f"{prefix}/") and (match := _OTHER_LOG.match(path)) and match["root"]:
            if not f"{prefix}/".startswith(f"{match['root']}/"):
                found.add(f"{match['root']}/")
            else:
                found.add(f"{posixpath.dirname(path)}/")
    return tuple(sorted(found))


def in_text(log: DecisionLog, text: str, path: str, prefix: str, root: Path | None = None) -> Iterator[Citation]:
    """Give the citations of one text."""
    pattern = _numbers(log)
    taken: list[Span] = []
    for match in _PATH.finditer(text):
        records = _by_path(log, match[0], path, prefix, root)
        if records is not None:
            taken.append(Span(*match.span()))
            yield _citation(text, path, Span(*match.span()), records, is_path=True)
    for match in pattern.finditer(text):
        if any(span.start <= match.start() < span.end for span in taken):
            continue
        records = candidates(log, match["number"])
        if records or _certain(match[0], log):
            yield _citation(text, path, Span(*match.span()), records, is_path=False)


def _numbers(log: DecisionLog) -> re.Pattern[str]:
    """Return a pattern for this log's citations by number: `ADR-7` in any case, and its own series."""
    cached: re.Pattern[str] | None = log.__dict__.get("_citations")
    if cached is not None:
        return cached
    series = {match[1].upper() for record in log.records if (match := re.match(r"([A-Za-z]{2,8})[-_]?\d", record.id))}
    own = "|".join(sorted({"ADR", *series}))
    cached = re.compile(
        rf"(?<![\w/-])(?:{own})(?:[-_#]|[ ]|:[ ]?)?(?P<number>\d{{1,5}})(?![\w/]|[.-]\d)", re.IGNORECASE
    )
    log.__dict__["_citations"] = cached
    return cached


def _certain(words: str, log: DecisionLog) -> bool:
    """Whether words that no record answers to are meant as a citation: `ADR-0057`, not `adr2`."""
    return bool(log.by_number) and bool(
        re.match(r"[A-Z]+[-# _]?\d{2,5}$|[A-Z]+[-# ]\d{1,5}$|adr:? ?0\d+$|adr-\d{3,5}$", words)
    )


def _by_path(
    log: DecisionLog, words: str, path: str, prefix: str, root: Path | None
) -> tuple[DecisionRecord, ...] | None:
    """Return the records that a path means: none for a missing one, None where it is the path of another thing."""
    plain = words.replace("%20", " ")
    for base in (posixpath.dirname(path), ""):
        full = posixpath.normpath(posixpath.join(base, plain.lstrip("/")))
        if full.startswith(f"{prefix}/") and (found := log.by_name.get(full.removeprefix(f"{prefix}/"))):
            return (found,)
        if root is not None and "/" in plain and (root / full).exists():
            return None
    folder, name = posixpath.split(re.sub(r"^(?:\.{0,2}/)+", "", plain))
    ours = folder == prefix or prefix.endswith(f"/{folder}") or ("blob/" in folder and folder.endswith(f"/{prefix}"))
    return candidates(log, name) if folder and ours else None


def _citation(text: str, path: str, span: Span, records: tuple[DecisionRecord, ...], *, is_path: bool) -> Citation:
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.start)
    line = text.count("\n", 0, span.start) + 1
    return Citation(
        path,
        line,
        span.start - start + 1,
        span.of(text),
        span,
        records,
        is_path,
        text[start : end if end >= 0 else None],
    )


def paths_of(root: Path, repository: Repository | None) -> Iterator[str]:
    """Give the path of every file of a repository from its root: those that git knows, else all that are there."""
    if repository is not None:
        listed = repository.run("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", str(root))
        inside = repository.path_of(root)
        for name in listed.decode("utf-8", errors="surrogateescape").split("\0"):
            if name:
                yield name if inside == "." else posixpath.relpath(name, inside)
        return
    count = 0
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _PRUNED and not name.startswith("."))
        for name in sorted(files):
            count += 1
            if count > MOST:
                raise DecisionLogError(
                    f"{root} holds more than {MOST} files and is no git repository",
                    hint="give the folder of one project.",
                )
            yield Path(folder, name).relative_to(root).as_posix()


def _skipped(path: str, excluded: Sequence[str]) -> bool:
    name = posixpath.basename(path)
    return any(fnmatch(name, each) or fnmatch(path, each) for each in _NO_TEXT) or any(
        fnmatch(path, each) or path.startswith(f"{each.rstrip('/*')}/") for each in excluded
    )


def _bytes(path: Path) -> bytes:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
            return b""
        raw = path.read_bytes()
    except OSError:
        return b""
    return b"" if b"\0" in raw[:4096] else raw
