"""What is due when in one queue: a heap that forgets entries that left early, and so cannot outgrow them."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

_FEW = 1024


class Agenda:
    """Sequence numbers by the time at which something is due for them."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []
        self._stale = 0

    def __len__(self) -> int:
        return len(self._heap)

    def note(self, when: float, sequence: int) -> None:
        """Something is due for this entry."""
        heappush(self._heap, (when, sequence))

    def forget(self, present: Container[int]) -> None:
        """An entry left; sweep once half of what is noted concerns entries no longer `present`."""
        self._stale += 1
        if self._stale > _FEW and 2 * self._stale > len(self._heap):
            self._heap = [noted for noted in self._heap if noted[1] in present]
            heapify(self._heap)
            self._stale = 0

    def first(self) -> float | None:
        """Return when the first is due."""
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: float) -> Iterator[int]:
        """Give and remove the numbers that are due."""
        while self._heap and self._heap[0][0] <= now:
            yield heappop(self._heap)[1]
