"""Look back: `audit`, `diff`, `why`."""

from __future__ import annotations

import os
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archwright.cli.adr.log_option import Dir, Json, load
from archwright.cli.terminal import say, say_json, stop
from archwright.errors import Severity, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archwright.adr.governing import Ground
    from archwright.adr.history import Edit
    from archwright.adr.policy import Policy


class DiffFormat(StrEnum):
    """How a changelog of decisions is printed."""

    MARKDOWN = "markdown"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(audit)
    app.command()(diff)
    app.command()(why)


def audit(*, folder: Dir = None, json: Json = False) -> None:
    """Tell every change that git's history holds to a record after it was decided, and what kind of change it was.

    A change is `metadata` (status, people, dates, relations), `link-repair`, `typo`, `addendum` or `substantive`.
    Exit code 1 if the policy `immutability` forbids any of them.

    Examples:
        archwright adr audit

        archwright adr audit --json
    """
    from archwright.adr.history import audit as look_back
    from archwright.adr.history import repository_of
    from archwright.adr.policy import read_policy
    from archwright.adr.rules import all_rules

    log = load(folder)
    policy = read_policy(log.settings, {code: rule.name for code, rule in all_rules().items()})
    edits = look_back(log, repository_of(log.folder))
    if json:
        say_json([_plain(edit, policy) for edit in edits])
    else:
        _say_edits(edits, policy, len(log))
    if any(policy.weight_of_change(edit.classified.change) is Severity.ERROR for edit in edits):
        stop(1)


def _plain(edit: Edit, policy: Policy) -> dict[str, object]:
    weight = policy.weight_of_change(edit.classified.change)
    return {
        "id": edit.id,
        "path": edit.name,
        "title": edit.title,
        "status": edit.status,
        "change": str(edit.classified.change),
        "words": edit.classified.words,
        "excerpt": edit.classified.excerpt,
        "removed": edit.removed,
        "commit": edit.commit.id,
        "author": edit.commit.author,
        "date": edit.commit.day,
        "subject": edit.commit.subject,
        "severity": str(weight) if weight else None,
    }


def _say_edits(edits: Sequence[Edit], policy: Policy, records: int) -> None:
    colours = {Severity.ERROR: typer.colors.RED, Severity.WARNING: typer.colors.YELLOW, Severity.NOTE: None, None: None}
    counts = Counter(str(edit.classified.change) for edit in edits)
    for edit in edits:
        weight = policy.weight_of_change(edit.classified.change)
        if edit.classified.change == "metadata" and not weight:
            continue
        kind = typer.style(f"{edit.classified.change:12}", fg=colours[weight])
        what = "taken away" if edit.removed else edit.classified.excerpt
        say(
            f"{edit.commit.day}  {edit.commit.short}  {kind}  {edit.id}  {what}  "
            f"({edit.commit.author}: {edit.commit.subject})"
        )
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "none"
    say(f"{records:,} records; changes after the decision: {told}. Policy `{policy.immutability}`.", err=True)


def diff(
    range_: Annotated[
        str, typer.Argument(metavar="REF..REF", help="Two commits; `main..` compares with what is here.")
    ],
    *,
    format: Annotated[  # noqa: A002  # the option's name
        DiffFormat, typer.Option("--format", "-f", help="markdown suits a pull request.")
    ] = DiffFormat.MARKDOWN,
    folder: Dir = None,
) -> None:
    """Print the changelog of decisions between two commits: accepted, superseded, proposed, reopened, edited.

    With three dots, as in `main...HEAD`, the comparison starts where the second left the first.

    Examples:
        archwright adr diff v1.2..v2.0

        archwright adr diff origin/main...HEAD --format json
    """
    from archwright.adr import compare
    from archwright.adr.history import repository_of
    from archwright.adr.snapshots import log_at

    log = load(folder)
    since, dots, until = range_.partition("...") if "..." in range_ else range_.partition("..")
    repository = repository_of(log.folder)
    since, until = since or "HEAD", until if dots else ""
    start = (
        repository.run("merge-base", since, until or "HEAD").decode().strip()
        if dots == "..." and _both(repository, since, until or "HEAD")
        else since
    )
    differences = compare.compare(log_at(repository, start, log), log_at(repository, until, log) if until else log)
    if format is DiffFormat.JSON:
        say_json(compare.as_json(differences))
        return
    inside = repository.path_of(log.folder)
    prefix = "" if inside == "." else f"{inside}/"
    typer.echo(compare.markdown(differences, since=since, until=until or "now", prefix=prefix).rstrip("\n"))


def _both(repository: object, *refs: str) -> bool:
    from archwright.adr.snapshots import require_commit

    return all(require_commit(repository, ref) for ref in refs)  # type: ignore[arg-type]  # a Repository


def why(
    where: Annotated[str, typer.Argument(metavar="PATH[:LINE]", help="A file or folder, and a line of it.")],
    *,
    folder: Dir = None,
    json: Json = False,
) -> None:
    """Tell which decisions govern a file or a line.

    They are found by citations near it (`ADR-0007`, `adr: 0007`, a record's path), by globs that records state in
    their front matter (`affects:`), and by the commits that wrote it, whose messages name a decision (`ADR: 0007`).

    Examples:
        archwright adr why src/orders/worker.py

        archwright adr why src/orders/worker.py:42
    """
    from archwright.adr.git import find_repository
    from archwright.adr.governing import govern
    from archwright.errors import InstallationError

    log = load(folder)
    name, line = _split(where)
    place = Path(name).resolve()
    try:
        repository = find_repository(place.parent)
    except InstallationError:
        repository = None
    root = repository.root if repository else Path.cwd().resolve()
    if not place.is_relative_to(root):
        raise UsageError(f"`{name}` is not below {root}", hint="run this in the repository of the file.")
    if not place.exists():
        raise UsageError(f"`{name}` is not there", hint="give a file or folder, and a line as `PATH:LINE`.")
    grounds = govern(log, root, repository, place.relative_to(root).as_posix(), line)
    if json:
        say_json([_ground(ground) for ground in grounds])
        return
    for ground in grounds:
        say(f"{ground.record.id}  {ground.record.status.word:10}  {ground.record.title.text}")
        say(f"      {ground.by}: {ground.where}; {os.path.relpath(ground.record.path)}")
        if ground.successor:
            say(f"      superseded: {ground.successor.id} {ground.successor.title.text} holds today")
    if not grounds:
        say(f"No decision of this log is known to govern {where}.", err=True)


def _ground(ground: Ground) -> dict[str, object]:
    return {
        "id": ground.record.id,
        "title": ground.record.title.text,
        "status": ground.record.status.word,
        "path": ground.record.name,
        "by": ground.by,
        "where": ground.where,
        "successor": ground.successor.id if ground.successor else None,
    }


def _split(where: str) -> tuple[str, int]:
    """Return the path and the line of `PATH:LINE`; a file whose name ends so comes first."""
    name, colon, line = where.rpartition(":")
    if not colon or Path(where).exists():
        return where, 0
    if not line.isdigit() or int(line) < 1:
        if Path(name).exists():
            raise UsageError(f"`{line}` is no line", hint="lines are counted from 1, as in `src/worker.py:42`.")
        return where, 0
    return name, int(line)
