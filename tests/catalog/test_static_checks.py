from __future__ import annotations

import json
from pathlib import Path

import pytest

import static_checks as check
from archwright import generate, load_catalog, write
from archwright.resolve import platforms_of

pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed")
pytest.importorskip("openapi_spec_validator", reason="openapi-spec-validator is not installed")

CATALOG = load_catalog()
CELLS = [
    (blueprint, platform) for blueprint in sorted(CATALOG.blueprints) for platform in platforms_of(CATALOG, blueprint)
]
CHECKS = {  # glob in a starter → what holds it
    ".github/workflows/*.yml": check.workflow,
    "compose.yaml": check.compose,
    "Dockerfile": check.dockerfile,
    "docs/asyncapi.y*ml": check.asyncapi,
    "docs/openapi.y*ml": check.openapi,
}


@pytest.fixture(scope="module", params=CELLS, ids=lambda cell: f"{cell[0]}-on-{cell[1]}")
def starter(request, tmp_path_factory):
    blueprint, platform = request.param
    destination = tmp_path_factory.mktemp("starter") / "order-desk"
    write.apply(generate(CATALOG, blueprint, destination, platform=platform))
    return destination


def needs(pattern):
    if pattern == "Dockerfile" and check.program("hadolint") is None:
        pytest.skip("hadolint is not installed here")


@pytest.mark.parametrize("pattern", CHECKS)
def test_files_are_what_their_readers_take(starter, pattern):
    """Workflows, compose file, Dockerfile and contracts pass the checks of those who will read them."""
    needs(pattern)

    files = sorted(starter.glob(pattern))

    assert files or pattern.startswith("docs/")
    assert [problem for file in files for problem in CHECKS[pattern](file)] == []


def test_workflows_open_no_way_in(starter):
    """No known way of attack: no untrusted text in a script, no action that can move, no right too many."""
    if check.program("zizmor") is None:
        pytest.skip("zizmor is not installed here")

    assert list(check.security(starter / ".github" / "workflows")) == []


def test_updates_are_asked_for_in_the_right_words(starter):
    """Dependabot reads its file."""
    value = check.yaml.safe_load((starter / ".github/dependabot.yml").read_text(encoding="utf-8"))

    assert list(check.by_schema(check.vendored("dependabot"), value, "dependabot.yml")) == []


CI, COMPOSE = ".github/workflows/ci.yml", "compose.yaml"
FAULTS = {
    "key of a job misspelt": (CI, "    runs-on:", "    run-on:"),
    "trigger misspelt": (CI, "  pull_request:", "  pull_requests:"),
    "matrix value misspelt": (CI, "${{ matrix.python }}\n          cache", "${{ matrix.pyhton }}\n          cache"),
    "step without what it runs": (CI, "      - run: python dev/tasks.py check", "      - name: check"),
    "job that waits for none": (CI, "    timeout-minutes: 15", "    needs: biuld\n    timeout-minutes: 15"),
    "right that does not exist": (CI, "      contents: read", "      content: read"),
    "number for a text": (CI, "    timeout-minutes: 15", "    timeout-minutes: soon"),
    "key of a service misspelt": (COMPOSE, "    restart:", "    restarts:"),
    "service that is not there": (COMPOSE, "    restart:", "    depends_on: [brocker]\n    restart:"),
    "condition that does not exist": (
        COMPOSE,
        "    restart:",
        "    depends_on: {worker: {condition: service_ok}}\n    restart:",
    ),
    "volume that is not there": (COMPOSE, "      - data:/data", "      - dta:/data"),
    "no volumes at all": (COMPOSE, "volumes:\n  data: {}", "volume:\n  data: {}"),
    "unknown instruction": ("Dockerfile", "WORKDIR /data", "WORKDIRR /data"),
    "base that moves": ("Dockerfile", "FROM python:3.13-slim-bookworm\n", "FROM python:latest\n"),
    "command as a text": ("Dockerfile", 'CMD ["work"]', "CMD work"),
    "install without a version": ("Dockerfile", "WORKDIR /data", "RUN apt-get update && apt-get install curl"),
    "relative folder": ("Dockerfile", "WORKDIR /data", "WORKDIR data"),
    "version of the contract": ("docs/asyncapi.yaml", "asyncapi: 3.0.0", "asyncapi: 9.0.0"),
    "action that does not exist": ("docs/asyncapi.yaml", "action: send", "action: sends"),
    "reference that leads nowhere": ("docs/asyncapi.yaml", "#/channels/", "#/chanels/"),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    destination = tmp_path_factory.mktemp("whole") / "order-desk"
    write.apply(generate(CATALOG, "work-queue", destination))
    return destination


@pytest.mark.parametrize("fault", FAULTS)
def test_the_checks_notice(fault, whole, tmp_path):
    """Each of these faults, made in a file that is in order, is found."""
    name, old, new = FAULTS[fault]
    needs(name)
    text = (whole / name).read_text(encoding="utf-8")
    assert old in text
    faulty = tmp_path / Path(name).name
    faulty.write_text(text.replace(old, new), encoding="utf-8")
    pattern = next(one for one in CHECKS if Path(name).match(one))

    assert list(CHECKS[pattern](faulty)) != []


INTO_A_SCRIPT = ("      - run: python dev/tasks.py check", "      - run: echo ${{ github.event.pull_request.title }}")
HOLES = {
    "untrusted text in a script": INTO_A_SCRIPT,
    "action by a tag": ("actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "actions/checkout@v7"),
    "credentials kept": ("        with:\n          persist-credentials: false\n", ""),
    "every right": ("    permissions:\n      contents: read", "    permissions: write-all"),
}


@pytest.mark.skipif(check.program("zizmor") is None, reason="zizmor is not installed here")
@pytest.mark.parametrize("hole", HOLES)
def test_ways_in_are_noticed(hole, whole, tmp_path):
    """Each of these holes, made in a workflow that is in order, is found."""
    old, new = HOLES[hole]
    text = (whole / CI).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / CI).write_text(text.replace(old, new), encoding="utf-8")

    assert list(check.security(tmp_path / ".github" / "workflows")) != []


OPENAPI = {
    "openapi": "3.1.0",
    "info": {"title": "Jobs", "version": "1.0.0"},
    "paths": {
        "/jobs/{id}": {
            "get": {
                "operationId": "job",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {
                    "200": {
                        "description": "A job.",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Job"}}},
                    }
                },
            }
        }
    },
    "components": {"schemas": {"Job": {"type": "object", "properties": {"id": {"type": "string"}}}}},
}
MISTAKES = {
    "parameter that is not told": ('"/jobs/{id}"', '"/jobs/{id}/{part}"'),
    "reference that leads nowhere": ("schemas/Job", "schemas/Jobs"),
    "no description": ('"description": "A job.", ', ""),
    "key misspelt": ('"responses"', '"response"'),
    "method that does not exist": ('"get"', '"fetch"'),
    "type that does not exist": ('{"type": "object"', '{"type": "objekt"'),
}


def test_a_sound_http_contract_passes(tmp_path):
    """The twin of the mistakes below."""
    path = tmp_path / "openapi.yaml"
    path.write_text(json.dumps(OPENAPI), encoding="utf-8")

    assert list(check.openapi(path)) == []


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_in_an_http_contract_are_noticed(mistake, tmp_path):
    """Each of these, made in a contract that is in order, is found."""
    old, new = MISTAKES[mistake]
    text = json.dumps(OPENAPI)
    assert old in text
    path = tmp_path / "openapi.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")

    assert list(check.openapi(path)) != []
