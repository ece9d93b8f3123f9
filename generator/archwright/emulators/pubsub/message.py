"""A message as a topic took it, and its delivery to one subscription."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from .agenda import NANOSECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .consumer import Consumer


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a publisher hands in: a message without a place yet."""

    data: bytes = b""
    attributes: Mapping[str, str]
    ordering_key: str = ""


class Message:
    """One accepted message, shared by every subscription; never changed.

    `sequence` grows by one a message over the whole broker: it is the message id, and the order of publishing.
    `published` counts nanoseconds since 1970. `size` is what counts for a consumer's flow control.
    """

    __slots__ = ("attributes", "data", "ordering_key", "published", "sequence", "size")

    def __init__(
        self, sequence: int, published: int, data: bytes, attributes: Mapping[str, str], ordering_key: str
    ) -> None:
        self.sequence = sequence
        self.published = published
        self.data = data
        self.attributes = attributes
        self.ordering_key = ordering_key
        self.size = len(data)
        if attributes:
            self.size += sum(len(name) + len(value) for name, value in attributes.items())

    @property
    def published_seconds(self) -> float:
        """The time of publishing in seconds since 1970."""
        return self.published / NANOSECONDS


class State(Enum):
    """Where a delivery stands."""

    READY = auto()  # may be delivered
    LEASED = auto()  # somebody holds it
    RESTING = auto()  # waits out its back-off
    ACKNOWLEDGED = auto()
    GONE = auto()  # expired, or moved to the dead letters


class Delivery:
    """One message on its way to one subscription."""

    __slots__ = ("ack_id", "attempts", "consumer", "expires", "lease_seconds", "message", "state")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.state = State.READY
        self.attempts = 0
        self.ack_id = ""
        self.expires = 0.0
        self.lease_seconds = 0.0
        self.consumer: Consumer | None = None
