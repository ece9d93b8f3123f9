"""The shape of the YAML that people write, strictly: blueprints, platforms, layers, limits and prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from archwright.schema.blueprint import (
    Blueprint,
    Channel,
    Condition,
    Container,
    Decision,
    FailureMode,
    Flow,
    Guarantee,
    KnownAs,
    Message,
    Option,
    PlannedPattern,
    QueueKnobs,
    Retry,
    Rule,
    Subscription,
)
from archwright.schema.contracts import STEP_DUE, contracts
from archwright.schema.facts import Limit, Price, Sourced
from archwright.schema.parameter import Parameter
from archwright.schema.platform import (
    Absent,
    Binding,
    Choice,
    Command,
    Cost,
    Development,
    Emulated,
    Exclusion,
    Knob,
    Language,
    LayerSpec,
    Pin,
    Platform,
    Setting,
    Task,
)
from archwright.schema.words import PARAMETER, FactId, Strict
from archwright.schema.workflow import (
    Case,
    Catch,
    ChoiceStep,
    FailStep,
    MapStep,
    Step,
    StepRetry,
    SucceedStep,
    TaskStep,
    WaitStep,
    Workflow,
)

if TYPE_CHECKING:
    from pydantic_core import core_schema

__all__ = [
    "FACT_KINDS",
    "KINDS",
    "PARAMETER",
    "STEP_DUE",
    "Absent",
    "Binding",
    "Blueprint",
    "Case",
    "Catch",
    "Channel",
    "Choice",
    "ChoiceStep",
    "Command",
    "Condition",
    "Container",
    "Cost",
    "Decision",
    "Development",
    "Emulated",
    "Exclusion",
    "FactId",
    "FailStep",
    "FailureMode",
    "Flow",
    "Guarantee",
    "Knob",
    "KnownAs",
    "Language",
    "LayerSpec",
    "Limit",
    "MapStep",
    "Message",
    "Option",
    "Parameter",
    "Pin",
    "PlannedPattern",
    "Platform",
    "Price",
    "QueueKnobs",
    "Retry",
    "Rule",
    "Setting",
    "Sourced",
    "Step",
    "StepRetry",
    "Strict",
    "Subscription",
    "SucceedStep",
    "Task",
    "TaskStep",
    "WaitStep",
    "Workflow",
    "contracts",
    "json_schema",
]

KINDS: dict[str, type[Strict]] = {"blueprint": Blueprint, "platform": Platform, "layer": LayerSpec}
FACT_KINDS: dict[str, type[Sourced]] = {"limits": Limit, "prices": Price}


class _Untitled(GenerateJsonSchema):
    """Without a title on every field, which would only repeat its key."""

    def field_title_should_be_set(self, schema: core_schema.CoreSchema) -> bool:
        del schema
        return False


def json_schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a kind of file, for editors and other tools.

    Raises:
        KeyError: there is no such kind.
    """
    if kind not in FACT_KINDS:
        return _titled(kind, KINDS[kind].model_json_schema(by_alias=True, schema_generator=_Untitled))
    entry = FACT_KINDS[kind].model_json_schema(by_alias=True, schema_generator=_Untitled)
    schema: dict[str, Any] = {
        "description": f"Every entry of `{kind}.yaml`, by id: provider, service and what it is about.",
        "type": "object",
        "propertyNames": {"pattern": r"^[a-z0-9]+(\.[a-z0-9_:-]+)+$"},
        "additionalProperties": {"$ref": "#/$defs/Entry"},
    }
    return _titled(kind, {**schema, "$defs": {**entry.pop("$defs", {}), "Entry": entry}})


def _titled(kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": f"archwright {kind}"}
