"""Where in a blueprint a finding stands, and how one sets what would work."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archwright.schema import PARAMETER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archwright.errors import Finding
    from archwright.yamlfile import Document, Place


def located(findings: Iterable[Finding], document: Document) -> tuple[Finding, ...]:
    """Return findings of `review` with their line in the blueprint, and the parameter that sets the value there."""
    return tuple(_located(finding, document) for finding in findings)


def _located(finding: Finding, document: Document) -> Finding:
    place = _place(finding.subject, document.value)
    value = _at(document.value, place)
    named = PARAMETER.fullmatch(value) if isinstance(value, str) else None
    hint = finding.hint
    if named and finding.nearest:
        hint = f"{hint.removesuffix('.')}: `--set {named[1]}={finding.nearest}`."
    return replace(finding, location=document.location(place), hint=hint)


def _place(subject: str, value: Any) -> Place:
    """Return the place of `tasks.lease`, `orders/billing.lease`, `desk.timeout`, `desk → tasks` or `flow.steps.fly`."""
    if " → " in subject:
        hops = [one.get("hop") for one in value.get("guarantees", ())]
        return ("guarantees", hops.index(subject), "hop") if subject in hops else ("guarantees",)
    part, *knobs = subject.split(".")
    name, _, subscription = part.partition("/")
    groups = ("channels", "workflows", "containers")
    group = next((one for one in groups if name in value.get(one, {})), "containers")
    places = [int(knob) if knob.isdecimal() else knob for knob in knobs]
    return (group, name, *(("subscriptions", subscription) if subscription else ()), *places)


def _at(value: Any, place: Place) -> object:
    for key in place:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value
