"""One topic: who is subscribed, and what it keeps for those who want to go back."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .message import Message
    from .settings import TopicSettings
    from .snapshots import Snapshot
    from .subscription import Subscription

DELETED_TOPIC = "_deleted-topic_"
"""What the service calls the topic of a subscription whose topic was deleted."""


class Topic:
    """Where messages are published.

    Its history holds what its own retention asks for, and what was published since its oldest snapshot.
    """

    def __init__(self, name: str, settings: TopicSettings, definition: bytes) -> None:
        self.name = name
        self.settings = settings
        self.definition = definition  # the resource as the API tells it; kept, not read
        self.subscriptions: dict[str, Subscription] = {}
        self.snapshots: dict[str, Snapshot] = {}
        self.history: deque[Message] = deque()

    def accept(self, messages: Sequence[Message], rest: float = 0.0) -> None:
        """Take in published messages: keep them as long as asked, and pass them to every subscription.

        `rest` seconds go by before they are delivered.
        """
        if self.settings.retention or self.snapshots:
            self.history.extend(messages)
        for subscription in self.subscriptions.values():
            subscription.offer(messages, rest)

    def since(self, sequence: int) -> dict[int, Message]:
        """Return the kept messages that were published after the one given, by sequence."""
        return {message.sequence: message for message in self.history if message.sequence > sequence}

    def prune(self, now: float) -> None:
        """Forget what neither the retention nor a snapshot asks for any more."""
        oldest = now - self.settings.retention
        first = min((snapshot.marker for snapshot in self.snapshots.values()), default=None)
        while self.history:
            message = self.history[0]
            kept_by_time = self.settings.retention and message.published_seconds >= oldest
            kept_by_snapshot = first is not None and message.sequence > first
            if kept_by_time or kept_by_snapshot:
                break
            self.history.popleft()
