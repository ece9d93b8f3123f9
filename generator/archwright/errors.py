"""What can go wrong: findings in somebody's files as values, things that stop the work as exceptions."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence


class Severity(StrEnum):
    """How much a finding weighs; only `ERROR` makes a command fail."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """Where something stands: a path as the user would type it, line and column counted from 1 (0: unknown)."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([self.path, *(str(n) for n in (self.line, self.column) if n)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem in somebody's files: what it is, where, and what would help.

    `subject` names the thing inside the file in the words of its format (`tasks.lease`, `ADR-0007`).
    `source` names the fact that the finding rests on, such as a provider's limit; `nearest` is the nearest value that
    works; `platform` is the one on which it does not hold, where that is not all of them.
    """

    code: str
    severity: Severity
    message: str
    location: Location | None = None
    subject: str = ""
    hint: str = ""
    source: str = ""
    nearest: str = ""
    platform: str = ""

    @property
    def about(self) -> str:
        """What the finding is about, as its message begins: `tasks.lease on azure: `, or nothing."""
        where = f" on {self.platform}" if self.platform else ""
        return f"{self.subject}{where}: ".lstrip() if self.subject or where else ""


@dataclass(eq=False)
class ArchwrightError(Exception):
    """The base of everything that archwright raises on purpose; never raised itself."""

    message: str
    hint: str = ""
    location: Location | None = None
    findings: Sequence[Finding] = field(default=())

    code: ClassVar[str] = "AW000"
    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        where = f"{self.location}: " if self.location else ""
        return f"{where}{self.message}"


class UsageError(ArchwrightError):
    """What was typed cannot be done."""

    code = "AW001"
    exit_code = 2


class CatalogError(ArchwrightError):
    """A blueprint, platform or fact file is wrong; `findings` tells everything at once."""

    code = "AW002"


class ResolutionError(ArchwrightError):
    """A blueprint and a platform do not fit together."""

    code = "AW003"


class TemplateError(ArchwrightError):
    """A template of ours is wrong; the location is the template's line."""

    code = "AW004"


class CollisionError(ArchwrightError):
    """Two sources claim one path."""

    code = "AW005"


class DestinationError(ArchwrightError):
    """The folder to write into cannot take what would be written."""

    code = "AW006"


class DecisionLogError(ArchwrightError):
    """A decision record cannot be read or changed."""

    code = "AW007"


class InstallationError(ArchwrightError):
    """A data folder, package or external program that archwright needs is missing."""

    code = "AW008"
