"""The Anthropic Messages API, as far as text, tools and streams go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .answer import Asked
from .dialect import BadRequest, event, number, text_of, turns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .answer import Said

STREAM = "text/event-stream"
_STOPS = {
    "end": "end_turn",
    "length": "max_tokens",
    "full": "model_context_window_exceeded",
    "pause": "pause_turn",
    "refusal": "refusal",
    "tool": "tool_use",
}
_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def read(body: Mapping[str, Any], path: str) -> Asked:
    """Read a request to `/v1/messages`."""
    del path
    if not isinstance(body.get("model"), str):
        raise BadRequest("model: a name is required")
    messages = turns(body)
    parts = [text_of(body.get("system")), *(text_of(one.get("content")) for one in messages)]
    return Asked(
        model=body["model"],
        prompt="\n".join(filter(None, [*parts, json.dumps(body["tools"]) if body.get("tools") else ""])),
        last=text_of(messages[-1].get("content")),
        most=number(body, "max_tokens"),
        streamed=bool(body.get("stream")),
    )


def whole(said: Said) -> Mapping[str, Any]:
    """Write an answer in one piece."""
    block = _block(said, said.text)
    if said.tool:
        block["input"] = said.tool_input
    return _message(said, [block] if said.tool or said.words else [], _STOPS[said.stop], said.output_tokens)


def frames(said: Said) -> Iterator[tuple[bytes, bool]]:
    """Write an answer as server-sent events."""
    yield event("message_start", {"type": "message_start", "message": _message(said, [], None, 1)}), False
    if said.tool or said.words:
        yield (
            event("content_block_start", {"type": "content_block_start", "index": 0, "content_block": _block(said)}),
            False,
        )
        if said.tool:
            yield _delta({"type": "input_json_delta", "partial_json": json.dumps(said.tool_input)}), True
        for word in said.words:
            yield _delta({"type": "text_delta", "text": word}), True
        yield event("content_block_stop", {"type": "content_block_stop", "index": 0}), False
    delta = {"stop_reason": _STOPS[said.stop], "stop_sequence": None}
    usage = {"output_tokens": said.output_tokens}
    yield event("message_delta", {"type": "message_delta", "delta": delta, "usage": usage}), False
    yield event("message_stop", {"type": "message_stop"}), False


def ping() -> bytes:
    """Write a sign of life."""
    return event("ping", {"type": "ping"})


def broken() -> bytes:
    """Write an error event."""
    return event("error", {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})


def problem(kind: str, status: int, message: str) -> tuple[int, Mapping[str, str], Mapping[str, Any]]:
    """Write a refusal."""
    status = 529 if kind == "overloaded" else status
    error = {"type": _ERRORS.get(status, "api_error"), "message": message}
    return status, {}, {"type": "error", "error": error, "request_id": "req_emulated"}


def _message(said: Said, content: list[dict[str, Any]], stop: str | None, output_tokens: int) -> dict[str, Any]:
    return {
        "id": f"msg_{said.id}",
        "type": "message",
        "role": "assistant",
        "model": said.model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {
            "input_tokens": said.input_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": said.cached_tokens,
            "output_tokens": output_tokens,
        },
    }


def _block(said: Said, text: str = "") -> dict[str, Any]:
    if said.tool:
        return {"type": "tool_use", "id": f"toolu_{said.id}", "name": said.tool, "input": {}}
    return {"type": "text", "text": text}


def _delta(delta: Mapping[str, Any]) -> bytes:
    return event("content_block_delta", {"type": "content_block_delta", "index": 0, "delta": delta})
