"""Deliveries that may go to anybody: first published first, returned ones before fresh ones."""

from __future__ import annotations

import heapq
from collections import deque
from typing import TYPE_CHECKING

from .message import State

if TYPE_CHECKING:
    from .message import Delivery


class Backlog:
    """A queue in the order of publishing at a constant cost a message.

    Fresh deliveries arrive in order and need no sorting. Only returned ones, which are few, are kept in a heap.
    Deliveries that are no longer ready are skipped when they are met.
    """

    def __init__(self) -> None:
        self._fresh: deque[Delivery] = deque()
        self._returned: list[tuple[int, Delivery]] = []

    def __len__(self) -> int:
        return len(self._fresh) + len(self._returned)

    def append(self, delivery: Delivery) -> None:
        """Add a delivery that is newer than every other one."""
        self._fresh.append(delivery)

    def give_back(self, delivery: Delivery) -> None:
        """Put a delivery back in its place."""
        heapq.heappush(self._returned, (delivery.message.sequence, delivery))

    def head(self) -> Delivery | None:
        """Return the next delivery without taking it."""
        while self._fresh and self._fresh[0].state is not State.READY:
            self._fresh.popleft()
        while self._returned and self._returned[0][1].state is not State.READY:
            heapq.heappop(self._returned)
        if not self._returned:
            return self._fresh[0] if self._fresh else None
        if self._fresh and self._fresh[0].message.sequence < self._returned[0][0]:
            return self._fresh[0]
        return self._returned[0][1]

    def take(self) -> Delivery:
        """Remove and return what `head` just showed."""
        if self._returned and self._returned[0][1] is self.head():
            return heapq.heappop(self._returned)[1]
        return self._fresh.popleft()
