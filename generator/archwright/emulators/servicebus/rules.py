"""Rules of a subscription: which messages it takes, and what it changes in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .filters import compile_action, compile_filter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .filters import Subject
    from .message import Message

DEFAULT_RULE = "$Default"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `definition` is its text, from which `Rule.define` makes it again."""

    name: str
    matches: Callable[[Subject], bool]
    act: Callable[[Subject], Message] | None
    definition: Mapping[str, Any]

    @classmethod
    def define(cls, name: str, definition: Mapping[str, Any]) -> Rule:
        """Make a rule of `{"sql": …}` or `{"properties": …, "application": …}`, either with `"action"`.

        Raises:
            SqlError: the filter or the action cannot be read.
        """
        action = definition.get("action")
        if "sql" in definition:
            matches = compile_filter(definition["sql"])
        else:
            matches = _correlation(definition.get("properties") or {}, definition.get("application") or {})
        return cls(name, matches, compile_action(action) if action else None, dict(definition))


def accept_everything() -> Rule:
    """Return the rule that a subscription without rules has."""
    return Rule(DEFAULT_RULE, lambda _subject: True, None, {"sql": "1=1"})


def _correlation(properties: Mapping[str, Any], application: Mapping[str, Any]) -> Callable[[Subject], bool]:
    """All named properties must be equal: no operators, no patterns."""

    def matches(subject: Subject) -> bool:
        return all(_equal(subject.properties.get(name), value) for name, value in properties.items()) and all(
            _equal(subject.get("user", name), value) for name, value in application.items()
        )

    return matches


def _equal(found: Any, wanted: Any) -> bool:
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if found is None:
        return False
    return bool(found == wanted) or (isinstance(wanted, str) and str(found) == wanted)
