"""Rules over an Architecture: provider limits, guarantees, policy; each with a stable code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright.errors import Finding, Severity
from archwright.review import guarantees, limits, messages, routes, services, workflows  # registering their rules
from archwright.review.places import located
from archwright.review.rule import RULES, Problem, Rule

if TYPE_CHECKING:
    from archwright.model import Architecture, Fact

__all__ = [
    "RULES",
    "Problem",
    "Rule",
    "guarantees",
    "limits",
    "located",
    "messages",
    "review",
    "routes",
    "services",
    "workflows",
]


def review(architecture: Architecture) -> tuple[Finding, ...]:
    """Return what every rule finds, errors first."""
    found = [_finding(one, problem) for one in RULES for problem in one.check(architecture)]
    return tuple(
        sorted(found, key=lambda finding: (finding.severity is not Severity.ERROR, finding.code, finding.subject))
    )


def _finding(one: Rule, problem: Problem) -> Finding:
    return Finding(
        code=one.code,
        severity=one.severity,
        subject=problem.subject,
        message=problem.message,
        hint=problem.hint,
        source=_source(problem.limit) if problem.limit else "",
        nearest=problem.nearest,
    )


def _source(limit: Fact) -> str:
    return f"{limit.id}: {limit.source} (read {limit.read}, confidence {limit.confidence})"
