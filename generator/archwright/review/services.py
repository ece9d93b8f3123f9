"""Rules about services: what a channel or container asks for is given by the service, together and in its tier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright.errors import Severity
from archwright.review.rule import Problem, a, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archwright.model import Architecture, Exclusion, Service

_WORDS = {
    "ordered": "order per key",
    "deduplicated": "deduplication",
    "delayed": "a delay for single messages",
    "exactly-once": "exactly-once delivery",
    "push": "push",
    "several-regions": "several regions",
}
_KEYS = {  # trait → the key that asks for it
    "ordered": "ordering",
    "deduplicated": "deduplication_window",
    "exactly-once": "delivery",
    "delayed": "delayed",
    "several-regions": "regions",
}


@rule("AW206", Severity.ERROR)
def service_is_in_the_tier(architecture: Architecture) -> Iterator[Problem]:
    """What is asked for is to be had in the tier that is chosen."""
    for subject, service, one in _excluded(architecture):
        if one.tier:
            what = f"gives no {_together(one)}" if one.traits else "does not exist"
            message = f"{a(service.name)} {what} in the {service.tier} tier"
            yield Problem(subject=subject, message=message, hint=one.help, limit=one.limit)


@rule("AW207", Severity.ERROR)
def exactly_once_is_given(architecture: Architecture) -> Iterator[Problem]:
    """Exactly-once delivery is asked only of a service that gives it, in the way in which it is asked for."""
    for subject, service, one in _excluded(architecture):
        if "exactly-once" in one.traits and not one.tier:
            message = f"{a(service.name)} does not hold {_together(one)}"
            yield Problem(subject=subject, message=message, hint=one.help, limit=one.limit)


@rule("AW208", Severity.ERROR)
def what_is_asked_goes_together(architecture: Architecture) -> Iterator[Problem]:
    """Order, deduplication, delay and push are asked for only where one service holds them together."""
    for subject, service, one in _excluded(architecture):
        if "exactly-once" not in one.traits and not one.tier:
            message = f"{a(service.name)} does not hold {_together(one)}"
            yield Problem(subject=subject, message=message, hint=one.help, limit=one.limit)


def _excluded(architecture: Architecture) -> Iterator[tuple[str, Service, Exclusion]]:
    """Give what the services in use exclude and somebody asks for all the same."""
    asked = [(one.id, one.service, one.traits) for one in architecture.channels]
    asked += [(one.id, one.service, frozenset[str]()) for one in architecture.containers if one.service]
    for subject, service, traits in asked:
        for one in service.excludes:
            if one.traits <= traits and one.tier in {"", service.tier}:
                key = next((_KEYS[trait] for trait in _KEYS if trait in one.traits), "capability")
                yield f"{subject}.{key}", service, one


def _together(one: Exclusion) -> str:
    return " with ".join(words for trait, words in sorted(_WORDS.items()) if trait in one.traits)
