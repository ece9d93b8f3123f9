"""A Terraform provider that knows its schema and nothing else, so that the real `terraform` runs without a network.

It serves a document of `schemas/` over Terraform's own plugin protocol (tfplugin6: gRPC on a Unix socket), and
Terraform is led to it by TF_REATTACH_PROVIDERS. It validates and plans; apply, refresh and import are not there, so
that nothing can be set up through it by mistake. The few protobuf messages are written by hand, by field number.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from concurrent import futures
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import msgpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SCHEMAS = Path(__file__).parent / "schemas"
_NESTING = {"single": 1, "list": 2, "set": 3, "map": 4, "group": 5}
_UNKNOWN = msgpack.ExtType(0, b"\0")
_SILENT = {"ValidateProviderConfig", "ConfigureProvider", "StopProvider", "GetFunctions"}
_LARGEST = 64 * 1024 * 1024  # bytes in one answer; a whole schema is one


@contextlib.contextmanager
def stub_provider(name: str, folder: Path) -> Iterator[Mapping[str, str]]:
    """Serve the schema of provider `name` and give the environment in which `terraform` uses it."""
    [(address, schema)] = json.loads((SCHEMAS / f"{name}.json").read_text())["provider_schemas"].items()
    with tempfile.TemporaryDirectory() as near:  # the path of a socket may have some hundred characters at most
        socket = str(Path(near) / "provider")
        server = grpc.server(
            futures.ThreadPoolExecutor(4),
            handlers=[_Provider(schema)],
            options=[("grpc.max_send_message_length", _LARGEST)],
        )
        server.add_insecure_port(f"unix:{socket}")
        server.start()
        settings = folder / "terraformrc"
        settings.touch()
        reattach = {
            "Protocol": "grpc",
            "ProtocolVersion": 6,
            "Pid": os.getpid(),
            "Test": True,
            "Addr": {"Network": "unix", "String": socket},
        }
        try:
            yield {
                **os.environ,
                "TF_REATTACH_PROVIDERS": json.dumps({address: reattach}),
                "TF_CLI_CONFIG_FILE": str(settings),
                "TF_IN_AUTOMATION": "1",
                "CHECKPOINT_DISABLE": "1",
            }
        finally:
            server.stop(None)


class _Provider(grpc.GenericRpcHandler):
    """Answers the calls that validate and plan; any other one is not implemented."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._kinds = {
            "resource": schema.get("resource_schemas", {}),
            "data": schema.get("data_source_schemas", {}),
        }
        self._schema = _provider_schema(schema)
        self._calls: dict[str, Callable[[dict[int, list[Any]]], bytes]] = {
            "GetProviderSchema": lambda _: self._schema,
            "ValidateResourceConfig": lambda request: self._validate("resource", request),
            "ValidateDataResourceConfig": lambda request: self._validate("data", request),
            "PlanResourceChange": self._plan,
            "ReadDataSource": self._read,
            **dict.fromkeys(_SILENT, lambda _: b""),
        }

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        call = self._calls.get(details.method.rsplit("/", 1)[-1])
        if not details.method.startswith("/tfplugin6.Provider/") or call is None:
            return None
        return grpc.unary_unary_rpc_method_handler(lambda request, _: call(_fields(request)))

    def _validate(self, kind: str, request: dict[int, list[Any]]) -> bytes:
        name = request[1][0].decode()
        schema = self._kinds[kind][name]["block"]
        problems = _read_only(schema, _value(request, 2), name)
        return b"".join(_message(1, _number(1, 1) + _text(2, problem)) for problem in problems)

    def _plan(self, request: dict[int, list[Any]]) -> bytes:
        block = self._kinds["resource"][request[1][0].decode()]["block"]
        proposed = _value(request, 3)
        if proposed is not None:
            _fill(block, proposed, lambda _name, _type: _UNKNOWN)
        return _message(1, _message(1, msgpack.packb(proposed)))

    def _read(self, request: dict[int, list[Any]]) -> bytes:
        block = self._kinds["data"][request[1][0].decode()]["block"]
        found = _value(request, 2)
        _fill(block, found, _placeholder)
        return _message(1, _message(1, msgpack.packb(found)))


def _blocks(block: dict[str, Any], value: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Give a block's schema and value, and those of every block in it."""
    yield block, value
    for name, nested in block.get("block_types", {}).items():
        inner = value.get(name)
        if isinstance(inner, dict) and nested["nesting_mode"] != "map":
            inner = [inner]
        for one in inner.values() if isinstance(inner, dict) else inner or []:
            if isinstance(one, dict):
                yield from _blocks(nested["block"], one)


def _read_only(block: dict[str, Any], value: dict[str, Any], where: str) -> list[str]:
    return [
        f'{where}: "{name}" is read-only'
        for schema, part in _blocks(block, value)
        for name, attribute in schema.get("attributes", {}).items()
        if attribute.get("computed")
        and not attribute.get("optional")
        and not attribute.get("required")
        and part.get(name) is not None
    ]


def _fill(block: dict[str, Any], value: dict[str, Any], filling: Callable[[str, Any], Any]) -> None:
    """Give what the provider computes and nobody has set its value."""
    for schema, part in _blocks(block, value):
        for name, attribute in schema.get("attributes", {}).items():
            if attribute.get("computed") and part.get(name) is None:
                part[name] = filling(name, attribute["type"])


def _placeholder(name: str, kind: Any) -> Any:
    """Return something of a type that a data source may have found."""
    if isinstance(kind, list):
        outer, inner = kind
        if outer == "object":
            return {key: _placeholder(key, one) for key, one in inner.items()}
        return {} if outer == "map" else []
    return {"string": f"a-{name}", "number": 0, "bool": False}.get(kind)


def _provider_schema(schema: dict[str, Any]) -> bytes:
    answer = _message(1, _schema(schema["provider"]))
    for number, key in ((2, "resource_schemas"), (3, "data_source_schemas")):
        for name, one in schema.get(key, {}).items():
            answer += _message(number, _text(1, name) + _message(2, _schema(one)))
    return answer


def _schema(schema: dict[str, Any]) -> bytes:
    return _number(1, schema.get("version", 0)) + _message(2, _block(schema["block"]))


def _block(block: dict[str, Any]) -> bytes:
    answer = b"".join(_message(2, _attribute(*one)) for one in block.get("attributes", {}).items())
    for name, nested in block.get("block_types", {}).items():
        mode = nested["nesting_mode"]
        bounds = _number(4, nested.get("min_items", 0)) + _number(5, nested.get("max_items", 0))
        inner = _text(1, name) + _message(2, _block(nested["block"])) + _number(3, _NESTING[mode])
        answer += _message(3, inner + (bounds if mode in {"list", "set"} else b""))
    return answer


def _attribute(name: str, attribute: dict[str, Any]) -> bytes:
    flags = ("required", "optional", "computed", "sensitive")
    kind = _message(2, json.dumps(attribute["type"]).encode())
    return (
        _text(1, name) + kind + b"".join(_number(4 + at, attribute.get(flag, False)) for at, flag in enumerate(flags))
    )


def _value(request: dict[int, list[Any]], number: int) -> Any:
    """Return the value in a field of kind DynamicValue."""
    [raw] = _fields(request[number][0])[1]
    return msgpack.unpackb(raw, strict_map_key=False)


def _fields(message: bytes) -> dict[int, list[Any]]:
    """Return the fields of a protobuf message by their number; those that hold bytes or a number."""
    fields: dict[int, list[Any]] = {}
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        value, at = _read_varint(message, at)
        if key & 7 == 2:  # the wire type of what has a length
            value, at = message[at : at + value], at + value
        fields.setdefault(key >> 3, []).append(value)
    return fields


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # the bit that says more follows
            return value, at
        shift += 7


def _varint(number: int) -> bytes:
    answer = bytearray()
    while number > 0x7F:  # what fits beside the bit that says more follows
        answer.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*answer, number])


def _message(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _text(number: int, content: str) -> bytes:
    return _message(number, content.encode())


def _number(number: int, content: int) -> bytes:
    return _varint(number << 3) + _varint(int(content)) if content else b""
