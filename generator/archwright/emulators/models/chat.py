"""The chat completions that OpenAI's SDK and those of compatible providers speak."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .answer import Asked
from .dialect import BadRequest, event, number, text_of, turns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .answer import Said

STREAM = "text/event-stream"
_STOPS = {  # a full context is a length here, and no turn is paused
    "end": "stop",
    "length": "length",
    "full": "length",
    "pause": "stop",
    "refusal": "content_filter",
    "tool": "tool_calls",
}
_CREATED = 1_767_225_600  # an answer follows from its request alone, its time too


def read(body: Mapping[str, Any], path: str) -> Asked:
    """Read a request to `/v1/chat/completions`."""
    del path
    if not isinstance(body.get("model"), str):
        raise BadRequest("model: a name is required")
    messages = turns(body)
    most = "max_completion_tokens" if "max_completion_tokens" in body else "max_tokens"
    parts = [text_of(one.get("content")) for one in messages]
    return Asked(
        model=body["model"],
        prompt="\n".join(filter(None, [*parts, json.dumps(body["tools"]) if body.get("tools") else ""])),
        last=parts[-1],
        most=number(body, most, 4096),
        streamed=bool(body.get("stream")),
    )


def whole(said: Said) -> Mapping[str, Any]:
    """Write an answer in one piece."""
    message: dict[str, Any] = {"role": "assistant", "content": said.text or None}
    if said.tool:
        message["tool_calls"] = [_call(said)]
    choice = {"index": 0, "message": message, "finish_reason": _STOPS[said.stop]}
    return {**_head(said, "chat.completion"), "choices": [choice], "usage": _usage(said)}


def frames(said: Said) -> Iterator[tuple[bytes, bool]]:
    """Write an answer as server-sent events, usage last."""
    yield _chunk(said, {"role": "assistant", "content": ""}), False
    if said.tool:
        yield _chunk(said, {"tool_calls": [{"index": 0, **_call(said)}]}), True
    for word in said.words:
        yield _chunk(said, {"content": word}), True
    yield _chunk(said, {}, _STOPS[said.stop]), False
    yield event("", {**_head(said, "chat.completion.chunk"), "choices": [], "usage": _usage(said)}), False
    yield b"data: [DONE]\n\n", False


def ping() -> bytes:
    """Write a comment, which is how these streams show life."""
    return b": ping\n\n"


def broken() -> bytes:
    """Write an error into the stream."""
    return event("", {"error": {"message": "The server is overloaded.", "type": "server_error", "code": None}})


def problem(kind: str, status: int, message: str) -> tuple[int, Mapping[str, str], Mapping[str, Any]]:
    """Write a refusal."""
    status = 503 if kind == "overloaded" else status
    return status, {}, {"error": {"message": message, "type": kind, "param": None, "code": kind}}


def _head(said: Said, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{said.id}", "object": kind, "created": _CREATED, "model": said.model}


def _chunk(said: Said, delta: Mapping[str, Any], stop: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": stop}
    return event("", {**_head(said, "chat.completion.chunk"), "choices": [choice]})


def _call(said: Said) -> dict[str, Any]:
    function = {"name": said.tool, "arguments": json.dumps(said.tool_input)}
    return {"id": f"call_{said.id}", "type": "function", "function": function}


def _usage(said: Said) -> dict[str, Any]:
    """Unlike the Messages API, this one counts what came from the cache among the prompt's tokens."""
    prompt = said.input_tokens + said.cached_tokens
    return {
        "prompt_tokens": prompt,
        "completion_tokens": said.output_tokens,
        "total_tokens": prompt + said.output_tokens,
        "prompt_tokens_details": {"cached_tokens": said.cached_tokens},
    }
