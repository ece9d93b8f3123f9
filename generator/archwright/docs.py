"""The starter's own documents: README, runbook, and the AsyncAPI 3.0 description of its channels and messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archwright import render, yamlfile
from archwright.filetree import FileTree, GeneratedFile, Ownership
from archwright.model import ContainerKind
from archwright.routing import said

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archwright.model import Architecture, Channel, Guarantee, Message, Queue, Relationship

_README = ("docs/readme.md.jinja", "docs/readme-end.md.jinja")
_ESTIMATE = "docs/estimate.md.jinja"
_COST = "cost.md.jinja"  # beside a platform's platform.yaml: what it costs there, and how to take it away


def export_documents(architecture: Architecture) -> FileTree:
    """Return README, runbook and, where there are channels, `docs/asyncapi.yaml`; all are the owner's to keep."""
    start, end = (render.render_template(name, architecture) for name in _README)
    texts = {
        "README.md": "\n".join([start, _cost(architecture), end]),
        "docs/runbook.md": render.render_template("docs/runbook.md.jinja", architecture),
    }
    if architecture.channels:
        texts["docs/asyncapi.yaml"] = yamlfile.dump(asyncapi(architecture))
    return FileTree(
        {path: GeneratedFile.text(text, ownership=Ownership.SEEDED, origin="documents") for path, text in texts.items()}
    )


def _cost(architecture: Architecture) -> str:
    """Return the README's section about cost: the platform's own, or the one that holds anywhere; then the estimate."""
    section = _platform_cost(architecture)
    if not architecture.estimate:
        return section
    return "\n".join([section, render.render_template(_ESTIMATE, architecture)])


def _platform_cost(architecture: Architecture) -> str:
    for layer in architecture.layers:
        if layer.id.startswith(f"platforms/{architecture.platform.id}/"):
            folder = next(one for one in layer.folder.parents if one.name == architecture.platform.id)
            if (folder / _COST).is_file():
                return render.render_template(str(folder / _COST), architecture)
    return render.render_template(f"docs/{_COST}", architecture)


def asyncapi(architecture: Architecture) -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document of `architecture`, as plain data.

    Operations are those of the whole starter: each says by its title which container sends or receives.
    Leases, dead letters and guarantees, for which AsyncAPI has no words, are extensions (`x-`).
    """
    starter = architecture.starter
    messages = {name for channel in architecture.channels for name in channel.messages}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": starter.title,
            "version": "0.1.0",
            "description": _sentence(architecture.blueprint.summary),
            "license": {"name": starter.license},
        },
        "defaultContentType": "application/json",
        "channels": {channel.id: _channel(channel, architecture.guarantees) for channel in architecture.channels},
        "operations": _operations(architecture),
        "components": {
            "messages": {one.name: _message(one) for one in architecture.messages if one.name in messages},
        },
    }


def _channel(channel: Channel, guarantees: Iterable[Guarantee]) -> dict[str, Any]:
    described = {
        "address": channel.id,
        "title": channel.name,
        "description": _sentence(channel.description) if channel.description else "",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in channel.messages},
        "x-service": channel.service.name,
        "x-ordering": channel.ordering,
        "x-deduplication-window": _text(channel.deduplication_window),
        "x-retention": _text(channel.retention),
        "x-replay": _text(channel.replay) if "replay" not in channel.service.lacks else None,
        "x-largest-message": _text(channel.payload),
        "x-queue": _queue(channel.queue) if channel.queue else None,
        "x-subscriptions": {one.id: _queue(one) for one in channel.subscriptions},
        "x-guarantees": [_guarantee(one) for one in _touching(channel, guarantees)],
    }
    return _filled(described)


def _queue(queue: Queue) -> dict[str, Any]:
    retry = None
    if queue.retry:
        retry = {"backoff": queue.retry.backoff, "first": str(queue.retry.first), "longest": str(queue.retry.longest)}
    return _filled(
        {
            "lease": _text(queue.lease),
            "max-deliveries": queue.max_deliveries,
            "dead-letter": queue.dead_letter,
            "retry": retry,
            "filter": {name: list(values) for name, values in queue.filter.items()},
            "rules": {rule.name: said(rule) for rule in queue.rules},
        }
    )


def _guarantee(guarantee: Guarantee) -> dict[str, Any]:
    return _filled(
        {
            "hop": f"{guarantee.source} → {guarantee.target}",
            "delivery": str(guarantee.delivery),
            "ordering": guarantee.ordering,
            "deduplication": guarantee.deduplication,
            "drill": guarantee.drill,
        }
    )


def _touching(channel: Channel, guarantees: Iterable[Guarantee]) -> list[Guarantee]:
    return [one for one in guarantees if channel.id in {_channel_id(one.source), _channel_id(one.target)}]


def _operations(architecture: Architecture) -> dict[str, Any]:
    """Return one operation per container, direction and channel (or subscription); relationships between them join."""
    operations: dict[str, Any] = {}
    for relationship in architecture.relationships:
        for key, operation in _operation(relationship, architecture):
            known = operations.setdefault(key, operation)
            if known is not operation and relationship.says not in known["summary"].split("; "):
                known["summary"] = f"{known['summary']}; {relationship.says}"
    return operations


def _operation(relationship: Relationship, architecture: Architecture) -> list[tuple[str, dict[str, Any]]]:
    channels = {channel.id: channel for channel in architecture.channels}
    outside = {one.id for one in architecture.containers if one.kind in {ContainerKind.EXTERNAL, ContainerKind.PERSON}}
    found = []
    for container, end, action in (
        (relationship.source, relationship.target, "send"),
        (relationship.target, relationship.source, "receive"),
    ):
        channel = channels.get(_channel_id(end))
        if channel is None or _channel_id(container) in channels or container in outside:
            continue
        operation = {
            "action": action,
            "title": f"{architecture.name_of(container)} {'sends to' if action == 'send' else 'receives from'} {end}",
            "summary": relationship.says,
            "channel": {"$ref": f"#/channels/{channel.id}"},
            "messages": [{"$ref": f"#/channels/{channel.id}/messages/{name}"} for name in channel.messages],
        }
        if end != channel.id:
            operation["x-subscription"] = end.split("/", 1)[1]
        found.append((f"{container}-{action}-{end}".replace("/", "-"), operation))
    return found


def _channel_id(end: str) -> str:
    return end.split("/", 1)[0]


def _message(message: Message) -> dict[str, Any]:
    """Return a message; `$schema` is left out, since AsyncAPI says by itself which keywords a payload may use."""
    headers = {
        "type": "object",
        "properties": {name: _property(message, name) for name in message.attributes},
    }
    return _filled(
        {
            "name": message.type,
            "title": f"{message.type}, version {message.version}",
            "summary": _sentence(message.description) if message.description else "",
            "contentType": "application/json",
            "headers": headers if message.attributes else None,
            "payload": {key: value for key, value in message.schema.items() if key != "$schema"},
            "examples": [{"name": "example", "payload": dict(message.example)}] if message.example else None,
            "x-key": message.key,
            "x-version": message.version,
        }
    )


def _property(message: Message, name: str) -> dict[str, Any]:
    found = message.schema.get("properties", {}).get(name, {})
    return dict(found) if isinstance(found, dict) else {}


def _sentence(text: str) -> str:
    """Return `text` with a capital first and one full stop last."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _text(quantity: object) -> str:
    return "" if quantity is None else str(quantity)


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that say something; `false` and zero do."""
    return {key: value for key, value in fields.items() if value not in ("", None, {}, [])}
