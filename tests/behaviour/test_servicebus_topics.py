"""Topics, subscriptions and their rules as the official synchronous SDK sees them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import ServiceBusSubQueue

from servicebus_bench import Message

pytest_plugins = ["servicebus_fixtures"]


@pytest.fixture
def published(bus):
    """Four messages, of which filters take some."""
    rows = [("1", "order", "eu", 500), ("2", "order", "us", 50), ("3", "other", "eu", 500), ("4", "ordx", "us", 101)]
    bus.sender("t").send_messages(
        [Message(body, subject=s, application_properties={"region": r, "amount": a}) for body, s, r, a in rows]
    )
    return bus


def test_a_subscription_without_rules_takes_everything(published):
    """The default rule is 1=1."""
    assert published.take("t/all", 4) == ["1", "2", "3", "4"]


def test_a_correlation_filter_compares_properties(published):
    """All named properties must be equal: Label and an application property here."""
    assert published.take("t/correlated", 2, within=1) == ["1"]


def test_a_sql_filter_selects_and_its_action_writes(published):
    """The filter lets through what it is true for; the action changes the copy, which says which rule made it."""
    found = published.receive("t/sql", 3, within=1)

    assert [str(message) for message in found] == ["1", "4"]
    assert found[0].application_properties[b"priority"] == b"high"
    assert found[0].application_properties[b"RuleName"] == b"large"


def test_an_action_changes_only_its_copy(published):
    """Other subscriptions see the message as it was sent."""
    (first, *_) = published.receive("t/all", 4)

    assert b"priority" not in first.application_properties


def test_a_subscription_has_dead_letters(bus):
    """A subscription's dead-letter queue is its own."""
    bus.send("t", "z")
    (message,) = bus.receive("t/all")
    bus.receiver("t/all").dead_letter_message(message, reason="R")

    (dead,) = bus.receive("t/all", sub_queue=ServiceBusSubQueue.DEAD_LETTER)
    assert (str(dead), dead.dead_letter_reason) == ("z", "R")


def test_a_session_subscription_dead_letters_what_has_no_session(bus):
    """A message without session id reaches other subscriptions; here it is dead-lettered ("Session ID is null")."""
    bus.send("t", "plain", Message("with", session_id="a"))

    assert bus.take("t/all", 2) == ["plain", "with"]
    assert bus.take("t/sessions", session_id="a") == ["with"]
    (dead,) = bus.receive("t/sessions", sub_queue=ServiceBusSubQueue.DEAD_LETTER)
    assert (str(dead), dead.dead_letter_reason) == ("plain", "Session ID is null")


def test_a_topic_schedules(bus):
    """A message scheduled on a topic reaches its subscriptions in time, a cancelled one never."""
    due = datetime.now(UTC) + timedelta(seconds=3)
    kept, cancelled = bus.sender("t").schedule_messages([Message("kept"), Message("cancelled")], due)
    bus.sender("t").cancel_scheduled_messages(cancelled)

    assert kept != cancelled
    assert bus.nothing("t/all")
    assert bus.take("t/all", 2, within=4) == ["kept"]


def test_a_topic_sends_at_once_what_is_scheduled_too_late(bus):
    """A time that has passed by the time of the call is no error; the SDK gets a number that nobody has."""
    (number,) = bus.sender("t").schedule_messages(Message("late"), datetime.now(UTC) - timedelta(seconds=1))

    assert number == 0
    assert bus.take("t/all") == ["late"]
