"""The shape of the YAML that people write, strictly: blueprints, platforms, layers, limits and prices."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from archwright.quantities import Duration, Size

PARAMETER = re.compile(r"\$\{([a-z][a-z0-9_]*)\}")


class Strict(BaseModel):
    """Unknown keys are errors, and no value is silently turned into another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


def _duration(text: str) -> str:
    if not PARAMETER.fullmatch(text):
        Duration.parse(text)
    return text


def _size(text: str) -> str:
    if not PARAMETER.fullmatch(text):
        Size.parse(text)
    return text


def _parameter(text: str) -> str:
    if not PARAMETER.fullmatch(text):
        raise ValueError("must be a number or a parameter such as `${max_deliveries}`")
    return text


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
FactId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(\.[a-z0-9_:-]+)+$")]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Text = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
Drill = Annotated[str, StringConstraints(pattern=r"^(test_[a-z0-9_]+|none, because \S.*)$")]
DurationText = Annotated[str, AfterValidator(_duration)]
SizeText = Annotated[str, AfterValidator(_size)]
Reference_ = Annotated[str, AfterValidator(_parameter)]
Count = Annotated[int, Field(ge=1)] | Reference_
Flag = bool | Reference_


class Problem(Strict):
    """What the pattern solves."""

    question: Text
    forces: Annotated[list[Text], Field(min_length=1)]


class AvoidWhen(Strict):
    """A circumstance in which the pattern is wrong, and the blueprint that is right there."""

    text: Text
    use_instead: Slug | None = None


class KnownAs(Strict):
    """The pattern's name in another catalog."""

    catalog: Slug
    name: Text
    url: str = ""


class Parameter(Strict):
    """Something that the user may set; asked for with its help and default."""

    type: Literal["string", "integer", "number", "boolean", "duration", "size", "choice"]
    default: str | int | float | bool
    help: Text
    choices: list[Text] = []
    minimum: str | int | float | None = None
    maximum: str | int | float | None = None
    pattern: str | None = None


class Message(Strict):
    """A message contract: JSON Schema of its body, and an example that satisfies it."""

    version: Annotated[int, Field(ge=1)] = 1
    description: Text
    schema_: Annotated[dict[str, Any], Field(alias="schema")]
    example: dict[str, Any]
    key: str = ""
    attributes: list[str] = []


class Container(Strict):
    """A part that runs or keeps something; `capability` only where a platform has to supply it."""

    kind: Literal["person", "producer", "worker", "service", "store", "engine", "external"]
    name: Text
    description: str = ""
    handles: str | list[str] = []
    instances: str = ""
    capability: Slug | None = None


class Retry(Strict):
    """How long a failed message waits before its next delivery."""

    backoff: Literal["exponential", "constant"] = "exponential"
    first: DurationText
    longest: DurationText


class QueueKnobs(Strict):
    """What a consumer sees of a queue or subscription."""

    name: str = ""
    lease: DurationText | None = None
    max_deliveries: Count | None = None
    dead_letter: Flag = False
    retry: Retry | None = None


class Subscription(QueueKnobs):
    """One consumer's copy of a topic; `filter` maps a message attribute to the values that it takes."""

    filter: dict[str, list[str]] = {}


class Channel(QueueKnobs):
    """A queue, topic or stream that the blueprint needs: a capability and its knobs."""

    capability: Slug
    description: str = ""
    message: str | list[str]
    ordering: Literal["none", "per-key"] = "none"
    deduplication_window: DurationText | None = None
    retention: DurationText | None = None
    payload: SizeText | None = None
    subscriptions: dict[Slug, Subscription] = {}


class Flow(Strict):
    """Who talks to whom; ends are containers, channels, or `channel/subscription`."""

    from_: Annotated[str, Field(alias="from")]
    to: str
    says: Text
    mode: Literal["sync", "async"] = "async"
    route: Literal["main", "failure"] = "main"


class Guarantee(Strict):
    """What holds on one hop (`desk → tasks`), and the drill that proves it."""

    hop: Annotated[str, StringConstraints(pattern=r"^\S+ → \S+$")]
    delivery: Literal["at-most-once", "at-least-once", "exactly-once"]
    ordering: Text
    deduplication: Text
    drill: Drill
    note: str = ""


class ShowsAs(Strict):
    """How a failure shows: a metric and the value above which it is one."""

    metric: Text
    above: Text | int


class FailureMode(Strict):
    """How something fails, how it shows, what handles it, and the drill that makes it happen."""

    mode: Text
    shows_as: ShowsAs
    handled_by: Text
    drill: Drill
    runbook: list[Text] = []


class Option(Strict):
    """One way to decide; `because` is the reason to take it where it is taken."""

    name: Text
    gains: Annotated[list[Text], Field(min_length=1)]
    costs: Annotated[list[Text], Field(min_length=1)]
    because: str = ""


class Decision(Strict):
    """A decision of the starter's record: question, options, and which one stands unless an answer says otherwise.

    With `parameter`, the value of that choice parameter is the id of the option taken.
    """

    id: Slug
    title: Text
    question: Text
    context: Text
    drivers: Annotated[list[Text], Field(min_length=1)]
    options: Annotated[dict[Slug, Option], Field(min_length=2)]
    default: Slug
    parameter: Word | None = None
    consequences: Annotated[list[Text], Field(min_length=1)]
    confirmed_by: Drill
    revisit_when: list[Text] = []


class Related(Strict):
    """Another blueprint that belongs with this one."""

    id: Slug
    why: Text


class Blueprint(Strict):
    """A catalogued pattern; it names capabilities, never a platform."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    id: Slug
    name: Text
    category: Literal["messaging", "orchestration", "reliability", "genai", "structure"]
    ring: Literal["adopt", "trial", "assess", "caution"]
    last_reviewed: Day
    summary: Text
    problem: Problem
    use_when: Annotated[list[Text], Field(min_length=1)]
    avoid_when: Annotated[list[AvoidWhen], Field(min_length=1)]
    known_as: list[KnownAs] = []
    parameters: dict[Word, Parameter] = {}
    messages: dict[Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9]*$")], Message] = {}
    containers: Annotated[dict[Slug, Container], Field(min_length=1)]
    channels: dict[Slug, Channel] = {}
    flows: list[Flow] = []
    guarantees: list[Guarantee] = []
    failure_modes: Annotated[list[FailureMode], Field(min_length=1)]
    decisions: Annotated[list[Decision], Field(min_length=1)]
    features: list[Slug] = []
    facts: list[FactId] = []
    related: list[Related] = []
    story: list[str] = []


class Emulated(Strict):
    """The platform keeps the promise with code of ours; `emulated` says how."""

    emulated: Text


class Absent(Strict):
    """The platform cannot keep the promise; `absent` says why."""

    absent: Text


class Knob(Strict):
    """The limit that holds a knob; `renewable` where work may outlast it by renewing."""

    limit: FactId
    renewable: bool = False


class Binding(Strict):
    """What a platform gives for a capability."""

    service: Text
    level: Literal["native"] | Emulated | Absent = "native"
    icon: str = ""
    adapter: str = ""
    terraform: str = ""
    knobs: dict[str, Knob] = {}


class Choice(Strict):
    """A platform's answer to a blueprint's decision."""

    option: Slug
    because: Text


class Development(Strict):
    """How the platform runs on a laptop."""

    emulator: str = ""
    environment: dict[str, str] = {}


class Platform(Strict):
    """A place where starters run: what it gives for each capability."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    id: Slug
    name: Text
    summary: Text
    bindings: dict[Slug, Binding]
    chooses: dict[Slug, Choice] = {}
    development: Development = Development()


class Setting(Strict):
    """An environment variable of the starter."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]
    type: Literal["string", "integer", "number", "boolean", "duration", "path"]
    default: str
    help: Text
    secret: bool = False


class Task(Strict):
    """A make target: what Python runs for it."""

    name: Slug
    help: Text
    run: Text


class Command(Strict):
    """A subcommand of the starter's own program."""

    name: Slug
    help: Text
    module: Text


class LayerSpec(Strict):
    """What a template layer contributes besides its files."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    title: Text
    requires: list[str] = []
    replaces: list[str] = []
    seeded: list[str] = []
    executable: list[str] = []
    settings: list[Setting] = []
    dependencies: list[str] = []
    dev_dependencies: list[str] = []
    tasks: list[Task] = []
    commands: list[Command] = []
    compose: dict[str, Any] = {}


class Pin(Strict):
    """One package of the set that starters are locked to."""

    version: Text
    hashes: list[str]
    requires: list[str] = []
    marker: str = ""


class PlannedPattern(Strict):
    """A pattern that blueprints may name although the catalog does not hold it yet."""

    name: Text
    category: Literal["messaging", "orchestration", "reliability", "genai", "structure"]


class Sourced(Strict):
    """A fact with where it was read, when, and how sure it is.

    Confidence: A primary machine-readable artefact, B stored copy of the provider's page, C secondary source,
    D not read: verify.
    """

    service: Text
    what: Text
    source: Text
    read: Day
    confidence: Literal["A", "B", "C", "D"]
    note: str = ""


class Limit(Sourced):
    """A provider's limit; `minimum` and `maximum` carry a unit (`5m`, `256KiB`) or are counts."""

    value: Text
    minimum: str | int | float | None = None
    maximum: str | int | float | None = None
    default: str | int | float | None = None
    adjustable: bool = False


class Price(Sourced):
    """A list price in US dollars; `usd` per `unit`, or one number per kind of use (`input`, `output`, …)."""

    unit: Text
    usd: float | dict[str, float]
    region: str = ""
    free_tier: str = ""
    billing_chunk: str = ""


KINDS: dict[str, type[Strict]] = {"blueprint": Blueprint, "platform": Platform, "layer": LayerSpec}
FACT_KINDS: dict[str, type[Sourced]] = {"limits": Limit, "prices": Price}


def json_schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a kind of file, for editors and other tools.

    Raises:
        KeyError: there is no such kind.
    """
    if kind in FACT_KINDS:
        entry = FACT_KINDS[kind].model_json_schema(by_alias=True)
        schema: dict[str, Any] = {"type": "object", "additionalProperties": {"$ref": "#/$defs/Entry"}}
        return _titled(kind, {**schema, "$defs": {**entry.pop("$defs", {}), "Entry": entry}})
    return _titled(kind, KINDS[kind].model_json_schema(by_alias=True))


def _titled(kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": f"archwright {kind}"}
