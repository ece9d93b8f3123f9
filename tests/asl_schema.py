"""The Amazon States Language as its specification has it, as far as workflows of ours go: strict, as JSON Schema."""

from __future__ import annotations

from typing import Any

_COUNT = {"type": "integer", "minimum": 1, "maximum": 99_999_999}
_NAME = {"type": "string", "minLength": 1, "maxLength": 80}
_PATH = {"type": "string", "pattern": r"^\$(\.[A-Za-z_][A-Za-z0-9_]*)*$"}
_REFERENCE = {"type": ["string", "null"], "pattern": r"^\$(\.[A-Za-z_][A-Za-z0-9_]*)+$"}
_ERRORS = {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"type": "string", "minLength": 1}}
_TEMPLATE = {
    "type": "object",
    "patternProperties": {r"\.\$$": {"type": "string", "pattern": r"^(\$|States\.\w+\()"}},
}


def _state(kind: str, required: list[str], **properties: Any) -> dict[str, Any]:
    known = {"Type": {"const": kind}, "Comment": {"type": "string"}, **properties}
    return {"type": "object", "required": ["Type", *required], "properties": known, "additionalProperties": False}


def _going(kind: str, required: list[str], **properties: Any) -> dict[str, Any]:
    state = _state(kind, required, Next=_NAME, End={"const": True}, **properties)
    return {**state, "oneOf": [{"required": ["Next"]}, {"required": ["End"]}]}


_RETRY = {
    "type": "object",
    "required": ["ErrorEquals"],
    "properties": {
        "ErrorEquals": _ERRORS,
        "IntervalSeconds": _COUNT,
        "MaxAttempts": {"type": "integer", "minimum": 0, "maximum": 99_999_999},
        "BackoffRate": {"type": "number", "minimum": 1.0},
        "MaxDelaySeconds": {"type": "integer", "minimum": 1, "maximum": 31_622_399},
        "JitterStrategy": {"enum": ["NONE", "FULL"]},
    },
    "additionalProperties": False,
}
_CATCH = {
    "type": "object",
    "required": ["ErrorEquals", "Next"],
    "properties": {"ErrorEquals": _ERRORS, "ResultPath": _REFERENCE, "Next": _NAME},
    "additionalProperties": False,
}
_FAILING = {"ResultPath": _REFERENCE, "Retry": {"type": "array", "items": _RETRY, "minItems": 1}}
_FAILING |= {"Catch": {"type": "array", "items": _CATCH, "minItems": 1}}
_COMPARISONS = {
    "StringEquals": {"type": "string"},
    "BooleanEquals": {"type": "boolean"},
    "NumericEquals": {"type": "number"},
    "NumericGreaterThan": {"type": "number"},
    "NumericLessThan": {"type": "number"},
    "IsPresent": {"type": "boolean"},
}
_CASE = {
    "type": "object",
    "required": ["Variable", "Next"],
    "properties": {"Variable": _PATH, "Next": _NAME, **_COMPARISONS},
    "oneOf": [{"required": [name]} for name in _COMPARISONS],
    "additionalProperties": False,
}
_STATES = {
    "Task": _going(
        "Task",
        ["Resource"],
        Resource={"type": "string", "pattern": r"^arn:aws:states:::sqs:sendMessage\.waitForTaskToken$"},
        Parameters=_TEMPLATE,
        TimeoutSeconds=_COUNT,
        HeartbeatSeconds=_COUNT,
        **_FAILING,
    ),
    "Pass": _going("Pass", [], InputPath=_PATH),
    "Map": _going(
        "Map",
        ["ItemProcessor"],
        ItemsPath=_PATH,
        MaxConcurrency={"type": "integer", "minimum": 0},
        ItemSelector=_TEMPLATE,
        ItemProcessor={
            "type": "object",
            "required": ["StartAt", "States"],
            "properties": {
                "ProcessorConfig": {"const": {"Mode": "INLINE"}},
                "StartAt": _NAME,
                "States": {"$ref": "#/$defs/states"},
            },
            "additionalProperties": False,
        },
        **_FAILING,
    ),
    "Choice": _state("Choice", ["Choices"], Choices={"type": "array", "minItems": 1, "items": _CASE}, Default=_NAME),
    "Wait": _going("Wait", ["Seconds"], Seconds=_COUNT),
    "Succeed": _state("Succeed", [], OutputPath=_PATH),
    "Fail": _state("Fail", [], Error={"type": "string"}, Cause={"type": "string"}),
}
ASL: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["StartAt", "States"],
    "properties": {
        "Comment": {"type": "string"},
        "StartAt": _NAME,
        "TimeoutSeconds": _COUNT,
        "States": {"$ref": "#/$defs/states"},
    },
    "additionalProperties": False,
    "$defs": {
        "states": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": _NAME,
            "additionalProperties": {
                "allOf": [
                    {"if": {"properties": {"Type": {"const": kind}}}, "then": state} for kind, state in _STATES.items()
                ],
                "properties": {"Type": {"enum": list(_STATES)}},
                "required": ["Type"],
            },
        }
    },
}
