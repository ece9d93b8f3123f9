"""Checks of a starter's files that do not run it: each gives what is wrong, in words; nothing if all is well."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ASYNCAPI = Path(__file__).parent / "behaviour" / "asyncapi-3.0.0.schema.json"
_TASTE = {"undocumented-permissions"}  # asks for a comment beside each right
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_CONTEXT = re.compile(r"\b(matrix|needs|steps|inputs)\.([\w-]+)")


def program(name: str) -> str | None:
    """Return the path of a program that came with the environment, or None."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name)


def by_schema(schema: dict[str, Any], value: object, name: str) -> Iterator[str]:
    """Give what `schema` does not allow in `value`."""
    kind = jsonschema.validators.validator_for(schema)
    for error in kind(schema).iter_errors(value):
        yield f"{name}: {'.'.join(map(str, error.absolute_path))}: {error.message[:200]}"


def vendored(name: str) -> dict[str, Any]:
    """Return a schema that check-jsonschema carries, such as `github-workflows`."""
    folder = resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def workflow(path: Path) -> Iterator[str]:
    """Check a workflow by its schema, and what its expressions and jobs name by what there is."""
    value = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  # `on` stays a word
    typed = yaml.safe_load(path.read_text(encoding="utf-8"))
    if True in typed:  # YAML 1.1 reads the key `on` as a boolean
        typed["on"] = typed.pop(True)
    yield from by_schema(vendored("github-workflows"), typed, path.name)
    jobs = value.get("jobs") or {}
    triggers = value.get("on") if isinstance(value.get("on"), dict) else {}
    inputs = {one for trigger in triggers.values() if isinstance(trigger, dict) for one in trigger.get("inputs") or ()}
    for name, job in jobs.items():
        needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
        yield from (f"{path.name}: {name}: needs `{one}`, which is no job" for one in needs if one not in jobs)
        matrix = (job.get("strategy") or {}).get("matrix") or {}
        steps = {step["id"] for step in job.get("steps", []) if "id" in step}
        known = {"matrix": set(matrix) if isinstance(matrix, dict) else set(), "needs": set(needs), "steps": steps}
        yield from (f"{path.name}: {name}: {one}" for one in _unknown(job, known | {"inputs": inputs}))


def _unknown(value: object, known: dict[str, set[str]]) -> Iterator[str]:
    for text in _texts(value):
        for expression in _EXPRESSION.findall(text):
            for context, name in _CONTEXT.findall(expression):
                if name not in known[context]:
                    yield f"`{context}.{name}` does not exist"


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, child in value.items():
            if key == "if" and isinstance(child, str) and "${{" not in child:
                yield f"${{{{ {child} }}}}"  # a condition is an expression without brackets
            else:
                yield from _texts(child)
    elif isinstance(value, list):
        for child in value:
            yield from _texts(child)
    elif isinstance(value, str):
        yield value


def compose(path: Path) -> Iterator[str]:
    """Check a compose file by its schema, and that volumes, networks and services that it names are there."""
    value = yaml.safe_load(path.read_text(encoding="utf-8"))
    yield from by_schema(vendored("compose-spec"), value, path.name)
    services = value.get("services") or {}
    for name, service in services.items():
        for other in service.get("depends_on", ()):
            if other not in services:
                yield f"{path.name}: {name} depends on `{other}`, which is no service"
        for volume in service.get("volumes", ()):
            source = str(volume).partition(":")[0] if isinstance(volume, str) else str(volume.get("source", ""))
            if source and not source.startswith((".", "/", "~")) and source not in (value.get("volumes") or {}):
                yield f"{path.name}: {name} mounts `{source}`, which is no volume"


def dockerfile(path: Path) -> Iterator[str]:
    """Check a Dockerfile with hadolint, at every weight."""
    hadolint = program("hadolint")
    assert hadolint, "hadolint is not installed"
    done = subprocess.run([hadolint, "--no-color", str(path)], capture_output=True, text=True, check=False)
    yield from (line.removeprefix(str(path)) for line in done.stdout.splitlines() + done.stderr.splitlines())


def security(folder: Path) -> Iterator[str]:
    """Check the workflows in `folder` for known ways of attack with zizmor, offline."""
    zizmor = program("zizmor")
    assert zizmor, "zizmor is not installed"
    command = [
        zizmor,
        "--offline",
        "--no-progress",
        "--persona",
        "pedantic",
        "--format",
        "json-v1",
        "--no-exit-codes",
        str(folder),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        yield done.stderr[-300:]
        return
    yield from (f"{one['ident']}: {one['desc']}" for one in json.loads(done.stdout) if one["ident"] not in _TASTE)


def asyncapi(path: Path) -> Iterator[str]:
    """Check an AsyncAPI document by the schema of its version, and that its references lead somewhere."""
    value = yaml.safe_load(path.read_text(encoding="utf-8"))
    yield from by_schema(json.loads(ASYNCAPI.read_text(encoding="utf-8")), value, path.name)
    yield from (f"{path.name}: `{one}` leads nowhere" for one in _references(value) if not _leads(one, value))


def openapi(path: Path) -> Iterator[str]:
    """Check an OpenAPI document by the schema of its version, with its references and examples."""
    from openapi_spec_validator import OpenAPIV31SpecValidator, OpenAPIV32SpecValidator  # noqa: PLC0415  # slow

    value = yaml.safe_load(path.read_text(encoding="utf-8"))
    kind = OpenAPIV32SpecValidator if str(value.get("openapi", "")).startswith("3.2") else OpenAPIV31SpecValidator
    try:
        yield from (f"{path.name}: {error.message[:200]}" for error in kind(value).iter_errors())
    except Exception as error:  # noqa: BLE001  # it raises what its reference resolver raises
        yield f"{path.name}: {error}"


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for child in value.values():
            yield from _references(child)
    elif isinstance(value, list):
        for child in value:
            yield from _references(child)


def _leads(reference: str, root: Any) -> bool:
    if not reference.startswith("#/"):
        return True  # into another file, or the root of a schema
    for part in reference[2:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(root, dict) or key not in root:
            return False
        root = root[key]
    return True
