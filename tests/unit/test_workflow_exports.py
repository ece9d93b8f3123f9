"""Read a change of these files as the engine would: they are what it is given."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest

from archwright.catalog import load_catalog, read_catalog
from archwright.resolve import platforms_of, resolve
from archwright.workflows import export, export_definitions
from asl_schema import ASL
from made_up import LIMITS, write_catalog
from made_up_workflow import WITH_ENGINE, WITH_WORKFLOW

GOLDEN = Path(__file__).with_name("workflow_exports")
CATALOG = load_catalog()


@pytest.fixture
def workflow(tmp_path):
    folder = write_catalog(tmp_path, blueprint=WITH_WORKFLOW, platform=WITH_ENGINE, limits=LIMITS)
    return resolve(read_catalog([folder]), "pigeon-post", "mountain", "my-post", {}).workflows[0]


@pytest.mark.parametrize("format_", ["asl", "machine"])
def test_a_workflow_is_compiled_to_this(workflow, format_):
    """Every kind of step, as the Amazon States Language has it and as the state machine of starters reads it."""
    text = export(workflow, format_)
    golden = GOLDEN / f"delivery.{format_}.json"
    if os.environ.get("ARCHWRIGHT_UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")

    assert golden.read_text(encoding="utf-8") == text


def test_the_language_takes_it(workflow):
    """The compiled states are ones that the language's specification allows."""
    jsonschema.Draft202012Validator(ASL).validate(json.loads(export(workflow, "asl")))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"End": true', '"Next": 3'),
        ('"TimeoutSeconds": 60', '"TimeoutSeconds": 0.5'),
        ('"ResultPath": "$.flight"', '"ResultPath": "flight"'),
        ('"JitterStrategy": "FULL"', '"JitterStrategy": "SOME"'),
        ('"Type": "Wait"', '"Type": "Nap"'),
        ('"NumericGreaterThan": 0', '"NumericGreaterThan": "0"'),
    ],
)
def test_the_schema_of_states_bites(workflow, old, new):
    """What the language does not allow is found by the schema that these tests hold definitions to."""
    text = export(workflow, "asl")
    assert old in text

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(ASL).validate(json.loads(text.replace(old, new)))


BOUND = [
    (blueprint, platform)
    for blueprint, entry in CATALOG.blueprints.items()
    if entry.spec.workflows
    for platform in platforms_of(CATALOG, blueprint)
]


@pytest.mark.parametrize(("blueprint", "platform"), BOUND)
def test_every_workflow_of_the_catalog_is_compiled_for_its_engine(blueprint, platform):
    """A starter holds each of its workflows in the form that its platform's engine reads."""
    architecture = resolve(CATALOG, blueprint, platform, "my-desk", {})

    files = list(export_definitions(architecture))

    assert len(files) == len(architecture.workflows)
