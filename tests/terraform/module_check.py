"""Check a Terraform module against its provider's schema, with a parser alone: no terraform, no network.

What is checked: types of resources exist; arguments and blocks exist, are there if they have to be, are not read-only,
and hold what fits; references lead somewhere; nothing is declared twice. Expressions are not evaluated.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hcl2

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMAS = Path(__file__).parent / "schemas"
_META = {
    "count",
    "for_each",
    "depends_on",
    "provider",
    "lifecycle",
    "__is_block__",
    "__comments__",
    "__inline_comments__",
}
_BLOCK = "__is_block__"
_INTERPOLATION = re.compile(r"\$\{(.*)\}", re.DOTALL)
_STRING = re.compile(r'"(?:\\.|[^"\\$]|\$(?!\{))*"')
_PATH = re.compile(r"(?<![\w.\]\"-])([a-z]\w*)((?:\.[A-Za-z_]\w*|\[[^\[\]]*\])+)")


@dataclass
class Declared:
    """What a module declares, by kind."""

    var: set[str] = field(default_factory=set)
    local: set[str] = field(default_factory=set)
    resources: dict[tuple[str, str], bool] = field(default_factory=dict)
    """(type, name) → whether there are several of it."""


def check(folder: Path, provider: str) -> list[str]:
    """Return what is wrong with the module in `folder`, which uses `provider` alone."""
    schema = next(iter(json.loads((SCHEMAS / f"{provider}.json").read_text())["provider_schemas"].values()))
    documents, found = {}, []
    for path in sorted(folder.glob("*.tf")):
        try:
            documents[path.name] = hcl2.loads(path.read_text())
        except Exception as error:  # noqa: BLE001  # the parser's errors have no common base
            found.append(f"{path.name}: cannot be read: {str(error).splitlines()[0]}")
    declared = Declared()
    for name, document in documents.items():
        found += _declare(name, document, declared)
    for name, document in documents.items():
        found += [f"{name}: {problem}" for problem in _document(document, schema, declared)]
    return found


def _declare(name: str, document: dict[str, Any], declared: Declared) -> Iterator[str]:
    for block in document.get("variable", []):
        declared.var |= {_bare(one) for one in block}
    for block in document.get("locals", []):
        declared.local |= set(block)
    for kind, label, body in _labelled(document, "resource"):
        if (kind, label) in declared.resources:
            yield f"{name}: {kind}.{label} is declared twice"
        declared.resources[kind, label] = bool({"count", "for_each"} & body.keys())


def _document(document: dict[str, Any], schema: dict[str, Any], declared: Declared) -> Iterator[str]:
    kinds = schema["resource_schemas"]
    for kind, label, body in _labelled(document, "resource"):
        where = f"{kind}.{label}"
        if kind not in kinds:
            yield f"{where}: there is no such type of resource"
            continue
        yield from (f"{where}: {problem}" for problem in _block(body, kinds[kind]["block"]))
    for block in document.get("provider", []):
        for label, body in block.items():
            if isinstance(body, dict):
                yield from (f"provider {label}: {one}" for one in _block(body, schema["provider"]["block"]))
    yield from _references(document, kinds, declared)


def _block(body: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    arguments, blocks = schema.get("attributes", {}), schema.get("block_types", {})
    dynamics = [(_bare(label), inner) for one in body.get("dynamic", []) for label, inner in one.items()]
    dynamics = [(label, inner) for label, inner in dynamics if label not in _META]
    for label, inner in dynamics:
        yield from _dynamic(label, inner, blocks)
    for name, value in body.items():
        if name in _META or name == "dynamic":
            continue
        if isinstance(value, list) and value and all(isinstance(one, dict) and _BLOCK in one for one in value):
            yield from _blocks(name, value, arguments, blocks)
        else:
            yield from _argument(name, value, arguments, blocks)
    given = {*body, *(label for label, _ in dynamics)}
    needed = [name for name, argument in arguments.items() if argument.get("required")]
    needed += [name for name, block in blocks.items() if block.get("min_items")]
    yield from (f"`{name}` is missing" for name in needed if name not in given)


def _blocks(name: str, value: list[Any], arguments: dict[str, Any], blocks: dict[str, Any]) -> Iterator[str]:
    if name not in blocks:
        yield f"`{name}` is an argument, no block" if name in arguments else f"there is no block `{name}`"
        return
    most = blocks[name].get("max_items")
    if most and len(value) > most:
        yield f"there are {len(value)} blocks `{name}`, and {most} at most are allowed"
    for one in value:
        yield from (f"{name}: {problem}" for problem in _block(one, blocks[name]["block"]))


def _dynamic(label: str, inner: dict[str, Any], blocks: dict[str, Any]) -> Iterator[str]:
    if label not in blocks:
        yield f"there is no block `{label}` to be made dynamic"
        return
    if "for_each" not in inner:
        yield f"the dynamic block `{label}` has no for_each"
    for content in inner.get("content", []):
        yield from (f"{label}: {problem}" for problem in _block(content, blocks[label]["block"]))


def _argument(name: str, value: Any, arguments: dict[str, Any], blocks: dict[str, Any]) -> Iterator[str]:
    if name not in arguments:
        yield f"`{name}` is a block, no argument" if name in blocks else f"there is no argument `{name}`"
        return
    argument = arguments[name]
    if not (argument.get("required") or argument.get("optional")):
        yield f"the argument `{name}` can only be read"
    if not _fits(argument["type"], value):
        yield f"the argument `{name}` takes {json.dumps(argument['type'])}, not {json.dumps(value)[:60]}"


def _fits(kind: Any, value: Any) -> bool:
    """Return whether a literal is of a type; what is an expression may be."""
    if isinstance(value, str) and (not value.startswith('"') or "${" in value):
        return True
    if isinstance(kind, list):
        outer, inner = kind
        if outer in {"list", "set"}:
            return isinstance(value, list) and all(_fits(inner, one) for one in value)
        return isinstance(value, dict)
    plain = _bare(str(value))
    fitting = {
        "string": isinstance(value, (str, bool, int, float)),
        "number": isinstance(value, (int, float)) or plain.isdecimal(),
        "bool": isinstance(value, bool) or plain in {"true", "false"},
    }
    return fitting.get(kind, True)


def _references(value: Any, kinds: dict[str, Any], declared: Declared) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _references(one, kinds, declared)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one, kinds, declared)
    elif isinstance(value, str) and (match := _INTERPOLATION.search(value)):
        for root, path in _PATH.findall(_STRING.sub('""', match[1])):
            steps = [one.strip("[]") for one in re.findall(r"\.\w+|\[[^\]]*\]", path)]
            yield from _reference(root, [one.removeprefix(".") for one in steps], kinds, declared)


def _reference(root: str, steps: list[str], kinds: dict[str, Any], declared: Declared) -> Iterator[str]:
    if root in {"var", "local"}:
        if steps[0] not in getattr(declared, root):
            yield f"there is no {root}.{steps[0]}"
        return
    prefix = next(iter(kinds)).partition("_")[0]
    if not root.startswith(f"{prefix}_"):
        return
    if (root, steps[0]) not in declared.resources:
        yield f"there is no {root}.{steps[0]}"
        return
    block, rest = kinds[root]["block"], steps[1:]
    if declared.resources[root, steps[0]] and rest and rest[0] in block.get("attributes", {}):
        yield f"there are several {root}.{steps[0]}, and none is chosen"
        return
    for step in rest:
        if step in block.get("block_types", {}):
            block = block["block_types"][step]["block"]
        elif not (step.isdecimal() or step in {"", "*"} or step.startswith("each.")):
            if step not in block.get("attributes", {}):
                yield f"{root} has no attribute `{step}`"
            return


def _labelled(document: dict[str, Any], key: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for block in document.get(key, []):
        for kind, inner in block.items():
            if kind not in _META:
                for label, body in inner.items():
                    if label not in _META:
                        yield _bare(kind), _bare(label), body


def _bare(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
