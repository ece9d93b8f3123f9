"""YAML in and out, the only door to it: safe, bounded, every value with its line and column."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from archwright.errors import Finding, Location, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Place = tuple[str | int, ...]

MAX_BYTES = 1 << 20
MAX_DEPTH = 60
MAX_VALUES = 50_000
MAX_DIGITS = 300  # a float of more is infinite, and Python refuses integers of 4,300
# adr: 0002
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"-?(0|[1-9]\d*)")
_FLOAT = re.compile(r"-?(0|[1-9]\d*)\.\d+([eE][-+]?\d{1,2})?")  # an exponent of three digits is text
_CORE_TAGS = {
    f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge")
}
_CONSTANTS = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file read: its value, and where each place in it stands."""

    path: str
    value: Any
    positions: Mapping[Place, tuple[int, int]] = field(repr=False)

    def location(self, place: Place) -> Location:
        """Return where `place` stands, or the nearest thing around it that has a position."""
        while place and place not in self.positions:
            place = place[:-1]
        line, column = self.positions.get(place, (1, 1))
        return Location(self.path, line, column)


class YamlProblem(Exception):  # noqa: N818  # carries a finding; callers collect it, nobody sees it raised
    """A YAML file that cannot be read; `finding` tells where and why."""

    def __init__(self, message: str, location: Location, hint: str = "") -> None:
        super().__init__(message)
        self.finding = Finding(code="AW101", severity=Severity.ERROR, message=message, location=location, hint=hint)


def load(path: Path, shown: str) -> Document:
    """Read the YAML file at `path`; `shown` is the path as findings name it.

    Scalars follow YAML 1.2: only `true` and `false` are booleans; `no`, `0008` and dates stay text.

    Raises:
        YamlProblem: the file is no YAML, is too big or too deep, or asks for objects.
    """
    return parse(_read_text(path, shown), shown)


def parse(text: str, shown: str) -> Document:
    """Read YAML from `text`; as `load`."""
    try:
        _check_depth(text, shown)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        raise _syntax_problem(error, shown) from None
    except yaml.YAMLError as error:
        raise YamlProblem(f"is no YAML: {error}".splitlines()[0], Location(shown, 1, 1)) from None
    positions: dict[Place, tuple[int, int]] = {}
    value = _Reader(shown, positions).value(node, ()) if node else None
    return Document(shown, value, positions)


def dump(value: object) -> str:
    """Write `value` as YAML for people: keys in their order, block style, no aliases."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


class _Dumper(yaml.SafeDumper):
    """Indent lists below their key, and never write an alias."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  # PyYAML's signature
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, _data: object) -> bool:
        return True


def _read_text(path: Path, shown: str) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise YamlProblem(f"cannot be read: {error.strerror}", Location(shown)) from None
    if len(raw) > MAX_BYTES:
        raise YamlProblem(
            f"is larger than {MAX_BYTES >> 20} MiB", Location(shown), "no blueprint is that long; is it the right file?"
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise YamlProblem(
            f"is not UTF-8: byte 0x{raw[error.start]:02x}", Location(shown, line), "save it as UTF-8."
        ) from None
    if "\0" in text:
        raise YamlProblem(
            "holds a NUL byte", Location(shown, text[: text.index("\0")].count("\n") + 1), "save it as plain text."
        )
    return text


def _check_depth(text: str, shown: str) -> None:
    """Refuse deep nesting before the composer, which recurses, meets it."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
            if depth > MAX_DEPTH:
                raise YamlProblem(f"is nested deeper than {MAX_DEPTH} levels", _mark(shown, event.start_mark))
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1


def _mark(shown: str, mark: Any) -> Location:
    return Location(shown, mark.line + 1, mark.column + 1)


def _syntax_problem(error: yaml.MarkedYAMLError, shown: str) -> YamlProblem:
    mark = error.problem_mark or error.context_mark
    location = _mark(shown, mark) if mark else Location(shown, 1, 1)
    words = (error.problem or "cannot be parsed").removeprefix("found ").replace("\n", " ")
    context = f" ({error.context})" if error.context else ""
    hint = (
        "indent with spaces; YAML allows no tabs."
        if "\\t" in words or "'\t'" in words
        else "check quotes, colons and indentation there."
    )
    return YamlProblem(f"is no YAML: {words}{context}", location, hint)


class _Reader:
    """Turn composed nodes into plain values, noting where each stands."""

    def __init__(self, shown: str, positions: dict[Place, tuple[int, int]]) -> None:
        self.shown = shown
        self.positions = positions
        self.count = 0

    def value(self, node: Any, place: Place) -> Any:
        self.count += 1
        if self.count > MAX_VALUES:
            raise YamlProblem(
                f"expands to more than {MAX_VALUES} values",
                _mark(self.shown, node.start_mark),
                "remove the aliases that multiply it.",
            )
        if len(place) > MAX_DEPTH:  # an alias to something around it: text alone is never that deep here
            raise YamlProblem(f"is nested deeper than {MAX_DEPTH} levels", _mark(self.shown, node.start_mark))
        self.positions.setdefault(place, (node.start_mark.line + 1, node.start_mark.column + 1))
        if node.tag not in _CORE_TAGS and not node.tag.startswith("tag:yaml.org,2002:value"):
            raise YamlProblem(
                f"has the tag `{_short(node.tag)}`, which asks for an object",
                _mark(self.shown, node.start_mark),
                "only plain text, numbers, lists and mappings are read.",
            )
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*place, number)) for number, child in enumerate(node.value)]
        if (
            not node.style
            and len(node.value) > MAX_DIGITS
            and (_INTEGER.fullmatch(node.value) or _FLOAT.fullmatch(node.value))
        ):
            raise YamlProblem(
                f"has a number of {len(node.value)} characters",
                _mark(self.shown, node.start_mark),
                "is it meant as text? Put it in quotes.",
            )
        return _scalar(node)

    def mapping(self, node: Any, place: Place) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, child in node.value:
            where = _mark(self.shown, key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                raise YamlProblem("has a key that is no text", where)
            key = key_node.value
            if key == "<<" and not key_node.style:
                raise YamlProblem("has a merge key `<<`, which is not read", where, "write the keys out.")
            if key in result:
                raise YamlProblem(
                    f"has the key `{key}` twice",
                    where,
                    f"the first is in line {self.positions[(*place, key)][0]}; keep one.",
                )
            self.positions[(*place, key)] = (where.line, where.column)
            result[key] = self.value(child, (*place, key))
        return result


def _scalar(node: Any) -> Any:
    text = node.value
    if node.style:  # quoted or a block: text as it stands
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _short(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")
