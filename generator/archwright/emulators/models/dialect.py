"""What every dialect has: how a request is read, and how an answer or a failure is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .answer import Asked, Said


class BadRequest(Exception):  # noqa: N818  # what it tells of is the request
    """A request that the provider would refuse with 400."""


class Dialect(Protocol):
    """One provider's wire format; the modules beside this one are such."""

    STREAM: str
    """The content type of a stream."""

    def read(self, body: Mapping[str, Any], path: str) -> Asked:
        """Read a request.

        Raises:
            BadRequest: it has no such request in it.
        """

    def whole(self, said: Said) -> Mapping[str, Any]:
        """Write an answer in one piece."""

    def frames(self, said: Said) -> Iterator[tuple[bytes, bool]]:
        """Write an answer as a stream: each piece, and whether it holds a word."""

    def ping(self) -> bytes:
        """Write a sign of life in a stream."""

    def broken(self) -> bytes:
        """Write an error in the middle of a stream."""

    def problem(self, kind: str, status: int, message: str) -> tuple[int, Mapping[str, str], Mapping[str, Any]]:
        """Write a refusal: its status, its headers and its body."""


def text_of(content: object) -> str:
    """Return all text in a message's content, whatever its shape, tool results and inputs included."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(filter(None, (text_of(one) for one in content)))
    if isinstance(content, dict):
        return "\n".join(filter(None, (text_of(value) for key, value in content.items() if key != "type")))
    return ""


def number(body: Mapping[str, Any], name: str, usual: int | None = None) -> int:
    """Return a whole number of 1 or more.

    Raises:
        BadRequest: it is missing, or is something else.
    """
    value = body.get(name, usual)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise BadRequest(f"{name}: a whole number of 1 or more is required")
    return value


def turns(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the messages of a request.

    Raises:
        BadRequest: there are none, or they are no messages.
    """
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadRequest("messages: at least one message is required")
    if not all(isinstance(one, dict) and one.get("role") for one in messages):
        raise BadRequest("messages: each one is an object with a role")
    return messages


def event(name: str, data: Mapping[str, Any]) -> bytes:
    """Write a server-sent event; without a name it has data alone."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()
