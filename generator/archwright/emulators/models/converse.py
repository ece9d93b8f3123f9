"""Bedrock's Converse operations, with the binary event stream that AWS's SDKs read."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from zlib import crc32

from .answer import Asked
from .dialect import number, text_of, turns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .answer import Said

STREAM = "application/vnd.amazon.eventstream"
_STOPS = {  # no turn is paused here
    "end": "end_turn",
    "length": "max_tokens",
    "full": "model_context_window_exceeded",
    "pause": "end_turn",
    "refusal": "content_filtered",
    "tool": "tool_use",
}
_MOST = 4096
_TEXT = 7  # how the event stream marks a header that holds text
_ERRORS = {
    400: "ValidationException",
    401: "UnrecognizedClientException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    429: "ThrottlingException",
    503: "ServiceUnavailableException",
}


def read(body: Mapping[str, Any], path: str) -> Asked:
    """Read a request to `/model/ID/converse` or `/model/ID/converse-stream`."""
    _, _, model, action = unquote(path).split("/", 3)
    messages = turns(body)
    parts = [text_of(body.get("system")), *(text_of(one.get("content")) for one in messages)]
    return Asked(
        model=model,
        prompt="\n".join(filter(None, [*parts, json.dumps(body["toolConfig"]) if body.get("toolConfig") else ""])),
        last=text_of(messages[-1].get("content")),
        most=number(body.get("inferenceConfig") or {}, "maxTokens", _MOST),
        streamed=action == "converse-stream",
    )


def whole(said: Said) -> Mapping[str, Any]:
    """Write an answer in one piece."""
    content: list[dict[str, Any]] = [{"text": said.text}] if said.words else []
    if said.tool:
        content = [{"toolUse": {**_tool(said), "input": said.tool_input}}]
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": _STOPS[said.stop],
        "usage": _usage(said),
        "metrics": {"latencyMs": 1},
    }


def frames(said: Said) -> Iterator[tuple[bytes, bool]]:
    """Write an answer as frames of the event stream, usage last."""
    yield _frame("messageStart", {"role": "assistant"}), False
    if said.tool:
        yield _frame("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": _tool(said)}}), False
        yield _delta({"toolUse": {"input": json.dumps(said.tool_input)}}), True
    for word in said.words:
        yield _delta({"text": word}), True
    if said.tool or said.words:
        yield _frame("contentBlockStop", {"contentBlockIndex": 0}), False
    yield _frame("messageStop", {"stopReason": _STOPS[said.stop]}), False
    yield _frame("metadata", {"usage": _usage(said), "metrics": {"latencyMs": 1}}), False


def ping() -> bytes:
    """Write an event without a word; these streams have no other sign of life."""
    return _frame("messageStart", {"role": "assistant"})


def broken() -> bytes:
    """Write an exception into the stream."""
    return _frame("serviceUnavailableException", {"message": "Overloaded"}, "exception")


def problem(kind: str, status: int, message: str) -> tuple[int, Mapping[str, str], Mapping[str, Any]]:
    """Write a refusal."""
    status = 503 if kind == "overloaded" else status
    return status, {"x-amzn-errortype": _ERRORS.get(status, "InternalServerException")}, {"message": message}


def _delta(delta: Mapping[str, Any]) -> bytes:
    return _frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": delta})


def _tool(said: Said) -> dict[str, Any]:
    return {"toolUseId": f"tooluse_{said.id}", "name": said.tool}


def _usage(said: Said) -> dict[str, int]:
    return {
        "inputTokens": said.input_tokens,
        "outputTokens": said.output_tokens,
        "totalTokens": said.input_tokens + said.cached_tokens + said.output_tokens,
        "cacheReadInputTokens": said.cached_tokens,
        "cacheWriteInputTokens": 0,
    }


def _frame(name: str, payload: Mapping[str, Any], kind: str = "event") -> bytes:
    """Write one frame: lengths, their checksum, headers, payload, and the checksum of it all."""
    marks = {f":{kind}-type": name, ":content-type": "application/json", ":message-type": kind}
    headers = b"".join(
        struct.pack(">B", len(key)) + key.encode() + struct.pack(">BH", _TEXT, len(value)) + value.encode()
        for key, value in marks.items()
    )
    body = json.dumps(payload).encode()
    lengths = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    start = lengths + struct.pack(">I", crc32(lengths))
    return start + headers + body + struct.pack(">I", crc32(start + headers + body))
