"""The messages that a blueprint's parts exchange: those that it writes down, and the one that its workflows need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright.schema.blueprint import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archwright.schema.blueprint import Blueprint

STEP_DUE = "StepDue"
_NAME = {"type": "string", "minLength": 1, "maxLength": 80}
_STEP_DUE = Message(
    version=1,
    description="A step of an execution waits for a worker.",
    key="execution",
    schema={
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": STEP_DUE,
        "type": "object",
        "required": ["ticket", "workflow", "execution", "step", "attempt", "handler", "heartbeat_seconds", "input"],
        "properties": {
            "ticket": {
                "type": "string",
                "minLength": 1,
                "maxLength": 2048,
                "description": "Names this attempt to the engine: with it the worker reports.",
            },
            "workflow": {**_NAME, "description": "Which workflow it is."},
            "execution": {**_NAME, "description": "Which execution of it."},
            "step": {**_NAME, "description": "Which of its steps."},
            "index": {
                "type": "integer",
                "minimum": 0,
                "description": "Which item of a map, counted from 0; absent outside of a map.",
            },
            "attempt": {"type": "integer", "minimum": 1, "description": "Which attempt, counted from 1."},
            "handler": {**_NAME, "description": "What the worker is to call."},
            "heartbeat_seconds": {
                "type": "number",
                "minimum": 0,
                "description": "The longest silence that the engine bears; 0: it waits for the timeout alone.",
            },
            "input": {"type": "object", "description": "What the handler is given."},
        },
    },
    example={
        "ticket": "4b1c7a52/answer/3/1",
        "workflow": "answer-document",
        "execution": "4b1c7a52-0d3e-4c55-9a0e-6f1b2c3d4e5f",
        "step": "answer",
        "index": 3,
        "attempt": 1,
        "handler": "answer_part",
        "heartbeat_seconds": 30,
        "input": {"part": "…"},
    },
)


def contracts(spec: Blueprint) -> Mapping[str, Message]:
    """Return the messages of a blueprint by name; where it has workflows, `StepDue` is the last."""
    return {**spec.messages, STEP_DUE: _STEP_DUE} if spec.workflows else spec.messages
