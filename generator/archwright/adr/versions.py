"""Compare versions of packages: `pydantic >= 3` against what a lock file holds."""

from __future__ import annotations

import re
from typing import NamedTuple

_VERSION = re.compile(
    r"[vV=]?(?:\d+!)?(?P<release>\d+(?:\.\d+)*)"
    r"(?:[-._]?(?P<pre>a|b|c|rc|alpha|beta|pre|preview|dev|m|next|canary)[-._]?(?P<nth>\d*))?",
    re.IGNORECASE,
)
_PHASES = {
    "dev": 0,
    "canary": 0,
    "next": 0,
    "a": 1,
    "alpha": 1,
    "b": 2,
    "beta": 2,
    "m": 2,
    "pre": 3,
    "preview": 3,
    "c": 3,
    "rc": 3,
}
_FINAL = 9
_CLAUSE = re.compile(r"(?P<sign>===?|!=|~=|>=|<=|>|<|\^|~|=)?\s*(?P<version>[vV]?\d[\w.!+*-]*)")
_NAMED = re.compile(r"\s*(?P<name>@?[A-Za-z0-9][\w./-]*(?:\[[^\]]*\])?)\s*(?P<rest>(?:[<>=!~^]|\d).*)?$")


class Constraint(NamedTuple):
    """A package, and the clauses that its version has to meet all at once."""

    package: str
    clauses: tuple[tuple[str, str], ...]

    def met_by(self, version: str) -> bool:
        """Whether a version meets every clause."""
        return all(_holds(key(version), sign, wanted) for sign, wanted in self.clauses)


def key(version: str) -> tuple[tuple[int, ...], int, int]:
    """Return what orders versions: numbers without trailing noughts, then what comes before a release."""
    match = _VERSION.match(version.strip())
    if not match:
        return (), _FINAL, 0
    release = tuple(int(part) for part in match["release"].split("."))
    while release and release[-1] == 0:
        release = release[:-1]
    return release, _PHASES[match["pre"].lower()] if match["pre"] else _FINAL, int(match["nth"] or 0)


def parse_constraint(text: str) -> Constraint:
    """Read `pydantic >= 3`, `next>=17,<19` or `left-pad ^2`; a package alone asks whether it is there at all.

    Raises:
        ValueError: it is no package with versions.
    """
    match = _NAMED.match(text)
    if not match:
        raise ValueError(f"`{text}` names no package; write it as `pydantic >= 3`")
    clauses = []
    for part in filter(None, (each.strip() for each in (match["rest"] or "").split(","))):
        clause = _CLAUSE.fullmatch(part)
        if not clause or (key(clause["version"])[0] == () and not re.match(r"[vV]?0", clause["version"])):
            raise ValueError(f"`{part}` of `{text}` is no version; write it as `>= 3`")
        clauses.append((clause["sign"] or "==", clause["version"]))
    return Constraint(re.sub(r"\[.*\]", "", match["name"]), tuple(clauses))


def _holds(have: tuple[tuple[int, ...], int, int], sign: str, wanted: str) -> bool:
    """Whether a version stands so to another; `==2.*`, `~=2.1` and `^2.1` compare the leading numbers."""
    want = key(wanted)
    numbers = [int(part) for part in re.findall(r"\d+", wanted.partition("-")[0])]
    if sign in {"==", "===", "=", "!="}:
        same = _begins(have[0], numbers) if wanted.endswith("*") else have == want
        return same is (sign != "!=")
    if sign in {"~=", "~", "^"}:
        kept = 1 if sign == "^" or len(numbers) == 1 else (len(numbers) - 1 if sign == "~=" else 2)
        return have >= want and _begins(have[0], numbers[: max(1, kept)])
    return {">=": have >= want, "<=": have <= want, ">": have > want, "<": have < want}[sign]


def _begins(release: tuple[int, ...], numbers: list[int]) -> bool:
    padded = [*release, *[0] * len(numbers)]
    return padded[: len(numbers)] == numbers
