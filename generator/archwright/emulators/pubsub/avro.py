"""Avro as Pub/Sub uses it: read a schema, and tell whether a JSON or binary message fits it.

Only the check is here; nothing is decoded into values. Written from the Avro 1.11 specification, sections
"Complex types", "Names", "JSON encoding" and "Binary encoding".
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass, field
from typing import Any

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_PRIMITIVES = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"}
_DEEPEST = 100
_BITS = {"int": 31, "long": 63}
_LONGEST_VARINT = 10


class AvroError(ValueError):
    """A schema or a message is wrong; the text says where."""


@dataclass(slots=True)
class AvroType:
    """One type of a schema: `kind` is a primitive, or record, enum, array, map, union or fixed."""

    kind: str
    name: str = ""
    fields: list[tuple[str, AvroType]] = field(default_factory=list)  # of a record
    items: list[AvroType] = field(default_factory=list)  # branches of a union; the one type of an array or map
    symbols: tuple[str, ...] = ()
    size: int = 0

    @property
    def label(self) -> str:
        """The name by which a union's branch is chosen in JSON."""
        return self.name or self.kind

    def check_json_text(self, data: bytes) -> None:
        """Refuse data that is not this type in Avro's JSON encoding."""
        try:
            value = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise AvroError(f"the message is not JSON: {error}") from error
        _check_json(self, value, "message", 0)

    def check_binary(self, data: bytes) -> None:
        """Refuse data that is not exactly one value of this type in Avro's binary encoding."""
        reader = _Reader(data)
        _skip(self, reader, "message", 0)
        if reader.position != len(data):
            raise AvroError(f"{len(data) - reader.position} bytes follow the message")


def parse_avro(definition: str) -> AvroType:
    """Return the type that a schema's JSON describes.

    Raises:
        AvroError: it describes none.
    """
    try:
        schema = json.loads(definition)
    except (ValueError, RecursionError) as error:
        raise AvroError(f"the definition is not JSON: {error}") from error
    return _Schema().parse(schema, "", "schema", 0)


class _Schema:
    """Reads a schema; remembers the named types met so far."""

    def __init__(self) -> None:
        self._named: dict[str, AvroType] = {}

    def parse(self, schema: object, namespace: str, where: str, depth: int) -> AvroType:
        if depth > _DEEPEST:
            raise AvroError(f"{where}: nested too deeply")
        if isinstance(schema, str):
            return self._reference(schema, namespace, where)
        if isinstance(schema, list):
            return self._union(schema, namespace, where, depth)
        if not isinstance(schema, dict) or "type" not in schema:
            raise AvroError(f"{where}: a type is a name, a list or an object with `type`")
        kind = schema["type"]
        if kind in ("record", "error"):
            return self._record(schema, namespace, where, depth)
        if kind in ("enum", "fixed"):
            return self._plain_named(schema, namespace, where)
        if kind in ("array", "map"):
            key = "items" if kind == "array" else "values"
            if key not in schema:
                raise AvroError(f"{where}: {kind} without `{key}`")
            return AvroType(kind, items=[self.parse(schema[key], namespace, f"{where}.{key}", depth + 1)])
        return self.parse(kind, namespace, where, depth + 1)

    def _reference(self, name: str, namespace: str, where: str) -> AvroType:
        if name in _PRIMITIVES:
            return AvroType(name)
        found = self._named.get(name if "." in name or not namespace else f"{namespace}.{name}", self._named.get(name))
        if found is None:
            raise AvroError(f"{where}: unknown type `{name}`")
        return found

    def _union(self, branches: list[object], namespace: str, where: str, depth: int) -> AvroType:
        items = [self.parse(branch, namespace, f"{where}[{i}]", depth + 1) for i, branch in enumerate(branches)]
        labels = [item.label for item in items]
        if len(set(labels)) != len(labels) or "union" in labels:
            raise AvroError(f"{where}: a union holds each type once and no other union")
        return AvroType("union", items=items)

    def _declare(self, schema: dict[str, Any], namespace: str, where: str) -> tuple[AvroType, str]:
        name = schema.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise AvroError(f"{where}: {schema['type']} without a proper `name`")
        if "." not in name:
            space = schema.get("namespace", namespace)
            name = f"{space}.{name}" if space else name
        if name in self._named:
            raise AvroError(f"{where}: `{name}` is defined twice")
        declared = self._named[name] = AvroType("record" if schema["type"] == "error" else schema["type"], name)
        return declared, name.rpartition(".")[0]

    def _record(self, schema: dict[str, Any], namespace: str, where: str, depth: int) -> AvroType:
        record, inner = self._declare(schema, namespace, where)
        fields = schema.get("fields")
        if not isinstance(fields, list):
            raise AvroError(f"{where}: record without `fields`")
        for item in fields:
            if not isinstance(item, dict) or not isinstance(item.get("name"), str) or "type" not in item:
                raise AvroError(f"{where}: a field needs `name` and `type`")
            record.fields.append((item["name"], self.parse(item["type"], inner, f"{where}.{item['name']}", depth + 1)))
        if len({name for name, _ in record.fields}) != len(record.fields):
            raise AvroError(f"{where}: two fields have one name")
        return record

    def _plain_named(self, schema: dict[str, Any], namespace: str, where: str) -> AvroType:
        declared, _ = self._declare(schema, namespace, where)
        if declared.kind == "enum":
            symbols = schema.get("symbols")
            if not isinstance(symbols, list) or not all(isinstance(symbol, str) for symbol in symbols):
                raise AvroError(f"{where}: enum without `symbols`")
            declared.symbols = tuple(symbols)
        else:
            size = schema.get("size")
            if not isinstance(size, int) or isinstance(size, bool) or size < 0:
                raise AvroError(f"{where}: fixed without `size`")
            declared.size = size
        return declared


def _check_json(avro: AvroType, value: object, where: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise AvroError(f"{where}: nested too deeply")
    kind = avro.kind
    if kind == "union":
        _check_json_union(avro, value, where, depth)
    elif kind == "record":
        _check_json_record(avro, value, where, depth)
    elif kind == "array" and isinstance(value, list):
        for i, item in enumerate(value):
            _check_json(avro.items[0], item, f"{where}[{i}]", depth + 1)
    elif kind == "map" and isinstance(value, dict):
        for key, item in value.items():
            _check_json(avro.items[0], item, f"{where}.{key}", depth + 1)
    elif not _is_plain(avro, value):
        raise AvroError(f"{where}: {json.dumps(value)[:80]} is no {avro.label}")


def _check_json_union(avro: AvroType, value: object, where: str, depth: int) -> None:
    """A union's value is null, or an object whose one key names the branch."""
    if value is None:
        if all(branch.kind != "null" for branch in avro.items):
            raise AvroError(f"{where}: null is not allowed")
        return
    if isinstance(value, dict) and len(value) == 1:
        ((label, inner),) = value.items()
        for branch in avro.items:
            if branch.label == label and branch.kind != "null":
                _check_json(branch, inner, f"{where}.{label}", depth + 1)
                return
    choices = ", ".join('{"' + branch.label + '": …}' for branch in avro.items if branch.kind != "null")
    raise AvroError(f"{where}: a union's value names its branch: {choices}")


def _check_json_record(avro: AvroType, value: object, where: str, depth: int) -> None:
    if not isinstance(value, dict):
        raise AvroError(f"{where}: {json.dumps(value)[:80]} is no {avro.label}")
    known = {name for name, _ in avro.fields}
    for name in value:
        if name not in known:
            raise AvroError(f"{where}: unknown field `{name}`")
    for name, inner in avro.fields:
        if name not in value:  # a default serves readers; an encoded message holds every field
            raise AvroError(f"{where}: field `{name}` is missing")
        _check_json(inner, value[name], f"{where}.{name}", depth + 1)


def _is_plain(avro: AvroType, value: object) -> bool:  # noqa: PLR0911  # one answer a type
    match avro.kind:
        case "null":
            return value is None
        case "boolean":
            return isinstance(value, bool)
        case "int" | "long":
            limit = 1 << _BITS[avro.kind]
            return isinstance(value, int) and not isinstance(value, bool) and -limit <= value < limit
        case "float" | "double":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "bytes" | "fixed":  # bytes stand in JSON as characters up to 255
            fits = isinstance(value, str) and all(ord(character) < 256 for character in value)  # noqa: PLR2004  # a byte
            return fits and (avro.kind == "bytes" or len(str(value)) == avro.size)
        case "enum":
            return value in avro.symbols
        case _:
            return False


class _Reader:
    """Walks through binary data."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, count: int, where: str) -> bytes:
        if count < 0 or self.position + count > len(self.data):
            raise AvroError(f"{where}: the message ends too early")
        self.position += count
        return self.data[self.position - count : self.position]

    def integer(self, where: str) -> int:
        """Read a zig-zag variable-length number."""
        result = 0
        for shift in range(0, 7 * _LONGEST_VARINT, 7):
            byte = self.take(1, where)[0]
            result |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return (result >> 1) ^ -(result & 1)
        raise AvroError(f"{where}: a number of more than {_LONGEST_VARINT} bytes")


def _skip(avro: AvroType, reader: _Reader, where: str, depth: int) -> None:
    """Walk over one value, refusing what is not one."""
    if depth > _DEEPEST:
        raise AvroError(f"{where}: nested too deeply")
    match avro.kind:
        case "record":
            for name, inner in avro.fields:
                _skip(inner, reader, f"{where}.{name}", depth + 1)
        case "union":
            _skip(_choose(avro.items, reader, where), reader, where, depth + 1)
        case "array" | "map":
            _skip_blocks(avro, reader, where, depth)
        case "enum":
            _choose(avro.symbols, reader, where)
        case _:
            _skip_plain(avro, reader, where)


def _choose(choices: Any, reader: _Reader, where: str) -> Any:
    index = reader.integer(where)
    if not 0 <= index < len(choices):
        raise AvroError(f"{where}: choice {index} of {len(choices)}")
    return choices[index]


def _skip_blocks(avro: AvroType, reader: _Reader, where: str, depth: int) -> None:
    while count := reader.integer(where):
        if count < 0:  # the block's length in bytes follows
            count = -count
            reader.integer(where)
        for _ in range(count):
            start = reader.position
            if avro.kind == "map":
                reader.take(reader.integer(where), where)
            _skip(avro.items[0], reader, where, depth + 1)
            if reader.position == start:  # items of no bytes: any count fits, and none is worth walking over
                break


def _skip_plain(avro: AvroType, reader: _Reader, where: str) -> None:
    match avro.kind:
        case "boolean":
            if reader.take(1, where) not in (b"\0", b"\1"):
                raise AvroError(f"{where}: no boolean")
        case "int" | "long":
            limit = 1 << _BITS[avro.kind]
            if not -limit <= reader.integer(where) < limit:
                raise AvroError(f"{where}: no {avro.kind}")
        case "float" | "double":
            reader.take(struct.calcsize("<f" if avro.kind == "float" else "<d"), where)
        case "bytes":
            reader.take(reader.integer(where), where)
        case "fixed":
            reader.take(avro.size, where)
        case "string":
            try:
                reader.take(reader.integer(where), where).decode()
            except UnicodeDecodeError as error:
                raise AvroError(f"{where}: no UTF-8 text") from error
