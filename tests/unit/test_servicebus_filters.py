"""The SQL filter language: operators, three-valued logic, actions, and errors with their place."""

from __future__ import annotations

import pytest

from archwright.emulators.servicebus.filters import SqlError, Subject, compile_action, compile_filter
from archwright.emulators.servicebus.message import APPLICATION, PROPERTIES, Message, section


def subject(application=None, **properties):
    raw = section(PROPERTIES, []) + section(APPLICATION, application or {})
    message = Message.parse(raw)
    return Subject(message.changed(properties={**message.properties(), **properties}))


EXAMPLE = subject(
    {"amount": 150, "region": "eu", "ratio": 0.5, "flag": True, "Name": "O'Neil", "per cent": "5%"}, subject="order"
)


@pytest.mark.parametrize(
    "text",
    [
        "amount > 100",
        "amount >= 150 AND amount <= 150 AND amount <> 1 AND amount != 2",
        "region = 'eu' OR nothing = 1",
        "region IN ('us', 'eu')",
        "region NOT IN ('us', 'asia')",
        "sys.Label LIKE 'ord%'",
        "sys.label LIKE '_rder' AND region NOT LIKE 'u%'",
        "[per cent] LIKE '5!%' ESCAPE '!'",
        "nothing IS NULL AND region IS NOT NULL",
        "EXISTS(region) AND NOT EXISTS(nothing)",
        "amount + 50 = 200 AND amount - 50 = 100 AND amount * 2 = 300 AND amount / 4 = 37 AND amount % 4 = 2",
        "-amount < 0 AND +amount > 0",
        "amount + 2 * 10 = 170",
        "(amount + 2) * 10 = 1520",
        "ratio = 0.5 AND ratio < 1",
        "flag = TRUE AND NOT flag = FALSE",
        "Name = 'O''Neil'",
        "NAME = 'O''Neil'",
        "user.\"Name\" = 'O''Neil'",
        "property('region') = 'eu'",
        "newid() IS NOT NULL",
        "1=1",
    ],
)
def test_what_is_true_lets_through(text):
    """Each of these is true for the example message."""
    assert compile_filter(text)(EXAMPLE)


@pytest.mark.parametrize(
    "text",
    [
        "nothing = 1",
        "NOT nothing = 1",
        "nothing <> 1",
        "nothing IN (1)",
        "nothing NOT IN (1)",
        "nothing LIKE '%'",
        "amount = '150'",
        "region > 5",
        "flag = 1",
        "amount / 0 = 1",
        "region + 1 = 'eu1'",
        "nothing = 1 AND amount > 100",
        "amount",
    ],
)
def test_what_is_unknown_does_not(text):
    """Missing properties and things that do not compare are unknown; unknown is not true, nor is its negation."""
    assert not compile_filter(text)(EXAMPLE)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("amount >", "too early"),
        ("amount > 100 )", "column 14"),
        ("amount ? 5", "column 8"),
        ("region NOT 5", "IN or LIKE"),
        ("region IS 5", "NULL was expected"),
        ("'open", "column 1"),
        ("nofunction(1)", "no function"),
        ("(" * 600 + "1=1" + ")" * 300, "nested too deeply|expected"),
        ("a = 1 " + "OR a = 1 " * 200, "1024"),
        ("", "too early"),
    ],
)
def test_errors_name_the_place(text, place):
    """What is not in the language is refused with what is wrong and where."""
    with pytest.raises(SqlError, match=place):
        compile_filter(text)


def test_actions_write_and_remove():
    """SET computes, REMOVE takes away; sys names what the broker knows; the message itself is not touched."""
    act = compile_action("SET amount = amount * 2; SET sys.Label = 'new'; REMOVE region; SET copied = ratio")
    changed = Subject(act(EXAMPLE))

    assert (300, "new", 0.5) == (
        changed.get("user", "amount"),
        changed.get("sys", "label"),
        changed.get("user", "copied"),
    )
    assert changed.get("user", "region") is None
    assert (150, "eu") == (EXAMPLE.get("user", "amount"), Subject(EXAMPLE.message).get("user", "region"))


@pytest.mark.parametrize("text", ["DROP x", "SET x", "SET sys.nonsense = 1", "REMOVE 5"])
def test_wrong_actions_are_refused(text):
    """An action is SET and REMOVE of things that can be set and removed."""
    with pytest.raises(SqlError):
        compile_action(text)
