"""Keep numbers apart: `renumber` one record, `number` drafts and collisions at merge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from archwright.cli.adr.log_option import Dir, find_place, load
from archwright.cli.terminal import say
from archwright.errors import InstallationError, UsageError

if TYPE_CHECKING:
    from archwright.adr.git import Repository
    from archwright.adr.place import LogPlace
    from archwright.adr.renumbering import Renumbering

_SHOWN = 10


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(renumber)
    app.command()(number)


def _repository(place: LogPlace) -> Repository | None:
    from archwright.adr.git import find_repository

    try:
        return find_repository(place.folder.resolve())
    except InstallationError as error:
        say(f"warning: {error.message}; every file below {place.root} is searched instead", err=True)
        return None


def renumber(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The record: a number, id, slug or file name.")],
    new: Annotated[int, typer.Argument(metavar="NEW", min=0, help="Its new number.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    folder: Dir = None,
) -> None:
    """Give a record another number: rename its file and rewrite every citation in the repository.

    Records, documents and comments in code are rewritten, whether they cite by file name (`0037-title.md`) or by
    number (`ADR-0037`). The record keeps its old number as an alias (`aka`), so that old citations resolve. Where
    two records share the old number, citations by number alone are listed instead, for a person to decide.

    Examples:
        archwright adr renumber 37 44

        archwright adr renumber 0037-use-kafka.md 44 --dry-run
    """
    from archwright.adr.renumbering import plan_renumber

    place = find_place(folder)
    log = load(folder)
    repository = _repository(place)
    root = repository.root if repository else place.root
    plan = plan_renumber(log, log.find(old), new, root, repository)
    if not dry_run:
        plan.commit(log.folder)
    _say_plan(plan, dry_run=dry_run)


def _say_plan(plan: Renumbering, *, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    say(f"{plan.before.name} {would}renamed to {plan.after.name}")
    files = len({place.path for place in plan.rewritten})
    if plan.rewritten:
        say(f"{len(plan.rewritten)} citations in {files} {'file' if files == 1 else 'files'} {would}rewritten")
    if plan.ambiguous:
        say(f"{len(plan.ambiguous)} citations may mean another record of the same number; look at them:", err=True)
        for place in plan.ambiguous[:_SHOWN]:
            say(f"  {place.path}:{place.line}: {place.words}", err=True)
        if len(plan.ambiguous) > _SHOWN:
            say(f"  and {len(plan.ambiguous) - _SHOWN} more", err=True)


def number(
    *,
    onto: Annotated[str, typer.Option("--onto", metavar="REF", help="The branch that this one is merged into.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    folder: Dir = None,
) -> None:
    """Give numbers at merge: to drafts, and to records whose number the other branch has taken meanwhile.

    Run it last before a merge, after fetching. Drafts get the next free numbers in the order of their dates; a
    record of this branch that has a number of another record on REF is renumbered, with its citations.

    Examples:
        git fetch && archwright adr number --onto origin/main
    """
    from archwright.adr.merging import to_number
    from archwright.adr.renumbering import plan_renumber

    place = find_place(folder)
    repository = _repository(place)
    if repository is None:
        raise UsageError(f"{place.folder} is in no git repository, so that there is nothing to number onto")
    wanted = to_number(place.load(), repository, onto)
    if not wanted:
        say("Nothing to number: no drafts, and no number is taken twice.")
    for name, free in wanted:
        log = place.load()
        plan = plan_renumber(log, log.by_name[name], free, repository.root, repository)
        if not dry_run:
            plan.commit(log.folder)
        _say_plan(plan, dry_run=dry_run)
