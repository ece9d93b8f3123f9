"""The start-up file: topics, subscriptions and schemas that are there from the beginning.

JSON in the API's own words, so that what a cloud tool prints can be pasted in:

    {
      "project": "demo",
      "schemas": [{"name": "order", "type": "AVRO", "definition": "…"}],
      "topics": [{"name": "orders"}, {"name": "dead-orders"}],
      "subscriptions": [
        {"name": "billing", "topic": "orders", "ackDeadlineSeconds": 20,
         "deadLetterPolicy": {"deadLetterTopic": "dead-orders", "maxDeliveryAttempts": 5}}
      ]
    }

A name without a slash belongs to `project`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from google.protobuf import json_format

from ..errors import EmulatorError  # noqa: TID252  # copied whole under other names
from .errors import Code, PubSubError
from .wire import message_class

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .wire import Proto

Place: TypeAlias = "tuple[str | int, ...]"
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_KINDS = ("schemas", "topics", "subscriptions")  # in the order in which they need each other
_CLASSES = {"schemas": "Schema", "topics": "Topic", "subscriptions": "Subscription"}
_NAMES: dict[str, dict[tuple[str, ...], str]] = {  # where names stand inside each kind, and of which kind they are
    "schemas": {("name",): "schemas"},
    "topics": {("name",): "topics", ("schemaSettings", "schema"): "schemas"},
    "subscriptions": {
        ("name",): "subscriptions",
        ("topic",): "topics",
        ("deadLetterPolicy", "deadLetterTopic"): "topics",
    },
}


class ConfigError(EmulatorError):
    """The start-up file is wrong; `problems` are all that is wrong with it."""

    def __init__(
        self, message: str, *, hint: str = "", where: str = "", problems: tuple[EmulatorError, ...] = ()
    ) -> None:
        super().__init__(message, hint=hint, where=where)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"  {problem}" for problem in self.problems)])


class StartUp:
    """A start-up file, or the same as a mapping."""

    def __init__(self, source: Mapping[str, Any] | Path | str) -> None:
        self._problems: list[EmulatorError] = []
        self._places: dict[Place, int] = {}
        self._text = ""
        if isinstance(source, (str, Path)):
            self._name = str(source)
            self._content: Any = self._read(Path(source))
        else:
            self._name = "configuration"
            self._content = source

    def apply(self, create: Mapping[str, Callable[[Proto], Proto]]) -> None:
        """Make everything that the file names; what is there already, from a journal, stays as it is.

        Raises:
            ConfigError: something could not be made.
        """
        entries = self._entries()
        for kind in _KINDS:
            for index, entry in enumerate(entries.get(kind, [])):
                self._make(kind, index, entry, create[kind])
        if self._problems:
            raise ConfigError(
                f"the start-up file has {len(self._problems)} problem(s), so nothing was started.",
                hint="Its keys are topics, subscriptions, schemas (as in the API's JSON) and short names' project.",
                where=self._name,
                problems=tuple(self._problems),
            )

    def _read(self, path: Path) -> Any:
        try:
            self._text = path.read_text(encoding="utf-8")
            content = json.loads(self._text)
            self._places = value_places(self._text)
        except OSError as error:
            raise ConfigError(f"cannot be read: {error.strerror}.", hint="Check the path.", where=self._name) from error
        except UnicodeDecodeError as error:
            raise ConfigError("is not UTF-8 text.", hint="Save it as UTF-8.", where=self._name) from error
        except json.JSONDecodeError as error:
            raise ConfigError(
                f"is not JSON: {error.msg}.",
                hint="Correct it there.",
                where=f"{self._name}:{error.lineno}:{error.colno}",
            ) from error
        except RecursionError as error:
            raise ConfigError("is nested too deeply.", hint="Flatten it.", where=self._name) from error
        return content

    def _entries(self) -> dict[str, list[Any]]:
        if not isinstance(self._content, dict):
            self._problem((), "an object with topics, subscriptions and schemas is expected")
            return {}
        entries = {}
        for key, value in self._content.items():
            if key == "project":
                if not isinstance(value, str):
                    self._problem((key,), "project must be text")
            elif key not in _KINDS:
                self._problem((key,), f"unknown key `{key}`")
            elif not isinstance(value, list):
                self._problem((key,), f"`{key}` must be a list")
            else:
                entries[key] = value
        return entries

    def _make(self, kind: str, index: int, given: object, create: Callable[[Proto], Proto]) -> None:
        if not isinstance(given, dict):
            self._problem((kind, index), "an object is expected")
            return
        entry: dict[str, Any] = json.loads(json.dumps(given))  # a copy: what was given stays as it is
        for path, of_kind in _NAMES[kind].items():
            self._complete(entry, path, of_kind)
        message = message_class(_CLASSES[kind])()
        if kind == "schemas" and "type" in entry:
            entry["type_"] = entry.pop("type")  # so the installed library calls the field
        try:
            create(json_format.ParseDict(entry, message))
        except json_format.ParseError as error:
            self._problem((kind, index), str(error))
        except PubSubError as error:
            if error.code is not Code.ALREADY_EXISTS:
                self._problem((kind, index), error.message)

    def _complete(self, entry: dict[str, Any], path: tuple[str, ...], kind: str) -> None:
        """Write a short name out in full."""
        inner: Any = entry
        for key in path[:-1]:
            inner = inner.get(key) if isinstance(inner, dict) else None
        name = inner.get(path[-1]) if isinstance(inner, dict) else None
        if isinstance(name, str) and name and "/" not in name and self._content.get("project"):
            inner[path[-1]] = f"projects/{self._content['project']}/{kind}/{name}"

    def _problem(self, place: Place, message: str) -> None:
        where = self._name
        while place not in self._places and place:
            place = place[:-1]
        if place in self._places:
            where = f"{self._name}:{self._text.count(chr(10), 0, self._places[place]) + 1}"
        self._problems.append(EmulatorError(message, where=where))


def value_places(text: str) -> dict[Place, int]:
    """Return where each value of a well-formed JSON text begins, by the keys and indexes that lead to it."""
    places: dict[Place, int] = {}
    path: list[str | int] = []
    awaits_key = False
    for match in _TOKEN.finditer(text):
        sign = match.group()
        if sign in ("}", "]"):
            path.pop()
        elif sign == ",":
            awaits_key = isinstance(path[-1], str)
            if isinstance(path[-1], int):
                path[-1] += 1
        elif sign == ":":
            awaits_key = False
        elif awaits_key:
            path[-1] = json.loads(sign)
        else:
            places[tuple(path)] = match.start()
            if sign in ("{", "["):
                path.append("" if sign == "{" else 0)
                awaits_key = sign == "{"
    return places
