"""Routing rules in the language of a service: a conjunction of conditions each, written by the platform's own words."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from archwright.model import Condition, Rule
from archwright.schema import Condition as ConditionSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from archwright.model import Language, Queue

Value = str | int | float
_PLACE = re.compile(r"\{(\w+)\}")


def rule_of(name: str, when: Mapping[str, Value | Sequence[Value] | ConditionSpec]) -> Rule:
    """Return the rule that a blueprint writes as field → value, values or condition."""
    return Rule(name=name, conditions=tuple(_condition(field, one) for field, one in when.items()))


def _condition(field: str, test: Value | Sequence[Value] | ConditionSpec) -> Condition:
    if not isinstance(test, ConditionSpec):
        values = tuple(test) if isinstance(test, list) else (test,)
        return Condition(field=field, operator="equals", values=values)
    [(operator, value)] = test.model_dump(exclude_none=True, by_alias=True).items()
    if operator == "exists":
        return Condition(field=field, operator="exists" if value else "absent", values=())
    return Condition(field=field, operator=operator, values=tuple(value) if isinstance(value, list) else (value,))


# adr: 0019
def expressions(language: Language, channel: str, target: str, rules: Sequence[Rule]) -> dict[str, str]:
    """Return what the service is told, by name: the rules of a subscription together, or each by itself.

    A test that the language has no words for becomes `?`; `unspeakable` tells of it.
    """
    ends = {"channel": _literal(language, channel), "target": _literal(language, target)}
    written = {one.name: _fill(language.rule, ends | {"conditions": _conditions(language, one)}) for one in rules}
    if not written:
        return {"everything": _fill(language.everything, ends)}
    if not language.either:
        return written
    whole = language.alone if language.alone and len(written) == 1 else language.subscription
    return {"rules": _fill(whole, ends | {"rules": language.either.join(written.values())})}


def said(rule: Rule) -> str:
    """Return a rule as people say it: `OrderPlaced, version 1 or 2, region eu-…`."""
    return ", ".join(_said(one) for one in rule.conditions)


def _said(condition: Condition) -> str:
    values = " or ".join(map(str, condition.values))
    name = "" if condition.field == "type" else f"{condition.field} "
    return {
        "equals": f"{name}{values}",
        "prefix": f"{name}{values}…",
        "at_least": f"{name}≥ {values}",
        "below": f"{name}< {values}",
        "exists": f"with {condition.field}",
        "absent": f"without {condition.field}",
        "not": f"{name}not {values}",
    }[condition.operator]


def unspeakable(language: Language, queue: Queue) -> Iterator[tuple[Rule, Condition]]:
    """Give each condition of the queue's rules that `language` has no words for."""
    for rule in queue.rules:
        for condition in rule.conditions:
            if condition.operator not in language.operators:
                yield rule, condition


def _conditions(language: Language, rule: Rule) -> str:
    return language.both.join(_test(language, one) for one in rule.conditions)


def _test(language: Language, condition: Condition) -> str:
    operator = language.operators.get(condition.operator)
    if operator is None:
        return "?"
    words = {"field": language.names.get(condition.field) or _fill(language.others, {"field": condition.field})}
    each = [_fill(operator.each, words | _words(language, value)) for value in condition.values]
    first = _words(language, condition.values[0]) if condition.values else {}
    whole = operator.one if operator.one and len(condition.values) == 1 else operator.around
    return _fill(whole, words | first | {"each": operator.between.join(each)})


def _words(language: Language, value: Value) -> dict[str, str]:
    begins = re.sub(r"([\\%_\[])", r"\\\1", str(value)) + "%"
    return {"value": _literal(language, value), "like": _literal(language, begins)}


def _literal(language: Language, value: Value) -> str:
    if not isinstance(value, str) and language.numbers == "plain":
        return str(value)
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if language.quotes == "double" else "'" + text.replace("'", "''") + "'"


def _fill(text: str, words: Mapping[str, str]) -> str:
    """Put words where their names stand in braces, all at once: what a value says is never taken for a name."""
    return _PLACE.sub(lambda match: words.get(match[1], match[0]), text)
