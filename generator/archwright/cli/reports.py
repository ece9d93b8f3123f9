"""Findings as people, programs and code hosts read them: text, JSON, SARIF."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from archwright import __version__
from archwright.cli.terminal import say, say_finding, say_json
from archwright.errors import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archwright.errors import Finding


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


def print_findings(findings: Sequence[Finding], output: Format, *, checked: str) -> None:
    """Print findings; `checked` says in words how much was looked at."""
    if output is Format.JSON:
        say_json([_plain(finding) for finding in findings])
    elif output is Format.SARIF:
        say_json(sarif(findings))
    elif output is Format.GITHUB:
        for finding in findings:
            say(annotation(finding))
    else:
        for finding in findings:
            say_finding(finding)
        errors = sum(finding.severity is Severity.ERROR for finding in findings)
        others = len(findings) - errors
        told = f"{errors} error{'' if errors == 1 else 's'}" + (f", {others} to look at" if others else "")
        say(f"{checked} checked: {told if findings else 'no problem'}.")


def _plain(finding: Finding) -> dict[str, Any]:
    where = finding.location
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "path": where.path if where else None,
        "line": where.line if where else None,
        "column": where.column if where else None,
        "subject": finding.subject,
        "message": finding.message,
        "hint": finding.hint,
        "source": finding.source,
        "nearest": finding.nearest,
        "platform": finding.platform or None,
    }


_ANNOTATIONS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def annotation(finding: Finding) -> str:
    """Return a finding as a workflow command of GitHub Actions, which shows it beside the line in a pull request."""
    where = finding.location
    place = {"file": where.path, "line": where.line or 1, "col": where.column or 1} if where else {}
    hint = f" {finding.hint}" if finding.hint else ""
    properties = ",".join(
        f"{key}={_escaped(str(value), ':,')}" for key, value in {**place, "title": finding.code}.items()
    )
    return f"::{_ANNOTATIONS[finding.severity]} {properties}::{_escaped(f'{finding.about}{finding.message}{hint}')}"


def _escaped(words: str, more: str = "") -> str:
    return "".join(f"%{ord(letter):02X}" if letter in f"%\r\n{more}" else letter for letter in words)


def sarif(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return findings as a SARIF 2.1.0 log, which code hosts show beside the lines."""
    rules = [{"id": code} for code in sorted({finding.code for finding in findings})]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "archwright", "version": __version__, "rules": rules}},
                "columnKind": "unicodeCodePoints",
                "results": [_result(finding) for finding in findings],
            }
        ],
    }


def _result(finding: Finding) -> dict[str, Any]:
    hint = f" {finding.hint}" if finding.hint else ""
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": str(finding.severity),
        "message": {"text": f"{finding.about}{finding.message}{hint}"},
    }
    if finding.location:
        region = {"startLine": max(finding.location.line, 1), "startColumn": max(finding.location.column, 1)}
        result["locations"] = [
            {"physicalLocation": {"artifactLocation": {"uri": quote(finding.location.path)}, "region": region}}
        ]
    return result
