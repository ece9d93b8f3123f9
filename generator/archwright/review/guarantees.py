"""Rules about guarantees: what a hop promises is asked for, given, and drilled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright.errors import Severity
from archwright.model import Delivery
from archwright.review.rule import Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archwright.model import Architecture, Channel, Guarantee

_BY_KEY = ("per key", "per-key", "fifo", "first in")


@rule("AW220", Severity.WARNING)
def guarantees_are_drilled(architecture: Architecture) -> Iterator[Problem]:
    """Every guarantee names the drill that proves it, or says why there is none."""
    for one in architecture.guarantees:
        if not one.drill and not one.no_drill_because:
            yield Problem(subject=_hop(one), message="no drill proves this guarantee", hint="name one, or say why not.")


@rule("AW221", Severity.ERROR)
def exactly_once_is_deduplicated(architecture: Architecture) -> Iterator[Problem]:
    """A hop that promises exactly-once delivery says what takes the duplicates out."""
    for one in architecture.guarantees:
        if one.delivery is Delivery.EXACTLY_ONCE and one.deduplication in {"", "none"}:
            message = "exactly-once delivery is promised, but nothing takes duplicates out"
            yield Problem(subject=_hop(one), message=message, hint="promise at-least-once, or say what deduplicates.")


@rule("AW222", Severity.ERROR)
def promised_order_is_asked_for(architecture: Architecture) -> Iterator[Problem]:
    """A hop promises an order per key only if its channel is asked to keep one."""
    for one in architecture.guarantees:
        for channel in _channels(architecture, one):
            if channel.ordering == "none" and one.ordering.lower().startswith(_BY_KEY):
                message = f"an order is promised ({one.ordering}), but `{channel.id}` is not asked to keep one"
                hint = f"set `ordering: per-key` on `{channel.id}`, or promise none."
                yield Problem(subject=_hop(one), message=message, hint=hint, nearest="none")


@rule("AW223", Severity.ERROR)
def promised_delivery_is_what_is_asked_for(architecture: Architecture) -> Iterator[Problem]:
    """No hop promises less than its channel is asked for: exactly-once is not paid for in vain, nor lost on the way."""
    for one in architecture.guarantees:
        for channel in _channels(architecture, one):
            given, asked = one.delivery, channel.delivery
            if given is Delivery.AT_MOST_ONCE or (given is Delivery.AT_LEAST_ONCE and asked is Delivery.EXACTLY_ONCE):
                message = f"{given} is promised, but `{channel.id}` is asked for {asked}"
                hint = f"promise {asked}, or ask the channel for less."
                yield Problem(subject=_hop(one), message=message, hint=hint, nearest=str(asked))


def _channels(architecture: Architecture, one: Guarantee) -> list[Channel]:
    ends = {end.partition("/")[0] for end in (one.source, one.target)}
    return [channel for channel in architecture.channels if channel.id in ends]


def _hop(one: Guarantee) -> str:
    return f"{one.source} → {one.target}"
