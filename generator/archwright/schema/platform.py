"""The shape of `platform.yaml` and `layer.yaml`: what a platform gives, and what a template folder contributes."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from archwright.schema.parameter import Parameter  # noqa: TC001  # pydantic reads it at run time
from archwright.schema.words import (
    FactId,
    LayerName,
    Slug,
    Strict,
    Text,
    Variable,
    Word,
)


class Emulated(Strict):
    """The platform keeps the promise with code of ours."""

    emulated: Text = Field(description="How the promise is kept.")


class Absent(Strict):
    """The platform cannot keep the promise."""

    absent: Text = Field(description="Why not.")


class Knob(Strict):
    """The limit that holds a knob."""

    limit: FactId = Field(description="The id of the limit in `blueprints/facts/limits.yaml`.")
    tiers: dict[Slug, FactId] = Field(default={}, description="Tier → the limit that holds there instead.")
    renewable: bool = Field(default=False, description="Whether work may outlast the limit by renewing.")


class Exclusion(Strict):
    """What a service does not hold: all the traits together, in the tier if one is named."""

    traits: list[Literal["ordered", "deduplicated", "delayed", "exactly-once", "push", "several-regions"]] = Field(
        default=[], description="What a channel asks for; none: the service itself is excluded."
    )
    tier: Slug | None = Field(default=None, description="The tier, a value of the platform's parameter `tier`.")
    limit: FactId = Field(description="The id of the limit that says so.")
    help: Text = Field(description="The nearest that works, in one sentence.")

    @model_validator(mode="after")
    def _excludes_something(self) -> Self:
        if not self.traits and not self.tier:
            raise ValueError("an exclusion needs `traits` or a `tier`; a capability that is never given is `absent`")
        return self


class Cost(Strict):
    """A price that is charged, and how much of it a month uses."""

    price: FactId = Field(description="The id of the price in `blueprints/facts/prices.yaml`.")
    units: dict[Literal["months", "sent", "delivered", "gib_sent", "gib_delivered"], int | float] = Field(
        min_length=1, description="Units used for each month, message sent or delivered, or GiB of them."
    )
    tier: Slug | None = Field(default=None, description="The tier in which it is charged; every one if left out.")
    included_in: FactId | None = Field(
        default=None, description="The price whose free amount covers the first units; its own if left out."
    )


class Definition(Strict):
    """How a workflow engine is told of the workflows that it is to run."""

    format: Literal["asl", "machine"] = Field(
        description="`asl`: the Amazon States Language; `machine`: data for a state machine of the starter's own."
    )
    folder: Text = Field(description="Where the starter keeps them; `__package__` is the name of its package.")


class Operator(Strict):
    """How a language writes one test: `{field}`, `{value}`, and `{each}` for all the values together."""

    each: str = Field(default="", description="What stands for each value.")
    between: str = Field(default="", description="What stands between two values.")
    around: str = Field(description="The whole test; `{each}` stands for its values.")
    one: str = Field(default="", description="The whole test of a single value, where that can be said shorter.")


class Language(Strict):
    """How rules are told to a service: texts with names in braces, since each service has a language of its own."""

    name: Text = Field(description="What the provider calls it.")
    limit: FactId = Field(description="How long one expression may be, and what it can see.")
    quotes: Literal["double", "single"] = Field(
        default="double", description="How text is quoted: as JSON does it, or as SQL does it."
    )
    names: dict[Word, Text] = Field(default={}, description="What `type` and `version` are called in the language.")
    others: Text = Field(default="{field}", description="What an attribute is called in the language.")
    numbers: Literal["plain", "text"] = Field(
        default="plain", description="Whether numbers are compared as numbers, or all that is known of them is text."
    )
    operators: dict[Literal["equals", "prefix", "at_least", "below", "exists", "absent", "not"], Operator] = Field(
        description="What the language can test, and how it writes that."
    )
    both: Text = Field(default=" AND ", description="What stands between two conditions of a rule.")
    rule: Text = Field(default="{conditions}", description="A rule; `{channel}` and `{target}` may stand in it.")
    either: str = Field(
        default="", description="What stands between two rules of one expression; empty: each rule is one of its own."
    )
    subscription: Text = Field(default="{rules}", description="The expression that `{rules}` stand in.")
    alone: str = Field(default="", description="The expression of a single rule, where that is another one.")
    everything: Text = Field(description="The expression that takes every event.")


class Binding(Strict):
    """What a platform gives for a capability."""

    service: Text = Field(description="The product behind it, as its provider calls it.")
    level: Literal["native"] | Emulated | Absent = Field(
        default="native", description="`native`, `{emulated: how}` or `{absent: why}`."
    )
    laptop: str = Field(default="", description="What stands in for it in demo and tests, if it is not there itself.")
    note: str = Field(default="", description="What whoever operates it has to know; the runbook tells it.")
    icon: str = Field(
        default="", description="The icon of the `diagrams` library, such as `azure.integration.ServiceBus`."
    )
    adapter: str = Field(default="", description="The module that speaks to it, in the starter's `messaging` package.")
    terraform: str = Field(default="", description="The Terraform partial that sets it up.")
    definition: Definition | None = Field(
        default=None, description="In what form it reads workflows; only an engine reads any."
    )
    knobs: dict[str, Knob] = Field(default={}, description="Knob → the limit that holds it.")
    excludes: list[Exclusion] = Field(default=[], description="What the service does not hold together.")
    costs: list[Cost] = Field(default=[], description="What each channel of it is charged for, or the part once.")
    bill: str = Field(default="", description="What the month's bill assumes of it, or why it counts nothing.")
    language: Language | None = Field(
        default=None, description="How routing rules are told to it; none: the starter's own code looks at them."
    )
    lacks: dict[Word, Text] = Field(
        default={}, description="Knob → why it has no effect here, where the rest of the capability is given."
    )


class Runtime(Strict):
    """What runs the processes that work on messages."""

    service: Text = Field(description="The product, as its provider calls it.")
    costs: list[Cost] = Field(default=[], description="What each kind of worker is charged for, one process of it.")
    bill: str = Field(default="", description="What the month's bill assumes of it, or why it counts nothing.")


class Choice(Strict):
    """A platform's answer to a blueprint's decision."""

    option: Slug = Field(description="The option taken.")
    because: Text = Field(description="The reason that the record gives.")


class Development(Strict):
    """How the platform runs on a laptop."""

    emulator: str = Field(default="", description="The module that stands in for the provider.")
    environment: dict[str, str] = Field(default={}, description="The settings that point a starter at it.")


class Platform(Strict):
    """A place where starters run: what it gives for each capability."""

    schema_: Literal[1] = Field(alias="schema", description="The version of this format.")
    id: Slug = Field(description="Names the platform; the name of its folder.")
    name: Text = Field(description="What people call it.")
    summary: Text = Field(description="What it is, in one sentence.")
    parameters: dict[Word, Parameter] = Field(
        default={}, description="What the user may set of the platform itself, such as its `tier`."
    )
    bindings: dict[Slug, Binding] = Field(description="Capability → the service that gives it.")
    chooses: dict[Slug, Choice] = Field(default={}, description="Decision → the platform's answer to it.")
    prices: list[FactId] = Field(default=[], description="What it charges for: ids in `blueprints/facts/prices.yaml`.")
    costs: list[Cost] = Field(default=[], description="What is charged once, however many channels there are.")
    workers: Runtime | None = Field(default=None, description="What runs what works on messages; none: nobody charges.")
    development: Development = Field(default=Development(), description="How it runs on a laptop.")


class Setting(Strict):
    """An environment variable of the starter."""

    name: Variable = Field(description="The variable, such as `WORKER_CONCURRENCY`.")
    type: Literal["string", "integer", "number", "boolean", "duration", "path"] = Field(description="What it holds.")
    default: str = Field(description="Its value where it is not set; may be a template expression.")
    help: Text = Field(description="What it does, in one sentence.")
    secret: bool = Field(default=False, description="Whether it must never be written down or logged.")


class Task(Strict):
    """A make target: what Python runs for it."""

    name: Slug = Field(description="The target.")
    help: Text = Field(description="What it does, in one sentence.")
    run: Text = Field(description="The script or module that Python runs.")


class Command(Strict):
    """A subcommand of the starter's own program."""

    name: Slug = Field(description="The word that is typed.")
    help: Text = Field(description="What it does, in one sentence.")
    module: Text = Field(description="The module that registers and runs it, relative to the starter's package.")


class LayerSpec(Strict):
    """What a template layer contributes besides its files."""

    schema_: Literal[1] = Field(alias="schema", description="The version of this format.")
    title: Text = Field(description="What the layer brings, in a few words.")
    requires: list[LayerName] = Field(
        default=[], description="Layers that it needs: `features/<id>`, or `bindings/<capability>` of the platform."
    )
    replaces: list[str] = Field(default=[], description="Target paths that it overrides in a weaker layer.")
    seeded: list[str] = Field(default=[], description="Globs of files that are written once and then the user's.")
    executable: list[str] = Field(default=[], description="Globs of files that may be run.")
    settings: list[Setting] = Field(default=[], description="Environment variables that its code reads.")
    dependencies: list[str] = Field(
        default=[], description="Packages that its code imports, by name; pins give versions."
    )
    dev_dependencies: list[str] = Field(default=[], description="Packages that only its tests and tools need.")
    untyped: list[str] = Field(
        default=[], description="Modules that its packages ship without type hints, such as `grpc.*`."
    )
    tasks: list[Task] = Field(default=[], description="Make targets.")
    commands: list[Command] = Field(default=[], description="Subcommands of the starter's program.")
    compose: dict[str, dict[str, Any]] = Field(
        default={}, description="What it adds to `compose.yaml`, by section: `services`, `volumes` and so on."
    )
    emulator: Slug | None = Field(
        default=None, description="A room of `archwright.emulators`, copied into the starter's `dev/emulators/`."
    )


class Pin(Strict):
    """One package of the set that starters are locked to."""

    version: Text
    hashes: list[str] = Field(description="Digests of its files, `sha256:…`.")
    requires: list[str] = Field(default=[], description="Packages that it needs, by name.")
    marker: str = Field(default="", description="The environment in which it is needed, as PEP 508 writes it.")
