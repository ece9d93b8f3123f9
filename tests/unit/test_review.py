from __future__ import annotations

import dataclasses

import pytest

from archwright.catalog import load_catalog
from archwright.errors import Severity
from archwright.model import Delivery, Fact
from archwright.quantities import Duration, Size
from archwright.resolve import resolve
from archwright.review import RULES, review


@pytest.fixture(scope="module")
def sound():
    """A work queue as the catalog has it, in which no rule finds anything."""
    return resolve(load_catalog(), "work-queue", "local", "order-desk", {})


@pytest.fixture(scope="module")
def topic():
    """A topic as the catalog has it."""
    return resolve(load_catalog(), "publish-subscribe", "local", "order-desk", {})


def with_channel(architecture, **changes):
    channel = dataclasses.replace(architecture.channels[0], **changes)
    return dataclasses.replace(architecture, channels=(channel, *architecture.channels[1:]))


def with_queue(architecture, **changes):
    return with_channel(architecture, queue=dataclasses.replace(architecture.channels[0].queue, **changes))


def with_limit(architecture, knob, *, minimum=None, maximum=None, renewable=False):
    """Give the first channel's service one limit, as a provider would."""
    limit = Fact(
        id="p.s.limit", service="S", what="w", value="v", source="the SDK", read="2026-11-22", confidence="A",
        minimum=minimum, maximum=maximum,
    )  # fmt: skip
    changed = {"limits": {knob: limit}, "renewable": frozenset({knob} if renewable else ())}
    service = dataclasses.replace(architecture.channels[0].service, name="Service Bus queue", **changed)
    return with_channel(architecture, service=service)


def codes(architecture):
    return [finding.code for finding in review(architecture)]


def test_the_catalog_is_sound(sound, topic):
    """The passing twin of every rule below."""
    assert codes(sound) == []
    assert codes(topic) == []


def test_a_lease_over_the_limit_names_limit_source_and_what_works(sound):
    """The finding tells the service, the number, where it was read, and the nearest value that holds."""
    limited = with_limit(sound, "lease", maximum=300, renewable=True)
    wanting = with_channel(limited, queue=dataclasses.replace(limited.channels[0].queue, lease=Duration(600)))

    (finding,) = review(wanting)

    assert (finding.code, finding.severity, finding.subject) == ("AW204", Severity.ERROR, "tasks.lease")
    assert finding.message == "10m exceeds the 5m that a Service Bus queue allows"
    assert finding.hint.startswith("set 5m or less; a worker renews it")
    assert finding.source == "p.s.limit: the SDK (read 2026-11-22, confidence A)"
    assert codes(with_limit(sound, "lease", maximum=300)) == []


@pytest.mark.parametrize(
    ("code", "knob", "limit", "change"),
    [
        ("AW201", "max_deliveries", {"minimum": 5, "maximum": 100}, {"max_deliveries": 4}),
        ("AW201", "max_deliveries", {"minimum": 5, "maximum": 100}, {"max_deliveries": 101}),
        ("AW204", "lease", {"minimum": 10}, {"lease": Duration(5)}),
    ],
)
def test_a_queue_knob_outside_its_limit_is_refused(sound, code, knob, limit, change):
    """Too little is refused like too much."""
    limited = with_limit(sound, knob, **limit)

    assert [code] == codes(with_channel(limited, queue=dataclasses.replace(limited.channels[0].queue, **change)))


@pytest.mark.parametrize(
    ("code", "knob", "maximum", "change"),
    [
        ("AW202", "payload", 262_144, {"payload": Size(262_145)}),
        ("AW203", "retention", 60, {"retention": Duration(3600)}),
        ("AW205", "deduplication_window", 300, {"deduplication_window": Duration(301)}),
    ],
)
def test_a_channel_knob_outside_its_limit_is_refused(sound, code, knob, maximum, change):
    """One over the limit is refused, the limit itself holds."""
    limited = with_channel(sound, retention=None, payload=None)
    assert code in codes(with_channel(with_limit(limited, knob, maximum=maximum), **change))

    ((name, value),) = change.items()
    allowed = type(value)(maximum)
    assert code not in codes(with_channel(with_limit(limited, knob, maximum=maximum), **{name: allowed}))


def test_a_poison_message_has_to_end(sound):
    """Without an end, or with an end but no dead letters, a failing message loops or is lost."""
    assert codes(with_queue(sound, max_deliveries=None)) == ["AW210"]
    assert codes(with_queue(sound, dead_letter=False)) == ["AW210"]


def test_retries_that_shrink_are_refused(sound):
    """The longest wait cannot be under the first."""
    retry = dataclasses.replace(sound.channels[0].queue.retry, first=Duration(60), longest=Duration(1))

    assert codes(with_queue(sound, retry=retry)) == ["AW211"]


def test_a_message_that_expires_before_its_last_delivery_is_warned_of(sound):
    """Deliveries and waits together have to fit into the retention."""
    assert codes(with_channel(sound, retention=Duration(60))) == ["AW212"]


def test_a_topic_without_subscriptions_is_refused(topic):
    """What is published there reaches nobody."""
    assert "AW213" in codes(with_channel(topic, subscriptions=()))


def test_a_queue_without_a_worker_is_refused(sound):
    """Its messages would pile up."""
    idle = tuple(dataclasses.replace(one, handles=()) for one in sound.containers)

    assert codes(dataclasses.replace(sound, containers=idle)) == ["AW214"]


def test_a_guarantee_without_a_drill_is_warned_of(sound):
    """A promise that nothing proves is told, but does not stop anybody."""
    bare = dataclasses.replace(sound.guarantees[0], drill="", no_drill_because="")

    (finding,) = review(dataclasses.replace(sound, guarantees=(bare,)))

    assert (finding.code, finding.severity) == ("AW220", Severity.WARNING)


def test_exactly_once_needs_deduplication(sound):
    """Nobody gets exactly-once for nothing."""
    bold = dataclasses.replace(sound.guarantees[0], delivery=Delivery.EXACTLY_ONCE, deduplication="none")

    assert codes(dataclasses.replace(sound, guarantees=(bold,))) == ["AW221"]


def test_every_rule_has_a_code_of_its_own_and_a_claim():
    """Codes are stable names, and the rules page is made of the claims."""
    assert len(RULES) == len({rule.code for rule in RULES})
    assert all(rule.claim.endswith(".") for rule in RULES)


@pytest.mark.parametrize("bounds", [{"minimum": 30}, {"maximum": 30}])
def test_a_limit_itself_is_allowed(sound, bounds):
    """A lease of exactly the least or the most that a service holds is one that it holds."""
    assert codes(with_limit(with_queue(sound, lease=Duration(30)), "lease", **bounds)) == []


def test_a_retention_of_exactly_what_is_needed_is_enough(sound):
    """Three deliveries of 30 s have two waits between them, of 1 s and 2 s: 93 s, and not a second more."""
    retry = dataclasses.replace(sound.channels[0].queue.retry, first=Duration(1), longest=Duration(300))
    timed = with_queue(sound, lease=Duration(30), max_deliveries=3, retry=retry)

    assert codes(with_channel(timed, retention=Duration(93))) == []
    assert codes(with_channel(timed, retention=Duration(92))) == ["AW212"]
