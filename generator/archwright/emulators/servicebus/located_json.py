"""JSON that remembers where everything stands, so that a mistake in a file is told with line and column."""

from __future__ import annotations

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]  # public, but the stubs lack it
from typing import Any

Path = tuple[str | int, ...]

_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_DEEPEST = 100


class LocatedJsonError(ValueError):
    """Not JSON; with the line and column where it stops being JSON."""

    def __init__(self, message: str, text: str, offset: int) -> None:
        super().__init__(message)
        self.line, self.column = line_and_column(text, offset)


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Return line and column, counted from 1, of an offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def parse_located(text: str) -> tuple[Any, dict[Path, tuple[int, int]]]:
    """Return the value, and line and column of every key and element by its path.

    Raises:
        LocatedJsonError: the text is not JSON, or says a key twice.
    """
    parser = _Parser(text)
    value = parser.value(0, ())
    if parser.space(parser.end) < len(text):
        raise LocatedJsonError("something follows the end of the JSON", text, parser.space(parser.end))
    return value, {path: line_and_column(text, offset) for path, offset in parser.offsets.items()}


class _Parser:
    """Recursive descent; `end` is the offset behind the value read last."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.end = 0
        self.offsets: dict[Path, int] = {}

    def space(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def fault(self, message: str, at: int) -> LocatedJsonError:
        return LocatedJsonError(message, self.text, at)

    def value(self, at: int, path: Path) -> Any:
        at = self.space(at)
        self.offsets.setdefault(path, at)
        if len(path) > _DEEPEST:
            raise self.fault("nested too deeply", at)
        first = self.text[at : at + 1]
        if first == "{":
            return self._object(at + 1, path)
        if first == "[":
            return self._array(at + 1, path)
        if first == '"':
            return self._string(at)
        match = _SCALAR.match(self.text, at)
        if match is None:
            raise self.fault("a value was expected" if first else "the file ends too early", at)
        self.end = match.end()
        return json.loads(match[0])

    def _string(self, at: int) -> str:
        try:
            text, self.end = scanstring(self.text, at + 1, True)  # noqa: FBT003  # strict, as JSON is
        except json.JSONDecodeError as error:
            raise self.fault(error.msg[:1].lower() + error.msg[1:], error.pos) from error
        return str(text)

    def _object(self, at: int, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not self._closes("}", at, first=not found):
            at = self.space(at if not found else self.end + 1)
            if self.text[at : at + 1] != '"':
                raise self.fault("a key in double quotes was expected (after the last entry stands no comma)", at)
            key = self._string(at)
            if key in found:
                raise self.fault(f"the key {key!r} stands here a second time", at)
            self.offsets[*path, key] = at
            colon = self.space(self.end)
            if self.text[colon : colon + 1] != ":":
                raise self.fault("a colon was expected", colon)
            found[key] = self.value(colon + 1, (*path, key))
            self.end = self.space(self.end)
        return found

    def _array(self, at: int, path: Path) -> list[Any]:
        found: list[Any] = []
        while not self._closes("]", at, first=not found):
            found.append(self.value(at if not found else self.end + 1, (*path, len(found))))
            self.end = self.space(self.end)
        return found

    def _closes(self, bracket: str, at: int, *, first: bool) -> bool:
        """Whether the object or array ends here; otherwise a comma must stand here, unless it has only begun."""
        at = self.space(at) if first else self.end
        here = self.text[at : at + 1]
        if here == bracket:
            self.end = at + 1
            return True
        if not first and here != ",":
            raise self.fault(f"a comma or {bracket!r} was expected" if here else "the file ends too early", at)
        return False
