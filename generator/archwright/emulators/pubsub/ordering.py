"""Ordering keys: one lane a key, in which nothing overtakes.

A lane hands out its messages in order to one consumer at a time. While that consumer holds some of them it alone is
given their successors; everybody else waits until all are acknowledged. When one comes back, everything that the
lane handed out after it comes back too, even what was acknowledged already: so the service documents it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from .message import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .consumer import Consumer
    from .message import Delivery


class Lane:
    """The messages of one ordering key."""

    __slots__ = ("consumer", "key", "outstanding", "queue", "waiting")

    def __init__(self, key: str) -> None:
        self.key = key
        self.waiting: deque[Delivery] = deque()
        self.outstanding: deque[Delivery] = deque()  # handed out; the first is never an acknowledged one
        self.consumer: Consumer | None = None  # who holds the outstanding ones
        self.queue: deque[Lane] | None = None  # where the lane waits to be served; entries elsewhere are stale


class Lanes:
    """All ordering keys of one subscription; a key that has nothing left costs nothing."""

    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}
        self._ready: deque[Lane] = deque()
        self._waiting = 0

    def __len__(self) -> int:
        """How many messages wait, also those that may not go out yet."""
        return self._waiting

    @property
    def ready(self) -> bool:
        """Whether there may be something for a consumer that holds nothing."""
        return bool(self._ready)

    def append(self, delivery: Delivery) -> Consumer | None:
        """Add a delivery behind all others of its key; return the one consumer that may have it, if it is one's own."""
        key = delivery.message.ordering_key
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane(key)
        lane.waiting.append(delivery)
        self._waiting += 1
        return self._offer(lane)

    def head(self, consumer: Consumer) -> Delivery | None:
        """Return the next delivery that this consumer may have, without taking it."""
        for queue in (consumer.lanes, self._ready):
            while queue:
                lane = queue[0]
                if lane.queue is queue and self._may_go_on(lane):
                    return lane.waiting[0]
                queue.popleft()
                if lane.queue is queue:
                    lane.queue = None
                    self._forget(lane)
        return None

    def take(self, consumer: Consumer) -> Delivery:
        """Remove and return what `head` just showed; the key belongs to this consumer until all is acknowledged."""
        queue = consumer.lanes or self._ready
        lane = queue.popleft()
        delivery = lane.waiting.popleft()
        self._waiting -= 1
        lane.outstanding.append(delivery)
        lane.consumer, lane.queue = consumer, None
        self._offer(lane)
        return delivery

    def settle(self, delivery: Delivery) -> Consumer | None:
        """Forget what is over: acknowledged, expired or dead-lettered. Return as `append` does."""
        lane = self._lanes.get(delivery.message.ordering_key)
        if lane is None:
            return None
        outstanding = lane.outstanding
        if delivery.state is State.GONE and delivery in outstanding:
            outstanding.remove(delivery)
        while outstanding and outstanding[0].state is not State.LEASED:
            outstanding.popleft()
        return self._offer(lane)

    def give_back(self, delivery: Delivery) -> Sequence[Delivery]:
        """Take back a delivery and all that was handed out after it; return those, in order.

        The lane stands still until `resume`.
        """
        lane = self._lanes[delivery.message.ordering_key]
        successors: deque[Delivery] = deque()
        while lane.outstanding:
            last = lane.outstanding.pop()
            lane.waiting.appendleft(last)
            self._waiting += 1
            if last is delivery:
                break
            successors.appendleft(last)
        lane.queue = None
        return successors

    def resume(self, delivery: Delivery) -> Consumer | None:
        """Let a lane go on, since its first delivery has rested. Return as `append` does."""
        lane = self._lanes.get(delivery.message.ordering_key)
        return self._offer(lane) if lane is not None else None

    def _may_go_on(self, lane: Lane) -> bool:
        """Return whether the first waiting delivery is ready; drop those before it that are over."""
        while lane.waiting and lane.waiting[0].state not in (State.READY, State.RESTING):
            lane.waiting.popleft()
            self._waiting -= 1
        return bool(lane.waiting) and lane.waiting[0].state is State.READY

    def _offer(self, lane: Lane) -> Consumer | None:
        """Queue a lane where it may be served: for its holder alone while something is outstanding."""
        if not lane.outstanding:
            lane.consumer = None
        if not self._may_go_on(lane):
            self._forget(lane)
            return None
        queue = self._ready if lane.consumer is None else lane.consumer.lanes
        if lane.queue is not queue:
            lane.queue = queue
            queue.append(lane)
        return lane.consumer

    def _forget(self, lane: Lane) -> None:
        # Lanes from before a seek may still stand in a consumer's queue; the key has a new lane by then.
        if not lane.waiting and not lane.outstanding and self._lanes.get(lane.key) is lane:
            del self._lanes[lane.key]
