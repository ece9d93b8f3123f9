"""Architecture and its parts: a blueprint bound to a platform, frozen, as every generator reads it.

One module although it passes 400 lines: it is data without logic, and it is read as one page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from archwright.quantities import Duration, Size


class Level(StrEnum):
    """How well a platform keeps a capability's promise."""

    NATIVE = "native"
    EMULATED = "emulated"
    ABSENT = "absent"


class Delivery(StrEnum):
    """How often a message arrives at the other end of a hop."""

    AT_MOST_ONCE = "at-most-once"
    AT_LEAST_ONCE = "at-least-once"
    EXACTLY_ONCE = "exactly-once"


class ContainerKind(StrEnum):
    """What a container is; diagrams and documents choose words and shapes by it."""

    PERSON = "person"
    PRODUCER = "producer"
    WORKER = "worker"
    SERVICE = "service"
    STORE = "store"
    ENGINE = "engine"
    EXTERNAL = "external"


class Mode(StrEnum):
    """Whether the sender waits for the other side."""

    SYNCHRONOUS = "sync"
    ASYNCHRONOUS = "async"


class Route(StrEnum):
    """Whether a relationship belongs to the way things go, or to the way they fail."""

    MAIN = "main"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The name of this pattern in another catalog, such as `enterprise-integration-patterns`."""

    catalog: str
    name: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """Another blueprint that belongs with this one, and why."""

    id: str
    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AvoidWhen:
    """A circumstance in which the pattern is wrong; `use_instead` is a blueprint's id or empty."""

    text: str
    use_instead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlueprintRef:
    """Which pattern this is, and when to use it."""

    id: str
    name: str
    category: str
    ring: str
    summary: str
    last_reviewed: str
    question: str
    forces: tuple[str, ...]
    use_when: tuple[str, ...]
    avoid_when: tuple[AvoidWhen, ...]
    known_as: tuple[Reference, ...]
    related: tuple[Related, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformRef:
    """Which platform the blueprint is bound to."""

    id: str
    name: str
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """What the generated repository is called and whose it is.

    `name` is its folder (`order-desk`), `package` its import name (`order_desk`), `title` its name in prose
    (`Order desk`), `owner` a CODEOWNERS handle, `date` the ISO date of its decision records.
    """

    name: str
    package: str
    title: str
    owner: str
    license: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """An answer of the user's, validated; `value` has the type that `type` names."""

    id: str
    type: str
    value: Any
    default: Any
    help: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A provider's limit: what was read, where, when and how sure it is (A: primary source, B: secondary, C: hearsay).

    `minimum` and `maximum` are present only where they are one number in the unit of the knob
    (seconds, bytes or a count).
    """

    id: str
    service: str
    what: str
    value: str
    source: str
    read: str
    confidence: str
    note: str = ""
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """What a service does not hold: all `traits` together, in `tier` only if one is named; `limit` says so."""

    traits: frozenset[str]
    tier: str  # empty: in every tier
    limit: Fact
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A price that a service charges, and how much of it a month uses."""

    price: Fact
    usd: float  # US dollars for `per` units
    per: float
    free: float  # units that are free every month
    chunk: int  # bytes that a message's size is rounded up to; 0: it is not
    units: Mapping[str, float]  # months, sent, delivered, gib_sent or gib_delivered → units for each


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """What runs the processes that work on messages, and what one of them costs."""

    name: str
    costs: tuple[Cost, ...]
    bill: str  # what the month's bill assumes of it, or why it counts nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateLine:
    """What one price comes to in a month, in US dollars, at each load of the estimate."""

    price: Fact
    amounts: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a month costs by list prices, at several loads.

    `loads` are messages that each channel takes in a month, of `bytes` each. `left_out` names the services of which
    nothing is counted; `remarks` say of a service why that is so, or what is assumed of it.
    """

    loads: tuple[int, ...]
    bytes: int
    lines: tuple[EstimateLine, ...]
    left_out: tuple[str, ...]
    remarks: Mapping[str, str]

    @property
    def totals(self) -> tuple[float, ...]:
        """The sum of the lines at each load."""
        return tuple(sum(amounts) for amounts in zip(*(line.amounts for line in self.lines), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """In what format an engine reads workflows, and the starter's folder that holds them."""

    format: str
    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """How a language writes one test: `{field}`, `{value}`, and `{each}` for all the values together."""

    each: str
    between: str
    around: str
    one: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """How routing rules are told to a service; `limit` bounds one expression."""

    name: str
    limit: Fact
    quotes: str  # double | single
    names: Mapping[str, str]  # `type` and `version` as the language calls them
    others: str  # what an attribute is called
    numbers: str  # plain | text
    operators: Mapping[str, Operator]
    both: str
    rule: str
    either: str  # empty: each rule is an expression of its own
    subscription: str
    alone: str  # the expression of a single rule, where that is another one
    everything: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The platform's product behind a capability, and how well it keeps the promise."""

    capability: str
    name: str
    level: Level
    note: str
    icon: str
    adapter: str
    terraform: str
    limits: Mapping[str, Fact]  # knob → limit that holds it
    renewable: frozenset[str]  # knobs whose limit can be renewed while working
    tier: str = ""  # the tier that was chosen, if the platform has tiers
    excludes: tuple[Exclusion, ...] = ()
    costs: tuple[Cost, ...] = ()  # in the tier that was chosen
    bill: str = ""  # what the month's bill assumes of it, or why it counts nothing
    laptop: str = ""  # what stands in for it in demo and tests; empty: it is there itself
    definition: Definition | None = None  # of a workflow engine
    language: Language | None = None  # how routing rules are told to it
    lacks: Mapping[str, str] = field(default_factory=dict)  # knob → why it has no effect here


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A part that runs or keeps something (C4 container)."""

    id: str
    name: str
    kind: ContainerKind
    description: str
    handles: tuple[str, ...]  # channel or `channel/subscription` ids
    instances: str
    service: Service | None
    timeout: Duration | None = None  # for one message, request or execution
    payload: Size | None = None  # the largest input or output
    retention: Duration | None = None  # how long it keeps what messages of `outlives` need
    outlives: tuple[str, ...] = ()  # channel ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How long a failed message waits: always `first` (`constant`), or doubled up to `longest` (`exponential`)."""

    backoff: str
    first: Duration
    longest: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A test of one field of an event: `type`, `version`, or one of its attributes.

    `operator` is equals, prefix, at_least, below, exists, absent or not; equals and not take several values.
    """

    field: str
    operator: str
    values: tuple[str | int | float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which events a subscription takes: those that meet all the conditions."""

    name: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What a consumer sees: a work queue, or a topic's subscription; an absent knob is None."""

    id: str
    name: str
    lease: Duration | None
    max_deliveries: int | None
    dead_letter: bool
    retry: Retry | None
    filter: Mapping[str, tuple[str, ...]]  # message attribute → accepted values; empty: everything
    dead_letter_retention: Duration | None = None
    push: bool = False  # the service calls the consumer, which cannot renew
    rules: tuple[Rule, ...] = ()  # of an event bus: an event comes here by any one of them; none: every event
    expressions: Mapping[str, str] = field(default_factory=dict)  # what the service is told for them, by name


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A queue, topic or stream, with the knobs that the blueprint set.

    A work queue has its consumer's knobs in `queue`; a topic has one `Queue` per subscription.
    """

    id: str
    name: str
    description: str
    service: Service
    messages: tuple[str, ...]
    ordering: str  # none | per-key
    deduplication_window: Duration | None
    retention: Duration | None
    payload: Size | None
    queue: Queue | None
    subscriptions: tuple[Queue, ...]
    delivery: Delivery = Delivery.AT_LEAST_ONCE  # what the channel itself is asked for
    delayed: bool = False  # single messages are sent for a later time
    regions: str = "one"  # one | several
    replay: Duration | None = None  # how far back events can be delivered again

    @property
    def traits(self) -> frozenset[str]:
        """What is asked of the channel that not every service gives, in the words of `Exclusion.traits`."""
        asked = {
            "ordered": self.ordering != "none",
            "deduplicated": self.deduplication_window is not None,
            "delayed": self.delayed,
            "exactly-once": self.delivery is Delivery.EXACTLY_ONCE,
            "push": any(queue.push for queue in self.queues),
            "several-regions": self.regions == "several",
        }
        return frozenset(trait for trait, wanted in asked.items() if wanted)

    @property
    def queues(self) -> tuple[Queue, ...]:
        """Every queue that a consumer of this channel can lease from."""
        return (self.queue,) if self.queue else self.subscriptions

    @property
    def is_topic(self) -> bool:
        """Whether each message goes to every subscription rather than to one consumer."""
        return self.queue is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message contract: JSON Schema, an example that satisfies it, the field that orders it."""

    name: str
    version: int
    description: str
    schema: Mapping[str, Any]
    example: Mapping[str, Any]
    key: str
    attributes: tuple[str, ...]  # fields copied into the message's attributes, where filters see them
    type: str = ""  # what the envelope calls it; its name if empty


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRetry:
    """How a step is tried again after these errors; `any`, `timeout`, `heartbeat`, or names that handlers report."""

    errors: tuple[str, ...]
    attempts: int  # after the first
    first: Duration
    longest: Duration
    exponential: bool
    jitter: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Catch:
    """Where a step that has failed for good goes on; `result` is where `{Error, Cause}` is put, or empty."""

    errors: tuple[str, ...]
    next: str
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A condition on one place of the data: `equals`, `above`, `below` or `present`, and the value it compares to."""

    path: str
    comparison: str
    value: str | float | bool
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a workflow; `next` is empty where the workflow, or one run of a map, ends with it."""

    id: str
    name: str
    description: str
    next: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingStep(Step):
    """A step that may fail, be tried again, and be caught; `result` is where its result is put, or empty."""

    result: str
    input: Mapping[str, str]  # name → place in the data
    retries: tuple[StepRetry, ...]
    catches: tuple[Catch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStep(FailingStep):
    """A worker calls a handler with `input`, or with all of the data where that is empty."""

    handler: str
    timeout: Duration  # for one attempt, from the moment at which it waits in the queue
    heartbeat: Duration | None  # the longest silence, from the same moment


@dataclass(frozen=True, slots=True, kw_only=True)
class MapStep(FailingStep):
    """The same steps for each item of a list; they see it as `item`, its place as `index`, and `input` besides."""

    over: str
    item: str
    most: int
    concurrency: int
    start: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceStep(Step):
    """The first case that holds says what follows; `otherwise` where none does."""

    cases: tuple[Case, ...]
    otherwise: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitStep(Step):
    """Time passes."""

    duration: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class SucceedStep(Step):
    """The end, well; `output` is the place in the data that is given back, or empty for all of it."""

    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailStep(Step):
    """The end, badly."""

    error: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """An orchestration: which step follows which, what each may take, and what happens when one fails."""

    id: str
    name: str
    description: str
    engine: Container
    queue: Channel  # carries `StepDue`, by which steps reach their workers
    input: tuple[str, ...]
    timeout: Duration
    start: str
    steps: tuple[Step, ...]

    @property
    def handlers(self) -> tuple[str, ...]:
        """The names of the handlers that its tasks call, each once, in their order."""
        inner = [step for one in self.steps for step in (one, *(one.steps if isinstance(one, MapStep) else ()))]
        return tuple(dict.fromkeys(step.handler for step in inner if isinstance(step, TaskStep)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship:
    """Who talks to whom; ends are ids of containers or channels, or `channel/subscription`."""

    source: str
    target: str
    says: str
    mode: Mode
    route: Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way to decide, with what it gains and costs."""

    id: str
    name: str
    gains: tuple[str, ...]
    costs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision with the option taken; `because` is the reason, `confirmed_by` the drill that proves it."""

    id: str
    title: str
    question: str
    context: str
    drivers: tuple[str, ...]
    options: tuple[Option, ...]
    chosen: str
    because: str
    consequences: tuple[str, ...]
    confirmed_by: str
    confirmation: str
    decided_by: str  # blueprint | platform | parameter
    revisit_when: tuple[str, ...]

    @property
    def outcome(self) -> Option:
        """The option that was taken."""
        return next(option for option in self.options if option.id == self.chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    """What holds on one hop, and the drill that proves it (or why there is none)."""

    source: str
    target: str
    delivery: Delivery
    ordering: str
    deduplication: str
    drill: str
    no_drill_because: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureMode:
    """How something fails, how it shows, how it is handled, and the drill that causes it (or why there is none)."""

    mode: str
    metric: str
    threshold: str
    handled_by: str
    drill: str
    no_drill_because: str
    runbook: tuple[str, ...]  # what a person does about it, step by step


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One environment variable of the starter; `.env.example`, the settings class and the README come from it."""

    name: str
    type: str  # string | integer | number | boolean | duration | path
    default: str
    help: str
    secret: bool = False

    @property
    def field(self) -> str:
        """The name of the settings class's attribute."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A pinned package of the starter's lock; `marker` is a PEP 508 environment marker or empty."""

    name: str
    version: str
    hashes: tuple[str, ...]
    marker: str
    needed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One make target: a name, a help line and the module or script that Python runs."""

    name: str
    help: str
    run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One subcommand of the starter's own program; `module` gives `register(parser)` and `run(arguments)`."""

    name: str
    help: str
    module: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A template folder laid over weaker ones; `id` is like `features/worker` or `platforms/local/bindings/topic`."""

    id: str
    folder: Path
    replaces: tuple[str, ...]
    seeded: tuple[str, ...]
    executable: tuple[str, ...]
    emulator: str = ""  # a room of `archwright.emulators` that comes with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """A blueprint bound to a platform: everything any generator may know."""

    blueprint: BlueprintRef
    platform: PlatformRef
    starter: Starter
    parameters: Mapping[str, Parameter]
    containers: tuple[Container, ...]
    channels: tuple[Channel, ...]
    messages: tuple[Message, ...]
    workflows: tuple[Workflow, ...]
    relationships: tuple[Relationship, ...]
    decisions: tuple[Decision, ...]
    guarantees: tuple[Guarantee, ...]
    failure_modes: tuple[FailureMode, ...]
    facts: tuple[Fact, ...]
    prices: tuple[Fact, ...] = ()  # what the platform charges for
    estimate: Estimate | None = None  # what that comes to in a month
    settings: tuple[Setting, ...]
    dependencies: tuple[Requirement, ...]  # named by the layers, for pyproject.toml
    dev_dependencies: tuple[Requirement, ...]
    untyped: tuple[str, ...] = ()  # modules of theirs without type hints
    lock: tuple[Requirement, ...]  # all of them with everything that they need
    tasks: tuple[Task, ...]
    commands: tuple[Command, ...]
    compose: Mapping[str, Any]  # services of compose.yaml
    story: tuple[str, ...]  # lines of the demo's expected output, for the README
    layers: tuple[Layer, ...] = field(repr=False)

    def channel(self, channel_id: str) -> Channel:
        """Return the channel with this id."""
        return next(channel for channel in self.channels if channel.id == channel_id)

    def message(self, name: str) -> Message:
        """Return the message with this name."""
        return next(message for message in self.messages if message.name == name)

    def name_of(self, end: str) -> str:
        """Return the readable name of a relationship's or guarantee's end."""
        names = {container.id: container.name for container in self.containers}
        names |= {channel.id: channel.name for channel in self.channels}
        names |= {f"{channel.id}/{queue.id}": queue.name for channel in self.channels for queue in channel.queues}
        return names.get(end, end)
