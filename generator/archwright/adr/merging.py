"""Find what has to be numbered before a merge: drafts, and numbers that the other branch has taken meanwhile."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from archwright.adr.numbering import names_in_commits
from archwright.adr.renumbering import is_draft
from archwright.adr.shape import label_of, numbers_of
from archwright.errors import UsageError

if TYPE_CHECKING:
    from archwright.adr.git import Repository
    from archwright.adr.model import DecisionLog


def to_number(log: DecisionLog, repository: Repository, onto: str) -> list[tuple[str, int]]:
    """Return the records to number, by name, each with the number that it gets.

    Raises:
        UsageError: `onto` is no commit that is here.
    """
    if not repository.has_commit(onto):
        hint = (
            "fetch it first; this clone is shallow."
            if repository.shallow
            else "fetch it first, or give a branch that is here."
        )
        raise UsageError(f"`{onto}` is no commit of this repository", hint=hint)
    commit = repository.lines("rev-parse", f"{onto}^{{commit}}")[0]
    theirs = names_in_commits(repository, repository.path_of(log.folder), [commit])
    holders = {number: name for name in sorted(theirs) if (number := label_of(name).number) is not None}
    taken = numbers_of(theirs) | set(log.by_number)
    clashing = [
        record for record in log if record.number in holders and record.name not in theirs and not is_draft(record)
    ]
    drafts = sorted(
        (record for record in log if is_draft(record)), key=lambda record: (record.day or date.max, record.name)
    )
    free = max(taken, default=0)
    found = []
    for record in [*clashing, *drafts]:
        free += 1
        found.append((record.name, free))
    return found
