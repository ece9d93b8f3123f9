"""What a team wants checked: the weight of each rule, how accepted records may change, where citations are sought."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from archwright.errors import Severity, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Change(StrEnum):
    """What a change to a decided record is."""

    METADATA = "metadata"
    LINK_REPAIR = "link-repair"
    TYPO = "typo"
    ADDENDUM = "addendum"
    SUBSTANTIVE = "substantive"


_E, _W = Severity.ERROR, Severity.WARNING
IMMUTABILITY: Mapping[str, Mapping[Change, Severity]] = {
    "strict": {Change.TYPO: _E, Change.ADDENDUM: _E, Change.SUBSTANTIVE: _E},
    "aws": {Change.ADDENDUM: _W, Change.SUBSTANTIVE: _E},  # a guide to records, not a platform
    "azure": {Change.SUBSTANTIVE: _E},  # a guide to records, not a platform
    "madr": {Change.SUBSTANTIVE: _W},
    "off": {},
}
"""How much each change to a decided record weighs; what is not named is allowed.

`strict` lets status, people, dates and broken links change and nothing else. `aws` follows AWS's guidance: a decided
record is immutable, slips of the pen apart. `azure` follows the Azure Well-Architected Framework: the log is
append-only, and a record may get an addendum. `madr` lets records live, and only points a change of substance out.
"""
DEFAULT_IMMUTABILITY = "azure"  # a guide to records, not a platform
OFF = "off"
_CODE = re.compile(r"AD\d{3}")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The settings of lint; `weights` holds what a team set for a rule, by code, None for off."""

    weights: Mapping[str, Severity | None] = field(default_factory=dict)
    immutability: str = DEFAULT_IMMUTABILITY
    excluded: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    index_style: str = ""

    def weight_of_change(self, change: Change) -> Severity | None:
        """Return how much a change to a decided record weighs; None where it is allowed."""
        return IMMUTABILITY[self.immutability].get(change)


def read_policy(settings: Mapping[str, object], rules: Mapping[str, str]) -> Policy:
    """Return the policy that `[tool.archwright.adr]` states; `rules` are the names of the rules by code.

    Raises:
        UsageError: a rule, weight or policy is not known; the message names it and what would work.
    """
    immutability = str(settings.get("immutability", DEFAULT_IMMUTABILITY))
    if immutability not in IMMUTABILITY:
        raise UsageError(
            f"`immutability` is `{immutability}`, which is no policy of ours.",
            hint=f"use one of {_list(IMMUTABILITY)}.",
        )
    return Policy(
        weights=_weights(settings.get("rules", {}), rules),
        immutability=immutability,
        excluded=_words(settings, "exclude"),
        sections=_words(settings, "sections"),
        index_style=str(settings.get("index", "")),
    )


def _weights(table: object, rules: Mapping[str, str]) -> dict[str, Severity | None]:
    if not isinstance(table, dict):
        raise UsageError("`rules` is no table.", hint='write it as `rules = { AD153 = "off" }`.')
    codes = {name: code for code, name in rules.items()} | {code: code for code in rules}
    found: dict[str, Severity | None] = {}
    for key, weight in table.items():
        code = codes.get(str(key).upper() if _CODE.fullmatch(str(key).upper()) else str(key))
        if code is None:
            raise UsageError(f"`rules` names `{key}`, which is no rule.", hint=_near(str(key), codes))
        word = {False: OFF}.get(weight, str(weight)) if isinstance(weight, bool) else str(weight)
        if word != OFF and word not in {str(each) for each in Severity}:
            raise UsageError(f"`rules.{key}` is `{weight}`.", hint=f"use one of {_list(['off', *map(str, Severity)])}.")
        found[code] = None if word == OFF else Severity(word)
    return found


def _words(settings: Mapping[str, object], key: str) -> tuple[str, ...]:
    found = settings.get(key, ())
    if isinstance(found, str):
        return (found,)
    if not isinstance(found, list | tuple) or not all(isinstance(each, str) for each in found):
        raise UsageError(f"`{key}` is no list of words.", hint=f'write it as `{key} = ["…"]`.')
    return tuple(found)


def _list(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _near(key: str, codes: Mapping[str, str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  # only when somebody mistyped

    near = get_close_matches(key, codes, n=1)
    return f"did you mean `{near[0]}`?" if near else "`archwright adr lint --rules` lists them."
