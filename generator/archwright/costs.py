"""What a month of messages costs by list prices: an estimate, as far as prices have a source."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from archwright.model import Estimate, EstimateLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archwright.model import Channel, Container, Cost

LOADS = (100_000, 1_000_000, 10_000_000)
"""Messages that each channel takes in a month: three sizes, so that one sees what is fixed and what grows."""
BYTES = 4_096
"""The size of a message; within the chunk that every provider rounds up to but Pub/Sub, which has none."""
_GIB = 1 << 30


def estimate(fixed: Sequence[Cost], channels: Iterable[Channel], containers: Iterable[Container]) -> Estimate | None:
    """Return what a month costs in US dollars at each of `LOADS`; None where no price applies.

    `fixed` is charged once, whatever runs. Later attempts, renewals of leases and empty polls are not counted; the
    parts whose prices are unknown are named in `left_out`.
    """
    used: dict[str, tuple[Cost, list[float]]] = {}
    left_out: list[str] = []
    for cost in fixed:
        _add_once(used, cost)
    for channel in channels:
        for cost in channel.service.costs:
            if set(cost.units) == {"months"}:
                _add_once(used, cost)
            else:
                _add(used, cost, [_units(cost, load, load * len(channel.queues)) for load in LOADS])
        left_out += [] if fixed or channel.service.costs else [channel.service.name]
    for part in containers:
        for cost in part.service.costs if part.service else ():
            _add_once(used, cost)
        left_out += [part.service.name] if part.service and not part.service.costs else []
        left_out += ["what runs the program"] if part.handles else []
    lines = tuple(EstimateLine(price=cost.price, amounts=_charged(cost, month)) for cost, month in used.values())
    if not lines:
        return None
    return Estimate(loads=LOADS, bytes=BYTES, lines=lines, left_out=tuple(dict.fromkeys(left_out)))


def _add_once(used: dict[str, tuple[Cost, list[float]]], cost: Cost) -> None:
    """Add what a month costs whatever is sent, however many channels or parts share it."""
    used.setdefault(cost.price.id, (cost, [_units(cost, 0, 0)] * len(LOADS)))


def _add(used: dict[str, tuple[Cost, list[float]]], cost: Cost, units: Sequence[float]) -> None:
    """Add the units of each load to those of the same price: what is free is so once, and not for each channel."""
    _, sums = used.setdefault(cost.price.id, (cost, [0.0] * len(units)))
    sums[:] = [before + more for before, more in zip(sums, units, strict=True)]


def _charged(cost: Cost, month: Sequence[float]) -> tuple[float, ...]:
    """Return the US dollars of each load's units, but for those that are free."""
    return tuple(max(units - cost.free, 0) / cost.per * cost.usd for units in month)


def _units(cost: Cost, sent: int, delivered: int) -> float:
    """Return how many units of a price are used by what is sent and delivered in a month."""
    chunks = math.ceil(BYTES / cost.chunk) if cost.chunk else 1
    quantities = {
        "months": 1.0,
        "sent": sent * chunks,
        "delivered": delivered * chunks,
        "gib_sent": sent * BYTES / _GIB,
        "gib_delivered": delivered * BYTES / _GIB,
    }
    return sum(quantities[name] * times for name, times in cost.units.items())
