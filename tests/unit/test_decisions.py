from __future__ import annotations

import re
from dataclasses import replace

import pytest
import yaml

from archwright import decisions
from archwright.filetree import Ownership
from archwright.model import Decision, FailureMode, Option, Parameter
from unit import architectures

BROKER = Decision(
    id="broker-choice",
    title="Carry messages on a durable broker",
    question="Which technology holds the messages?",
    context="Messages have to survive the loss of any process.",
    drivers=("runs on a laptop", "Nobody is on call."),
    options=(
        Option(id="managed", name="A managed queue", gains=("nothing to run",), costs=("limits",)),
        Option(id="embedded", name="An embedded queue", gains=("starts at once", "free"), costs=("one machine",)),
    ),
    chosen="embedded",
    because="It needs no server.",
    consequences=("Handlers bear a second delivery.",),
    confirmed_by="test_killed_worker_loses_nothing",
    confirmation="",
    decided_by="platform",
    revisit_when=("A second machine consumes.",),
)
RETRY = replace(
    BROKER,
    id="retry-policy",
    title="Retry with growing waits",
    because="",
    confirmed_by="",
    confirmation="it is a matter of taste",
    decided_by="parameter",
    revisit_when=(),
)
ARCHITECTURE = replace(
    architectures.WORK_QUEUE,
    decisions=(BROKER, RETRY),
    parameters={"broker": Parameter(id="broker", type="choice", value="embedded", default="managed", help="Which.")},
    failure_modes=(
        FailureMode(
            mode="A worker dies.",
            metric="age",
            threshold="1",
            handled_by="x",
            drill="test_killed_worker_loses_nothing",
            no_drill_because="",
            runbook=(),
        ),
    ),
)


@pytest.fixture(scope="module")
def records():
    return {path: file.content.decode() for path, file in decisions.render_decisions(ARCHITECTURE).items()}


def section(record, heading):
    return record.split(f"\n{heading}\n\n")[1].split("\n#")[0]


def test_records_are_numbered_in_the_order_of_the_model_and_named_by_id(records):
    """The first record is about keeping records; a better title does not rename a file."""
    assert list(records) == [
        "docs/adr/0001-record-architecture-decisions.md",
        "docs/adr/0002-broker-choice.md",
        "docs/adr/0003-retry-policy.md",
        "docs/adr/README.md",
    ]


def test_front_matter_is_that_of_madr_4(records):
    """Status, date and decision-makers, as tools for decision records read them."""
    for path, record in records.items():
        if path.endswith("README.md"):
            continue
        front = record.split("---\n")[1]
        assert {"status", "date", "decision-makers"} == set(yaml.safe_load(front))
        assert "status: accepted\ndate: 2026-11-22\n" in front
        assert yaml.safe_load(front)["decision-makers"] == ["@owner"]


def test_a_record_has_the_sections_of_madr_4_in_their_order(records):
    """Readers find each part where MADR 4 puts it."""
    assert re.findall(r"^#+ .*", records["docs/adr/0002-broker-choice.md"], re.MULTILINE) == [
        "# Carry messages on a durable broker",
        "## Context and Problem Statement",
        "## Decision Drivers",
        "## Considered Options",
        "## Decision Outcome",
        "### Consequences",
        "### Confirmation",
        "## Pros and Cons of the Options",
        "### A managed queue",
        "### An embedded queue",
        "## More Information",
    ]


def test_the_chosen_option_is_one_of_those_considered_word_for_word(records):
    """Tools match the outcome with the list of options by its text."""
    record = records["docs/adr/0002-broker-choice.md"]
    chosen = re.search(r'Chosen option: "(.+)", because it needs no server\.', record)[1]

    assert f"* {chosen}" in section(record, "## Considered Options").splitlines()


def test_gains_are_good_and_costs_are_bad(records):
    """Each option is told from both sides."""
    record = records["docs/adr/0002-broker-choice.md"]

    assert section(record, "### An embedded queue") == "* Good: starts at once.\n* Good: free.\n* Bad: one machine.\n"


def test_confirmation_names_the_drill_and_how_to_run_it(records):
    """The reader can prove the decision with one command."""
    confirmation = section(records["docs/adr/0002-broker-choice.md"], "### Confirmation")

    assert "`test_killed_worker_loses_nothing`" in confirmation
    assert "$ python3 dev/tasks.py test -k test_killed_worker_loses_nothing\n" in confirmation


def test_a_decision_without_a_drill_says_why(records):
    """`none, because …` reaches the reader."""
    confirmation = section(records["docs/adr/0003-retry-policy.md"], "### Confirmation")

    assert confirmation == "No drill confirms this, because it is a matter of taste.\n"


def test_who_decided_is_told(records):
    """A platform's choice and a user's answer are told apart."""
    assert "Where this repository runs, on this machine, settled it." in records["docs/adr/0002-broker-choice.md"]
    assert "`broker` was set to `embedded`." in records["docs/adr/0003-retry-policy.md"]


def test_a_choice_without_a_reason_rests_on_its_gains(records):
    """No record says `because` and stops."""
    assert "because of its gains: starts at once; free." in records["docs/adr/0003-retry-policy.md"]


def test_revisit_and_related_are_told_where_there_are_any(records):
    """A record leads on: when to think again, the failure it is about, the records near it."""
    more = section(records["docs/adr/0002-broker-choice.md"], "## More Information")

    assert "* A second machine consumes.\n" in more
    assert "* Failure mode in the [runbook](../runbook.md): A worker dies.\n" in more
    assert "(0003-retry-policy.md)" in more
    assert "Revisit" not in records["docs/adr/0003-retry-policy.md"]


def test_every_link_between_records_resolves(records):
    """No link of the log is broken; the runbook stands beside the folder."""
    for path, record in records.items():
        for target in re.findall(r"\]\(([^)#]+)\)", record):
            assert target == "../runbook.md" or f"docs/adr/{target}" in records, f"{path}: {target}"


def test_the_index_lists_every_record_once(records):
    """One row per record, in order."""
    rows = re.findall(r"^\| \[(\d{4})\]", records["docs/adr/README.md"], re.MULTILINE)

    assert rows == ["0001", "0002", "0003"]


def test_a_title_cannot_break_the_index():
    """A bar in a title stays in its cell."""
    barred = replace(ARCHITECTURE, decisions=(replace(BROKER, title="A | B"),))

    assert "| A \\| B |" in decisions.render_decisions(barred)["docs/adr/README.md"].content.decode()


def test_a_reason_that_starts_with_a_name_keeps_its_capital():
    """`because Service Bus …`, but `because it …`."""
    named = replace(ARCHITECTURE, decisions=(replace(BROKER, because="Service Bus is run by Azure"),))
    record = decisions.render_decisions(named)["docs/adr/0002-broker-choice.md"].content.decode()

    assert "because Service Bus is run by Azure." in record


def test_records_belong_to_the_owner_of_the_repository():
    """An update never rewrites history."""
    assert {Ownership.SEEDED} == {file.ownership for _, file in decisions.render_decisions(ARCHITECTURE).items()}
