"""Check a decision log: `lint`, `index`, `due`."""

from __future__ import annotations

import os
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archwright.cli.adr.log_option import Dir, find_place, load
from archwright.cli.adr.relations import today
from archwright.cli.reports import Format, print_findings
from archwright.cli.terminal import say, say_json, stop
from archwright.errors import Severity

if TYPE_CHECKING:
    from archwright.adr.model import DecisionLog
    from archwright.adr.revisits import Trigger
    from archwright.errors import Finding


class DueFormat(StrEnum):
    """How triggers are printed."""

    TEXT = "text"
    JSON = "json"
    ICS = "ics"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(lint)
    app.command()(index)
    app.command()(due)


def lint(
    *,
    base: Annotated[
        str, typer.Option("--base", metavar="REF", help="Also judge what changed since this branch or commit.")
    ] = "",
    format: Annotated[  # noqa: A002  # the option's name
        Format, typer.Option("--format", "-f", help="How findings are printed.")
    ] = Format.TEXT,
    fix: Annotated[
        bool,
        typer.Option("--fix", help="Mend what can be mended: citations of a superseded record name its successor."),
    ] = False,
    fail_on: Annotated[
        Severity, typer.Option("--fail-on", help="The lightest finding that makes the exit code 1.")
    ] = Severity.ERROR,
    rules: Annotated[bool, typer.Option("--rules", help="List every rule with its weight here, and leave.")] = False,
    folder: Dir = None,
) -> None:
    """Hold the log, and what the repository says about it, against every rule.

    Exit code 1 tells of an error. Weights and policy stand in `[tool.archwright.adr]` of pyproject.toml, or in `[adr]`
    of .archwright.toml: `rules = { AD153 = "off", placeholder = "error" }`, `immutability = "strict"` (or `aws`,
    `azure`, `madr`, `off`), `exclude = ["tests"]` for folders whose citations are not meant.

    Examples:
        archwright adr lint

        archwright adr lint --base origin/main --format github

        archwright adr lint --fix
    """
    from archwright.adr.lint import apply_fixes, inspect
    from archwright.adr.lint import lint as judge

    place = find_place(folder)
    log = place.load() if not rules else replace_records(place)
    inspection = inspect(log, place.root, today=today(), base=base)
    if rules:
        _say_rules(inspection)
        return
    verdict = judge(inspection)
    if fix and verdict.fixes:
        changed = apply_fixes(verdict)
        say(f"mended {_count(len(verdict.fixes), 'citation')} in {_count(len(changed), 'file')}", err=True)
        verdict = judge(inspect(place.load(), place.root, today=today(), base=base))
    findings = _as_seen(verdict.findings, inspection.root, format)
    print_findings(findings, format, checked=_count(len(log), "record"))
    order = [Severity.NOTE, Severity.WARNING, Severity.ERROR]
    if any(order.index(finding.severity) >= order.index(fail_on) for finding in findings):
        stop(1)


def replace_records(place: object) -> DecisionLog:
    """Return the log's settings without its records: enough to tell the rules."""
    from archwright.adr.model import DecisionLog as Log

    return Log(place.folder, (), (), "", place.settings)  # type: ignore[attr-defined]  # a LogPlace


def _say_rules(inspection: object) -> None:
    from archwright.adr.lint import weights_of
    from archwright.adr.rules import all_rules

    weights = weights_of(inspection)  # type: ignore[arg-type]  # an Inspection
    for code, rule in all_rules().items():
        say(f"{code}  {weights[code] or 'off':8}{rule.name:26}{rule.claim}")


def _as_seen(findings: tuple[Finding, ...], root: Path, output: Format) -> list[Finding]:
    """Return findings with paths as one would type them here; code hosts want them from the repository's root."""
    here = Path.cwd().resolve()
    if output in {Format.SARIF, Format.GITHUB} and here.is_relative_to(root.resolve()):
        return list(findings)
    return [
        replace(
            finding,
            location=replace(
                finding.location, path=Path(os.path.relpath(root.resolve() / finding.location.path, here)).as_posix()
            ),
        )
        if finding.location
        else finding
        for finding in findings
    ]


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def index(
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit code 1 if the index is stale.")] = False,
    style: Annotated[
        str, typer.Option("--style", metavar="STYLE", help="`table` or `list`; as found if not given.")
    ] = "",
    folder: Dir = None,
) -> None:
    """Bring the log's index up to date, between two marks of its README; the rest of the page stays as it is.

    A table of contents that `adr generate toc` of adr-tools wrote keeps its shape.

    Examples:
        archwright adr index

        archwright adr index --check
    """
    from archwright.adr.index import plan_index
    from archwright.adr.transaction import Transaction

    log = load(folder)
    planned = plan_index(log, style or str(log.settings.get("index", "")))
    shown = os.path.relpath(planned.path)
    if not planned.stale:
        say(f"{shown}: {_count(planned.count, 'record')}, up to date.")
        return
    if check:
        say(f"{shown}: the index {'is missing' if planned.before is None else 'is stale'}.", err=True)
        say("  help: `archwright adr index` writes it.", err=True)
        stop(1)
    changes = Transaction()
    if planned.before is None:
        changes.create(planned.path, planned.after)
    else:
        changes.replace(planned.path, planned.before, planned.after)
    changes.commit()
    say(f"{shown}: {_count(planned.count, 'record')}, written.")


def due(
    *,
    format: Annotated[  # noqa: A002  # the option's name
        DueFormat, typer.Option("--format", "-f", help="ics is a calendar of what falls on a day.")
    ] = DueFormat.TEXT,
    folder: Dir = None,
) -> None:
    """Tell which decisions asked to be looked at again, and whether it is time; exit code 1 if any is overdue.

    A record asks in its front matter:
    `revisit: [{date: 2027-06-01}, {age: 18 months}, {package: "pydantic >= 3"}, {path-gone: src/legacy}]`.
    Versions are those of the repository's lock files; nothing is asked for over a network.

    Examples:
        archwright adr due

        archwright adr due --format ics > revisits.ics
    """
    from archwright.adr.agenda import icalendar
    from archwright.adr.lint import inspect
    from archwright.adr.revisits import INVALID, OVERDUE, triggers_of

    place = find_place(folder)
    log = load(folder)
    triggers = triggers_of(log, inspect(log, place.root, today=today()).root, today())
    if format is DueFormat.ICS:
        typer.echo(icalendar(triggers), nl=False)
    elif format is DueFormat.JSON:
        say_json([_plain(trigger) for trigger in triggers])
    else:
        _say_triggers(triggers, len(log))
    if any(trigger.state in {OVERDUE, INVALID} for trigger in triggers):
        stop(1)


def _plain(trigger: Trigger) -> dict[str, object]:
    return {
        "id": trigger.record.id,
        "title": trigger.record.title.text,
        "path": trigger.record.name,
        "kind": trigger.kind or None,
        "trigger": trigger.text,
        "state": trigger.state,
        "reason": trigger.reason,
        "on": trigger.on.isoformat() if trigger.on else None,
        "line": trigger.record.line_of(trigger.place),
    }


def _say_triggers(triggers: tuple[Trigger, ...], records: int) -> None:
    colours = {"overdue": typer.colors.RED, "invalid": typer.colors.RED, "unknown": typer.colors.YELLOW}
    for trigger in triggers:
        state = typer.style(f"{trigger.state:8}", fg=colours.get(trigger.state, typer.colors.GREEN))
        say(f"{state}  {trigger.record.id}  {trigger.record.title.text}: {trigger.reason}")
    overdue = sum(trigger.state == "overdue" for trigger in triggers)
    say(f"{_count(records, 'record')}, {_count(len(triggers), 'trigger')}, {overdue} overdue", err=True)
