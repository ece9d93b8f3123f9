"""Microsoft's `Config.json` to a broker: every mistake at once, with line, column and what to do.

The format is that of Microsoft's own emulator ("Service Bus emulator: configuration"), so that one file serves both.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EmulatorError  # noqa: TID252  # the room is copied under other names
from .broker import Broker
from .config_shape import (
    ENTITY_NAME,
    NAMESPACE,
    QUEUE,
    ROOT,
    RULE,
    SUBSCRIPTION,
    TOPIC,
    USER_CONFIG,
    Problems,
    Shape,
    read_rule,
    read_settings,
)
from .located_json import LocatedJsonError, parse_located
from .rules import accept_everything

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..faults import Faults  # noqa: TID252  # same
    from .queue import Queue

DEFAULT_CONFIG: dict[str, Any] = {
    "UserConfig": {
        "Namespaces": [
            {
                "Name": "sbemulatorns",
                "Queues": [
                    {"Name": "queue.1", "Properties": {"LockDuration": "PT30S", "MaxDeliveryCount": 5}},
                    {"Name": "queue.sessions", "Properties": {"LockDuration": "PT30S", "RequiresSession": True}},
                ],
                "Topics": [
                    {"Name": "topic.1", "Subscriptions": [{"Name": "subscription.1"}, {"Name": "subscription.2"}]},
                ],
            }
        ]
    }
}
"""What there is without a configuration: enough to try things."""


class ConfigError(EmulatorError):
    """The configuration cannot be used; `problems` are all that is wrong with it."""

    def __init__(
        self, message: str, *, hint: str = "", where: str = "", problems: tuple[EmulatorError, ...] = ()
    ) -> None:
        super().__init__(message, hint=hint, where=where)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"  {problem} {problem.hint}".rstrip() for problem in self.problems)])


def load_broker(config: Mapping[str, Any] | Path | str | None, *, faults: Faults | None = None) -> Broker:
    """Return a broker with the entities of a configuration: a path, what such a file holds, or None for a small one.

    Raises:
        ConfigError: it cannot be read, or is wrong.
    """
    if config is None:
        config = DEFAULT_CONFIG
    if isinstance(config, (str, Path)):
        value, problems = _read(Path(config))
    else:
        value, problems = dict(config), Problems("configuration", {})
    broker = Broker(faults=faults)
    _add_namespace(broker, value, problems)
    if problems.found:
        if len(problems.found) == 1:
            only = problems.found[0]
            raise ConfigError(only.message, hint=only.hint, where=only.where)
        raise ConfigError(f"{len(problems.found)} problems in the configuration.", problems=tuple(problems.found))
    return broker


def _read(path: Path) -> tuple[Any, Problems]:
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise ConfigError(
            f"The configuration cannot be read: {error.strerror}.", hint="Check --config.", where=str(path)
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError("The configuration is not UTF-8 text.", hint="Save it as UTF-8.", where=str(path)) from error
    try:
        value, places = parse_located(text)
    except LocatedJsonError as error:
        where = f"{path}:{error.line}:{error.column}"
        raise ConfigError(f"This is not JSON: {error}.", hint="Mend the file there.", where=where) from error
    return value, Problems(str(path), places)


def _add_namespace(broker: Broker, value: Any, problems: Problems) -> None:
    root = problems.keys(value, (), ROOT)
    user = problems.keys(root.get("UserConfig"), ("UserConfig",), USER_CONFIG)
    namespaces = problems.items(user.get("Namespaces"), ("UserConfig", "Namespaces"))
    path = ("UserConfig", "Namespaces")
    if len(namespaces) != 1:
        problems.add(
            path, f"there must be one namespace, not {len(namespaces)}", "Start one emulator for each namespace."
        )
    for number, item in enumerate(namespaces[:1]):
        namespace = problems.keys(item, (*path, number), NAMESPACE)
        _add_entities(broker, namespace, (*path, number), problems)


def _add_entities(broker: Broker, namespace: dict[str, Any], path: tuple[str | int, ...], problems: Problems) -> None:
    forwards: list[tuple[Queue, tuple[str | int, ...]]] = []
    names: set[str] = set()
    for name, where, item in _named(namespace, "Queues", path, names, QUEUE, problems):
        properties = read_settings(item.get("Properties", {}), (*where, "Properties"), QUEUE, problems)
        forwards.append((broker.add_queue(name, properties), (*where, "Properties")))
    for name, where, item in _named(namespace, "Topics", path, names, TOPIC, problems):
        settings = read_settings(item.get("Properties", {}), (*where, "Properties"), TOPIC, problems)
        topic = broker.add_topic(name, settings)
        for below, place, subscription in _named(item, "Subscriptions", where, set(), SUBSCRIPTION, problems):
            settings = read_settings(subscription.get("Properties", {}), (*place, "Properties"), SUBSCRIPTION, problems)
            rules = [
                read_rule(rule_name, rule.get("Properties", {}), (*rule_place, "Properties"), problems)
                for rule_name, rule_place, rule in _named(subscription, "Rules", place, set(), RULE, problems)
            ] or [accept_everything()]
            forwards.append((broker.add_subscription(topic, below, settings, rules), (*place, "Properties")))
    for queue, where in forwards:
        _check_forwarding(broker, queue, where, problems)


def _named(  # noqa: PLR0913, PLR0917  # where, what kind, whom to tell
    owner: dict[str, Any],
    key: str,
    path: tuple[str | int, ...],
    taken: set[str],
    shape: Shape,
    problems: Problems,
) -> Iterator[tuple[str, tuple[str | int, ...], dict[str, Any]]]:
    """Give name, place and content of each entity of a list; wrong and repeated names are reported and left out."""
    for number, raw in enumerate(problems.items(owner.get(key, []), (*path, key))):
        where = (*path, key, number)
        item = problems.keys(raw, where, shape.keys)
        name = item.get("Name")
        if not isinstance(name, str) or not ENTITY_NAME.fullmatch(name):
            problems.add(
                (*where, "Name"), f"{name!r} is no name", "Use letters, digits, '.', '-', '_' and '/', at most 260."
            )
        elif name.lower() in taken:
            problems.add((*where, "Name"), f"the name {name!r} is taken", "Give each entity a name of its own.")
        else:
            taken.add(name.lower())
            yield name, where, item


def _check_forwarding(broker: Broker, queue: Queue, where: tuple[str | int, ...], problems: Problems) -> None:
    for key, target in (
        ("ForwardTo", queue.settings.forward_to),
        ("ForwardDeadLetteredMessagesTo", queue.settings.forward_dead_letters_to),
    ):
        if target is None:
            continue
        if target.lower() == queue.path.lower():
            problems.add((*where, key), f"{queue.path!r} forwards to itself", "Name another queue or topic.")
        elif not broker.has(target):
            problems.add((*where, key), f"there is no queue or topic {target!r}", "Add it, or correct the name.")
