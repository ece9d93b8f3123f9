"""Change a record's status and relate records: `accept`, `reject`, `deprecate`, `supersede`, `link`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from archwright.cli.adr.log_option import Dir, load, shown
from archwright.cli.terminal import say

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from archwright.adr.model import DecisionRecord

Id = Annotated[str, typer.Argument(metavar="ID", help="A number, id, slug or file name.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; written below the status.")]
Force = Annotated[bool, typer.Option("--force", help="Change it even where the record's life does not allow it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(accept)
    app.command()(reject)
    app.command()(deprecate)
    app.command()(supersede)
    app.command()(link)


def today() -> date:
    """Return the day to write: `ADR_DATE` if it is set, else today."""
    import os

    from archwright.adr.names import find_day
    from archwright.errors import UsageError

    wanted = os.environ.get("ADR_DATE", "").strip()
    if not wanted:
        return datetime.now(UTC).astimezone().date()
    found = find_day(wanted)
    if found is None:
        raise UsageError(f"ADR_DATE is `{wanted}`, which is no date", hint="write it as 2026-11-22.")
    return found[0]


def _change(folder: Path | None, reference: str, word: str, reason: str, *, force: bool) -> None:
    from archwright.adr.actions import change_status

    log = load(folder)
    record = log.find(reference)
    changed = change_status(log, record, word, reason=reason, force=force, today=today())
    if not changed:
        say(f"{record.id} is {word} already; nothing was written.")
    _say_changed(changed)


def _say_changed(changed: list[DecisionRecord]) -> None:
    for record in changed:
        say(f"{record.id}  {record.status.word:12}  {shown(record.path)}")


def accept(reference: Id, *, reason: Reason = "", force: Force = False, folder: Dir = None) -> None:
    """Accept a record: its status changes wherever the file states it, and no other byte.

    Examples:
        archwright adr accept 7

        archwright adr accept use-one-queue-per-tenant --reason "agreed in the review of 22 November"
    """
    _change(folder, reference, "accepted", reason, force=force)


def reject(reference: Id, *, reason: Reason = "", force: Force = False, folder: Dir = None) -> None:
    """Reject a proposed record, and keep it: the next person will have the same idea.

    Examples:
        archwright adr reject 7 --reason "costs more than it saves"
    """
    _change(folder, reference, "rejected", reason, force=force)


def deprecate(reference: Id, *, reason: Reason = "", force: Force = False, folder: Dir = None) -> None:
    """Deprecate a record that no longer applies and that nothing replaces.

    Examples:
        archwright adr deprecate 7 --reason "the service was switched off"
    """
    _change(folder, reference, "deprecated", reason, force=force)


def supersede(
    references: Annotated[list[str], typer.Argument(metavar="OLD...", help="The records that no longer hold.")],
    *,
    by: Annotated[str, typer.Option("--by", metavar="NEW", help="The record that takes their place.")],
    folder: Dir = None,
) -> None:
    """Let a record take the place of others: both sides say so, whatever their formats, or nothing is written.

    Examples:
        archwright adr supersede 3 --by 12

        archwright adr supersede 3 4 20200926-use-numbers --by 12
    """
    from archwright.adr.actions import supersede as write

    log = load(folder)
    new = log.find(by)
    changed = write(log, [log.find(reference) for reference in references], new, today=today())
    if not changed:
        say("Both sides say so already; nothing was written.")
    _say_changed(changed)


def link(
    one: Annotated[str, typer.Argument(metavar="A", help="The record that the relation starts from.")],
    relation: Annotated[str, typer.Argument(metavar="RELATION", help="For example: amends, depends on, relates to.")],
    other: Annotated[str, typer.Argument(metavar="B", help="The record that it leads to.")],
    *,
    inverse: Annotated[
        str, typer.Option("--inverse", metavar="WORDS", help="What B says of A, if not the usual.")
    ] = "",
    folder: Dir = None,
) -> None:
    """Relate two records; both sides say so.

    RELATION is one of supersedes, amends, clarifies, extends, refines, depends on, enables, implements, constrains,
    influences, relates to, conflicts with, or the other direction of one of these (`amended by`).

    Examples:
        archwright adr link 12 amends 10

        archwright adr link 12 "depends on" 9
    """
    from archwright.adr.actions import link as write

    log = load(folder)
    changed = write(log, log.find(one), relation, log.find(other), inverse=inverse)
    if not changed:
        say("Both sides say so already; nothing was written.")
    _say_changed(changed)
