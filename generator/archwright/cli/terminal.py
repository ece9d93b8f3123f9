"""How a command meets the terminal: colours, tables, errors as words, exit codes."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from archwright.errors import ArchwrightError, Severity, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archwright.errors import Finding

USAGE, BUG, INTERRUPTED = 2, 3, 130
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
_MOST = 20  # findings that one error prints
_COLOURS = {Severity.ERROR: typer.colors.RED, Severity.WARNING: typer.colors.YELLOW, Severity.NOTE: typer.colors.BLUE}


def say(text: str = "", *, err: bool = False, **style: Any) -> None:
    """Print one line; colours reach only a terminal, and `NO_COLOR` is honoured."""
    stream = sys.stderr if err else sys.stdout
    if stream is None:  # closed by whoever started us: nobody wants to hear it
        return
    typer.secho(text, err=err, color=stream.isatty() and not os.environ.get("NO_COLOR"), **style)


def say_json(value: object) -> None:
    """Print a value as JSON, for a program to read."""
    unicode = (getattr(sys.stdout, "encoding", None) or "").lower().startswith("utf")
    typer.echo(json.dumps(value, indent=2, ensure_ascii=not unicode))


def interactive() -> bool:
    """Whether a person sits at both ends: only then may a command ask."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def say_finding(finding: Finding, *, err: bool = False) -> None:
    """Print one finding: where, what, what to do."""
    where = f"{finding.location}: " if finding.location else ""
    code = typer.style(f"{finding.code} {finding.severity}", fg=_COLOURS[finding.severity])
    say(f"{where}{code} {finding.about}{finding.message}", err=err)
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
    _write_what_the_terminal_can()
    try:
        code = _run(app)
        _flush()
    except BrokenPipeError:
        return _closed_pipe()
    except OSError as error:
        return _full(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _run(app: Callable[..., object]) -> int:
    try:
        code = app(standalone_mode=False)
        _flush()
    except ArchwrightError as error:
        say_error(error)
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        say("Interrupted.", err=True)
        return INTERRUPTED
    except typer.Exit as stop:
        return stop.exit_code
    except BrokenPipeError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and not error.filename and error.errno in _NO_ROOM:
            raise  # what stops is our output, not our work
        if isinstance(error, FileNotFoundError) and _stranded():
            say_error(UsageError("The folder that you stand in no longer exists.", hint="change to one that does."))
            return USAGE
        return _unforeseen(error)
    return code if isinstance(code, int) else 0


def _stranded() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


def _write_what_the_terminal_can() -> None:
    """Let a terminal or pipe without Unicode show an escape for `✓`, rather than stop the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _closed_pipe() -> int:
    """Stop quietly: the reader of our output left, as `head` does."""
    _discard_output()
    return 1


def _full(error: OSError) -> int:
    """Tell that what we print has nowhere to go, as on a full disk."""
    _discard_output()
    say(f"error: The output cannot be written: {(error.strerror or str(error)).lower()}.", err=True)
    say("  help: free some space, or send it elsewhere.", err=True)
    return 1


def _discard_output() -> None:
    """Let what is still waiting go nowhere, so that leaving does not fail on it again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


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
