"""The shape of `limits.yaml` and `prices.yaml`: each entry with its source, the day it was read, how sure it is."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from archwright.schema.words import Day, Strict, Text

Quantity = str | int | float


class Sourced(Strict):
    """A fact with where it was read, when, and how sure it is."""

    service: Text = Field(description="The service that the fact is about, as its provider calls it.")
    what: Text = Field(description="What is limited or paid for, in a few words.")
    source: Text = Field(description="Where it was read: a package with its version, or the address of a page.")
    read: Day = Field(description="The day on which it was read there.")
    confidence: Literal["A", "B", "C", "D"] = Field(
        description="A primary machine-readable artefact, B stored copy of the provider's page, C secondary source, "
        "D not read: verify."
    )
    note: str = Field(default="", description="What a reader has to know besides, and what is still to be verified.")


class Limit(Sourced):
    """A provider's limit; rules hold knobs against `minimum` and `maximum`."""

    value: Text = Field(description="The limit in words and numbers, as people read it.")
    minimum: Quantity | None = Field(default=None, description="The least that is allowed: `30s`, `1KiB` or a count.")
    maximum: Quantity | None = Field(default=None, description="The most that is allowed: `5m`, `256KiB` or a count.")
    default: Quantity | None = Field(default=None, description="What holds unless it is set, in the same unit.")
    adjustable: bool = Field(
        default=False, description="Whether the provider raises it on request or by configuration."
    )


class Price(Sourced):
    """A list price in US dollars."""

    unit: Text = Field(description="What `usd` is paid for, such as `1M requests`.")
    usd: float | int | dict[str, float | int] = Field(
        description="US dollars for one unit, or one number for each kind of use (`input`, `output`, …)."
    )
    region: str = Field(default="", description="Where the price holds.")
    free_tier: str = Field(default="", description="What is free, such as `1M/month`.")
    billing_chunk: str = Field(default="", description="What a size is rounded up to, such as `64KiB`.")
