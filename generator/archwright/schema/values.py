"""What a parameter's value may be: read from text in its type, held against range, choices and pattern."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

from archwright.quantities import Duration, Size

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}
_LONGEST = 1000  # characters: what a person types, and what a pattern can be tried on in reasonable time


class Rules(Protocol):
    """What is asked of a parameter's value."""

    @property
    def type(self) -> str:
        """The name of its type."""

    @property
    def choices(self) -> Sequence[str]:
        """The values of a choice."""

    @property
    def minimum(self) -> str | float | None:
        """The least value."""

    @property
    def maximum(self) -> str | float | None:
        """The greatest value."""

    @property
    def pattern(self) -> str | None:
        """What a string has to match as a whole."""


class NoChoiceError(ValueError):
    """The value is none of the choices."""


class OutOfRangeError(ValueError):
    """The value is too small or too large; `allowed` says in words what is not."""

    def __init__(self, value: object, allowed: str) -> None:
        super().__init__(f"{value} is out of range")
        self.allowed = allowed


def read(given: object, rules: Rules) -> Any:
    """Return what was given in the type of `rules`: text, int, float, bool, `Duration` or `Size`.

    Raises:
        ValueError: it is of another type, out of range, none of the choices, or does not match the pattern.
    """
    value = typed(given, rules.type)
    if rules.choices and value not in rules.choices:
        raise NoChoiceError(f"`{value}` is no choice")
    if rules.pattern and not re.fullmatch(rules.pattern, str(value)):
        raise ValueError(f"`{value}` does not look right")
    low, high = (typed(end, rules.type) if end is not None else None for end in (rules.minimum, rules.maximum))
    if (low is not None and value < low) or (high is not None and value > high):
        if low is None or high is None:
            raise OutOfRangeError(value, f"at least {low}" if high is None else f"at most {high}")
        raise OutOfRangeError(value, f"from {low} to {high}")
    return value


def typed(given: object, kind: str) -> Any:
    """Return what was given as a value of the type `kind`.

    Raises:
        ValueError: it is of another type.
    """
    text = str(given).lower() if isinstance(given, bool) else str(given)
    if len(text) > _LONGEST:
        raise ValueError(f"a value of {len(text)} characters is too long")
    if any(ord(letter) < 32 for letter in text):  # noqa: PLR2004  # control characters end at 32
        raise ValueError("a value has one line, without control characters")
    return _READERS[kind](text)


def _boolean(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise ValueError(f"`{text}` is neither true nor false")
    return text.lower() in _TRUE


def _integer(text: str) -> int:
    if not re.fullmatch(r"\s*[-+]?[0-9]{1,30}\s*", text):
        raise ValueError(f"`{text}` is no whole number")
    return int(text)


def _number(text: str) -> float:
    if not re.fullmatch(r"\s*[-+]?[0-9]{1,30}(\.[0-9]{1,30})?([eE][-+]?[0-9]{1,2})?\s*", text):
        raise ValueError(f"`{text}` is no number")
    return float(text)


_READERS: Mapping[str, Callable[[str], Any]] = {
    "string": str,
    "choice": str,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "duration": Duration.parse,
    "size": Size.parse,
}
