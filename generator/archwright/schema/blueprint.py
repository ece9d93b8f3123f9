"""The shape of `blueprint.yaml`: a pattern with its messages, parts, guarantees, failures and decisions."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from archwright.schema.parameter import Parameter  # noqa: TC001  # pydantic reads it at run time
from archwright.schema.words import (
    Count,
    Day,
    Drill,
    DurationText,
    FactId,
    Flag,
    Hop,
    Scalar,
    SizeText,
    Slug,
    Strict,
    Text,
    TypeName,
    Word,
)
from archwright.schema.workflow import Workflow  # noqa: TC001  # pydantic reads it at run time


class Problem(Strict):
    """What the pattern solves."""

    question: Text = Field(description="The problem as one question, without the solution in it.")
    forces: list[Text] = Field(min_length=1, description="What pulls in different directions, one sentence each.")


class AvoidWhen(Strict):
    """A circumstance in which the pattern is wrong, and the blueprint that is right there."""

    text: Text = Field(description="The circumstance, and what to do there if no blueprint is the answer.")
    use_instead: Slug | None = Field(default=None, description="The id of the blueprint that fits better.")


class KnownAs(Strict):
    """The pattern's name in another catalog."""

    catalog: Slug = Field(description="The other catalog, such as `enterprise-integration-patterns`.")
    name: Text = Field(description="What the pattern is called there.")
    url: str = Field(default="", description="The page of the pattern there, if its address is certain.")


class Message(Strict):
    """A message contract: JSON Schema of its body, and an example that satisfies it."""

    type: TypeName | None = Field(
        default=None, description="What the envelope calls it, where that is not the name here: as version 2 of a type."
    )
    version: int = Field(
        default=1, ge=1, description="Raised when a consumer of the last version cannot read this one."
    )
    description: Text = Field(description="What the message says, in one sentence.")
    schema_: dict[str, Any] = Field(alias="schema", description="JSON Schema 2020-12 of the body.")
    example: dict[str, Any] = Field(description="A body that satisfies the schema; shown in documents, used in tests.")
    key: str = Field(
        default="", description="The field that says what the message is about; it orders where order is kept."
    )
    attributes: list[str] = Field(default=[], description="Fields copied beside the body, where filters can see them.")


class Container(Strict):
    """A part that runs or keeps something; `capability` only where a platform has to supply it."""

    kind: Literal["person", "producer", "worker", "service", "store", "engine", "external"] = Field(
        description="What it is; diagrams choose its shape by it."
    )
    name: Text = Field(description="What diagrams and documents call it.")
    description: str = Field(default="", description="What it does, in one sentence.")
    handles: str | list[str] = Field(
        default=[], description="The queues that it consumes: channels, or `channel/subscription`."
    )
    instances: str = Field(default="", description="How many run at once, such as `1..20`.")
    capability: Slug | None = Field(
        default=None, description="What a platform has to supply for it, such as `document-store`."
    )
    timeout: DurationText | None = Field(
        default=None, description="How long it may take for one message, request or execution."
    )
    payload: SizeText | None = Field(default=None, description="The largest input or output that it has to take.")
    retention: DurationText | None = Field(
        default=None, description="How long it keeps what it holds for the messages of the channels in `outlives`."
    )
    outlives: list[Slug] = Field(
        default=[], description="Channels whose messages need what it holds for as long as they may come."
    )


class Retry(Strict):
    """How long a failed message waits before its next delivery."""

    backoff: Literal["exponential", "constant"] = Field(
        default="exponential", description="Whether the wait doubles after each failure, or stays the same."
    )
    first: DurationText = Field(description="The wait before the second delivery.")
    longest: DurationText = Field(description="The longest wait between two deliveries.")


class QueueKnobs(Strict):
    """What a consumer sees of a queue or subscription."""

    name: str = Field(default="", description="What diagrams and documents call it; its id if empty.")
    lease: DurationText | None = Field(
        default=None, description="How long a consumer holds a message before another may take it."
    )
    max_deliveries: Count | None = Field(
        default=None, description="Deliveries of a message before it is set aside as a dead letter."
    )
    dead_letter: Flag = Field(default=False, description="Whether what cannot be handled is set aside with its reason.")
    dead_letter_retention: DurationText | None = Field(
        default=None, description="How long what was set aside is kept, from the day on which it was sent."
    )
    retry: Retry | None = Field(default=None, description="How long a failed message waits.")
    push: Flag = Field(
        default=False, description="Whether the service calls the consumer, which cannot renew, instead of being asked."
    )


class Condition(Strict):
    """A test of one field that is more than a list of the values that it may have; exactly one key."""

    prefix: Text | None = Field(default=None, description="The field begins with this text.")
    at_least: float | int | None = Field(default=None, description="The field is a number, and no smaller.")
    below: float | int | None = Field(default=None, description="The field is a number, and smaller.")
    exists: bool | None = Field(default=None, description="Whether the field is there at all.")
    not_: list[Scalar] | None = Field(
        default=None, alias="not", min_length=1, description="The field is there, and is none of these."
    )

    @model_validator(mode="after")
    def _tests_one_thing(self) -> Self:
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError("a condition needs exactly one of `prefix`, `at_least`, `below`, `exists`, `not`")
        return self


class Rule(Strict):
    """Which events a subscription of an event bus takes: those that meet all the conditions."""

    name: Slug = Field(description="Names the rule; what the platform is told carries this name.")
    when: dict[Word, Scalar | list[Scalar] | Condition] = Field(
        min_length=1,
        description="`type`, `version` or an attribute → the value or values that it may have, or a condition.",
    )


class Subscription(QueueKnobs):
    """One consumer's copy of a topic."""

    rules: list[Rule] = Field(
        default=[], description="On an event bus: which events come here, each by any one rule; none: every event."
    )

    filter: dict[str, list[str]] = Field(
        default={}, description="Message attribute → the values that it takes; nothing else enters the subscription."
    )


class Channel(QueueKnobs):
    """A queue, topic or stream that the blueprint needs: a capability and its knobs."""

    capability: Slug = Field(description="What a platform has to supply, such as `work-queue` or `topic`.")
    description: str = Field(default="", description="What waits in it, in one sentence.")
    message: str | list[str] = Field(description="The message, or messages, that it carries.")
    ordering: Literal["none", "per-key"] = Field(
        default="none", description="Whether messages of one key are delivered in the order in which they were sent."
    )
    deduplication_window: DurationText | None = Field(
        default=None, description="How long a second message with the same id is recognised and dropped."
    )
    delivery: Literal["at-least-once", "exactly-once"] = Field(
        default="at-least-once", description="How often the channel itself is to deliver a message."
    )
    delayed: Flag = Field(default=False, description="Whether single messages are sent for a later time.")
    regions: Literal["one", "several"] = Field(
        default="one", description="Whether senders or consumers stand in more than one region."
    )
    retention: DurationText | None = Field(default=None, description="How long an undone message is kept.")
    replay: DurationText | None = Field(
        default=None, description="How far back an event bus can deliver events again, as far as the platform can."
    )
    payload: SizeText | None = Field(default=None, description="The largest message that it has to carry.")
    subscriptions: dict[Slug, Subscription] = Field(default={}, description="The subscriptions of a topic, by id.")


class Flow(Strict):
    """Who talks to whom; ends are containers, channels, or `channel/subscription`."""

    from_: str = Field(alias="from", description="Where it starts.")
    to: str = Field(description="Where it ends.")
    says: Text = Field(description="What passes, as a label on the arrow: `sends Task`.")
    mode: Literal["sync", "async"] = Field(default="async", description="Whether the sender waits for the other side.")
    route: Literal["main", "failure"] = Field(
        default="main", description="Whether it is the way things go, or the way they fail."
    )


class Guarantee(Strict):
    """What holds on one hop, and the drill that proves it."""

    hop: Hop = Field(description="Where from and where to: `desk → tasks`.")
    delivery: Literal["at-most-once", "at-least-once", "exactly-once"] = Field(
        description="How often a message arrives at the other end."
    )
    ordering: Text = Field(description="`none`, or what order is kept.")
    deduplication: Text = Field(description="`none`, or what takes duplicates out, and for how long.")
    drill: Drill = Field(description="The test that proves it, or `none, because …`.")
    note: str = Field(default="", description="What the guarantee does not cover.")


class ShowsAs(Strict):
    """How a failure shows: a metric and the value above which it is one."""

    metric: Text = Field(description="The name of the metric that shows it first.")
    above: Text | int = Field(description="The value, or the words, above which somebody has to look.")


class FailureMode(Strict):
    """How something fails, how it shows, what handles it, and the drill that makes it happen."""

    mode: Text = Field(description="What goes wrong, in one sentence.")
    shows_as: ShowsAs = Field(description="The metric and threshold by which it is seen.")
    handled_by: Text = Field(description="What the architecture does about it, without a person.")
    drill: Drill = Field(description="The test that makes it happen, or `none, because …`.")
    runbook: list[Text] = Field(default=[], description="What a person does about it, step by step.")


class Option(Strict):
    """One way to decide; `because` is the reason to take it where it is taken."""

    name: Text = Field(description="The option in a few words.")
    gains: list[Text] = Field(min_length=1, description="What speaks for it.")
    costs: list[Text] = Field(min_length=1, description="What speaks against it.")
    because: str = Field(default="", description="The reason that the record gives if this option is taken.")


class Decision(Strict):
    """A decision of the starter's record: question, options, and which one stands unless an answer says otherwise."""

    id: Slug = Field(description="Names the decision; platforms answer it by this id.")
    title: Text = Field(description="The outcome, in the imperative, as the record's title.")
    question: Text = Field(description="What has to be decided.")
    context: Text = Field(description="What makes the question arise, and what is known.")
    drivers: list[Text] = Field(min_length=1, description="What the options are weighed by.")
    options: dict[Slug, Option] = Field(
        min_length=2, description="At least two ways that a reasonable team would take."
    )
    default: Slug = Field(description="The option that stands where neither parameter nor platform takes another.")
    parameter: Word | None = Field(default=None, description="A choice parameter whose value is the option taken.")
    consequences: list[Text] = Field(min_length=1, description="What follows from the outcome, the unwelcome too.")
    confirmed_by: Drill = Field(description="The test that shows the decision to hold, or `none, because …`.")
    revisit_when: list[Text] = Field(default=[], description="What would make the decision worth taking again.")


class Related(Strict):
    """Another blueprint that belongs with this one."""

    id: Slug = Field(description="The id of the other blueprint.")
    why: Text = Field(description="What it adds to this one, in one sentence.")


class Blueprint(Strict):
    """A catalogued pattern; it names capabilities, never a platform."""

    schema_: Literal[1] = Field(alias="schema", description="The version of this format.")
    id: Slug = Field(description="Names the blueprint; the name of its folder.")
    name: Text = Field(description="What people call the pattern.")
    category: Literal["messaging", "orchestration", "reliability", "genai", "structure"] = Field(
        description="Where the catalog lists it."
    )
    ring: Literal["adopt", "trial", "assess", "caution"] = Field(description="How far it is to be trusted today.")
    last_reviewed: Day = Field(description="The day on which somebody last read it against its sources.")
    summary: Text = Field(description="What it does, in one sentence.")
    problem: Problem
    use_when: list[Text] = Field(min_length=1, description="Circumstances in which the pattern is right.")
    avoid_when: list[AvoidWhen] = Field(min_length=1, description="Circumstances in which it is wrong.")
    known_as: list[KnownAs] = Field(default=[], description="Its names in other catalogs.")
    parameters: dict[Word, Parameter] = Field(
        default={}, description="What the user may set; named as `${lease}` below."
    )
    messages: dict[TypeName, Message] = Field(default={}, description="The contracts of what is sent, by name.")
    containers: dict[Slug, Container] = Field(min_length=1, description="The parts that run or keep something, by id.")
    channels: dict[Slug, Channel] = Field(default={}, description="The queues, topics and streams, by id.")
    workflows: dict[Slug, Workflow] = Field(default={}, description="The orchestrations, by id.")
    flows: list[Flow] = Field(default=[], description="The arrows of the diagram.")
    guarantees: list[Guarantee] = Field(default=[], description="What holds on each hop.")
    failure_modes: list[FailureMode] = Field(min_length=1, description="How it fails, and what happens then.")
    decisions: list[Decision] = Field(min_length=1, description="The decisions that the starter records.")
    features: list[Slug] = Field(default=[], description="Template folders under `templates/features/` that it needs.")
    facts: list[FactId] = Field(default=[], description="Limits and prices that a reader should know, by id.")
    related: list[Related] = Field(default=[], description="Blueprints that belong with this one.")
    story: list[str] = Field(default=[], description="The lines that the starter's demo prints.")


class PlannedPattern(Strict):
    """A pattern that blueprints may name although the catalog does not hold it yet."""

    name: Text
    category: Literal["messaging", "orchestration", "reliability", "genai", "structure"]
