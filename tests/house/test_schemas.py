from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from archwright import resources, yamlfile
from archwright.schema import FACT_KINDS, KINDS, Blueprint, json_schema

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "blueprints" / "schemas"
KIND_OF = {"blueprint.yaml": "blueprint", "platform.yaml": "platform", "layer.yaml": "layer"}
KIND_OF |= {"limits.yaml": "limits", "prices.yaml": "prices"}


def catalog_files() -> list[Path]:
    root = resources.data_root()
    found = [path for place in ("blueprints", "templates") for path in (root / place).rglob("*.yaml")]
    return sorted(path for path in found if path.name in KIND_OF and "files" not in path.parts)


def shown(path: Path) -> str:
    return path.relative_to(resources.data_root()).as_posix()


NAMED = [path for path in catalog_files() if path.name != "layer.yaml"]


def test_schema_files_are_current():
    """The schema files are those that the models give now; `python dev/schemas.py` writes them."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "dev" / "schemas.py"), "--check"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_changed_schema_is_noticed(tmp_path):
    """The check tells the files that differ from the models, and does not change them."""
    (tmp_path / "dev").mkdir()
    script = tmp_path / "dev" / "schemas.py"
    script.write_text((ROOT / "dev" / "schemas.py").read_text(encoding="utf-8"), encoding="utf-8")
    subprocess.run([sys.executable, str(script)], check=True, capture_output=True)
    touched = tmp_path / "blueprints" / "schemas" / "limits.schema.json"
    touched.write_text("{}", encoding="utf-8")

    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)

    assert (done.returncode, touched.read_text(encoding="utf-8")) == (1, "{}")
    assert "limits.schema.json is stale" in done.stdout


@pytest.mark.parametrize("kind", [*KINDS, *FACT_KINDS])
def test_schema_is_valid_and_tells_every_key(kind):
    """Each schema is valid JSON Schema, and an editor shows a sentence for every key that it names."""
    schema = json_schema(kind)

    jsonschema.Draft202012Validator.check_schema(schema)
    models = [schema, *schema.get("$defs", {}).values()]
    untold = [
        (model.get("title"), key)
        for model in models
        for key, one in model.get("properties", {}).items()
        if "description" not in one and "$ref" not in one
    ]
    assert untold == []


@pytest.mark.parametrize("path", NAMED, ids=shown)
def test_first_line_names_the_schema(path):
    """The first line of each catalog file points an editor at the schema, by a relative path that exists."""
    first = path.read_text(encoding="utf-8").splitlines()[0]

    match = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)

    assert match, first
    assert (path.parent / match[1]).resolve() == SCHEMAS / f"{KIND_OF[path.name]}.schema.json"


@pytest.mark.parametrize("path", catalog_files(), ids=shown)
def test_catalog_file_satisfies_its_schema(path):
    """What our own models accept, an editor with the schema accepts as well."""
    value = yamlfile.load(path, path.name).value
    schema = json.loads((SCHEMAS / f"{KIND_OF[path.name]}.schema.json").read_text(encoding="utf-8"))

    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(value))

    assert [f"{error.json_path}: {error.message}" for error in errors] == []


def channel_accepts(knob: str, text: str) -> tuple[bool, bool]:
    """Return whether models and schema accept a channel's knob."""
    part = json_schema("blueprint")["$defs"]["Channel"]["properties"][knob]
    told = jsonschema.Draft202012Validator(part).is_valid(text)
    channel = Blueprint.model_fields["channels"].annotation.__args__[1]
    try:
        channel.model_validate({"capability": "topic", "message": "Task", knob: text})
    except ValueError:
        return False, told
    return True, told


@pytest.mark.parametrize(
    "text", ["30s", "1h30m", "500ms", "2.5m", "1h 30m", "${lease}", "30", "30 s", "s", "", "${Lease}", "-1s"]
)
def test_schema_and_model_agree_on_durations(text):
    """The pattern that an editor sees accepts the durations that the models accept, and no others."""
    decided, told = channel_accepts("lease", text)

    assert decided == told


@pytest.mark.parametrize("text", ["512B", "64KiB", "1.5MiB", "64 kB", "${payload}", "64", "64KB", "KiB", "-1B", ""])
def test_schema_and_model_agree_on_sizes(text):
    """The pattern that an editor sees accepts the sizes that the models accept, and no others."""
    decided, told = channel_accepts("payload", text)

    assert decided == told
