"""One who takes messages: how much it may hold at once, and how it is woken."""

from __future__ import annotations

import sys
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .message import Delivery
    from .ordering import Lane


class Consumer:
    """A stream or a single pull.

    It alone is given the successors of messages that it still holds (same ordering key), as long as it comes for them.
    A limit of 0 or less means none.
    """

    __slots__ = ("bytes", "lanes", "max_bytes", "max_messages", "messages", "open", "wake")

    def __init__(self, wake: Callable[[], None], *, max_messages: int = 0, max_bytes: int = 0) -> None:
        self.wake = wake
        self.max_messages = max_messages if max_messages > 0 else sys.maxsize
        self.max_bytes = max_bytes if max_bytes > 0 else sys.maxsize
        self.messages = 0
        self.bytes = 0
        self.open = True
        self.lanes: deque[Lane] = deque()  # keys of which this consumer holds messages, and more wait

    @property
    def room(self) -> int:
        """How many more messages it may hold; 0 if it holds its bytes' worth already."""
        return max(0, self.max_messages - self.messages) if self.bytes < self.max_bytes else 0

    def hold(self, delivery: Delivery) -> None:
        """Count a delivery that it received."""
        delivery.consumer = self
        self.messages += 1
        self.bytes += delivery.message.size

    def release(self, delivery: Delivery) -> None:
        """Stop counting a delivery; wake the consumer if it had no room."""
        full = not self.room
        delivery.consumer = None
        self.messages -= 1
        self.bytes -= delivery.message.size
        if full and self.open and self.room:
            self.wake()
