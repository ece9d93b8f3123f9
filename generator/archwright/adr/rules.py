"""What a rule of the log is: a code that stays, a name, a weight, and a check whose docstring is the claim."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from archwright.adr.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from archwright.adr.citing import Citation
    from archwright.adr.edits import Patch
    from archwright.adr.git import Repository
    from archwright.adr.model import DecisionLog, DecisionRecord, Span, Value
    from archwright.errors import Severity

MODULES = ("identity", "statuses", "relations", "contents", "links", "citations", "revisits", "changes")
"""The modules `rules_*` that hold the rules."""


class Problem(NamedTuple):
    """What a check found: in a record (`place` in it), or in another file of the repository (`path`, `line`)."""

    message: str
    hint: str = ""
    place: Value | Span | int | None = None
    record: DecisionRecord | None = None
    path: str = ""
    line: int = 0
    column: int = 0
    weight: Severity | None = None
    fix: tuple[Path, Patch] | None = None


Check = Callable[["Inspection", "DecisionRecord"], Iterator[Problem]]
LogCheck = Callable[["Inspection"], Iterator[Problem]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A check with its code, name and weight; None is off unless a team turns it on."""

    code: str
    name: str
    weight: Severity | None
    check: Callable[..., Iterator[Problem]]
    whole: bool = False
    """Whether it looks at the log at once, rather than at record after record."""

    @property
    def claim(self) -> str:
        """What a clean log is held to, in one sentence."""
        return (self.check.__doc__ or "").strip().splitlines()[0]


@dataclass(eq=False)
class Inspection:
    """A log under inspection, and all that rules may ask about what is around it."""

    log: DecisionLog
    root: Path
    today: date
    policy: Policy = field(default_factory=Policy)
    repository: Repository | None = None
    base: str = ""

    @cached_property
    def prefix(self) -> str:
        """The log's folder as seen from the root, with forward slashes."""
        folder, root = self.log.folder.resolve(), self.root.resolve()
        return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else folder.as_posix()

    def path_of(self, record: DecisionRecord) -> str:
        """Return a record's path from the root."""
        return record.name if self.prefix == "." else f"{self.prefix}/{record.name}"

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Every file of the repository, from the root."""
        from archwright.adr.citing import paths_of  # noqa: PLC0415  # citations know the model, not this module

        return tuple(paths_of(self.root, self.repository))

    @cached_property
    def citations(self) -> tuple[Citation, ...]:
        """What the other files of the repository say about records."""
        from archwright.adr.citing import citations_of  # noqa: PLC0415  # citations know the model, not this module

        return tuple(citations_of(self.log, self.root, self.repository, self.policy.excluded))


RULES: dict[str, Rule] = {}


def record_rule(code: str, name: str, weight: Severity | None) -> Callable[[Check], Check]:
    """Register a check of one record."""

    def register(check: Check) -> Check:
        RULES[code] = Rule(code, name, weight, check)
        return check

    return register


def log_rule(code: str, name: str, weight: Severity | None) -> Callable[[LogCheck], LogCheck]:
    """Register a check of the whole log."""

    def register(check: LogCheck) -> LogCheck:
        RULES[code] = Rule(code, name, weight, check, whole=True)
        return check

    return register


def all_rules() -> Mapping[str, Rule]:
    """Return every rule by its code."""
    for module in MODULES:
        import_module(f"archwright.adr.rules_{module}")
    return dict(sorted(RULES.items()))
