from __future__ import annotations

import pytest

from archwright.adr.changes import classify
from archwright.adr.policy import IMMUTABILITY, Change, read_policy
from archwright.adr.read import parse_record
from archwright.errors import Severity, UsageError

RULES = {"AD101": "number-collision", "AD153": "single-option"}
NYGARD = """# 7. Use a queue

Date: 2026-01-02

## Status

Accepted

## Context

Work comes in bursts, see [the numbers](../load.md) and ADR-0003. We recieve at most 40 messages a second.

## Decision

We must not lose a message. We use SQS with at-least-once delivery.

## Consequences

Handlers have to be idempotent.
"""
MADR = """---
status: accepted
date: 2026-01-02
decision-makers: Ann
---

# Use a queue

## Context and Problem Statement

Work comes in bursts.

## Decision Outcome

Chosen option: "SQS", because it is there.

## More Information

Nothing yet.
"""


def kind(before, after, tmp_path):
    old, new = (parse_record(text.encode(), tmp_path / "0007-x.md", "0007-x.md") for text in (before, after))
    return classify(old, new).change


@pytest.mark.parametrize(
    ("expected", "old", "new"),
    [
        (Change.METADATA, "Accepted", "Superseded by [9. Use a stream](0009-use-a-stream.md)"),
        (Change.METADATA, "2026-01-02", "2026-01-03"),
        (Change.METADATA, "# 7. Use", "# 8. Use"),
        (Change.METADATA, "\n", "\r\n"),
        (Change.METADATA, "bursts, see", "bursts,\nsee"),
        (Change.LINK_REPAIR, "../load.md", "../../docs/load.md"),
        (Change.LINK_REPAIR, "ADR-0003", "ADR-0031"),
        (Change.TYPO, "recieve", "receive"),
        (Change.TYPO, "Work comes", "The work comes"),
        (Change.TYPO, "idempotent.", "idempotent!"),
        (Change.TYPO, "Handlers", "handlers"),
        (Change.SUBSTANTIVE, "must not lose", "must lose"),
        (Change.SUBSTANTIVE, "must not lose", "should not lose"),
        (Change.SUBSTANTIVE, "SQS", "SNS"),
        (Change.SUBSTANTIVE, "40 messages", "400 messages"),
        (Change.SUBSTANTIVE, "at-least-once", "at-most-once"),
        (Change.SUBSTANTIVE, "We use SQS with at-least-once delivery.", ""),
        (Change.SUBSTANTIVE, "Handlers have to be idempotent.", "Handlers have to be idempotent. Nobody pays for it."),
        (Change.SUBSTANTIVE, "## Consequences", "We also use a stream.\n\n## Consequences"),
        (Change.ADDENDUM, "idempotent.\n", "idempotent.\n\n## Amendments\n\n2026-05-05: the limit is now 80.\n"),
        (Change.ADDENDUM, "idempotent.\n", "idempotent.\n\n## Update 2026-05-05\n\nThe limit is now 80.\n"),
    ],
)
def test_a_change_is_what_it_does_to_the_decision(tmp_path, expected, old, new):
    """What changes no meaning is metadata, a link or a typo; a number, a name or a `not` never is."""
    assert old in NYGARD

    assert expected == kind(NYGARD, NYGARD.replace(old, new), tmp_path)


@pytest.mark.parametrize(
    ("expected", "old", "new"),
    [
        (Change.METADATA, "status: accepted", "status: deprecated"),
        (Change.METADATA, "decision-makers: Ann", "decision-makers: [Ann, Bob]\nconsulted: Eve"),
        (Change.ADDENDUM, "Nothing yet.", "Nothing yet. In May the limit was raised."),
        (Change.SUBSTANTIVE, '"SQS"', '"Kafka"'),
    ],
)
def test_front_matter_and_further_information_are_no_decision(tmp_path, expected, old, new):
    """MADR's metadata may change freely, what comes under its further information is an addendum."""
    assert expected == kind(MADR, MADR.replace(old, new), tmp_path)


@pytest.mark.parametrize(
    ("expected", "old", "new"),
    [
        (Change.TYPO, "receeve", "receive"),
        (Change.TYPO, "teh", "the"),
        (Change.SUBSTANTIVE, "most", "must"),
        (Change.SUBSTANTIVE, "now", "not"),
        (Change.SUBSTANTIVE, "port8080", "port8081"),
        (Change.SUBSTANTIVE, "maxRetries", "minRetries"),
        (Change.SUBSTANTIVE, "synchronous", "asynchronous"),
    ],
)
def test_words_that_look_alike_are_typos_only_where_they_cannot_bind(tmp_path, expected, old, new):
    """One letter is a slip in a plain word, and another decision in a number, an identifier or a word that binds."""
    text = NYGARD.replace("Handlers have", f"Handlers {old} have")

    assert expected == kind(text, text.replace(f"Handlers {old}", f"Handlers {new}"), tmp_path)


@pytest.mark.parametrize(
    ("policy", "typo", "addendum", "substantive"),
    [
        ("strict", Severity.ERROR, Severity.ERROR, Severity.ERROR),
        ("aws", None, Severity.WARNING, Severity.ERROR),
        ("azure", None, None, Severity.ERROR),
        ("madr", None, None, Severity.WARNING),
        ("off", None, None, None),
    ],
)
def test_each_policy_weighs_changes_in_its_way(policy, typo, addendum, substantive):
    """Metadata and repaired links are free under all; the policies differ in the rest."""
    read = read_policy({"immutability": policy}, RULES)

    weights = [read.weight_of_change(change) for change in Change]

    assert [None, None, typo, addendum, substantive] == weights
    assert policy in IMMUTABILITY


@pytest.mark.parametrize(
    ("settings", "message", "hint"),
    [
        ({"immutability": "gds"}, "`immutability` is `gds`", "`strict`, `aws`, `azure`, `madr`, `off`"),
        ({"rules": {"AD999": "off"}}, "`rules` names `AD999`, which is no rule", "lint --rules"),
        ({"rules": {"single-optoin": "off"}}, "`rules` names `single-optoin`", "did you mean `single-option`?"),
        ({"rules": {"AD101": "fatal"}}, "`rules.AD101` is `fatal`", "`off`, `error`, `warning`, `note`"),
        ({"rules": ["AD101"]}, "`rules` is no table", "rules ="),
        ({"exclude": 7}, "`exclude` is no list of words", "exclude ="),
    ],
)
def test_a_setting_that_is_none_is_told_with_what_would_work(settings, message, hint):
    """A mistake in the settings stops lint with the key, its value and the words that it may have."""
    with pytest.raises(UsageError) as stopped:
        read_policy(settings, RULES)

    assert message in stopped.value.message
    assert hint in stopped.value.hint


def test_false_turns_a_rule_off():
    """TOML's `false` is as good as `"off"`."""
    assert {"AD101": None, "AD153": Severity.NOTE} == read_policy(
        {"rules": {"number-collision": False, "ad153": "note"}}, RULES
    ).weights
