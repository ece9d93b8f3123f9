"""One blueprint on several platforms, side by side: services, guarantees, limits, decisions, cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archwright.errors import Finding, ResolutionError, Severity
from archwright.model import Channel, Level
from archwright.quantities import Duration, Size
from archwright.resolve import parameter_specs, resolve
from archwright.review import located, review

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from archwright.catalog import Catalog
    from archwright.model import Architecture, Container, Fact, Service

    Reader = Callable[[Architecture], Iterator[tuple[str, str, str]]]  # label, cell, fact

NOTHING = "—"
_COUNTS = {"max_deliveries"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A blueprint on one platform: bound to it, unless it does not run there, and what the rules find."""

    platform: str
    name: str
    architecture: Architecture | None
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether `archwright new` would generate it."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that is compared: a cell for each platform, in the order of the columns."""

    section: str
    label: str
    cells: tuple[str, ...]
    facts: tuple[str, ...] = ()  # the id of the limit behind each cell, if there is one


def review_on(catalog: Catalog, blueprint: str, platform: str, answers: Mapping[str, object]) -> Reviewed:
    """Bind `blueprint` to `platform` and hold it against every rule; that it does not run there is a finding too.

    Raises:
        UsageError: an unknown blueprint, platform or parameter, or a value that it does not take.
    """
    name = catalog.platform(platform).spec.name
    try:
        architecture = resolve(catalog, blueprint, platform, blueprint, answers)
    except ResolutionError as error:
        if not error.findings:
            raise
        return Reviewed(platform=platform, name=name, architecture=None, findings=tuple(error.findings))
    findings = located(review(architecture), catalog.blueprint(blueprint).document)
    return Reviewed(platform=platform, name=name, architecture=architecture, findings=findings)


def answers_for(
    catalog: Catalog, blueprint: str, platforms: Sequence[str], answers: Mapping[str, object]
) -> dict[str, dict[str, object]]:
    """Return the answers of each platform: one that only another platform takes, such as its tier, is left out."""
    specs = {platform: parameter_specs(catalog, blueprint, platform) for platform in platforms}
    known = {name for taken in specs.values() for name in taken}
    return {
        platform: {key: value for key, value in answers.items() if key in taken or key not in known}
        for platform, taken in specs.items()
    }


def compare(columns: Sequence[Reviewed]) -> tuple[Row, ...]:
    """Return what differs, and what does not, between the platforms in `columns`."""
    bound = [one.architecture for one in columns]
    rows = [Row(section="Holds", label="as asked for", cells=tuple(_holds(one) for one in columns))]
    rows += _table(bound, "Service", _services)
    rows += _together(_table(bound, "Not held", _exclusions))
    rows += _table(bound, "Guarantee", _guarantees)
    rows += _table(bound, "Limit", _limits)
    rows += _table(bound, "Decision", _decisions)
    rows += _table(bound, "Cost of a month", _estimate)
    rows += _table(bound, "Price", _prices)
    return tuple(rows)


def _table(bound: Sequence[Architecture | None], section: str, read: Reader) -> list[Row]:
    """Return the rows that `read` gives of each architecture, by label in the order of their first appearance."""
    columns = [{label: (cell, fact) for label, cell, fact in read(one)} if one else {} for one in bound]
    rows = []
    for label in dict.fromkeys(label for column in columns for label in column):
        cells = [column.get(label, (NOTHING, "")) for column in columns]
        rows.append(
            Row(
                section=section,
                label=label,
                cells=tuple(cell for cell, _ in cells),
                facts=tuple(fact for _, fact in cells) if any(fact for _, fact in cells) else (),
            )
        )
    return rows


def _together(rows: Sequence[Row]) -> list[Row]:
    """Return the rows with those in one that say the same of several parts: `jobs, steps: deduplicated`."""
    told: dict[tuple[object, ...], Row] = {}
    for row in rows:
        part, _, what = row.label.partition(": ")
        same = (what, row.cells, row.facts)
        parts = f"{told[same].label.removesuffix(f': {what}')}, {part}" if same in told else part
        told[same] = replace(row, label=f"{parts}: {what}")
    return list(told.values())


def _holds(one: Reviewed) -> str:
    if one.architecture is None:
        return "no: " + "; ".join(f"{finding.subject}: {finding.message}" for finding in one.findings)
    errors = [finding for finding in one.findings if finding.severity is Severity.ERROR]
    if errors:
        return "refused: " + "; ".join(f"{finding.code} {finding.subject}" for finding in errors)
    return "yes" + "".join(f"; {finding.code} {finding.subject}" for finding in one.findings)


def _used(architecture: Architecture) -> dict[str, Service]:
    """Return the services in use by what they serve."""
    return {one.id: one.service for one in _parts(architecture) if one.service}


def _parts(architecture: Architecture) -> tuple[Channel | Container, ...]:
    return (*architecture.channels, *architecture.containers)


def _services(architecture: Architecture) -> Iterator[tuple[str, str, str]]:
    for name, service in _used(architecture).items():
        how = f"emulated: {service.note}" if service.level is Level.EMULATED else str(service.level)
        yield name, f"{service.name}{f', {service.tier} tier' if service.tier else ''} ({how})", ""


def _exclusions(architecture: Architecture) -> Iterator[tuple[str, str, str]]:
    for name, service in _used(architecture).items():
        for one in service.excludes:
            if one.tier in {"", service.tier}:
                yield f"{name}: {' with '.join(sorted(one.traits)) or 'anything'}", one.limit.value, one.limit.id
        for knob, why in service.lacks.items():
            yield f"{name}: {knob}", why, ""


def _guarantees(architecture: Architecture) -> Iterator[tuple[str, str, str]]:
    for one in architecture.guarantees:
        promise = f"{one.delivery}; order: {one.ordering}; duplicates: {one.deduplication}"
        yield f"{one.source} → {one.target}", promise, ""


def _limits(architecture: Architecture) -> Iterator[tuple[str, str, str]]:
    """Give the limit of each knob; the label tells what the blueprint asks for."""
    for part in _parts(architecture):
        for knob, limit in part.service.limits.items() if part.service else ():
            renewed = ", renewable" if part.service and knob in part.service.renewable else ""
            asked = f" of {wanted}" if (wanted := _wanted(part, knob)) else ""
            yield f"{part.id} {knob.replace('_', ' ')}{asked}", f"{_bounds(knob, limit)}{renewed}", limit.id


def _wanted(part: Channel | Container, knob: str) -> str:
    """Return what `part` asks for, by the name of the knob; nothing where its subscriptions differ."""
    queues = part.queues if isinstance(part, Channel) else ()
    asked = {getattr(part, knob, None), *(getattr(one, knob, None) for one in queues)} - {None}
    return str(asked.pop()) if len(asked) == 1 and knob != "retry" else ""


def _bounds(knob: str, limit: Fact) -> str:
    least, most = limit.minimum, limit.maximum
    if least is None and most is None:
        return limit.value
    if least is None or most is None:
        return f"at most {_shown(knob, most)}" if most is not None else f"{_shown(knob, least or 0)} or more"
    return f"{_shown(knob, least)} to {_shown(knob, most)}"


def _shown(knob: str, number: float) -> str:
    if knob == "payload":
        return str(Size(int(number)))
    return f"{int(number):,}" if knob in _COUNTS else str(Duration(number))


def _decisions(architecture: Architecture) -> Iterator[tuple[str, str, str]]:
    for one in architecture.decisions:
        yield one.id, one.outcome.name, ""


def _estimate(architecture: Architecture) -> Iterator[tuple[str, str, str]]:
    """Give what a month costs at each load, and what is not in that."""
    month = architecture.estimate
    if month is None:
        return
    for load, total in zip(month.loads, month.totals, strict=True):
        yield f"{load:,} messages of {Size(month.bytes)}", f"USD {total:,.2f}", ""
    yield "not in it", ", ".join(month.left_out) or NOTHING, ""


def _prices(architecture: Architecture) -> Iterator[tuple[str, str, str]]:
    told = [f"{price.service}, {price.what}: {price.value}" for price in architecture.prices]
    yield "list prices", "; ".join(told) or "nothing is charged for", ""
