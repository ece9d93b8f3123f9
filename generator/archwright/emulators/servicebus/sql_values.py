"""How values of SQL filters compare, add and match: `None` is unknown, and things of different kinds do not compare."""

from __future__ import annotations

import operator
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_EQUALITY = ("=", "<>", "!=")
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SUMS: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _comparable(left: Any, right: Any) -> bool:
    if _is_number(left):
        return _is_number(right)
    if isinstance(left, str):
        return isinstance(right, str)
    return type(left) is type(right)


def compare(symbol: str, left: Any, right: Any) -> bool | None:
    """Return whether the comparison holds, or None where it is unknown."""
    if left is None or right is None or not _comparable(left, right):
        return None
    if symbol in _EQUALITY:
        return bool((left == right) == (symbol == "="))
    try:
        return _ORDER[symbol](left, right)
    except TypeError:  # two UUIDs compare; two maps do not
        return None


def arithmetic(symbol: str, left: Any, right: Any) -> Any:
    """Return a sum, difference, product, quotient or remainder; strings add. Whole numbers divide to whole numbers."""
    if isinstance(left, str) and isinstance(right, str) and symbol == "+":
        return left + right
    if not _is_number(left) or not _is_number(right):
        return None
    if symbol in _SUMS:
        return _fitting(_SUMS[symbol](left, right))
    if right == 0:
        return None
    if isinstance(left, float) or isinstance(right, float):
        return left / right if symbol == "/" else left - right * int(left / right)
    quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
    return quotient if symbol == "/" else left - right * quotient


def _fitting(value: Any) -> Any:
    """Return the value, or None if it does not fit into the service's 64 bits."""
    return None if isinstance(value, int) and not -(2**63) <= value < 2**63 else value


def like(value: Any, pattern: Any, escape: Any) -> bool | None:
    """Return whether text matches a pattern in which `%` is any text and `_` any character."""
    if not isinstance(value, str) or not isinstance(pattern, str):
        return None
    return _pattern(pattern, escape if isinstance(escape, str) else "").fullmatch(value) is not None


@lru_cache(maxsize=256)
def _pattern(pattern: str, escape: str) -> re.Pattern[str]:
    parts, characters = [], iter(pattern)
    for character in characters:
        if escape and character == escape:
            parts.append(re.escape(next(characters, character)))
        else:
            parts.append({"%": ".*", "_": "."}.get(character) or re.escape(character))
    return re.compile("".join(parts), re.DOTALL)
