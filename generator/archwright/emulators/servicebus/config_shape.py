"""What a configuration may say: keys of each level, durations, bounds of the service; problems with their place."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import EmulatorError  # noqa: TID252  # the room is copied under other names
from .filters import SYSTEM_PROPERTIES, SqlError
from .rules import Rule, accept_everything
from .settings import QueueSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .located_json import Path

ENTITY_NAME = re.compile(r"[A-Za-z0-9$](?:[\w.\-/]{0,258}[\w\-$])?")
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")

_MINUTE, _DAY = 60.0, 86400.0
_LONGEST_LOCK = 5 * _MINUTE  # "the maximum value is 5 minutes", SBQueue.lockDuration
_LONGEST_WINDOW = 7 * _DAY  # "the maximum is seven days", duplicate detection
_MOST_DELIVERIES = 2000  # quota of maxDeliveryCount


@dataclass(frozen=True, slots=True)
class Setting:
    """One property of an entity: the field it sets and how its value is read."""

    field: str
    kind: str
    most: float = float("inf")


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of entity: its keys and its properties."""

    keys: tuple[str, ...]
    properties: Mapping[str, Setting]


_TTL = {"DefaultMessageTimeToLive": Setting("time_to_live", "duration")}
_DUPLICATES = {
    "RequiresDuplicateDetection": Setting("detects_duplicates", "flag"),
    "DuplicateDetectionHistoryTimeWindow": Setting("duplicate_window", "duration", _LONGEST_WINDOW),
}
_RECEIVING = {
    "LockDuration": Setting("lock_duration", "duration", _LONGEST_LOCK),
    "MaxDeliveryCount": Setting("max_deliveries", "count", _MOST_DELIVERIES),
    "RequiresSession": Setting("requires_session", "flag"),
    "DeadLetteringOnMessageExpiration": Setting("dead_letter_expired", "flag"),
    "ForwardTo": Setting("forward_to", "name"),
    "ForwardDeadLetteredMessagesTo": Setting("forward_dead_letters_to", "name"),
}
ROOT = ("UserConfig",)
USER_CONFIG = ("Namespaces", "Logging")
NAMESPACE = ("Name", "Queues", "Topics", "Logging")
QUEUE = Shape(("Name", "Properties"), _TTL | _DUPLICATES | _RECEIVING)
TOPIC = Shape(("Name", "Properties", "Subscriptions"), _TTL | _DUPLICATES)
SUBSCRIPTION = Shape(("Name", "Properties", "Rules"), _TTL | _RECEIVING)
RULE = Shape(("Name", "Properties"), {})
_RULE_KEYS = ("FilterType", "SqlFilter", "CorrelationFilter", "Action")
_CORRELATION_KEYS = (
    "ContentType", "CorrelationId", "Label", "MessageId", "ReplyTo", "ReplyToSessionId", "SessionId", "Subject", "To",
    "Properties",
)  # fmt: skip


@dataclass
class Problems:
    """What is wrong with one configuration."""

    name: str
    places: Mapping[Path, tuple[int, int]]
    found: list[EmulatorError] = field(default_factory=list)

    def add(self, path: Path, message: str, hint: str) -> None:
        """Report a problem at a path, or at the nearest thing above it that stands in the file."""
        subject = ".".join(map(str, path))
        above = path
        while above and above not in self.places:
            above = above[:-1]
        line, column = self.places.get(above, (0, 0))
        where = f"{self.name}:{line}:{column}" if line else self.name
        self.found.append(EmulatorError(f"{subject}: {message}.", hint=hint, where=where))

    def keys(self, value: Any, path: Path, known: tuple[str, ...]) -> dict[str, Any]:
        """Return an object whose keys are known; report others."""
        if not isinstance(value, dict):
            told = "is missing" if value is None else "must be an object"
            self.add(path, told, f"Write an object with {', '.join(known)}.")
            return {}
        for key in value:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
                hint = f"Did you mean {near[0]!r}?" if near else f"Known here: {', '.join(known)}."
                self.add((*path, key), "unknown key", hint)
        return value

    def items(self, value: Any, path: Path) -> list[Any]:
        """Return a list; report anything else."""
        if isinstance(value, list):
            return value
        self.add(path, "is missing" if value is None else "must be a list", "Write [ … ].")
        return []


def read_settings(value: Any, path: Path, shape: Shape, problems: Problems) -> QueueSettings:
    """Return the settings that an entity's properties describe."""
    properties = problems.keys(value, path, tuple(shape.properties))
    found: dict[str, Any] = {}
    for key, raw in properties.items():
        setting = shape.properties.get(key)
        if setting is not None:
            read = _read(setting, raw, (*path, key), problems)
            if read is not None:
                found[setting.field] = read
    window = found.pop("duplicate_window", 10 * _MINUTE)
    if found.pop("detects_duplicates", False):
        found["duplicate_window"] = window
    return QueueSettings(**found)


def _read(setting: Setting, raw: Any, path: Path, problems: Problems) -> Any:
    """Return a value as its setting wants it, or None after a report, or where it is empty."""
    match setting.kind:
        case "flag" if isinstance(raw, bool):
            return raw
        case "name" if isinstance(raw, str):
            return raw or None
        case "count" if isinstance(raw, int) and not isinstance(raw, bool) and 1 <= raw <= setting.most:
            return raw
        case "duration":
            return _duration(setting, raw, path, problems)
        case kind:
            wanted = {"flag": "true or false", "name": "a name", "count": f"a whole number from 1 to {setting.most}"}[
                kind
            ]
            problems.add(path, f"{raw!r} does not fit", f"Write {wanted}.")
            return None


def _duration(setting: Setting, raw: Any, path: Path, problems: Problems) -> float | None:
    match = _DURATION.fullmatch(raw) if isinstance(raw, str) else None
    if match is None or not any(match.groups()):
        problems.add(path, f"{raw!r} is not a duration", "Write ISO 8601: PT30S, PT5M, P14D.")
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    total = days * _DAY + hours * 60 * _MINUTE + minutes * _MINUTE + seconds
    if not 0 < total <= setting.most:
        problems.add(
            path, f"{raw} is out of bounds", f"The service takes more than 0 and up to {setting.most:g} seconds."
        )
        return None
    return total


def read_rule(name: str, value: Any, path: Path, problems: Problems) -> Rule:
    """Return a rule; after a report, one that takes everything."""
    properties = problems.keys(value, path, _RULE_KEYS)
    definition: dict[str, Any] = {}
    action = properties.get("Action")
    if action is not None:
        definition["action"] = problems.keys(action, (*path, "Action"), ("SqlExpression",)).get("SqlExpression")
    kind = str(properties.get("FilterType", "Sql")).lower()
    place = (*path, "SqlFilter", "SqlExpression")
    if kind == "sql":
        text = problems.keys(properties.get("SqlFilter", {}), (*path, "SqlFilter"), ("SqlExpression",))
        definition["sql"] = text.get("SqlExpression", "1=1")
    elif kind == "correlation":
        place = (*path, "CorrelationFilter")
        wanted = problems.keys(properties.get("CorrelationFilter", {}), place, _CORRELATION_KEYS)
        definition["application"] = wanted.get("Properties") or {}
        definition["properties"] = {
            SYSTEM_PROPERTIES[key.lower()]: text
            for key, text in wanted.items()
            if text and key.lower() in SYSTEM_PROPERTIES
        }
    else:
        problems.add((*path, "FilterType"), f"{kind!r} is no kind of filter", "Write Sql or Correlation.")
        return accept_everything()
    return _define(name, definition, place, path, problems)


def _define(name: str, definition: dict[str, Any], place: Path, path: Path, problems: Problems) -> Rule:
    hint = "See the SQL filter syntax of Service Bus."
    texts = {place: definition.get("sql", "1=1"), (*path, "Action", "SqlExpression"): definition.get("action", "")}
    for where, text in texts.items():
        if not isinstance(text, str):
            problems.add(where, "must be text", hint)
            return accept_everything()
        try:
            Rule.define(name, {"sql": text} if where == place else {"sql": "1=1", "action": text})
        except SqlError as error:
            problems.add(where, str(error), hint)
            return accept_everything()
    return Rule.define(name, definition)
