from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
import yaml

from archwright import docs
from archwright.filetree import Ownership
from archwright.model import AvoidWhen, Command, Delivery, Fact, FailureMode, Guarantee, Layer, Setting
from unit import architectures

# The official schema, from the npm package @asyncapi/specs 6.11.1 (Apache-2.0), without white space.
SCHEMA = Path(__file__).parents[1] / "behaviour" / "asyncapi-3.0.0.schema.json"

FULL = replace(
    architectures.WORK_QUEUE,
    blueprint=replace(
        architectures.WORK_QUEUE.blueprint,
        use_when=("Any one worker may do the task",),
        avoid_when=(AvoidWhen(text="Everybody needs it", use_instead="publish-subscribe"),),
    ),
    guarantees=(
        Guarantee(
            source="desk",
            target="tasks",
            delivery=Delivery.AT_LEAST_ONCE,
            ordering="none",
            deduplication="none",
            drill="test_sent_task_survives",
            no_drill_because="",
            note="",
        ),
    ),
    failure_modes=(
        FailureMode(
            mode="A task fails | every time.",
            metric="dead_letters",
            threshold="0",
            handled_by="It is set aside.",
            drill="",
            no_drill_because="nothing can be tested here",
            runbook=("look", "Mend."),
        ),
    ),
    settings=(Setting(name="LOG_LEVEL", type="string", default="info", help="Least severe line."),),
    commands=(
        Command(name="dead-letters", help="Show what was set aside.", module="commands.dead_letters"),
        Command(name="redrive", help="Bring it back.", module="commands.redrive"),
    ),
    story=("sent 12 tasks", "✓ 0 lost"),
)


def text(architecture, path):
    return docs.export_documents(architecture)[path].content.decode()


@pytest.fixture(scope="module")
def validator():
    return jsonschema.Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", ["WORK_QUEUE", "PUBLISH_SUBSCRIBE"])
def test_asyncapi_satisfies_the_official_schema(validator, name):
    """What is written is a document of AsyncAPI 3.0, for a queue as for a topic."""
    document = yaml.safe_load(text(getattr(architectures, name), "docs/asyncapi.yaml"))

    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)] == []
    assert document["channels"]
    assert document["operations"]


def test_the_official_schema_refuses_what_is_no_asyncapi(validator):
    """The schema is not so lax that anything passes."""
    document = docs.asyncapi(architectures.WORK_QUEUE)
    document["operations"]["desk-send-tasks"]["action"] = "shout"

    assert not validator.is_valid(document)


def test_every_reference_in_asyncapi_leads_somewhere():
    """Operations name channels and messages that the document has."""
    document = docs.asyncapi(replace(architectures.PUBLISH_SUBSCRIBE, messages=(architectures.TASK,)))
    found = [
        ref for operation in document["operations"].values() for ref in (operation["channel"], *operation["messages"])
    ]
    found += [ref for channel in document["channels"].values() for ref in channel["messages"].values()]

    for reference in found:
        place = document
        for part in reference["$ref"].removeprefix("#/").split("/"):
            if place.get("$ref"):
                break
            assert part in place, reference
            place = place[part]


def test_asyncapi_tells_who_sends_and_who_receives():
    """Each hop is one operation, with the direction that its container sees."""
    operations = docs.asyncapi(architectures.WORK_QUEUE)["operations"]

    assert {key: operation["action"] for key, operation in operations.items()} == {
        "desk-send-tasks": "send",
        "worker-receive-tasks": "receive",
    }


def test_asyncapi_carries_leases_dead_letters_and_guarantees():
    """What AsyncAPI has no word for stands in extensions."""
    channel = docs.asyncapi(FULL)["channels"]["tasks"]

    assert channel["x-queue"]["lease"] == "30s"
    assert channel["x-queue"]["max-deliveries"] == 5
    assert channel["x-queue"]["dead-letter"] is True
    assert channel["x-guarantees"][0]["drill"] == "test_sent_task_survives"


def test_message_attributes_become_headers_with_their_types():
    """A field that is copied into the attributes is described as a header as well."""
    schema = {"type": "object", "properties": {"kind": {"type": "string", "enum": ["a"]}}, "$schema": "https://x"}
    message = replace(architectures.TASK, schema=schema, attributes=("kind",))
    document = docs.asyncapi(replace(architectures.WORK_QUEUE, messages=(message,)))

    described = document["components"]["messages"]["Task"]
    assert described["headers"]["properties"] == {"kind": {"type": "string", "enum": ["a"]}}
    assert "$schema" not in described["payload"]


def test_an_architecture_without_channels_has_no_asyncapi():
    """A document about nothing is not written."""
    assert "docs/asyncapi.yaml" not in docs.export_documents(
        replace(FULL, channels=(), relationships=(), guarantees=())
    )


def test_readme_shows_picture_commands_output_and_tables():
    """The first screen tells what it is and how to run it; the tables come from the model."""
    readme = text(FULL, "README.md")

    assert readme.startswith("# Order desk\n")
    assert "](docs/architecture.svg)" in readme
    assert "$ make demo\nsent 12 tasks\n✓ 0 lost\n```" in readme
    assert "$ make test" in readme
    assert "| Order desk → Tasks | at-least-once | none | none | `test_sent_task_survives` |" in readme
    assert "| A task fails \\| every time. | `dead_letters` above 0 |" in readme
    assert "no drill, because nothing can be tested here" in readme
    assert "| `LOG_LEVEL` | `info` | Least severe line. |" in readme


def test_runbook_has_an_entry_for_every_failure_mode():
    """How it shows, what handles it, numbered steps, and the drill or why there is none."""
    runbook = text(FULL, "docs/runbook.md")

    assert "## A task fails | every time\n\n**How it shows.** `dead_letters` above 0." in runbook
    assert "1. Look.\n2. Mend.\n" in runbook
    assert "**Drill.** None, because nothing can be tested here." in runbook
    assert "$ order-desk redrive" in runbook


def test_runbook_sets_a_knob_beside_the_limit_of_its_service():
    """What is set, what the service allows, where that was read; and no empty columns where nothing is known."""
    limit = Fact(
        id="paper.lease",
        service="Paper",
        what="lease",
        value="at most 5m",
        source="its manual",
        read="2026-11-22",
        confidence="A",
    )
    channel = replace(FULL.channels[0], service=replace(architectures.SQLITE, limits={"lease": limit}))

    runbook = text(replace(FULL, channels=(channel,)), "docs/runbook.md")
    assert "| Tasks: lease | 30s | at most 5m | its manual |\n" in runbook
    assert "| Tasks: deliveries | 5 | none known | — |\n" in runbook
    assert "| Tasks: lease | 30s |\n" in text(FULL, "docs/runbook.md")


def test_runbook_tells_the_facts_of_its_own_platform_only():
    """A blueprint names the limits of all providers; a starter runs on one."""
    here = Fact(
        id="local.sqlite.hosts",
        service="SQLite",
        what="hosts",
        value="1",
        source="its manual",
        read="2026-11-22",
        confidence="A",
    )
    runbook = text(replace(FULL, facts=(here, replace(here, id="moon.hosts", service="Moon"))), "docs/runbook.md")

    assert "- hosts (SQLite): 1. Source: its manual, read 2026-11-22.\n" in runbook
    assert "Moon" not in runbook


def test_a_program_without_redrive_gets_no_advice_about_it():
    """The runbook names only commands that the program has."""
    assert "redrive" not in text(replace(FULL, commands=()), "docs/runbook.md")


def test_a_platform_tells_its_own_costs(tmp_path):
    """`cost.md.jinja` beside a platform's layers takes the place of the general words."""
    folder = tmp_path / "local" / "layer" / "files"
    folder.mkdir(parents=True)
    (tmp_path / "local" / "cost.md.jinja").write_text("## Cost\n\nOne pigeon for {{ architecture.starter.title }}.\n")
    layer = Layer(id="platforms/local/layer", folder=folder, replaces=(), seeded=(), executable=())

    assert "One pigeon for Order desk." in text(replace(FULL, layers=(layer,)), "README.md")
    assert "what this machine charges" in text(FULL, "README.md").lower()


def test_documents_end_with_one_newline_and_have_no_blank_line_debris():
    """What is generated looks written by hand."""
    for path, file in docs.export_documents(FULL).items():
        content = file.content.decode()
        assert content.endswith("\n"), path
        assert not content.endswith("\n\n"), path
        assert "\n\n\n" not in content, path
        assert all(line == line.rstrip() for line in content.splitlines()), path


def test_documents_belong_to_the_owner_of_the_repository():
    """An update never touches them."""
    assert {Ownership.SEEDED} == {file.ownership for _, file in docs.export_documents(FULL).items()}
