"""Rules about decisions that asked to be looked at again, and about what they say they govern."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright.adr.revisits import INVALID, OVERDUE, has_triggers, triggers_of
from archwright.adr.rules import Problem, log_rule
from archwright.errors import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archwright.adr.rules import Inspection


@log_rule("AD180", "overdue-revisit", Severity.WARNING)
def decisions_are_revisited_in_time(inspection: Inspection) -> Iterator[Problem]:
    """No decision has a revisit trigger that has come."""
    if any(has_triggers(record) for record in inspection.log):
        for trigger in triggers_of(inspection.log, inspection.root, inspection.today):
            if trigger.state == OVERDUE:
                yield Problem(
                    f"asked to be looked at again: {trigger.reason}",
                    "decide anew, or confirm it and set the trigger later.",
                    trigger.place,
                    trigger.record,
                )


@log_rule("AD181", "unreadable-trigger", Severity.ERROR)
def triggers_can_be_read(inspection: Inspection) -> Iterator[Problem]:
    """Every revisit trigger is one that can be evaluated."""
    if any(has_triggers(record) for record in inspection.log):
        for trigger in triggers_of(inspection.log, inspection.root, inspection.today):
            if trigger.state == INVALID:
                yield Problem(
                    trigger.reason, "a trigger that nothing reads never comes.", trigger.place, trigger.record
                )


@log_rule("AD182", "governs-nothing", Severity.WARNING)
def globs_govern_something(inspection: Inspection) -> Iterator[Problem]:
    """Every path that a record says it affects matches a file."""
    from archwright.adr.governing import globs_of, matching  # noqa: PLC0415  # only where a record has globs

    stated = [(record, globs) for record in inspection.log if (globs := globs_of(record))]
    if not stated:
        return
    paths = inspection.paths
    for record, globs in stated:
        for value in globs:
            if not matching(value.text, paths):
                yield Problem(
                    f"`{value.text}` matches no file",
                    "correct the path; a wrong one is worse than none.",
                    value,
                    record,
                )
