from __future__ import annotations

import dataclasses

import pytest

from archwright.catalog import load_catalog, read_catalog
from archwright.errors import Finding, Severity
from archwright.model import Delivery, Exclusion, Fact, Setting
from archwright.quantities import Duration, Size
from archwright.resolve import resolve
from archwright.review import RULES, located, review
from archwright.review.sizes import least_of_largest
from made_up import BLUEPRINT, write_catalog


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


def fact(**bounds):
    """A limit of a provider that no code has ever heard of."""
    return Fact(
        id="p.s.limit", service="S", what="w", value="v", source="the SDK", read="2026-11-22", confidence="A", **bounds
    )  # fmt: skip


def excluding(architecture, *traits, tier="", chosen="", **asked):
    """Let the first channel's service not hold `traits` together, and the channel ask for what `asked` says."""
    one = Exclusion(traits=frozenset(traits), tier=tier, limit=fact(), help="do something else.")
    service = dataclasses.replace(architecture.channels[0].service, tier=chosen, excludes=(one,))
    return with_channel(architecture, service=service, **asked)


def with_container(architecture, **changes):
    """Change the container that handles the first channel."""
    return dataclasses.replace(
        architecture,
        containers=tuple(
            dataclasses.replace(one, **changes) if one.handles else one for one in architecture.containers
        ),
    )


def served(architecture, knob, limit, **changes):
    """Give the worker a service with one limit, as an HTTP front or a workflow engine has."""
    service = dataclasses.replace(architecture.channels[0].service, limits={knob: limit}, name="Gateway")
    return with_container(architecture, service=service, **changes)


@pytest.mark.parametrize(
    ("code", "traits", "asked"),
    [
        ("AW207", ("exactly-once", "push"), {"delivery": Delivery.EXACTLY_ONCE}),
        ("AW207", ("exactly-once", "several-regions"), {"delivery": Delivery.EXACTLY_ONCE}),
        ("AW208", ("ordered", "delayed"), {"ordering": "per-key"}),
        ("AW208", ("ordered", "deduplicated"), {"ordering": "per-key"}),
    ],
)
def test_what_a_service_excludes_together_is_refused_only_together(sound, code, traits, asked):
    """A FIFO queue takes no delay of single messages, exactly-once ends with push; each alone is fine."""
    more = {
        "push": {"queue": dataclasses.replace(sound.channels[0].queue, push=True, lease=Duration(3600))},
        "several-regions": {"regions": "several"},
        "delayed": {"delayed": True},
        "deduplicated": {"deduplication_window": Duration(60)},
    }[traits[1]]
    promised = [
        dataclasses.replace(one, delivery=Delivery.EXACTLY_ONCE, deduplication="the broker") for one in sound.guarantees
    ]
    keen = dataclasses.replace(sound, guarantees=tuple(promised))

    assert codes(excluding(keen, *traits, **asked, **more)) == [code]
    assert codes(excluding(keen, *traits, **asked)) == []
    assert codes(excluding(keen, *traits, **more)) == []


def test_a_service_that_is_not_in_the_tier_is_refused(sound):
    """Topics are not to be had in a tier that has queues only; in another tier they are."""
    (finding,) = review(excluding(sound, tier="basic", chosen="basic"))

    assert (finding.code, finding.subject, finding.hint) == ("AW206", "tasks.capability", "do something else.")
    assert finding.message == "a SQLite queue does not exist in the basic tier"
    assert codes(excluding(sound, tier="basic", chosen="standard")) == []


def test_what_the_tier_does_not_give_is_refused_only_where_it_is_asked_for(sound):
    """The queue itself is in the tier, its deduplication is not."""
    asked = {"deduplication_window": Duration(60)}

    assert codes(excluding(sound, "deduplicated", tier="basic", chosen="basic", **asked)) == ["AW206"]
    assert codes(excluding(sound, "deduplicated", tier="basic", chosen="basic")) == []
    assert codes(excluding(sound, "deduplicated", tier="basic", chosen="standard", **asked)) == []


@pytest.mark.parametrize(("most", "expected"), [(599, ["AW209"]), (600, [])])
def test_a_wait_over_the_limit_is_refused(sound, most, expected):
    """A service that keeps a failed message for ten minutes at most cannot make it wait longer."""
    retry = dataclasses.replace(sound.channels[0].queue.retry, longest=Duration(600))

    assert codes(with_limit(with_queue(sound, retry=retry), "retry", maximum=most)) == expected


@pytest.mark.parametrize(
    ("code", "knob", "change", "over"),
    [
        ("AW219", "timeout", {"timeout": Duration(30)}, {"timeout": Duration(31)}),
        ("AW202", "payload", {"payload": Size(30)}, {"payload": Size(31)}),
    ],
)
def test_a_container_is_held_to_its_service_too(sound, code, knob, change, over):
    """A request may not outlast its gateway, and the state of a workflow has to fit its engine."""
    assert codes(served(sound, knob, fact(maximum=30), **over)) == [code]
    assert codes(served(sound, knob, fact(maximum=30), **change)) == []


def test_dead_letters_are_held_to_the_retention_of_their_queue(sound):
    """They wait in a queue as well."""
    kept = with_queue(sound, dead_letter_retention=Duration(20 * 86400))

    assert codes(with_limit(kept, "dead_letter_retention", maximum=14 * 86400)) == ["AW203"]
    assert codes(with_limit(kept, "dead_letter_retention", maximum=21 * 86400)) == []


def test_a_pushed_message_is_handled_within_its_lease(sound):
    """Nobody renews what the service itself handed over; a worker that leases may take longer than one lease."""
    slow = with_container(sound, timeout=Duration(120))
    pushed = with_queue(slow, push=True, lease=Duration(60))

    (finding,) = review(pushed)

    assert (finding.code, finding.subject, finding.nearest) == ("AW215", "worker.timeout", "1m")
    assert codes(with_queue(slow, push=True, lease=Duration(120))) == []
    assert codes(with_queue(slow, lease=Duration(60))) == []


@pytest.mark.parametrize(("most", "expected"), [(3600, ["AW215"]), (7200, [])])
def test_a_handler_ends_before_the_last_renewal(sound, most, expected):
    """The worker's own bound counts where the container sets none; a service renews a lease only for so long."""
    bound = Setting(name="WORKER_MAX_LEASE_TIME", type="duration", default="2h", help="")
    patient = dataclasses.replace(sound, settings=(bound,))

    assert codes(with_limit(patient, "lease_in_all", maximum=most)) == expected


@pytest.mark.parametrize(
    ("code", "kept", "channel"),
    [
        ("AW216", 86400, {"deduplication_window": Duration(600), "retention": None}),
        ("AW217", 86400, {"retention": Duration(86400)}),
    ],
)
def test_dead_letters_are_weighed_against_window_and_retention(sound, code, kept, channel):
    """Late ones would be forgotten, or gone; both are told and stop nobody."""
    (finding,) = review(with_channel(with_queue(sound, dead_letter_retention=Duration(kept)), **channel))

    assert (finding.code, finding.severity) == (code, Severity.WARNING)
    roomy = {"deduplication_window": Duration(kept)} if code == "AW216" else {"retention": Duration(kept - 1)}
    assert codes(with_channel(with_queue(sound, dead_letter_retention=Duration(kept)), **{**channel, **roomy})) == []


def test_a_message_that_may_outgrow_its_channel_is_refused(sound):
    """Twenty thousand letters of text do not fit 16 KiB, even if every letter is one byte."""
    assert codes(with_channel(sound, payload=Size(16384))) == ["AW218"]
    assert codes(with_channel(sound, payload=Size(20100))) == []


@pytest.mark.parametrize(
    ("schema", "size"),
    [
        ({"type": "string"}, 0),
        ({"type": "string", "maxLength": 10}, 12),
        ({"type": "string", "maxLength": 10, "format": "uuid"}, 0),
        ({"type": "array", "maxItems": 3, "items": {"type": "string", "maxLength": 10}}, 40),
        ({"type": "array", "items": {"type": "string", "maxLength": 10}}, 1),
        ({"type": "object", "properties": {"a": {"type": "string", "maxLength": 10}}}, 17),
        ({"type": "object"}, 0),
        ({}, 0),
    ],
)
def test_a_size_is_counted_from_below(schema, size):
    """What is not bounded counts as nothing: a rule refuses only what is certain."""
    assert least_of_largest(schema) == size


def test_an_order_is_promised_only_where_one_is_asked_for(sound):
    """A queue without order cannot keep what the hop promises; what the receiver does itself is its own business."""
    promised = dataclasses.replace(sound.guarantees[0], ordering="per key, by order_id")
    own = dataclasses.replace(sound.guarantees[0], ordering="by the version in the store")

    assert codes(dataclasses.replace(sound, guarantees=(promised,))) == ["AW222"]
    assert codes(with_channel(dataclasses.replace(sound, guarantees=(promised,)), ordering="per-key")) == []
    assert codes(dataclasses.replace(sound, guarantees=(own,))) == []


@pytest.mark.parametrize(
    ("asked", "promised", "expected"),
    [
        (Delivery.EXACTLY_ONCE, Delivery.AT_LEAST_ONCE, ["AW223"]),
        (Delivery.AT_LEAST_ONCE, Delivery.AT_MOST_ONCE, ["AW223"]),
        (Delivery.EXACTLY_ONCE, Delivery.EXACTLY_ONCE, []),
        (Delivery.AT_LEAST_ONCE, Delivery.EXACTLY_ONCE, []),
    ],
)
def test_a_hop_promises_no_less_than_is_asked_for(sound, asked, promised, expected):
    """What is asked of the channel reaches the other end; a receiver that deduplicates may promise more."""
    one = dataclasses.replace(sound.guarantees[0], delivery=promised, deduplication="the receiver, for a week")

    assert codes(with_channel(dataclasses.replace(sound, guarantees=(one,)), delivery=asked)) == expected


@pytest.mark.parametrize(
    ("subject", "place"),
    [
        ("pigeons.lease", "    lease: ${rest}"),
        ("pigeons.retry.longest", "    retry: {first: 1s, longest: 1m}"),
        ("loft.timeout", "  loft: {kind: worker"),
        ("sender → pigeons", "  - {hop: sender → pigeons"),
    ],
)
def test_a_finding_is_found_in_the_blueprint(tmp_path, subject, place):
    """It names the line that one would have to change."""
    document = read_catalog([write_catalog(tmp_path)]).blueprint("pigeon-post").document
    found = Finding(code="AW2", severity=Severity.ERROR, message="", subject=subject, hint="set 5m.", nearest="5m")

    (one,) = located([found], document)

    assert BLUEPRINT.splitlines()[one.location.line - 1].startswith(place)
    assert one.hint == ("set 5m: `--set rest=5m`." if subject == "pigeons.lease" else "set 5m.")


def test_what_messages_need_is_kept_longer_than_they_may_wait():
    """An object that goes while its message waits, or is set aside, is refused; one kept a second longer is not."""

    def kept(seconds, aside=None):
        claim = resolve(load_catalog(), "claim-check", "local", "order-desk", {})
        channel = dataclasses.replace(claim.channels[0], retention=Duration(100))
        channel = dataclasses.replace(channel, queue=dataclasses.replace(channel.queue, dead_letter_retention=aside))
        containers = tuple(
            dataclasses.replace(one, retention=Duration(seconds)) if one.outlives else one for one in claim.containers
        )
        return [
            one.message
            for one in review(dataclasses.replace(claim, channels=(channel,), containers=containers))
            if one.code == "AW224"
        ]

    assert kept(100) == ["it is kept for 1m40s, but a message of `documents` may wait for 1m40s"]
    assert kept(101) == []
    assert len(kept(300, Duration(200))) == 1
    assert kept(301, Duration(200)) == []
