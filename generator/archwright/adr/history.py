"""Every change to a decided record, from git's history: one `git log` for the log, one process for all contents."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from archwright.adr.changes import Classified, classify
from archwright.adr.git import find_repository
from archwright.adr.policy import Change
from archwright.adr.snapshots import contents, is_record_name, record_of, require_commit
from archwright.adr.vocabulary import CLOSED, IN_FORCE
from archwright.errors import DecisionLogError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from archwright.adr.git import Repository
    from archwright.adr.model import DecisionLog, DecisionRecord
    from archwright.adr.vocabulary import Vocabulary

DECIDED = IN_FORCE | CLOSED
_FORMAT = "%x1e%H%x1f%h%x1f%an%x1f%ad%x1f%s"
_BATCH = 400


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit that made a change."""

    id: str
    short: str
    author: str
    day: str
    subject: str


class Step(NamedTuple):
    """A file's change in one commit: its blob before and after, and its name before and after."""

    commit: Commit
    before: str
    after: str
    name_before: str
    name: str


@dataclass(frozen=True, slots=True)
class Edit:
    """A change to a record that had been decided; `removed` where the record was taken away."""

    commit: Commit
    name: str
    id: str
    title: str
    status: str
    classified: Classified
    removed: bool = False


def repository_of(folder: Path) -> Repository:
    """Return the repository that a log is in.

    Raises:
        DecisionLogError: it is in none, or in a bare one.
        InstallationError: git is not installed.
    """
    repository = find_repository(folder.resolve())
    if repository is None:
        raise DecisionLogError(
            f"{folder} is in no git work tree, so that it has no history",
            hint="run this in a clone (a bare repository has no files; `git worktree add` gives it some).",
        )
    return repository


def require_history(repository: Repository) -> None:
    """Stop where history is missing, rather than call a cut one clean.

    Raises:
        DecisionLogError: there is no commit, or the clone is shallow.
    """
    if not repository.has_commit("HEAD"):
        raise DecisionLogError(f"{repository.root} has no commit yet", hint="commit the log first.")
    if repository.shallow:
        raise DecisionLogError(
            f"{repository.root} is a shallow clone: the history that would be looked at is not here",
            hint="`git fetch --unshallow` brings it (in GitHub Actions: `fetch-depth: 0` of the checkout).",
        )


def audit(log: DecisionLog, repository: Repository) -> tuple[Edit, ...]:
    """Return every change to a decided record in the history of HEAD, the oldest first.

    Raises:
        DecisionLogError: there is no history, or only a part of it.
    """
    require_history(repository)
    steps = list(_steps(repository, log.folder))
    steps.reverse()
    return tuple(_edits(repository, log.folder, log.vocabulary, steps))


def changes_since(
    log: DecisionLog, repository: Repository, ref: str
) -> tuple[tuple[DecisionRecord, DecisionRecord | None, Classified], ...]:
    """Return each decided record of the common ancestor with `ref` that differs now: then, now, and what the change is.

    Raises:
        UsageError: `ref` is no commit here.
        DecisionLogError: there is no common ancestor, as in a shallow clone.
    """
    start = merge_base(repository, ref)
    inside = repository.path_of(log.folder)
    raw = repository.run("diff", "--raw", "-z", "-M50%", "--no-abbrev", "--no-ext-diff", start, "--", inside)
    prefix = "" if inside == "." else f"{inside}/"
    pairs = [
        (blob, before, after)
        for _, blob, _, before, after in _raw(raw.decode("utf-8", errors="surrogateescape").split("\0"))
        if before.startswith(prefix) and is_record_name(before.removeprefix(prefix))
    ]
    texts = dict(contents(repository, (blob for blob, _, _ in pairs)))
    found = []
    for blob, before, after in pairs:
        then = (
            record_of(texts[blob], log.folder, before.removeprefix(prefix), log.vocabulary) if blob in texts else None
        )
        if then is None or not is_decided(then):
            continue
        now = log.by_name.get(after.removeprefix(prefix)) if after else None
        now = now if now and _is_same(then, now) else None
        found.append((then, now, classify(then, now) if now else Classified(Change.SUBSTANTIVE)))
    return tuple(found)


def merge_base(repository: Repository, ref: str) -> str:
    """Return the commit where HEAD left `ref`."""
    commit = require_commit(repository, ref)
    try:
        return repository.run("merge-base", commit, "HEAD").decode().split()[0]
    except DecisionLogError as error:
        shallow = repository.shallow
        raise DecisionLogError(
            f"`{ref}` and HEAD have no common commit" + (" in this shallow clone" if shallow else ""),
            hint="`git fetch --unshallow` brings the rest (in GitHub Actions: `fetch-depth: 0`)."
            if shallow
            else "give the branch that this one came from.",
        ) from error


def _is_same(then: DecisionRecord, now: DecisionRecord) -> bool:
    """Whether two files hold one decision; to git, two records of one template look like a rename."""
    return (
        then.name == now.name or then.slug == now.slug or then.title.text == now.title.text or then.number == now.number
    )


def is_decided(record: DecisionRecord) -> bool:
    """Whether a record had been decided: it says so, and nobody merely assumes it."""
    return record.status.word in DECIDED and not record.status.inferred


def _steps(repository: Repository, folder: Path) -> Iterator[Step]:
    """Give each change of a record's file, the newest first; renames are followed by git itself."""
    inside = repository.path_of(folder)
    prefix = "" if inside == "." else f"{inside}/"
    raw = repository.run(
        "log", "--topo-order", "--raw", "-z", "-M50%", "-l0", "--no-abbrev", "--no-merges", "--date=short",
        "--no-show-signature", "--no-notes", "--no-ext-diff", f"--format={_FORMAT}", "--diff-filter=MRTD", "--", inside,
    )  # fmt: skip  # one call
    for entry in raw.decode("utf-8", errors="surrogateescape").split("\x1e")[1:]:
        head, _, rest = entry.partition("\0")
        commit = Commit(*head.split("\x1f", 4))
        for _, before, after, name_before, name in _raw(rest.lstrip("\n").split("\0")):
            plain = name_before.removeprefix(prefix)
            if name_before.startswith(prefix) and is_record_name(plain):
                yield Step(commit, before, after, plain, name.removeprefix(prefix) if name else "")


def _raw(fields: Sequence[str]) -> Iterator[tuple[str, str, str, str, str]]:
    """Read git's raw output: kind, blob before, blob after, name before, name after (empty: taken away)."""
    queue = deque(fields)
    while queue:
        head = queue.popleft().lstrip("\n")
        if not head.startswith(":"):
            continue
        _, _, before, after, kind = head[1:].split(" ")
        name = queue.popleft()
        other = queue.popleft() if kind[0] in "RC" else name
        if kind[0] in "MRTD":
            yield kind[0], before, after, name, "" if kind[0] == "D" else other


def _edits(repository: Repository, folder: Path, vocabulary: Vocabulary, steps: Sequence[Step]) -> Iterator[Edit]:
    """Classify step after step, a few hundred contents in memory at a time."""
    for at in range(0, len(steps), _BATCH):
        batch = steps[at : at + _BATCH]
        texts = dict(
            contents(repository, (blob for step in batch for blob in (step.before, step.after) if set(blob) != {"0"}))
        )
        for step in batch:
            if step.before == step.after or step.before not in texts:
                continue
            then = record_of(texts[step.before], folder, step.name_before, vocabulary)
            if then is None or not is_decided(then):
                continue
            now = (
                record_of(texts[step.after], folder, step.name, vocabulary)
                if step.name and step.after in texts
                else None
            )
            now = now if now and _is_same(then, now) else None
            outcome = classify(then, now) if now else Classified(Change.SUBSTANTIVE)
            yield Edit(
                step.commit,
                step.name or step.name_before,
                then.id,
                then.title.text,
                then.status.word,
                outcome,
                removed=now is None,
            )
