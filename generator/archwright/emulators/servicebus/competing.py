"""Competing consumers: whoever has credit takes the oldest ready entry, in turn."""

from __future__ import annotations

from collections import OrderedDict
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from .message import ACTIVE

if TYPE_CHECKING:
    from .line import Consumer
    from .message import Entry
    from .queue import Queue


class CompetingLine:
    """The ready entries of a queue without sessions, and the consumers that have credit."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._ready: list[int] = []
        self._hungry: OrderedDict[Consumer, None] = OrderedDict()

    def joined(self, entry: Entry) -> None:
        """An entry came into the queue."""

    def left(self, entry: Entry) -> None:
        """An entry left the queue."""

    def add(self, entry: Entry) -> None:
        """An entry is ready to be delivered."""
        heappush(self._ready, entry.sequence)
        if self._hungry:
            self._queue.broker.serve(self._queue)

    def feed(self, consumer: Consumer) -> None:
        """A consumer's credit changed."""
        if consumer.credit > 0:
            self._hungry[consumer] = None
            self._queue.broker.serve(self._queue)
        else:
            self._hungry.pop(consumer, None)

    def leave(self, consumer: Consumer) -> None:
        """A consumer has gone; what it locked stays locked, as in the service, until the lock runs out."""
        self._hungry.pop(consumer, None)

    def serve(self) -> None:
        """Hand over what can be handed over."""
        entries, ready, hungry = self._queue.entries, self._ready, self._hungry
        while ready and hungry:
            entry = entries.get(ready[0])
            if entry is None or entry.token is not None or entry.state != ACTIVE:
                heappop(ready)
                continue
            consumer, _ = hungry.popitem(last=False)
            if consumer.credit <= 0:
                continue
            try:
                self._queue.hand_over(entry, consumer)
                heappop(ready)
            finally:
                if consumer.credit > 0:
                    hungry[consumer] = None

    def tick(self, now: float) -> None:
        """Nothing here depends on time."""

    def next_due(self) -> float | None:
        """Nothing is ever due."""
        return None
