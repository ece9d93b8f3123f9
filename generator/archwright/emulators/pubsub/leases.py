"""The leases of one subscription: found by acknowledgement id, ended by time, at a constant cost each."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from .message import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .message import Delivery


class Leases:
    """Who holds what, and until when.

    Leases of one length end in the order in which they began, so each length has a queue of its own, and
    nothing has to be sorted. `OrderedDict` because its first item is found at once after many removals at
    the front; a plain dict walks over the holes.
    """

    def __init__(self) -> None:
        self._held: dict[str, Delivery] = {}
        self._queues: dict[float, OrderedDict[str, Delivery]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[Delivery]:
        return iter(list(self._held.values()))

    def get(self, ack_id: str) -> Delivery | None:
        """Return the delivery that is held under this id; None if the lease ended or never was."""
        return self._held.get(ack_id)

    def begin(self, delivery: Delivery, ack_id: str, seconds: float, now: float) -> None:
        """Lease a delivery under a new id."""
        delivery.state = State.LEASED
        delivery.ack_id = ack_id
        self._held[ack_id] = delivery
        self._enqueue(delivery, seconds, now)

    def extend(self, delivery: Delivery, seconds: float, now: float) -> None:
        """Let a lease end `seconds` from now, whether that is later or sooner than before."""
        self._dequeue(delivery)
        self._enqueue(delivery, seconds, now)

    def end(self, delivery: Delivery) -> None:
        """End a lease: its id is worth nothing from now on."""
        del self._held[delivery.ack_id]
        self._dequeue(delivery)
        if delivery.consumer is not None:
            delivery.consumer.release(delivery)

    def overdue(self, now: float) -> list[Delivery]:
        """Return the deliveries whose lease is over, without ending it."""
        late = []
        for queue in self._queues.values():
            for delivery in queue.values():
                if delivery.expires > now:
                    break
                late.append(delivery)
        return late

    def next_end(self) -> float | None:
        """Return when the next lease ends."""
        return min((next(iter(queue.values())).expires for queue in self._queues.values()), default=None)

    def _enqueue(self, delivery: Delivery, seconds: float, now: float) -> None:
        delivery.lease_seconds, delivery.expires = seconds, now + seconds
        queue = self._queues.get(seconds)
        if queue is None:
            queue = self._queues[seconds] = OrderedDict()
        queue[delivery.ack_id] = delivery

    def _dequeue(self, delivery: Delivery) -> None:
        queue = self._queues[delivery.lease_seconds]
        del queue[delivery.ack_id]
        if not queue:
            del self._queues[delivery.lease_seconds]
