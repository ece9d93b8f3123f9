"""Time: a clock that never jumps, and the list of what falls due later, soonest first."""

from __future__ import annotations

import heapq
import itertools
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NANOSECONDS = 1_000_000_000


def steady_clock() -> Callable[[], float]:
    """Return a clock in seconds since 1970 that a change of the system's time does not move.

    Leases must neither end early nor live for ever because a laptop woke up and set its clock.
    """
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()


def rfc3339(nanoseconds: int) -> str:
    """Return a time as the service writes it in JSON, to the millisecond."""
    seconds, rest = divmod(nanoseconds, NANOSECONDS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1_000_000:03d}Z"


class Agenda:
    """What falls due later.

    `on_sooner` is called when something falls due before everything noted so far: whoever sleeps until
    the next due time has to look again.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.on_sooner: Callable[[], None] = lambda: None
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()  # equal times run in the order in which they were noted

    def at(self, due: float, action: Callable[[], None]) -> None:
        """Note that `action` falls due at `due`, in seconds of the clock."""
        sooner = not self._heap or due < self._heap[0][0]
        heapq.heappush(self._heap, (due, next(self._order), action))
        if sooner:
            self.on_sooner()

    def next_due(self) -> float | None:
        """Return when something falls due next; None if nothing is noted."""
        return self._heap[0][0] if self._heap else None

    def run(self) -> None:
        """Do what is due now."""
        now = self.clock()
        while self._heap and self._heap[0][0] <= now:
            heapq.heappop(self._heap)[2]()
