"""What a rule is, and how one holds a knob against the limit of its service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archwright.quantities import Duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archwright.errors import Severity
    from archwright.model import Architecture, Channel, Fact, Queue, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a rule found: the thing in the blueprint's words, what is wrong, what works instead, and who says so."""

    subject: str
    message: str
    hint: str
    limit: Fact | None = None
    nearest: str = ""  # the nearest value that works, as one would write it


@dataclass(frozen=True, slots=True)
class Rule:
    """A check with its code and weight; the check's docstring says what holds where it finds nothing."""

    code: str
    severity: Severity
    check: Callable[[Architecture], Iterator[Problem]]

    @property
    def claim(self) -> str:
        """What the rule holds an architecture to, in one sentence."""
        return (self.check.__doc__ or "").strip().splitlines()[0]


RULES: list[Rule] = []


def rule(
    code: str, severity: Severity
) -> Callable[[Callable[[Architecture], Iterator[Problem]]], Callable[[Architecture], Iterator[Problem]]]:
    """Register a check under `code`."""

    def register(check: Callable[[Architecture], Iterator[Problem]]) -> Callable[[Architecture], Iterator[Problem]]:
        RULES.append(Rule(code, severity, check))
        return check

    return register


def queues(architecture: Architecture) -> Iterator[tuple[Channel, Queue, str]]:
    """Give every queue that can be leased from, with its channel and its name in the blueprint."""
    for channel in architecture.channels:
        for queue in channel.queues:
            yield channel, queue, f"{channel.id}/{queue.id}" if channel.is_topic else channel.id


def within(
    service: Service, knob: str, wanted: float | None, subject: str, show: Callable[[float], str]
) -> Iterator[Problem]:
    """Hold one knob against the limit of its service; tell the nearest value that works."""
    limit = service.limits.get(knob)
    if limit is None or wanted is None:
        return
    if limit.maximum is not None and wanted > limit.maximum:
        most = show(limit.maximum)
        renewed = "; a worker renews it while it works, so that long tasks are safe"
        message = f"{show(wanted)} exceeds the {most} that {a(service.name)} allows"
        yield Problem(
            subject=subject,
            message=message,
            hint=f"set {most} or less{renewed if knob in service.renewable else ''}.",
            limit=limit,
            nearest=most,
        )
    if limit.minimum is not None and wanted < limit.minimum:
        least = show(limit.minimum)
        message = f"{show(wanted)} is under the {least} that {a(service.name)} needs"
        yield Problem(subject=subject, message=message, hint=f"set {least} or more.", limit=limit, nearest=least)


def a(noun: str) -> str:
    """Return a noun with its article."""
    return f"{'an' if noun[0] in 'AEIOaeio' else 'a'} {noun}"


def seconds(duration: Duration | None) -> float | None:
    """Return a duration as a number that a limit can be compared with."""
    return duration.seconds if duration else None


def duration(number: float) -> str:
    """Return seconds as people write them."""
    return str(Duration(number))
