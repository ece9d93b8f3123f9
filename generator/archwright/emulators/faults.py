"""Faults on demand: connections dropped, answers lost, messages late or twice, locks expired now.

A test arms a fault; the emulator asks, at the place where the fault would strike, whether one is due. `FaultControl`
(`faults_control.py`) offers the same over HTTP to programs in another process.
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class ArmedFault:
    """A fault that waits for messages: of `entity` (any, if empty), for `remaining` of them (always, if None)."""

    kind: str
    entity: str
    remaining: int | None
    seconds: float = 0.0


class Faults:
    """The faults of one emulator; safe to use from any thread.

    The emulator calls `connect` once, and `take_…` for each message. A test calls the other methods.
    """

    def __init__(self) -> None:
        self._armed: list[ArmedFault] = []
        self._lock = threading.Lock()
        self._drop: Callable[[], int] = lambda: 0
        self._expire: Callable[[str], int] = lambda _entity: 0
        self.quiet = True
        """Whether nothing is armed: one look, so that an emulator without faults pays nothing."""

    def connect(self, *, drop: Callable[[], int], expire: Callable[[str], int]) -> None:
        """Take the emulator's own hands: drop every connection; expire the locks of an entity (all, if empty).

        Both are called in the thread of whoever asks for the fault, and give the number of things struck.
        """
        self._drop, self._expire = drop, expire

    # Now.

    def drop_connections(self) -> int:
        """Cut every open connection at once, without a goodbye; return how many."""
        return self._drop()

    def expire_locks(self, entity: str = "") -> int:
        """Let every lock (lease, ack deadline) of `entity`, or of all, run out now; return how many."""
        return self._expire(entity)

    # For messages to come.

    def delay(self, seconds: float, *, entity: str = "", messages: int | None = None) -> None:
        """Let messages sent from now on become available `seconds` late."""
        self._arm(ArmedFault("delay", entity.lower(), messages, seconds))

    def duplicate(self, *, entity: str = "", messages: int | None = 1) -> None:
        """Let the next messages arrive twice, as when a sender repeats itself after a lost answer."""
        self._arm(ArmedFault("duplicate", entity.lower(), messages))

    def lose_answers(self, *, entity: str = "", messages: int | None = 1) -> None:
        """Accept the next messages, and cut the connection instead of saying so."""
        self._arm(ArmedFault("lose_answer", entity.lower(), messages))

    def clear(self) -> None:
        """Disarm everything."""
        with self._lock:
            self._armed.clear()
            self.quiet = True

    def armed(self) -> list[dict[str, Any]]:
        """Tell what is armed."""
        with self._lock:
            return [asdict(fault) for fault in self._armed]

    # Asked by the emulator.

    def take_delay(self, entity: str) -> float:
        """Return by how many seconds a message to `entity` is late, using up one of the armed number."""
        return sum(fault.seconds for fault in self._take("delay", entity))

    def take_duplicate(self, entity: str) -> bool:
        """Return whether a message to `entity` arrives twice, using up one of the armed number."""
        return bool(self._take("duplicate", entity))

    def take_lost_answer(self, entity: str) -> bool:
        """Return whether the answer to a message to `entity` is lost, using up one of the armed number."""
        return bool(self._take("lose_answer", entity))

    def _arm(self, fault: ArmedFault) -> None:
        with self._lock:
            self._armed.append(fault)
            self.quiet = False

    def _take(self, kind: str, entity: str) -> list[ArmedFault]:
        if self.quiet:
            return []
        with self._lock:
            hit = [fault for fault in self._armed if fault.kind == kind and fault.entity in ("", entity.lower())]
            for fault in hit:
                if fault.remaining is not None:
                    fault.remaining -= 1
            self._armed = [fault for fault in self._armed if fault.remaining != 0]
            self.quiet = not self._armed
        return hit
