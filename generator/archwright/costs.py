"""What a month of messages costs by list prices: an estimate, as far as prices have a source."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from archwright.model import ContainerKind, Estimate, EstimateLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archwright.model import Channel, Container, Cost, Runtime, Service

LOADS = (100_000, 1_000_000, 10_000_000)
"""Messages that each channel takes in a month: three sizes, so that one sees what is fixed and what grows."""
BYTES = 4_096
"""The size of a message; within the chunk that every provider rounds up to but Pub/Sub, which has none."""
BY_THE_CALL = "It charges by the call, and without messages it is not known how often it is called."
UNCOUNTED = "The process that runs it is not counted."
UNKNOWN = "No price with a source is known here."
_GIB = 1 << 30


def estimate(
    fixed: Sequence[Cost], channels: Sequence[Channel], containers: Sequence[Container], workers: Sequence[Runtime] = ()
) -> Estimate | None:
    """Return what a month costs in US dollars at each of `LOADS`; None where no price applies.

    `fixed` is charged once, whatever runs, and so is a service that several containers share. Later attempts, renewals
    of leases and empty polls are not counted.
    """
    used: dict[str, tuple[Cost, list[float]]] = {}
    told: dict[str, str] = {}
    counted = {channel.service.name for channel in channels if fixed}
    for cost in fixed:
        _add(used, cost, [_units(cost, 0, 0)] * len(LOADS))
    for channel in channels:
        told[channel.service.name] = channel.service.bill
        for cost in channel.service.costs:
            counted.add(channel.service.name)
            if not _is_base(cost) or cost.price.id not in used:  # a base price is one for all channels
                _add(used, cost, [_units(cost, load, load * len(channel.queues)) for load in LOADS])
    copies = sum(len(channel.queues) for channel in channels)
    services: dict[str, Service | Runtime] = {part.service.name: part.service for part in containers if part.service}
    for part in (*services.values(), *workers):
        told[part.name] = part.bill
        for cost in part.costs:
            if not channels and not _is_base(cost):
                told[part.name] = BY_THE_CALL
            else:
                counted.add(part.name)
                _add(used, cost, [_units(cost, load * len(channels), load * copies) for load in LOADS])
    lines = tuple(EstimateLine(price=cost.price, amounts=_charged(cost, month)) for cost, month in used.values())
    if not lines:
        return None
    told |= {part.name: UNCOUNTED for part in containers if part.kind is ContainerKind.SERVICE and not part.service}
    left_out = tuple(name for name in told if name not in counted)
    remarks = {name: bill or (UNKNOWN if name in left_out else "") for name, bill in told.items()}
    return Estimate(
        loads=LOADS,
        bytes=BYTES,
        lines=lines,
        left_out=left_out,
        remarks={name: text for name, text in remarks.items() if text},
    )


def _is_base(cost: Cost) -> bool:
    """Return whether a month costs the same whatever is sent."""
    return set(cost.units) == {"months"}


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
