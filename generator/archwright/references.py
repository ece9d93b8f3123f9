"""Whether what a catalog's files name exists: channels, messages, parameters, facts, layers, other blueprints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archwright.errors import Finding, Severity
from archwright.flowchecks import workflow_problems
from archwright.schema import PARAMETER, Blueprint, Cost, LayerSpec, Pin, Platform, contracts
from archwright.shapes import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from archwright.yamlfile import Document, Place


@dataclass(frozen=True, slots=True)
class Known:
    """What a catalog holds, by name: what references may name."""

    blueprints: frozenset[str]
    facts: frozenset[str]
    limits: frozenset[str]  # those of the facts that a knob can be held against
    prices: frozenset[str]
    rates: frozenset[str]  # those of the prices that are one number for a unit
    layers: frozenset[str]
    pins: frozenset[str]
    parameters: frozenset[str]  # those of every starter
    emulators: frozenset[str]
    asked: frozenset[str] = frozenset()  # parameters of any blueprint


def _problem(document: Document, place: Place, what: str, word: str, words: Iterable[str]) -> Finding:
    known = sorted(words)
    otherwise = f"known: {', '.join(known)}." if known and len(known) <= 12 else ""  # noqa: PLR2004  # what fits a line
    return Finding(
        code="AW104",
        severity=Severity.ERROR,
        location=document.location(place),
        subject=".".join(map(str, place)),
        message=f"unknown {what} `{word}`",
        hint=nearest(word, known, otherwise),
    )


def blueprint_problems(spec: Blueprint, document: Document, known: Known) -> Iterator[Finding]:
    """Give a finding for each name in a blueprint that nothing carries."""
    check = _Checker(document)
    ends = set(spec.containers) | set(spec.channels)
    ends |= {f"{name}/{one}" for name, channel in spec.channels.items() for one in channel.subscriptions}
    _check_parts(spec, check, ends)
    _check_claims(spec, check, ends)
    _check_catalog_ids(spec, check, known)
    for place, parameter in _parameters_in(document.value, ()):
        check.one(place, "parameter", parameter, set(spec.parameters) | known.parameters)
    for parameter in set(spec.parameters) & known.parameters:
        yield _taken(document, parameter)
    yield from _doubles(document, "decisions", [decision.id for decision in spec.decisions])
    yield from check.findings
    yield from workflow_problems(spec, document)


def _check_parts(spec: Blueprint, check: _Checker, ends: set[str]) -> None:
    for name, container in spec.containers.items():
        handles = [container.handles] if isinstance(container.handles, str) else container.handles
        check.each(("containers", name, "handles"), "channel", handles, ends - set(spec.containers))
        check.each(("containers", name, "outlives"), "channel", container.outlives, spec.channels)
    for name, channel in spec.channels.items():
        messages = [channel.message] if isinstance(channel.message, str) else channel.message
        check.each(("channels", name, "message"), "message", messages, contracts(spec))
    for number, flow in enumerate(spec.flows):
        check.one(("flows", number, "from"), "container or channel", flow.from_, ends)
        check.one(("flows", number, "to"), "container or channel", flow.to, ends)


def _check_claims(spec: Blueprint, check: _Checker, ends: set[str]) -> None:
    for number, guarantee in enumerate(spec.guarantees):
        check.each(("guarantees", number, "hop"), "container or channel", guarantee.hop.split(" → "), ends)
    for number, decision in enumerate(spec.decisions):
        check.one(("decisions", number, "default"), "option", decision.default, decision.options)
        if decision.parameter:
            check.one(("decisions", number, "parameter"), "parameter", decision.parameter, spec.parameters)


def _check_catalog_ids(spec: Blueprint, check: _Checker, known: Known) -> None:
    for number, fact in enumerate(spec.facts):
        check.one(("facts", number), "fact", fact, known.facts)
    for number, related in enumerate(spec.related):
        check.one(("related", number, "id"), "blueprint", related.id, known.blueprints)
    for number, avoid in enumerate(spec.avoid_when):
        if avoid.use_instead:
            check.one(("avoid_when", number, "use_instead"), "blueprint", avoid.use_instead, known.blueprints)
    for number, feature in enumerate(spec.features):
        check.one(("features", number), "feature", f"features/{feature}", known.layers)


def platform_problems(spec: Platform, document: Document, known: Known) -> Iterator[Finding]:
    """Give a finding for each fact or tier that a platform names and nobody knows."""
    check = _Checker(document)
    tiers = spec.parameters["tier"].choices if "tier" in spec.parameters else []
    for parameter in sorted(set(spec.parameters) & (known.parameters | known.asked)):
        yield _taken(document, parameter)
    for capability, binding in spec.bindings.items():
        for knob, limit in binding.knobs.items():
            check.one(("bindings", capability, "knobs", knob, "limit"), "limit", limit.limit, known.limits)
            check.each(("bindings", capability, "knobs", knob, "tiers"), "limit", limit.tiers.values(), known.limits)
            check.each(("bindings", capability, "knobs", knob, "tiers"), "tier", limit.tiers, tiers)
        for number, one in enumerate(binding.excludes):
            place = ("bindings", capability, "excludes", number)
            check.one((*place, "limit"), "limit", one.limit, known.limits)
            check.each((*place, "tier"), "tier", [one.tier] if one.tier else [], tiers)
        _check_costs(check, ("bindings", capability, "costs"), binding.costs, known, tiers)
    _check_costs(check, ("costs",), spec.costs, known, tiers)
    if spec.workers:
        _check_costs(check, ("workers", "costs"), spec.workers.costs, known, tiers)
    for number, price in enumerate(spec.prices):
        check.one(("prices", number), "price", price, known.prices)
    yield from check.findings


def _check_costs(
    check: _Checker, place: tuple[str, ...], costs: Sequence[Cost], known: Known, tiers: Iterable[str]
) -> None:
    for number, cost in enumerate(costs):
        here: tuple[str | int, ...] = (*place, number)
        check.one((*here, "price"), "price of one number", cost.price, known.rates)
        check.each((*here, "included_in"), "price", [cost.included_in] if cost.included_in else [], known.prices)
        check.each((*here, "tier"), "tier", [cost.tier] if cost.tier else [], tiers)


def layer_problems(layer_id: str, layers: Mapping[str, tuple[LayerSpec, Document]], known: Known) -> Iterator[Finding]:
    """Give a finding for each unknown layer or package that a layer requires, and for a cycle through it."""
    spec, document = layers[layer_id]
    check = _Checker(document)
    for number, required in enumerate(spec.requires):
        if not required.startswith("bindings/"):
            check.one(("requires", number), "layer", required, known.layers)
    for key in ("dependencies", "dev_dependencies"):
        for number, package in enumerate(getattr(spec, key)):
            check.one((key, number), "package in templates/pins.yaml", package, known.pins)
    if spec.emulator:
        check.one(("emulator",), "emulator", spec.emulator, known.emulators)
    yield from check.findings
    cycle = _cycle(layer_id, layers)
    if cycle:
        yield Finding(
            code="AW106",
            severity=Severity.ERROR,
            location=document.location(("requires",)),
            subject="requires",
            message=f"layers require each other in a circle: {' → '.join(cycle)}",
            hint="take one of these out of `requires`.",
        )


class _Checker:
    """Collects a finding for each name that is not among those that are known."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.findings: list[Finding] = []

    def one(self, place: Place, what: str, word: str, words: Iterable[str]) -> None:
        if word not in words:
            self.findings.append(_problem(self.document, place, what, word, words))

    def each(self, place: Place, what: str, wanted: Iterable[str], words: Iterable[str]) -> None:
        for word in wanted:
            self.one(place, what, word, words)


def _parameters_in(value: Any, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _parameters_in(child, (*place, key))
    elif isinstance(value, list):
        for number, child in enumerate(value):
            yield from _parameters_in(child, (*place, number))
    elif isinstance(value, str):
        for name in PARAMETER.findall(value):
            yield place, name


def _taken(document: Document, parameter: str) -> Finding:
    return Finding(
        code="AW103",
        severity=Severity.ERROR,
        location=document.location(("parameters", parameter)),
        subject=f"parameters.{parameter}",
        message="there is a parameter of this name already",
        hint="call it something else.",
    )


def _doubles(document: Document, key: str, ids: list[str]) -> Iterator[Finding]:
    for number, name in enumerate(ids):
        if name in ids[:number]:
            yield Finding(
                code="AW103",
                severity=Severity.ERROR,
                location=document.location((key, number, "id")),
                subject=f"{key}.{number}.id",
                message=f"the id `{name}` is used twice",
                hint="each id names one thing; rename this one.",
            )


def pin_problems(pins: Mapping[str, Pin], document: Document) -> Iterator[Finding]:
    """Give a finding for each package that a pin requires and that has no pin itself."""
    check = _Checker(document)
    for name, pin in pins.items():
        for number, required in enumerate(pin.requires):
            check.one((name, "requires", number), "package in templates/pins.yaml", required, pins)
    yield from check.findings


def _cycle(start: str, layers: Mapping[str, tuple[LayerSpec, Document]]) -> list[str]:
    """Return a way from `start` back to it, through what layers require on one platform, or nothing."""
    platforms = {layer_id.split("/")[1] for layer_id in layers if layer_id.startswith("platforms/")}
    if start.startswith("platforms/"):
        platforms = {start.split("/")[1]}
    return next(filter(None, (_cycle_on(platform, start, layers) for platform in sorted(platforms) or [""])), [])


def _cycle_on(platform: str, start: str, layers: Mapping[str, tuple[LayerSpec, Document]]) -> list[str]:
    ways: list[list[str]] = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        requires = layers[way[-1]][0].requires if way[-1] in layers else ()
        for required in (f"platforms/{platform}/{one}" if one.startswith("bindings/") else one for one in requires):
            if required == start:
                return [*way, start]
            if required not in seen:
                seen.add(required)
                ways.append([*way, required])
    return []
