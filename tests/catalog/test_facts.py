from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from archwright import resources, yamlfile
from archwright.facts import make_limit, number
from archwright.quantities import Duration, Size
from archwright.schema import FACT_KINDS, Blueprint, Limit, Platform, Price
from archwright.shapes import check_shape

ROOT = resources.data_root()
FACT = re.compile(r"[a-z0-9]+(\.[a-z0-9_:-]+)+")


def entries(kind: str) -> dict[str, Any]:
    document = yamlfile.load(ROOT / "blueprints" / "facts" / f"{kind}.yaml", f"{kind}.yaml")
    return document.value


def shaped(kind: str) -> dict[str, Any]:
    document = yamlfile.load(ROOT / "blueprints" / "facts" / f"{kind}.yaml", f"{kind}.yaml")
    return {name: check_shape(FACT_KINDS[kind], document, (name,))[0] for name in document.value}


LIMITS: dict[str, Limit] = shaped("limits")
PRICES: dict[str, Price] = shaped("prices")
FACTS: dict[str, Limit | Price] = {
    **{f"limits {name}": one for name, one in LIMITS.items()},
    **{f"prices {n}": one for n, one in PRICES.items()},
}


def blueprints() -> dict[str, Blueprint]:
    files = sorted((ROOT / "blueprints").glob("*/blueprint.yaml"))
    return {file.parent.name: check_shape(Blueprint, yamlfile.load(file, file.name))[0] for file in files}


def platforms() -> dict[str, Platform]:
    files = sorted((ROOT / "templates" / "platforms").glob("*/platform.yaml"))
    return {file.parent.name: check_shape(Platform, yamlfile.load(file, file.name))[0] for file in files}


@pytest.mark.parametrize("kind", ["limits", "prices"])
def test_every_entry_loads(kind):
    """Every entry has the shape of its kind; nothing is missing, nothing unknown."""
    document = yamlfile.load(ROOT / "blueprints" / "facts" / f"{kind}.yaml", f"{kind}.yaml")

    findings = [finding for name in document.value for finding in check_shape(FACT_KINDS[kind], document, (name,))[1]]

    assert findings == []
    assert all(FACT.fullmatch(name) for name in document.value)


@pytest.mark.parametrize("missing", ["source", "read", "confidence"])
def test_a_fact_without_its_origin_is_refused(missing):
    """A fact that does not say where, when or how sure is not read."""
    entry = {key: value for key, value in entries("limits")["aws.sqs.visibility_timeout"].items() if key != missing}
    document = yamlfile.Document("limits.yaml", {"a.b": entry}, {})

    limit, findings = check_shape(Limit, document, ("a.b",))

    assert (limit, [missing in finding.message + finding.subject for finding in findings]) == (None, [True])


def test_sources_tell_where_to_look():
    """A source is a page's address, or a named thing with its version or date; never an empty promise."""
    place = re.compile(r"https?://\S+\.\S+|\d|documentation|excerpts|text quoted|github\.com/")

    assert [name for name, fact in FACTS.items() if not place.search(fact.source)] == []
    assert [name for name, fact in FACTS.items() if fact.source != fact.source.strip()] == []


def test_facts_were_read_on_a_day_that_has_been():
    """The day of reading is a real day, and not after the last review of the blueprints."""
    reviewed = max(spec.last_reviewed for spec in blueprints().values())

    assert [name for name, fact in FACTS.items() if not "2024-01-01" <= fact.read <= reviewed] == []
    assert all(dt.date.fromisoformat(fact.read) for fact in FACTS.values())


def test_what_was_not_read_says_so():
    """A fact that nobody read tells its reader to verify it."""
    unread = [name for name, fact in FACTS.items() if fact.confidence == "D"]

    assert unread
    assert [name for name in unread if "verify" not in FACTS[name].note] == []


def unit_of(value: object) -> str:
    for kind in (Duration, Size):
        try:
            kind.parse(str(value))
        except ValueError:
            continue
        return kind.__name__
    return "count" if isinstance(value, (int, float)) else f"neither: {value}"


@pytest.mark.parametrize("name", LIMITS)
def test_bounds_are_quantities_of_one_kind(name):
    """Minimum, maximum and default are counts, durations or sizes, all of the same kind, and in order."""
    limit = LIMITS[name]
    given = {
        key: value
        for key, value in (("minimum", limit.minimum), ("default", limit.default), ("maximum", limit.maximum))
        if value is not None
    }

    fact = make_limit(name, limit.model_dump())

    numbers = [number(value) for value in given.values()]
    assert len({unit_of(value) for value in given.values()} - {""}) <= 1, given
    assert numbers == sorted(numbers), given
    assert [fact.minimum, fact.maximum] == [number(limit.minimum), number(limit.maximum)]


@pytest.mark.parametrize(
    ("name", "minimum", "maximum"),
    [
        ("aws.sqs.visibility_timeout", 0, 43_200),
        ("aws.sqs.message_size", None, 1_048_576),
        ("gcp.pubsub.ack_deadline", 10, 600),
        ("gcp.pubsub.max_delivery_attempts", 5, 100),
        ("azure.servicebus.lock_duration", None, 300),
        ("azure.servicebus.duplicate_window", 20, 604_800),
        ("local.sqlite.value_length", None, 1_000_000_000),
    ],
)
def test_known_limits_are_the_numbers_that_rules_use(name, minimum, maximum):
    """Limits that knobs are held against come out in seconds, bytes and counts."""
    fact = make_limit(name, LIMITS[name].model_dump())

    assert (fact.minimum, fact.maximum) == (minimum, maximum)


def test_prices_are_positive_dollars():
    """Every price is a number of dollars, none below zero, and what a size is rounded up to is a size."""
    dollars = {
        name: price.usd.values() if isinstance(price.usd, dict) else [price.usd] for name, price in PRICES.items()
    }

    assert [name for name, some in dollars.items() if min(some) < 0 or max(some) == 0] == []
    chunks = {name: price.billing_chunk for name, price in PRICES.items() if price.billing_chunk}
    assert [name for name, chunk in chunks.items() if unit_of(chunk) != "Size"] == []


def test_facts_that_are_named_exist():
    """Every fact that a blueprint names, and every limit that a platform holds a knob against, is in the files."""
    named = [(name, fact) for name, spec in blueprints().items() for fact in spec.facts]
    held = [
        (name, knob.limit)
        for name, spec in platforms().items()
        for binding in spec.bindings.values()
        for knob in binding.knobs.values()
    ]

    assert named
    assert [(name, fact) for name, fact in named if fact not in LIMITS and fact not in PRICES] == []
    assert [(name, fact) for name, fact in held if fact not in LIMITS] == []


def test_blueprints_name_each_fact_once_and_clearly():
    """No blueprint lists a fact twice, or names an id that is both a limit and a price."""
    both = LIMITS.keys() & PRICES.keys()

    for name, spec in blueprints().items():
        assert len(spec.facts) == len(set(spec.facts)), name
        assert both.isdisjoint(spec.facts), name
