from __future__ import annotations

import pytest

from archwright import model
from archwright.catalog import read_catalog
from archwright.errors import ResolutionError, UsageError
from archwright.quantities import Duration
from archwright.resolve import capabilities, misfits, parameter_specs, platforms_of, resolve
from made_up import BLUEPRINT, PLATFORM, write_catalog

CHOICE = "  carrier:\n    type: choice\n    choices: [pigeon, mule]\n    default: pigeon\n    help: Who carries.\n"


def bound(folder, *, blueprint=BLUEPRINT, platform=PLATFORM, name="my-post", **answers):
    catalog = read_catalog([write_catalog(folder, blueprint=blueprint, platform=platform)])
    assert not catalog.findings
    return resolve(catalog, "pigeon-post", "mountain", name, answers)


def test_an_answer_reaches_every_place_that_names_it(tmp_path):
    """`${rest}` is a duration of the channel, `${flights}` a number; what is not answered has its default."""
    queue = bound(tmp_path, rest="90s").channel("pigeons").queue

    assert (queue.lease, queue.max_deliveries, queue.dead_letter) == (Duration(90), 3, True)
    assert queue.retry == model.Retry(backoff="exponential", first=Duration(1), longest=Duration(60))


def test_an_answer_within_prose_is_written_out(tmp_path):
    """A sentence may name a parameter."""
    text = BLUEPRINT.replace("The letter is sent again.", "The letter is sent again, ${flights} times at most.")

    assert bound(tmp_path, blueprint=text, flights="7").failure_modes[0].handled_by.endswith("again, 7 times at most.")


def test_a_capability_is_bound_to_the_platforms_service(tmp_path):
    """The channel knows its service, how well it serves, its icon, and the limit of each knob with its source."""
    service = bound(tmp_path).channel("pigeons").service

    assert (service.name, service.level, service.icon) == ("Pigeon loft", "native", "onprem.queue.RabbitMQ")
    assert (service.limits["lease"].maximum, service.limits["lease"].source) == (600, "the loft's keeper")


def test_an_emulated_capability_says_how(tmp_path):
    """What the platform keeps with code of ours is marked so, with the words of its folder."""
    text = PLATFORM.replace("Pigeon loft", "Pigeon loft\n    level: {emulated: with a whistle}")

    service = bound(tmp_path, platform=text).channel("pigeons").service

    assert (service.level, service.note) == (model.Level.EMULATED, "with a whistle")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("  work-queue:\n", "  topic:\n", "binds no service to it"),
        ("Pigeon loft", "None\n    level: {absent: no tree grows here}", "has none: no tree grows here"),
    ],
)
def test_a_platform_that_lacks_a_capability_is_told(tmp_path, old, new, reason):
    """The finding names the capability and why; the platform is not among those that the blueprint runs on."""
    catalog = read_catalog([write_catalog(tmp_path, platform=PLATFORM.replace(old, new))])

    with pytest.raises(ResolutionError, match="`pigeon-post` does not run on `mountain`") as caught:
        resolve(catalog, "pigeon-post", "mountain", "my-post", {})

    assert [("AW111", "work-queue", f"The mountain {reason}")] == [
        (one.code, one.subject, one.message) for one in caught.value.findings
    ]
    assert "mountain" not in platforms_of(catalog, "pigeon-post")


def test_where_a_blueprint_runs_is_computed(tmp_path):
    """A platform that gives all that is asked for is one that it runs on, in the order of their names."""
    catalog = read_catalog([write_catalog(tmp_path)])
    spec = catalog.blueprint("pigeon-post").spec

    assert capabilities(spec) == ("work-queue",)
    assert misfits(spec, catalog.platform("mountain").spec) == ()
    found = platforms_of(catalog, "pigeon-post")
    assert {"local", "mountain"} <= set(found)
    assert sorted(found) == list(found)


def test_a_decision_falls_to_the_blueprints_default(tmp_path):
    """Where nobody says otherwise, with the blueprint's reason."""
    taken = bound(tmp_path).decisions[0]

    assert (taken.chosen, taken.because, taken.decided_by) == ("pigeon", "Pigeons are fast.", "blueprint")


def test_a_platform_takes_a_decision_over_the_default(tmp_path):
    """Its answer and its reason stand."""
    text = PLATFORM.replace(
        "chooses:\n", "chooses:\n  carrier: {option: mule, because: Pigeons do not fly this high.}\n"
    )

    taken = bound(tmp_path, platform=text).decisions[0]

    assert (taken.chosen, taken.because, taken.decided_by) == ("mule", "Pigeons do not fly this high.", "platform")


def test_the_user_takes_a_decision_over_the_platform(tmp_path):
    """A parameter that a decision names is stronger than the platform's answer."""
    text = BLUEPRINT.replace("messages:\n", f"{CHOICE}messages:\n", 1)
    text = text.replace(
        "    default: pigeon\n    consequences", "    default: pigeon\n    parameter: carrier\n    cons"
    )
    text = text.replace("    cons:", "    consequences:")
    choosy = PLATFORM.replace("chooses:\n", "chooses:\n  carrier: {option: pigeon, because: Of course.}\n")

    taken = bound(tmp_path, blueprint=text, platform=choosy, carrier="mule").decisions[0]

    assert (taken.chosen, taken.because, taken.decided_by) == ("mule", "", "parameter")


def test_a_platforms_answer_that_is_no_option_is_told(tmp_path):
    """It is not taken in silence for the default."""
    text = PLATFORM.replace("chooses:\n", "chooses:\n  carrier: {option: eagle, because: x}\n")

    with pytest.raises(ResolutionError, match="no option `eagle`, which the platform asks for") as caught:
        bound(tmp_path, platform=text)

    assert caught.value.hint == "options: pigeon, mule."


def test_an_answer_that_breaks_the_blueprint_is_told_where_it_lands(tmp_path):
    """A value may be right for its parameter and wrong for the place that names it."""
    text = BLUEPRINT.replace("    minimum: 1\n", "")

    with pytest.raises(ResolutionError, match="does not hold with these parameters") as caught:
        bound(tmp_path, blueprint=text, flights="0")

    assert "channels.pigeons.max_deliveries" in caught.value.findings[0].subject
    assert caught.value.findings[0].location.line > 1


def test_a_drill_that_is_missing_gives_its_reason(tmp_path):
    """`none, because …` becomes the reason alone."""
    text = BLUEPRINT.replace("drill: test_letter_arrives}", "drill: 'none, because hawks do not obey'}")

    guarantee = bound(tmp_path, blueprint=text).guarantees[0]

    assert (guarantee.drill, guarantee.no_drill_because) == ("", "hawks do not obey")
    assert (guarantee.source, guarantee.target) == ("sender", "pigeons")


def test_facts_are_those_named_and_those_of_the_knobs(tmp_path):
    """A limit that holds a knob is told even where the blueprint does not name it."""
    assert [one.id for one in bound(tmp_path).facts] == ["mountain.loft.rest"]


def test_the_date_is_the_day_of_review_unless_it_is_given(tmp_path):
    """No clock here: equal answers give an equal architecture on any day."""
    assert (bound(tmp_path).starter.date, bound(tmp_path, date="2027-01-31").starter.date) == (
        "2026-11-22",
        "2027-01-31",
    )


def test_every_starter_has_the_parameters_of_base_after_its_own(tmp_path):
    """They are asked for last."""
    specs = parameter_specs(read_catalog([write_catalog(tmp_path)]), "pigeon-post", "mountain")

    assert list(specs)[:2] == ["rest", "flights"]
    assert {"owner", "license", "date"} <= set(list(specs)[2:])


@pytest.mark.parametrize("name", ["pytest", "opentelemetry"])
def test_a_name_that_hides_a_package_of_the_starter_is_refused(name):
    """A starter called `pytest` could not run its own tests."""
    catalog = read_catalog()

    with pytest.raises(UsageError, match="would hide the package"):
        resolve(catalog, "work-queue", "local", name, {})
