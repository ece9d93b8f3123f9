from __future__ import annotations

import pytest

from archwright.catalog import read_catalog
from archwright.resolve import resolve
from archwright.review import located, review
from made_up import LIMITS, write_catalog
from made_up_workflow import WITH_ENGINE, WITH_WORKFLOW

KNOBS = """\
mountain.owl.memory: {service: Owl, what: events, value: at most 1000, maximum: 1000, source: the owl, read: 2026-11-22, confidence: A}
mountain.owl.wings: {service: Owl, what: letters, value: at most 2, maximum: 2, source: the owl, read: 2026-11-22, confidence: A}
mountain.owl.life: {service: Owl, what: duration, value: at most 12 h, maximum: 12h, source: the owl, read: 2026-11-22, confidence: A}
"""  # noqa: E501  # a fact has one line here


def found(folder, *changes, engine="", **answers):
    text = WITH_WORKFLOW
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    platform = WITH_ENGINE.replace(
        "      heartbeat: {limit: mountain.loft.rest}\n", engine or "      none: {limit: mountain.loft.rest}\n"
    )
    catalog = read_catalog([write_catalog(folder, blueprint=text, platform=platform, limits=LIMITS + KNOBS)])
    assert not catalog.findings, catalog.findings
    findings = review(resolve(catalog, "pigeon-post", "mountain", "my-post", answers))
    placed = located(findings, catalog.blueprint("pigeon-post").document)
    assert all(finding.location.line > 1 for finding in placed)
    return [finding for finding in placed if finding.code.startswith("AW24")]


def told(findings):
    return [(one.code, one.subject.removeprefix("delivery.steps."), one.nearest) for one in findings]


def test_the_workflow_is_sound(tmp_path):
    """The passing twin of every rule below."""
    assert found(tmp_path) == []


def test_a_heartbeat_longer_than_the_timeout_is_refused(tmp_path):
    """Silence that can never end a step before its timeout is told, with what would work."""
    findings = found(
        tmp_path, ("timeout: 2h", "timeout: 40s"), ("attempts: 3, first: 1m", "attempts: 1, first: 1s"), rest="50s"
    )

    assert ("AW240", "fly-all.steps.fly.callback.heartbeat", "20s") in told(findings)


def test_a_heartbeat_shorter_than_the_lease_is_told(tmp_path):
    """A step that fails before its queue brings it to another worker wastes an attempt at each crash."""
    assert told(found(tmp_path, rest="5s")) == [("AW241", "fly-all.steps.fly.callback.heartbeat", "10s")]


@pytest.mark.parametrize(
    ("old", "new", "subject"),
    [("timeout: 10m", "timeout: 2d", "sort.timeout"), ("duration: 5m", "duration: 3d", "dry.duration")],
)
def test_a_step_longer_than_its_workflow_is_refused(tmp_path, old, new, subject):
    """Neither an attempt nor a wait may take longer than the whole."""
    assert ("AW242", subject, "1d") in told(found(tmp_path, (old, new)))


def test_attempts_that_never_come_are_told(tmp_path):
    """Attempts that would begin after the workflow's end are promised in vain."""
    findings = found(tmp_path, ("attempts: 3, first: 1m, longest: 10m", "attempts: 30, first: 1m, longest: 1h"))

    assert told(findings) == [("AW243", "fly-all.steps.fly.retry.0.attempts", "")]


def test_a_history_that_would_overflow_is_refused(tmp_path):
    """Items times attempts times events are counted before the first execution fails at its last step."""
    knob = "      history: {limit: mountain.owl.memory}\n"

    [finding] = found(tmp_path, ("most: 40", "most: 90"), engine=knob)

    assert (finding.code, finding.subject, finding.nearest) == ("AW244", "delivery.steps", "1,000 events")
    assert "mountain.owl.memory" in finding.source
    assert found(tmp_path / "twin", engine=knob) != []  # forty letters with five attempts are 1,000 events and more
    assert found(tmp_path / "small", ("most: 40", "most: 30"), engine=knob) == []


def test_a_loop_on_an_engine_with_a_history_is_told(tmp_path):
    """A way back counts each time that it is taken, which nobody can bound from here."""
    back = ("next: tell}\n      tell", "next: any-letters}\n      tell")
    knob = "      history: {limit: mountain.owl.memory}\n"

    findings = found(tmp_path, back, ("most: 40", "most: 3"), engine=knob)

    assert told(findings) == [("AW245", "any-letters", "")]
    assert found(tmp_path / "twin", back) == []


def test_a_map_over_the_limit_is_refused(tmp_path):
    """More items at a time than the engine works on are told with the most that it does."""
    findings = found(tmp_path, engine="      concurrency: {limit: mountain.owl.wings}\n")

    assert told(findings) == [("AW246", "fly-all.concurrency", "2")]


def test_an_execution_over_the_limit_is_refused(tmp_path):
    """An engine that keeps an execution for half a day runs none for a whole one."""
    findings = found(tmp_path, engine="      timeout: {limit: mountain.owl.life}\n")

    assert [(one.code, one.subject, one.nearest) for one in findings] == [("AW247", "delivery.timeout", "12h")]


def test_what_a_step_is_given_fits_its_queue(tmp_path):
    """The engine's largest data and an envelope are no larger than a message of the queue."""
    engine = ("owl: {kind: engine,", "owl: {kind: engine, payload: 255KiB,")

    findings = found(tmp_path, engine)

    assert [(one.code, one.subject, one.nearest) for one in findings] == [("AW248", "owl.payload", "248KiB")]
    assert found(tmp_path / "twin", (engine[0], engine[1].replace("255", "248"))) == []
