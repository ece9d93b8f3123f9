from __future__ import annotations

import dataclasses
import json

import pytest

from archwright.catalog import load_catalog
from archwright.emulators.pubsub import filters as pubsub
from archwright.model import Fact, Language, Operator
from archwright.quantities import Duration
from archwright.resolve import platforms_of, resolve
from archwright.review import review
from archwright.routing import expressions, rule_of, said
from archwright.schema import Condition

CATALOG = load_catalog()
TALKING = [one for one in platforms_of(CATALOG, "event-bus-router") if one != "local"]


def bound(platform: str):
    """The event bus as the catalog has it, on a platform."""
    return resolve(CATALOG, "event-bus-router", platform, "desk", {})


def language(platform: str) -> Language:
    return bound(platform).channels[0].service.language


def ruled(architecture, *whens):
    """Give the first subscription these rules, told to its service."""
    channel = architecture.channels[0]
    rules = tuple(rule_of(f"rule-{number}", when) for number, when in enumerate(whens))
    words = channel.service.language
    told = expressions(words, channel.id, channel.subscriptions[0].id, rules) if words else {}
    first = dataclasses.replace(channel.subscriptions[0], rules=rules, expressions=told)
    channel = dataclasses.replace(channel, subscriptions=(first, *channel.subscriptions[1:]))
    return dataclasses.replace(architecture, channels=(channel,))


def found(architecture) -> list[tuple[str, str, str]]:
    return [(one.code, one.subject, one.message) for one in review(architecture)]


def problems(architecture) -> list[str]:
    return [one.code for one in review(architecture) if one.code != "AW235"]


@pytest.mark.parametrize("platform", ["local", *TALKING])
def test_the_bus_of_the_catalog_is_sound(platform):
    """The passing twin of the rules below."""
    assert problems(bound(platform)) == []


def test_a_comparison_with_numbers_is_refused_where_there_is_none():
    """Pub/Sub compares text only; the finding names the rule, the field, and what can be asked instead."""
    rules = {"region": Condition(at_least=10)}

    [(code, subject, message)] = found(ruled(bound("gcp"), rules))

    assert (code, subject) == ("AW230", "events/billing")
    assert message == "rule `rule-0` asks `at_least` of `region`, which a Pub/Sub filter cannot"
    [finding] = review(ruled(bound("gcp"), rules))
    assert "it can test a list of values, `prefix`, `exists: true`, `exists: false`, `not`" in finding.hint
    assert finding.source.startswith("gcp.pubsub.filter: ")
    assert problems(ruled(bound("azure"), rules)) == []
    assert problems(ruled(bound("local"), rules)) == []


@pytest.mark.parametrize(("platform", "room"), [("gcp", 256), ("azure", 1024), ("aws", 2048)])
def test_rules_that_have_no_room_are_refused(platform, room):
    """One byte more than a service takes is refused, and the room itself is not."""
    architecture = bound(platform)

    def told(length):
        return ruled(architecture, {"region": "a" * length})

    [expression] = told(1).channels[0].subscriptions[0].expressions.values()
    fits = room - len(expression) + 1
    assert problems(told(fits)) == []
    assert problems(told(fits + 1)) == ["AW231"]


def test_a_rule_looks_at_what_events_show():
    """A field that no message of the channel copies beside its body, and a type that there is not, are refused."""
    assert problems(ruled(bound("local"), {"total_cents": Condition(at_least=1)})) == ["AW232"]
    assert problems(ruled(bound("local"), {"type": ["OrderPlaced", "OrderLost"]})) == ["AW232"]
    assert problems(ruled(bound("local"), {"type": "OrderPlaced", "region": "eu", "final": "yes"})) == []


def test_a_bus_without_a_target_for_everything_is_told_of():
    """Where every subscription has rules, an event that none takes is dropped."""
    architecture = bound("local")
    channel = architecture.channels[0]
    ruled_only = dataclasses.replace(channel, subscriptions=channel.subscriptions[:-1])

    assert "AW233" in problems(dataclasses.replace(architecture, channels=(ruled_only,)))


def test_a_replay_is_no_longer_than_events_are_kept():
    """Pub/Sub keeps what was published for 31 days."""
    architecture = bound("gcp")
    longer = dataclasses.replace(architecture.channels[0], replay=Duration(31 * 86_400 + 1))

    assert problems(dataclasses.replace(architecture, channels=(longer,))) == ["AW234"]


def test_a_knob_without_effect_is_told_with_the_reason():
    """Service Bus keeps nothing that was consumed; without the knob there is nothing to tell."""
    [(code, subject, message)] = found(bound("azure"))
    channel = dataclasses.replace(bound("azure").channels[0], replay=None)

    assert (code, subject) == ("AW235", "events.replay")
    assert "keeps no message that was consumed" in message
    assert found(dataclasses.replace(bound("azure"), channels=(channel,))) == []


@pytest.mark.parametrize("condition", [{}, {"prefix": "a", "exists": True}])
def test_a_condition_asks_one_thing(condition):
    """Two tests of one field are two conditions, and none is none."""
    with pytest.raises(ValueError, match="exactly one of"):
        Condition.model_validate(condition)


def test_rules_are_said_as_people_say_them():
    """Diagrams and AsyncAPI show a rule in words."""
    rule = rule_of(
        "r",
        {
            "type": ["A", "B"], "version": 1, "region": Condition(prefix="eu-"), "final": Condition(exists=False),
            "band": Condition.model_validate({"not": ["x"]}), "total": Condition(below=5),
            "rank": Condition(at_least=2), "key": Condition(exists=True),
        },
    )  # fmt: skip

    assert said(rule) == "A or B, version 1, region eu-…, without final, band not x, total < 5, rank ≥ 2, with key"


def test_a_value_is_never_taken_for_the_language():
    """What stands in a value is quoted, and a brace in it is a brace."""
    [pubsub_text] = expressions(language("gcp"), "c", "t", [rule_of("r", {"type": 'a" OR {each}'})]).values()
    [sql] = expressions(language("azure"), "c", "t", [rule_of("r", {"kind": Condition(prefix="it's 5%_")})]).values()

    assert 'attributes.x_type = "a\\" OR {each}"' in pubsub_text
    assert sql == "sys.To = 'c' AND [kind] LIKE 'it''s 5\\%\\_%' ESCAPE '\\'"
    assert pubsub.parse_filter(pubsub_text).matches({"x_type": 'a" OR {each}'})


def test_several_rules_of_a_pattern_are_alternatives_and_one_is_none():
    """EventBridge reads `$or` as a field's name where it holds one alternative only, so that a single rule has none."""
    one, other = ({"type": "OrderPlaced"}, {"type": "StockLow", "version": 1})

    [alone] = ruled(bound("aws"), one).channels[0].subscriptions[0].expressions.values()
    [both] = ruled(bound("aws"), one, other).channels[0].subscriptions[0].expressions.values()

    assert json.loads(alone)["detail"] == {"route": {"type": ["OrderPlaced"]}}
    assert json.loads(both)["detail"] == {
        "route": {"$or": [{"type": ["OrderPlaced"]}, {"type": ["StockLow"], "version": [1]}]}
    }


def test_a_language_of_structure_can_be_described_too():
    """A pattern in JSON is texts with names in braces as well, although braces are its own."""
    fact = Fact(id="p.s.l", service="S", what="w", value="v", source="s", read="2026-11-28", confidence="A")
    words = Language(
        name="pattern", limit=fact, quotes="double", names={}, others="{field}", numbers="plain",
        operators={
            "equals": Operator(each="{value}", between=", ", around='"{field}": [{each}]', one=""),
            "at_least": Operator(each="", between="", around='"{field}": [{"numeric": [">=", {value}]}]', one=""),
        },
        both=", ", rule='{"detail": {{conditions}}}', either="", subscription="{rules}", alone="", everything="{}",
    )  # fmt: skip

    told = expressions(words, "c", "t", [rule_of("r", {"type": ["A", "B"], "total": Condition(at_least=5)})])

    assert json.loads(told["r"]) == {"detail": {"type": ["A", "B"], "total": [{"numeric": [">=", 5]}]}}
    assert expressions(words, "c", "t", []) == {"everything": "{}"}
