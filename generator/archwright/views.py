"""What each diagram shows: an Architecture becomes a View of nodes, edges and groups, pure and without any drawing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from archwright.model import ContainerKind, Mode, Route
from archwright.routing import said

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from archwright.model import Architecture, Channel, Container, Queue, Relationship

DEAD_LETTERS = "dead-letters"
"""Last part of the id of a queue's dead-letter queue: `tasks/dead-letters`, `orders/billing/dead-letters`."""


class Kind(StrEnum):
    """What a node is; an exporter chooses shape, glyph and colour by it."""

    PERSON = "person"
    PRODUCER = "producer"
    WORKER = "worker"
    SERVICE = "service"
    STORE = "store"
    ENGINE = "engine"
    EXTERNAL = "external"
    QUEUE = "queue"
    TOPIC = "topic"
    SUBSCRIPTION = "subscription"
    DEAD_LETTERS = "dead-letters"
    TASK = "task"
    MAP = "map"
    CHOICE = "choice"
    WAIT = "wait"
    SUCCEED = "succeed"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A box: its name, what it is in few words, and its icon (empty: the glyph of its kind).

    `beside` names the node that this one belongs to and is drawn next to, as a dead-letter queue to its queue.
    """

    id: str
    label: str
    detail: str
    kind: Kind
    icon: str = ""
    beside: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """An arrow between two nodes; `label` may be empty."""

    source: str
    target: str
    label: str
    mode: Mode
    route: Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A frame around the nodes that name it."""

    id: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One picture, before anybody decides how to draw it."""

    id: str
    title: str
    description: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    groups: tuple[Group, ...] = ()
    steps: bool = False  # its arrows lead from one step to the next, and carry nothing

    @property
    def sentences(self) -> tuple[str, ...]:
        """Every arrow in words, for readers who do not see the picture."""
        labels = {node.id: f"{node.label} {node.detail}" if node.beside else node.label for node in self.nodes}
        return tuple((_order if self.steps else _sentence)(edge, labels) for edge in self.edges)


def container_view(architecture: Architecture) -> View:
    """Show the containers, the channels between them, and where failed messages go and come back from."""
    nodes = [_container_node(container) for container in architecture.containers]
    nodes += [node for channel in architecture.channels for node in _channel_nodes(channel)]
    failing = {node.beside: node.id for node in nodes if node.kind is Kind.DEAD_LETTERS}
    said = [_edge(relationship, failing) for relationship in architecture.relationships]
    ends = {(edge.source, edge.target) for edge in said}
    implied = [edge for channel in architecture.channels for edge in _channel_edges(channel)]
    edges = said + [edge for edge in implied if (edge.source, edge.target) not in ends]
    ordered = _in_flow_order(nodes, edges)
    rank = {node.id: number for number, node in enumerate(ordered)}
    return View(
        id="containers",
        title=f"{architecture.blueprint.name} on {architecture.platform.name}",
        description=architecture.blueprint.summary,
        nodes=ordered,
        edges=tuple(sorted(edges, key=lambda edge: (edge.route is Route.FAILURE, rank[edge.source]))),
        groups=tuple(
            Group(id=channel.id, label=f"{channel.name}: topic and subscriptions")
            for channel in architecture.channels
            if channel.is_topic and channel.subscriptions
        ),
    )


def _sentence(edge: Edge, labels: dict[str, str]) -> str:
    says = f": {edge.label}" if edge.label else ""
    how = "the sender waits for the answer" if edge.mode is Mode.SYNCHRONOUS else "asynchronous"
    if edge.route is Route.FAILURE:
        how = f"{how}, failure path"
    return f"From {labels[edge.source]} to {labels[edge.target]}{says} ({how})."


def _order(edge: Edge, labels: dict[str, str]) -> str:
    label = f" ({edge.label})" if edge.label else ""
    if edge.route is Route.FAILURE:
        return f"Where {labels[edge.source]} has failed comes {labels[edge.target]}{label}."
    return f"After {labels[edge.source]} comes {labels[edge.target]}{label}."


def _edge(relationship: Relationship, failing: Mapping[str, str]) -> Edge:
    """Draw a relationship; on the failure path, whoever talks to a queue talks to its dead letters."""
    named = {relationship.source, relationship.target} & {*failing.values()}
    ends = failing if relationship.route is Route.FAILURE and not named else {}
    return Edge(
        source=ends.get(relationship.source, relationship.source),
        target=ends.get(relationship.target, relationship.target),
        label=relationship.says,
        mode=relationship.mode,
        route=relationship.route,
    )


def _container_node(container: Container) -> Node:
    return Node(
        id=container.id,
        label=container.name,
        detail=container.service.name if container.service else _words(container.kind, container.instances),
        kind=Kind(container.kind.value),
        icon=container.service.icon if container.service else "",
    )


def _words(kind: ContainerKind, instances: str) -> str:
    word = {ContainerKind.EXTERNAL: "outside system", ContainerKind.ENGINE: "workflow engine"}.get(kind, kind.value)
    return f"{word}, {instances.replace('..', ' to ')}" if instances not in {"", "1"} else word


def _channel_nodes(channel: Channel) -> Iterator[Node]:
    kind = Kind.TOPIC if channel.is_topic else Kind.QUEUE
    group = channel.id if channel.is_topic and channel.subscriptions else ""
    yield Node(
        id=channel.id,
        label=channel.name,
        detail=channel.service.name,
        kind=kind,
        icon=channel.service.icon,
        group=group,
    )
    for queue in channel.queues:
        end = _end(channel, queue)
        if channel.is_topic:
            yield Node(id=end, label=queue.name, detail=_filter(queue), kind=Kind.SUBSCRIPTION, group=group)
        if queue.dead_letter:
            yield Node(
                id=f"{end}/{DEAD_LETTERS}",
                label="Dead letters",
                detail=f"of {queue.name}",
                kind=Kind.DEAD_LETTERS,
                beside=end,
                group=group,
            )


def _channel_edges(channel: Channel) -> Iterator[Edge]:
    for queue in channel.queues:
        end = _end(channel, queue)
        if channel.is_topic:
            yield Edge(source=channel.id, target=end, label=_rules(queue), mode=Mode.ASYNCHRONOUS, route=Route.MAIN)
        if queue.dead_letter:
            tries = f"after {queue.max_deliveries} deliveries" if queue.max_deliveries else "after the last delivery"
            dead = f"{end}/{DEAD_LETTERS}"
            yield Edge(source=end, target=dead, label=tries, mode=Mode.ASYNCHRONOUS, route=Route.FAILURE)
            yield Edge(source=dead, target=end, label="redrive", mode=Mode.ASYNCHRONOUS, route=Route.FAILURE)


def _end(channel: Channel, queue: Queue) -> str:
    return f"{channel.id}/{queue.id}" if channel.is_topic else channel.id


def _rules(queue: Queue) -> str:
    """Return what an arrow from an event bus says: which events take it."""
    return "; or ".join(said(rule) for rule in queue.rules)


def _filter(queue: Queue) -> str:
    if queue.rules:
        return f"rule{'s' if len(queue.rules) > 1 else ''} {', '.join(rule.name for rule in queue.rules)}"
    return ", ".join(f"{name}: {' or '.join(values)}" for name, values in queue.filter.items()) or "every message"


def _in_flow_order(nodes: list[Node], edges: list[Edge]) -> tuple[Node, ...]:
    """Order nodes as a message meets them; exporters lay out, and readers of the source read, in this order."""
    following: dict[str, list[str]] = {node.id: [] for node in nodes}
    entered = set()
    for edge in edges:
        if edge.route is Route.MAIN:
            following[edge.source].append(edge.target)
            entered.add(edge.target)
    return walked(nodes, following, [node.id for node in nodes if node.id not in entered])


def walked(nodes: Sequence[Node], following: Mapping[str, Sequence[str]], first: Sequence[str]) -> tuple[Node, ...]:
    """Order nodes as one meets them who goes from `first` to what follows, and from there on; then all others."""
    order: list[str] = []
    waiting = [*first, *(node.id for node in nodes)]
    while waiting:
        one = waiting.pop(0)
        if one not in order:
            order.append(one)
            waiting[:0] = following[one]
    by_id = {node.id: node for node in nodes}
    return tuple(by_id[one] for one in order)
