"""What a Pub/Sub call can be refused with: the service's own status codes, without its transport."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Code(StrEnum):
    """The status of a refusal, named as gRPC names it."""

    ALREADY_EXISTS = "ALREADY_EXISTS"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    NOT_FOUND = "NOT_FOUND"
    UNAVAILABLE = "UNAVAILABLE"
    UNIMPLEMENTED = "UNIMPLEMENTED"


class PubSubError(Exception):
    """A call that is refused.

    `acknowledgements` tells what became of single acknowledgement ids, in the service's words
    (`PERMANENT_FAILURE_INVALID_ACK_ID`); only subscriptions with exactly-once delivery report it.
    """

    def __init__(self, code: Code, message: str, acknowledgements: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.acknowledgements = dict(acknowledgements or {})


class NotRecordedError(PubSubError):
    """The journal could not take a change, so it was not made.

    `FAILED_PRECONDITION`, because clients try again for ten minutes in silence on every status that fits better.
    """

    def __init__(self, reason: object) -> None:
        super().__init__(
            Code.FAILED_PRECONDITION, f"Nothing was changed, because the journal cannot be written: {reason}"
        )


def not_found(name: str) -> PubSubError:
    """Return the refusal of a call that names something which does not exist."""
    return PubSubError(Code.NOT_FOUND, f"Resource not found (resource={name}).")


def already_exists(name: str) -> PubSubError:
    """Return the refusal of a second creation."""
    return PubSubError(Code.ALREADY_EXISTS, f"Resource already exists in the project (resource={name}).")


def invalid(message: str) -> PubSubError:
    """Return the refusal of an argument that the service does not take."""
    return PubSubError(Code.INVALID_ARGUMENT, message)
