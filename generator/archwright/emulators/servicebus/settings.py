"""What an entity is told: its settings, and why a message ends in a dead-letter queue."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings:
    """What Microsoft's configuration file says of a queue or subscription; times in seconds."""

    lock_duration: float = 60.0
    max_deliveries: int = 10
    requires_session: bool = False
    duplicate_window: float | None = None
    time_to_live: float | None = None
    dead_letter_expired: bool = False
    forward_to: str | None = None
    forward_dead_letters_to: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a message is dead-lettered."""

    reason: str | None = None
    description: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)

    def written_on(self, message: Message) -> Message:
        """Return the message with reason and description among its properties."""
        notes = {"DeadLetterReason": self.reason, "DeadLetterErrorDescription": self.description}
        told = {name: text for name, text in notes.items() if text is not None}
        return message.changed(application={**message.application(), **self.properties, **told})
