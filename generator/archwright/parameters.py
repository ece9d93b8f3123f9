"""The answers of the user: read from text, checked against type and range, put where blueprints name them."""

from __future__ import annotations

import datetime as dt
import keyword
import re
import sys
from typing import TYPE_CHECKING, Any

from archwright.errors import UsageError
from archwright.model import Parameter, Starter
from archwright.quantities import Duration, Size
from archwright.schema import PARAMETER, values
from archwright.shapes import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from archwright import schema

_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", re.IGNORECASE | re.ASCII)
_LONGEST_NAME = 60
_FOLDERS = {"dev", "tests"}  # of every starter; Python can import them
_SCRIPTS = {"demo", "sandbox", "stage_worker", "stagecraft", "story", "tasks"}  # in `dev/`, found before `src/`
_TAKEN = _FOLDERS | _SCRIPTS | {"test"}  # `test` comes with Python, and its list of modules leaves it out


def read_answers(
    specs: Mapping[str, schema.Parameter], answers: Mapping[str, object], blueprint: str
) -> dict[str, Parameter]:
    """Return every parameter with its value: the answer where there is one, else the default.

    Raises:
        UsageError: an answer names no parameter, or is none that the parameter takes.
    """
    for name in answers:
        if name not in specs:
            known = f"`{blueprint}` takes: {', '.join(sorted(specs))}."
            raise UsageError(f"There is no parameter `{name}`.", hint=nearest(name, specs, known))
    return {
        name: Parameter(
            id=name,
            type=spec.type,
            value=read_value(name, spec, answers.get(name, spec.default)),
            default=spec.default,
            help=spec.help,
            choices=tuple(spec.choices),
        )
        for name, spec in specs.items()
    }


def read_value(name: str, spec: schema.Parameter, given: object) -> Any:
    """Return what was given in the parameter's type: text, int, float, bool, `Duration` or `Size`.

    Raises:
        UsageError: it is of another type, out of range, or none of the choices.
    """
    try:
        return values.read(given, spec)
    except values.NoChoiceError as error:
        hint = nearest(str(given), spec.choices, f"one of: {', '.join(spec.choices)}.")
        raise UsageError(f"Parameter `{name}`: {error}.", hint=hint) from None
    except values.OutOfRangeError as error:
        raise UsageError(f"Parameter `{name}`: {error}.", hint=f"it takes {error.allowed}. {spec.help}") from None
    except ValueError as error:
        raise UsageError(f"Parameter `{name}`: {error}.", hint=spec.help) from None


def starter_named(name: str, parameters: Mapping[str, Parameter]) -> Starter:
    """Return what a starter in the folder `name` is called.

    Raises:
        UsageError: the name makes no Python package.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"`{name}` is no name for a starter.",
            hint="use letters, digits and hyphens, a letter first, such as `order-desk`.",
        )
    package = name.lower().replace("-", "_")
    if len(package) > _LONGEST_NAME:
        raise UsageError(f"`{name[:20]}…` is too long for a name.", hint=f"{_LONGEST_NAME} characters are enough.")
    if keyword.iskeyword(package) or package in sys.stdlib_module_names | _TAKEN:
        raise UsageError(
            f"`{name}` would hide the Python module `{package}`.",
            hint=f"choose another name, such as `{name}-service`.",
        )
    return Starter(
        name=name.lower().replace("_", "-"),
        package=package,
        title=name.replace("-", " ").replace("_", " ").capitalize(),
        owner=parameters["owner"].value,
        license=parameters["license"].value,
        date=parameters["date"].value,
    )


def check_package(starter: Starter, packages: Iterable[str]) -> None:
    """Make sure that a starter's own package hides none of those that it is locked to.

    Raises:
        UsageError: it would hide one.
    """
    for name in packages:
        if starter.package in {name.replace("-", "_"), name.partition("-")[0]}:
            raise UsageError(
                f"`{starter.name}` would hide the package `{name}`, which the starter needs.",
                hint=f"choose another name, such as `{starter.name}-service`.",
            )


def substitute(value: Any, parameters: Mapping[str, Parameter]) -> Any:
    """Return parsed YAML with each `${parameter}` replaced by its value; alone in a string, it keeps its type."""
    if isinstance(value, dict):
        return {key: substitute(child, parameters) for key, child in value.items()}
    if isinstance(value, list):
        return [substitute(child, parameters) for child in value]
    if not isinstance(value, str):
        return value
    alone = PARAMETER.fullmatch(value)
    if alone:
        found = parameters[alone[1]].value
        return str(found) if isinstance(found, (Duration, Size)) else found
    return PARAMETER.sub(lambda match: str(parameters[match[1]].value), value)


def check_day(text: str) -> str:
    """Return `text` if it is a day of the calendar, as YYYY-MM-DD.

    Raises:
        UsageError: it is not.
    """
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        raise UsageError(f"Parameter `date`: `{text}` is no day.", hint="write it as 2026-11-22.") from None
