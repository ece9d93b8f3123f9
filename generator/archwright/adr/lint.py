"""Hold a log against every rule: findings with stable codes, and the changes that mend some of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archwright.adr.citing import MUTED
from archwright.adr.edits import patched
from archwright.adr.git import find_repository
from archwright.adr.model import Value
from archwright.adr.policy import read_policy
from archwright.adr.rules import Inspection, all_rules
from archwright.adr.source import Source, Span
from archwright.adr.transaction import Transaction
from archwright.errors import Finding, InstallationError, Location, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from pathlib import Path

    from archwright.adr.edits import Patch
    from archwright.adr.model import DecisionLog, DecisionRecord
    from archwright.adr.rules import Problem, Rule

_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
_MUTED = re.compile(rf"{MUTED}((?:[ ,]+AD\d{{3}})+)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What lint found, and the changes to files that would mend some of it."""

    findings: tuple[Finding, ...]
    fixes: tuple[tuple[Path, Patch], ...]


def inspect(log: DecisionLog, root: Path, *, today: date, base: str = "", git: bool = True) -> Inspection:
    """Return what rules need to know of a log in the repository at `root`.

    Raises:
        UsageError: the settings name a rule or policy that is not known.
    """
    rules = all_rules()
    policy = read_policy(log.settings, {code: rule.name for code, rule in rules.items()})
    try:
        repository = find_repository(log.folder.resolve()) if git else None
    except InstallationError:
        if base:
            raise
        repository = None
    return Inspection(log, repository.root if repository else root, today, policy, repository, base)


def lint(inspection: Inspection) -> Verdict:
    """Return what every rule that is on finds: by file and line."""
    weights = weights_of(inspection)
    active = [(rule, weight) for rule in all_rules().values() if (weight := weights[rule.code])]
    one_by_one = [(rule, weight) for rule, weight in active if not rule.whole]
    found = [
        (problem, rule, weight)
        for record in inspection.log
        for problem, rule, weight in _of_record(inspection, record, one_by_one)
    ]
    for rule, weight in active:
        if rule.whole:
            found += [(problem, rule, weight) for problem in rule.check(inspection) if not _muted(problem, rule)]
    findings = [_finding(inspection, problem, rule, weight) for problem, rule, weight in found]
    fixes = tuple(problem.fix for problem, _, _ in found if problem.fix)
    return Verdict(tuple(sorted(findings, key=_place)), fixes)


def weights_of(inspection: Inspection) -> Mapping[str, Severity | None]:
    """Return how much each rule weighs under the policy; None where it is off."""
    return {code: inspection.policy.weights.get(code, rule.weight) for code, rule in all_rules().items()}


def _of_record(
    inspection: Inspection, record: DecisionRecord, rules: list[tuple[Rule, Severity]]
) -> Iterator[tuple[Problem, Rule, Severity]]:
    muted = {code for match in _MUTED.finditer(record.text) for code in re.findall(r"AD\d{3}", match[1])}
    for rule, weight in rules:
        if rule.code not in muted:
            for problem in rule.check(inspection, record):
                yield problem._replace(record=record), rule, weight
    kept = vars(record)  # ten thousand outlines are as heavy as the log itself, and are not asked for again
    for name in ("sections", "options", "chosen_option"):
        kept.pop(name, None)


def _muted(problem: Problem, rule: Rule) -> bool:
    text = problem.record.text if problem.record else ""
    return any(rule.code in match[1] for match in _MUTED.finditer(text))


def _finding(inspection: Inspection, problem: Problem, rule: Rule, weight: Severity) -> Finding:
    record = problem.record
    if record is None:
        location, subject = Location(problem.path, problem.line, problem.column), ""
    else:
        location = Location(inspection.path_of(record), *_line_and_column(record, problem))
        subject = record.id
    return Finding(
        code=rule.code,
        severity=_lighter(weight, problem.weight),
        message=problem.message,
        location=location,
        subject=subject,
        hint=problem.hint,
    )


def _lighter(weight: Severity, own: Severity | None) -> Severity:
    return max(weight, own or weight, key=lambda each: _ORDER[each])


def _line_and_column(record: DecisionRecord, problem: Problem) -> tuple[int, int]:
    place = problem.place.span if isinstance(problem.place, Value) else problem.place
    if place is None:
        return 1, 0
    at = place.start if isinstance(place, Span) else place
    text = record.text
    start = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    return record.line_of(at), at - start + 1 if at else 0


def _place(finding: Finding) -> tuple[str, int, int, str, str]:
    where = finding.location or Location("")
    return where.path, where.line, where.column, finding.code, finding.message


def apply_fixes(verdict: Verdict) -> list[Path]:
    """Mend what can be mended, in all files or in none; return the files changed.

    Raises:
        DecisionLogError: a file cannot be written; all are as before.
    """
    by_file: dict[Path, set[Patch]] = {}
    for path, patch in verdict.fixes:
        by_file.setdefault(path, set()).add(patch)
    changes = Transaction()
    for path, patches in sorted(by_file.items()):
        source = Source(path.read_bytes())
        changes.replace(path, source.raw, patched(source, patches))
    changes.commit()
    return sorted(by_file)
