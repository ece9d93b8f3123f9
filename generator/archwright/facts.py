"""Provider limits and prices, each with its source, the day it was read and how sure it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archwright.model import Fact
from archwright.quantities import Duration, Size

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A list price in US dollars: one number for `unit`, or one for each kind of use."""

    id: str
    service: str
    what: str
    unit: str
    usd: Mapping[str, float]
    region: str
    free_tier: str
    source: str
    read: str
    confidence: str
    note: str
    billing_chunk: str = ""

    @property
    def per(self) -> float:
        """How many units `usd` pays for: a million of `1M requests`, one of `GiB`."""
        return _leading(self.unit) or 1

    @property
    def free(self) -> float:
        """How many units are free every month."""
        return _leading(self.free_tier)

    def as_fact(self) -> Fact:
        """Return the price in the words of a fact, for documents that list both."""
        amounts = ", ".join(
            f"{kind} {amount:g}" if kind != "usd" else f"{amount:g}" for kind, amount in self.usd.items()
        )
        return Fact(
            id=self.id,
            service=self.service,
            what=self.what,
            value=f"USD {amounts} per {self.unit}",
            source=self.source,
            read=self.read,
            confidence=self.confidence,
            note=self.note,
        )


def _leading(text: str) -> float:
    """Return the number that `text` begins with, such as 1,000,000 for `1M/month`; 0 if there is none."""
    match = re.match(r"([\d,.]+)(M?)", text)
    return float(match[1].replace(",", "")) * (10**6 if match[2] else 1) if match else 0


@dataclass(frozen=True, slots=True)
class Facts:
    """Every limit and price of a catalog, by id."""

    limits: Mapping[str, Fact]
    prices: Mapping[str, Price]

    def __contains__(self, fact_id: object) -> bool:
        return fact_id in self.limits or fact_id in self.prices


def number(value: object) -> float | None:
    """Return a quantity as a plain number: seconds of a duration, bytes of a size, a count as it is.

    Raises:
        ValueError: the text carries no unit that is known.
    """
    if value is None or isinstance(value, (int, float)):
        return value
    text = str(value)
    for kind in (Duration, Size):
        try:
            quantity = kind.parse(text)
        except ValueError:
            continue
        return quantity.seconds if isinstance(quantity, Duration) else quantity.bytes
    raise ValueError(f"`{text}` is neither a count, a duration (`5m`) nor a size (`256KiB`)")


def make_limit(fact_id: str, entry: Mapping[str, Any]) -> Fact:
    """Make a limit from a validated entry of `limits.yaml`.

    Raises:
        ValueError: its minimum or maximum is no quantity.
    """
    return Fact(
        id=fact_id,
        **{key: entry[key] for key in ("service", "what", "value", "source", "read", "confidence", "note")},
        minimum=number(entry["minimum"]),
        maximum=number(entry["maximum"]),
    )


def make_price(fact_id: str, entry: Mapping[str, Any]) -> Price:
    """Make a price from a validated entry of `prices.yaml`."""
    usd = entry["usd"]
    keys = ("service", "what", "unit", "region", "free_tier", "billing_chunk", "source", "read", "confidence", "note")
    return Price(
        id=fact_id,
        usd=usd if isinstance(usd, dict) else {"usd": usd},
        **{key: entry[key] for key in keys},
    )
