"""Find and load the folders of a catalog: blueprints, platforms, layers and facts; every problem at once."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from archwright import resources, schema, yamlfile
from archwright.errors import CatalogError, Finding, Severity, UsageError
from archwright.facts import Facts, make_limit, make_price
from archwright.references import Known, blueprint_problems, layer_problems, pin_problems, platform_problems
from archwright.shapes import check_shape, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from archwright.yamlfile import Document

Spec = TypeVar("Spec")

# Where a catalog's folder keeps what it holds; "" is the folder itself.
_BLUEPRINTS = ("", "blueprints")
_PLATFORMS = ("", "platforms", "templates/platforms")
_FEATURES = ("features", "templates/features")


@dataclass(frozen=True, slots=True)
class Entry(Generic[Spec]):
    """One YAML file of the catalog in its shape, and the folder that it stands in."""

    spec: Spec
    document: Document = field(repr=False)
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A pattern that blueprints may name although the catalog does not hold it yet."""

    id: str
    name: str
    category: str


@dataclass(slots=True)
class Catalog:
    """Everything that a starter can be made of, with what is wrong in it."""

    blueprints: dict[str, Entry[schema.Blueprint]] = field(default_factory=dict)
    platforms: dict[str, Entry[schema.Platform]] = field(default_factory=dict)
    layers: dict[str, Entry[schema.LayerSpec]] = field(default_factory=dict)
    facts: Facts = field(default_factory=lambda: Facts({}, {}))
    pins: dict[str, schema.Pin] = field(default_factory=dict)
    parameters: dict[str, schema.Parameter] = field(default_factory=dict)
    planned: dict[str, Planned] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def blueprint(self, blueprint_id: str) -> Entry[schema.Blueprint]:
        """Return a blueprint by id.

        Raises:
            UsageError: there is none; the hint names the nearest.
        """
        return _get(self.blueprints, blueprint_id, "blueprint")

    def platform(self, platform_id: str) -> Entry[schema.Platform]:
        """Return a platform by id.

        Raises:
            UsageError: there is none; the hint names the nearest.
        """
        return _get(self.platforms, platform_id, "platform")

    def names(self) -> dict[str, str]:
        """Return the name of every blueprint, those that are only planned too."""
        planned = {entry.id: entry.name for entry in self.planned.values()}
        return planned | {blueprint_id: entry.spec.name for blueprint_id, entry in self.blueprints.items()}


def load_catalog(extra: Sequence[Path] = ()) -> Catalog:
    """Load the built-in catalog and the folders in `extra`, added to it.

    Raises:
        CatalogError: a file is wrong; it carries all findings.
        UsageError: a folder of `extra` does not exist.
    """
    catalog = read_catalog(extra)
    errors = [finding for finding in catalog.findings if finding.severity is Severity.ERROR]
    if errors:
        count = "1 problem" if len(errors) == 1 else f"{len(errors)} problems"
        raise CatalogError(f"The catalog has {count}.", findings=tuple(catalog.findings))
    return catalog


def read_catalog(extra: Sequence[Path] = ()) -> Catalog:
    """Load as `load_catalog`, but keep the problems in `Catalog.findings` instead of stopping."""
    catalog = Catalog()
    reader = _Reader(catalog)
    root = resources.data_root()
    for folder in (root, *extra):
        if not os.path.isdir(folder):  # noqa: PTH112  # never raises, whatever the name or the rights
            raise UsageError(f"The catalog folder `{folder}` does not exist.", hint="give a folder that is there.")
        reader.read(Path(os.path.abspath(folder)))  # noqa: PTH100  # `.` has no name, and a link keeps its own
    known = Known(
        blueprints=frozenset(catalog.names()) | reader.broken,
        facts=frozenset(catalog.facts.limits) | frozenset(catalog.facts.prices) | reader.broken,
        limits=frozenset(catalog.facts.limits) | reader.broken,
        prices=frozenset(catalog.facts.prices) | reader.broken,
        rates=frozenset(name for name, price in catalog.facts.prices.items() if "usd" in price.usd) | reader.broken,
        emulators=resources.emulators(),
        layers=frozenset(catalog.layers),
        pins=frozenset(catalog.pins),
        parameters=frozenset(catalog.parameters),
        asked=frozenset(name for one in catalog.blueprints.values() for name in one.spec.parameters),
    )
    for entry in catalog.blueprints.values():
        catalog.findings += blueprint_problems(entry.spec, entry.document, known)
    for platform in catalog.platforms.values():
        catalog.findings += platform_problems(platform.spec, platform.document, known)
    layers = {layer_id: (layer.spec, layer.document) for layer_id, layer in catalog.layers.items()}
    for layer_id in layers:
        catalog.findings += layer_problems(layer_id, layers, known)
    return catalog


class _Reader:
    """Reads catalog folders into one catalog, built-in first; a second thing of one id is a finding."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.limits: dict[str, Any] = {}
        self.prices: dict[str, Any] = {}
        self.broken: set[str] = set()  # ids of what is there, but wrong: a reference to it is no second mistake

    def read(self, root: Path) -> None:
        for file in _found(root, "blueprint.yaml", _BLUEPRINTS):
            self.unit(file, schema.Blueprint, self.catalog.blueprints, f"blueprints/{file.parent.name}")
            self.layer(file.parent / "layer" / "layer.yaml", f"blueprints/{file.parent.name}")
        for file in _found(root, "platform.yaml", _PLATFORMS):
            self.unit(file, schema.Platform, self.catalog.platforms, f"platforms/{file.parent.name}")
            self.layer(file.parent / "layer" / "layer.yaml", f"platforms/{file.parent.name}/layer")
            for binding in sorted(file.parent.glob("bindings/*/layer.yaml")):
                self.layer(binding, f"platforms/{file.parent.name}/bindings/{binding.parent.name}")
        for file in _found(root, "layer.yaml", _FEATURES):
            self.layer(file, f"features/{file.parent.name}")
        self.layer(root / "templates" / "base" / "layer.yaml", "base")
        self.facts(root)
        self.entries(root / "templates" / "base" / "parameters.yaml", schema.Parameter, self.catalog.parameters)
        pins = self.entries(root / "templates" / "pins.yaml", schema.Pin, self.catalog.pins)
        if pins:
            self.catalog.findings += pin_problems(self.catalog.pins, pins)
        self.planned(root / "blueprints" / "planned.yaml")

    def document(self, file: Path) -> Document | None:
        try:
            return yamlfile.load(file, shown(file))
        except yamlfile.YamlProblem as problem:
            self.catalog.findings.append(problem.finding)
            return None

    def unit(self, file: Path, model: type[Any], target: dict[str, Entry[Any]], kind: str) -> None:
        """Read a blueprint or platform: a folder with one YAML file whose id is the folder's name."""
        document = self.document(file)
        spec, findings = check_shape(model, document) if document else (None, [])
        self.catalog.findings += findings
        if document is None or spec is None:
            self.broken.add(file.parent.name)
            return
        if spec.id != file.parent.name:
            message = f"the id `{spec.id}` is not the name of its folder, `{file.parent.name}`"
            self.finding("AW105", document, ("id",), message, "rename one of them.")
        if spec.id in target:
            message = f"`{kind}` is in the catalog already, at {target[spec.id].document.path}"
            self.finding("AW103", document, ("id",), message, "give it another id.")
            return
        target[spec.id] = Entry(spec, document, file.parent)

    def layer(self, file: Path, layer_id: str) -> None:
        if not _is_file(file):
            return
        document = self.document(file)
        if document is None:
            return
        spec, findings = check_shape(schema.LayerSpec, document)
        self.catalog.findings += findings
        if spec is not None and layer_id in self.catalog.layers:
            self.finding(
                "AW103", document, (), f"the layer `{layer_id}` is in the catalog already", "rename its folder."
            )
        elif spec is not None:
            self.catalog.layers[layer_id] = Entry(spec, document, file.parent)

    def entries(self, file: Path, model: type[Any], target: dict[str, Any]) -> Document | None:
        """Read a file that maps ids to entries of one shape; return it if there is one."""
        document = self.document(file) if _is_file(file) else None
        if document is None:
            return None
        if not isinstance(document.value, dict):
            self.finding("AW102", document, (), "must be a mapping of ids", "start each entry with its id and a colon.")
            return None
        for name in document.value:
            spec, findings = check_shape(model, document, (name,))
            self.catalog.findings += findings
            if spec is not None and name in target:
                self.finding("AW103", document, (name,), f"`{name}` is in the catalog already", "give it another id.")
            elif spec is not None:
                target[name] = spec
            else:
                self.broken.add(name)
        return document

    def facts(self, root: Path) -> None:
        for kind, make, target in (("limits", make_limit, self.limits), ("prices", make_price, self.prices)):
            for file in _facts_files(root, kind):
                entries: dict[str, Any] = {}
                document = self.entries(file, schema.FACT_KINDS[kind], entries)
                if document is None:
                    continue
                for name, entry in entries.items():
                    try:
                        made = make(name, entry.model_dump())
                    except ValueError as error:
                        self.finding("AW102", document, (name,), str(error), "")
                        self.broken.add(name)
                        continue
                    if name in target:
                        self.finding("AW103", document, (name,), f"`{name}` is in the catalog already", "rename it.")
                    else:
                        target[name] = made
        self.catalog.facts = Facts(self.limits, self.prices)

    def planned(self, file: Path) -> None:
        entries: dict[str, schema.PlannedPattern] = {}
        self.entries(file, schema.PlannedPattern, entries)
        for name, entry in entries.items():
            self.catalog.planned[name] = Planned(id=name, name=entry.name, category=entry.category)

    def finding(self, code: str, document: Document, place: tuple[str | int, ...], message: str, hint: str) -> None:
        self.catalog.findings.append(
            Finding(
                code=code,
                severity=Severity.ERROR,
                location=document.location(place),
                subject=".".join(map(str, place)),
                message=message,
                hint=hint,
            )
        )


def holds_something(root: Path) -> bool:
    """Whether `root` is a blueprint's or platform's folder, or a catalog's: whether there is anything to read."""
    files = [
        *_found(root, "blueprint.yaml", _BLUEPRINTS),
        *_found(root, "platform.yaml", _PLATFORMS),
        *_found(root, "layer.yaml", _FEATURES),
        *(file for kind in schema.FACT_KINDS for file in _facts_files(root, kind)),
    ]
    return bool(files)


def shown(path: Path) -> str:
    """Return a path as people would type it here: relative where it is below this folder or the catalog's own."""
    for base in (Path.cwd(), resources.data_root()):
        try:
            return path.resolve().relative_to(base).as_posix()
        except ValueError:
            continue
    return str(path)


def _found(root: Path, name: str, places: Iterable[str]) -> Iterator[Path]:
    """Give the files called `name` in `root` itself or one folder below the usual places."""
    if _is_file(root / name):
        yield root / name
    for place in places:
        yield from sorted(file for file in (root / place).glob(f"*/{name}") if _is_file(file))


def _facts_files(root: Path, kind: str) -> list[Path]:
    files = (root / place / f"{kind}.yaml" for place in ("blueprints/facts", "facts"))
    return [file for file in files if _is_file(file)]


def _is_file(file: Path) -> bool:
    return os.path.isfile(file)  # noqa: PTH113  # never raises: what may not be looked at is not there


def _get(entries: Mapping[str, Entry[Spec]], wanted: str, what: str) -> Entry[Spec]:
    if wanted in entries:
        return entries[wanted]
    known = ", ".join(sorted(entries)) or "none"
    raise UsageError(f"There is no {what} `{wanted}`.", hint=nearest(wanted, entries, f"{what}s: {known}."))
