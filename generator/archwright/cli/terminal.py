"""How a command meets the terminal: colours, tables, errors as words, exit codes."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from archwright.errors import ArchwrightError, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archwright.errors import Finding

USAGE, BUG, INTERRUPTED = 2, 3, 130
_MOST = 20  # findings that one error prints
_COLOURS = {Severity.ERROR: typer.colors.RED, Severity.WARNING: typer.colors.YELLOW, Severity.NOTE: typer.colors.BLUE}


def say(text: str = "", *, err: bool = False, **style: Any) -> None:
    """Print one line; colours reach only a terminal, and `NO_COLOR` is honoured."""
    stream = sys.stderr if err else sys.stdout
    typer.secho(text, err=err, color=stream.isatty() and not os.environ.get("NO_COLOR"), **style)


def say_json(value: object) -> None:
    """Print a value as JSON, for a program to read."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def interactive() -> bool:
    """Whether a person sits at both ends: only then may a command ask."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def say_finding(finding: Finding, *, err: bool = False) -> None:
    """Print one finding: where, what, what to do."""
    where = f"{finding.location}: " if finding.location else ""
    subject = f"{finding.subject}: " if finding.subject else ""
    code = typer.style(f"{finding.code} {finding.severity}", fg=_COLOURS[finding.severity])
    say(f"{where}{code} {subject}{finding.message}", err=err)
    if finding.hint:
        say(f"  help: {finding.hint}", err=err)
    if finding.source:
        say(f"  source: {finding.source}", err=err, dim=True)


def say_error(error: ArchwrightError) -> None:
    """Print an error and what it carries, on standard error."""
    for finding in error.findings[:_MOST]:
        say_finding(finding, err=True)
    if len(error.findings) > _MOST:
        say(f"… and {len(error.findings) - _MOST} more; `archwright validate` tells all.", err=True)
    say(f"{typer.style('error', fg=typer.colors.RED)}: {error}", err=True)
    if error.hint:
        say(f"  help: {error.hint}", err=True)


def fail_if_errors(findings: Sequence[Finding]) -> None:
    """Leave with 1 if any finding is an error."""
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise typer.Exit(1)


def guard(app: Callable[..., object]) -> int:
    """Run `app`; give its exit code, and turn every way it can stop into words.

    Exit codes: 0 done, 1 findings or failure, 2 usage, 3 our bug, 130 interrupted.
    """
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except ArchwrightError as error:
        say_error(error)
        return error.exit_code
    except BrokenPipeError:
        return _closed_pipe()
    except (KeyboardInterrupt, typer.Abort):
        say("Interrupted.", err=True)
        return INTERRUPTED
    except typer.Exit as stop:
        return stop.exit_code
    except Exception as error:  # noqa: BLE001  # the last line of defence: a bug of ours, told as one
        return _unforeseen(error)
    return code if isinstance(code, int) else 0


def _closed_pipe() -> int:
    """Stop quietly: the reader of our output left, as `head` does."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _unforeseen(error: Exception) -> int:
    show = getattr(error, "show", None)
    if callable(show) and hasattr(error, "exit_code"):  # a usage error of the command-line library
        show()
        return int(error.exit_code)
    if os.environ.get("ARCHWRIGHT_TRACEBACK"):
        raise error
    say(f"error: this is a bug in archwright: {type(error).__name__}: {error}", err=True)
    say("  help: run again with ARCHWRIGHT_TRACEBACK=1 and report what it prints.", err=True)
    return BUG


def stop(code: int) -> NoReturn:
    """Leave the command with an exit code."""
    raise typer.Exit(code)
