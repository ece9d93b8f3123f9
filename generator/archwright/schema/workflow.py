"""The shape of a blueprint's `workflows`: steps that are done one after the other, and what happens when one fails."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from archwright.schema.words import (
    Count,
    DurationText,
    Flag,
    Slug,
    Strict,
    Text,
    TypeName,
    Word,
)

Path = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$", max_length=120)]
"""A place in an execution's data: `parts`, `job.document`."""
ErrorName = Literal["any", "timeout", "heartbeat"] | TypeName
"""`any`, `timeout` and `heartbeat` are the engine's words; a name with a capital is an error that a handler reports."""


class StepRetry(Strict):
    """How often a step is tried again after these errors, and how long it waits before."""

    errors: list[ErrorName] = Field(
        min_length=1,
        description="`any`, `timeout`, `heartbeat`, or names of errors that handlers report, such as `Throttled`.",
    )
    attempts: Count = Field(description="How often it is tried again after the first attempt.")
    first: DurationText = Field(default="1s", description="The wait before the first of these attempts.")
    longest: DurationText = Field(default="1m", description="The longest wait between two attempts.")
    backoff: Literal["exponential", "constant"] = Field(
        default="exponential", description="Whether the wait doubles after each failure, or stays the same."
    )
    jitter: Flag = Field(
        default=True, description="Whether each wait is drawn at random up to its length, so that none return together."
    )


class Catch(Strict):
    """Where a step goes on when it has failed for good."""

    errors: list[ErrorName] = Field(min_length=1, description="The errors that are caught; `any` stands alone.")
    next: Slug = Field(description="The step that follows then; compensation is a step like any other.")
    result: Word | None = Field(
        default=None, description="Where `{Error, Cause}` is put in the data; nowhere if it is left out."
    )


class Callback(Strict):
    """The step waits for a worker, which has to be heard from while it works."""

    heartbeat: DurationText = Field(
        description="The longest silence, from the moment at which the step waits in its queue; then it has failed."
    )


class _Step(Strict):
    name: str = Field(default="", description="What diagrams and documents call it; its id if empty.")
    description: str = Field(default="", description="What it does, in one sentence.")


class _Going(_Step):
    next: Slug | None = Field(default=None, description="The step that follows; the workflow ends here without one.")


class _Failing(_Going):
    result: Word | None = Field(
        default=None, description="Where its result is put in the data; nowhere if it is left out."
    )
    retry: list[StepRetry] = Field(default=[], description="When it is tried again; the first entry that fits counts.")
    catch: list[Catch] = Field(default=[], description="Where it goes on after a failure; the first that fits counts.")


class TaskStep(_Failing):
    """A worker does something: a handler is called with a part of the data."""

    kind: Literal["task"] = Field(description="`task`: a worker calls a handler.")
    handler: Word = Field(description="The handler that does it, by name.")
    timeout: DurationText = Field(description="How long one attempt may take, the wait for a worker included.")
    callback: Callback | None = Field(default=None, description="That its worker says while it works that it lives.")
    input: dict[Word, Path] = Field(
        default={}, description="What the handler is given: name → place in the data; all of it if left out."
    )


class Case(Strict):
    """A condition on one place of the data, and the step that follows where it holds; exactly one comparison."""

    when: Path = Field(description="The place in the data that is looked at.")
    equals: str | int | float | bool | None = Field(default=None, description="It is this text, number or truth.")
    above: int | float | None = Field(default=None, description="It is a number above this one.")
    below: int | float | None = Field(default=None, description="It is a number below this one.")
    present: bool | None = Field(default=None, description="It is there, or is not.")
    next: Slug = Field(description="The step that follows then.")

    @model_validator(mode="after")
    def _compares_once(self) -> Self:
        if sum(getattr(self, one) is not None for one in ("equals", "above", "below", "present")) != 1:
            raise ValueError("give exactly one of `equals`, `above`, `below` and `present`")
        return self


class ChoiceStep(_Step):
    """The data decide which step follows."""

    kind: Literal["choice"] = Field(description="`choice`: the data decide.")
    choices: list[Case] = Field(min_length=1, description="The first that holds counts.")
    otherwise: Slug = Field(description="The step that follows where none holds.")


class WaitStep(_Going):
    """Time passes."""

    kind: Literal["wait"] = Field(description="`wait`: time passes.")
    duration: DurationText = Field(description="How long.")


class SucceedStep(_Step):
    """The workflow, or one run of a map, has succeeded."""

    kind: Literal["succeed"] = Field(description="`succeed`: the end, well.")
    output: Path | None = Field(default=None, description="The place in the data that is its output; else all of it.")


class FailStep(_Step):
    """The workflow, or one run of a map, has failed."""

    kind: Literal["fail"] = Field(description="`fail`: the end, badly.")
    error: TypeName = Field(description="The name of the error.")
    cause: Text = Field(description="What a person should know of it, in one sentence.")


ItemStep = Annotated[TaskStep | ChoiceStep | WaitStep | SucceedStep | FailStep, Field(discriminator="kind")]


class MapStep(_Failing):
    """The same steps for each item of a list, several at a time; its result is the list of their outputs."""

    kind: Literal["map"] = Field(description="`map`: the same steps for each item of a list.")
    over: Path = Field(description="The list, as a place in the data.")
    item: Word = Field(description="The name under which the steps see their item; beside it stands its `index`.")
    most: Count = Field(description="The most items that whoever makes the list puts into it.")
    concurrency: Count = Field(description="How many items are worked on at a time.")
    input: dict[Word, Path] = Field(default={}, description="What the steps see besides: name → place in the data.")
    start: Slug = Field(description="The first step of each item.")
    steps: dict[Slug, ItemStep] = Field(min_length=1, description="What is done with each item.")

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        seen = [self.item, "index", *self.input]
        for number, name in enumerate(seen):
            if name in seen[:number]:
                raise ValueError(f"`{name}` names two things that its steps see")
        return self


Step = Annotated[TaskStep | MapStep | ChoiceStep | WaitStep | SucceedStep | FailStep, Field(discriminator="kind")]


class Workflow(Strict):
    """An orchestration: which step follows which, what each may take, and what happens when one fails."""

    name: Text = Field(description="What diagrams and documents call it.")
    description: str = Field(default="", description="What it does, in one sentence.")
    engine: Slug = Field(description="The container that runs it; its capability is `workflow-engine`.")
    queue: Slug = Field(description="The channel over which steps reach their workers; it carries `StepDue`.")
    input: list[Word] = Field(min_length=1, description="The fields that an execution is started with.")
    timeout: DurationText = Field(description="How long an execution may take.")
    start: Slug = Field(description="The first step.")
    steps: dict[Slug, Step] = Field(min_length=1, description="The steps, by id.")
