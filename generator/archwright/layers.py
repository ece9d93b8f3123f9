"""Which template layers a starter is made of, weakest first, and what they contribute besides their files."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from archwright.errors import CollisionError, ResolutionError
from archwright.model import Command, Layer, Requirement, Setting, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from archwright import schema
    from archwright.catalog import Catalog, Entry

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contributions:
    """Everything that a starter's layers give together."""

    layers: tuple[Layer, ...]
    settings: tuple[Setting, ...]
    dependencies: tuple[Requirement, ...]
    dev_dependencies: tuple[Requirement, ...]
    untyped: tuple[str, ...]
    lock: tuple[Requirement, ...]
    tasks: tuple[Task, ...]
    commands: tuple[Command, ...]
    compose: Mapping[str, Any]


def collect(catalog: Catalog, blueprint: str, platform: str, capabilities: Iterable[str]) -> Contributions:
    """Return the layers of `blueprint` on `platform` and what they contribute.

    Raises:
        ResolutionError: a layer requires another one that this platform does not have.
        CollisionError: two layers contribute one setting, task or command.
    """
    entries = _select(catalog, blueprint, platform, capabilities)
    specs = [entry.spec for entry in entries.values()]
    runtime = sorted({name for spec in specs for name in spec.dependencies})
    development = sorted({name for spec in specs for name in spec.dev_dependencies} - set(runtime))
    return Contributions(
        layers=tuple(_layer(layer_id, entry) for layer_id, entry in entries.items()),
        settings=_rows(entries, lambda spec: spec.settings, lambda row: Setting(**row.model_dump())),
        dependencies=tuple(_requirement(name, catalog.pins, ()) for name in runtime),
        dev_dependencies=tuple(_requirement(name, catalog.pins, ()) for name in development),
        untyped=tuple(sorted({module for spec in specs for module in spec.untyped})),
        lock=lock([*runtime, *development], catalog.pins),
        tasks=_rows(entries, lambda spec: spec.tasks, lambda row: Task(**row.model_dump())),
        commands=_rows(entries, lambda spec: spec.commands, lambda row: Command(**row.model_dump())),
        compose=_merge_compose(entries),
    )


# adr: 0006
def lock(names: Iterable[str], pins: Mapping[str, schema.Pin]) -> tuple[Requirement, ...]:
    """Return the pins of `names` and of everything that they need, in the order of their names."""
    needed: dict[str, set[str]] = {name: set() for name in names}
    waiting = list(needed)
    while waiting:
        name = waiting.pop()
        for required in pins[name].requires:
            if required not in needed:
                needed[required] = set()
                waiting.append(required)
            needed[required].add(name)
    return tuple(_requirement(name, pins, sorted(by)) for name, by in sorted(needed.items()))


def _select(
    catalog: Catalog, blueprint: str, platform: str, capabilities: Iterable[str]
) -> dict[str, Entry[schema.LayerSpec]]:
    """Return the layers by id, weakest first; within one rank, a layer after those that it requires."""
    wanted = ["base", *(f"features/{feature}" for feature in catalog.blueprint(blueprint).spec.features)]
    wanted += [f"platforms/{platform}/layer"]
    wanted += [f"platforms/{platform}/bindings/{capability}" for capability in capabilities]
    wanted += [f"blueprints/{blueprint}"]
    found: dict[str, Entry[schema.LayerSpec]] = {}
    for layer_id in wanted:
        if layer_id in catalog.layers:  # a folder without a layer is none: a platform may have nothing to add
            _add(layer_id, catalog, platform, found)
    ranks = ("base", "features/", f"platforms/{platform}/layer", f"platforms/{platform}/bindings/", "blueprints/")
    return dict(
        sorted(found.items(), key=lambda item: next(n for n, rank in enumerate(ranks) if item[0].startswith(rank)))
    )


def _add(layer_id: str, catalog: Catalog, platform: str, found: dict[str, Entry[schema.LayerSpec]]) -> None:
    """Add a layer after those that it requires; the catalog has seen to it that none requires itself."""
    if layer_id in found:
        return
    entry = catalog.layers[layer_id]
    for number, required in enumerate(entry.spec.requires):
        full = f"platforms/{platform}/{required}" if required.startswith("bindings/") else required
        if full not in catalog.layers:
            raise ResolutionError(
                f"The layer `{layer_id}` requires `{required}`, which `{platform}` does not have.",
                location=entry.document.location(("requires", number)),
                hint=f"add a folder `{required}` with a layer.yaml to the platform, or do not require it.",
            )
        _add(full, catalog, platform, found)
    found[layer_id] = entry


def _layer(layer_id: str, entry: Entry[schema.LayerSpec]) -> Layer:
    spec = entry.spec
    return Layer(
        id=layer_id,
        folder=entry.folder / "files",
        replaces=tuple(spec.replaces),
        seeded=tuple(spec.seeded),
        executable=tuple(spec.executable),
        emulator=spec.emulator or "",
    )


def _rows(
    entries: Mapping[str, Entry[schema.LayerSpec]],
    of: Callable[[schema.LayerSpec], Sequence[Any]],
    make: Callable[[Any], Row],
) -> tuple[Row, ...]:
    owners: dict[str, str] = {}
    rows: list[Row] = []
    for layer_id, row in _each(entries, of):
        if row.name in owners:
            raise CollisionError(
                f"`{row.name}` comes from both the layer `{owners[row.name]}` and the layer `{layer_id}`.",
                hint="take it out of one of the two.",
            )
        owners[row.name] = layer_id
        rows.append(make(row))
    return tuple(rows)


def _each(
    entries: Mapping[str, Entry[schema.LayerSpec]], of: Callable[[schema.LayerSpec], Sequence[Any]]
) -> Iterator[tuple[str, Any]]:
    for layer_id, entry in entries.items():
        for row in of(entry.spec):
            yield layer_id, row


def _requirement(name: str, pins: Mapping[str, schema.Pin], needed_by: Iterable[str]) -> Requirement:
    pin = pins[name]
    return Requirement(
        name=name, version=pin.version, hashes=tuple(pin.hashes), marker=pin.marker, needed_by=tuple(needed_by)
    )


def _merge_compose(entries: Mapping[str, Entry[schema.LayerSpec]]) -> Mapping[str, Any]:
    merged: dict[str, Any] = {}
    for layer_id, entry in entries.items():
        _merge(merged, entry.spec.compose, layer_id, ())
    return merged


def _merge(into: dict[str, Any], more: Mapping[str, Any], layer_id: str, place: tuple[str, ...]) -> None:
    """Add `more` to `into`; what both have must be mappings, or the same."""
    for key, value in more.items():
        if key not in into:
            into[key] = copy.deepcopy(value)
        elif isinstance(value, dict) and isinstance(into[key], dict):
            _merge(into[key], value, layer_id, (*place, key))
        elif value != into[key]:
            where = ".".join((*place, key))
            raise CollisionError(
                f"The layer `{layer_id}` sets `{where}` of compose.yaml, which a weaker layer sets otherwise.",
                hint="take it out of one of the two.",
            )
