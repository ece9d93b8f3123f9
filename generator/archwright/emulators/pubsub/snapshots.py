"""Snapshots: what was not acknowledged at one moment, and where the topic stood then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import Code, PubSubError
from .settings import DAY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .message import Message

LIFE = 7 * DAY
SHORTEST_LIFE = 3600.0


@dataclass(slots=True, kw_only=True)
class Snapshot:
    """A subscription's acknowledgement state: `unacknowledged`, and everything published after `marker`."""

    name: str
    topic: str
    expires: float
    marker: int
    unacknowledged: Mapping[int, Message]
    definition: bytes


def expiry(now: float, unacknowledged: Mapping[int, Message]) -> float:
    """Return when a snapshot taken now expires: seven days after its oldest message was published.

    Raises:
        PubSubError: that is less than an hour away; the service refuses such a snapshot.
    """
    oldest = min((message.published_seconds for message in unacknowledged.values()), default=now)
    expires = oldest + LIFE
    if expires - now < SHORTEST_LIFE:
        raise PubSubError(
            Code.FAILED_PRECONDITION, "The snapshot would expire in less than an hour: its oldest message is too old."
        )
    return expires
