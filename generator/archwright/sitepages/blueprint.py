"""The page of one blueprint: picture, problem, promises, failures, decisions, knobs with the limits that hold them."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING

from archwright.diagrams import export
from archwright.sitepages.markdown import (
    anchor,
    bullets,
    cell,
    chips,
    code,
    fence,
    folded,
    indented,
    linked,
    numbered,
    page,
    prose,
    table,
)
from archwright.sitepages.sidebyside import comparison_part
from archwright.stepviews import workflow_view
from archwright.views import container_view

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archwright.catalog import Catalog
    from archwright.model import Architecture, Channel, Decision, Fact, FailureMode, Message, Queue, Workflow
    from archwright.views import View


def pictures_of(architectures: Sequence[Architecture]) -> Iterator[tuple[str, bytes]]:
    """Give (file name, SVG) for a blueprint on each of its platforms."""
    for architecture in architectures:
        yield _picture(architecture), export(container_view(architecture), "svg")
    for workflow in architectures[0].workflows:
        yield _workflow_picture(architectures[0], workflow), export(workflow_view(workflow), "svg")


def blueprint_page(catalog: Catalog, architectures: Sequence[Architecture]) -> str:
    """Return the page of a blueprint; `architectures` are its bindings, one for each platform that can run it."""
    one = architectures[0]
    about = one.blueprint
    labels = [about.category, about.ring, *(f"runs on {bound.platform.id}" for bound in architectures)]
    return page(
        f"# {prose(about.name)}",
        f'<p class="lead">{prose(about.summary)}</p>',
        chips([*labels, f"reviewed {about.last_reviewed}"]),
        _tabs([(bound.platform.name, _figure(bound)) for bound in architectures]),
        f"## The problem\n\n**{prose(about.question)}**\n\n{bullets(map(prose, about.forces))}",
        _use(catalog, one),
        _guarantees(one),
        _failures(one),
        *(_workflow(one, workflow) for workflow in one.workflows),
        "## Messages\n\n" + "\n\n".join(map(_message, one.messages)) if one.messages else "",
        "## Decisions\n\nThe starter records each of these, with the option taken and the reason.",
        *(_decision(decision) for decision in one.decisions),
        "## Knobs and the limits that hold them",
        _tabs([(bound.platform.name, _knobs(bound)) for bound in architectures]),
        comparison_part(catalog, about.id),
        _facts(one),
        _parameters(one),
        f"## Generate it\n\n{fence(_commands(one), 'sh')}",
        _also(catalog, one),
        front=f"description: {json.dumps(about.summary, ensure_ascii=False)}",
    )


def _picture(architecture: Architecture) -> str:
    return f"{architecture.blueprint.id}-{architecture.platform.id}.svg"


def _tabs(parts: Sequence[tuple[str, str]]) -> str:
    """Lay parts behind tabs; one part alone needs none."""
    if len(parts) == 1:
        return parts[0][1]
    return "\n\n".join(f'=== "{title}"\n\n{indented(body)}' for title, body in parts)


def _figure(architecture: Architecture) -> str:
    return _drawn(container_view(architecture), _picture(architecture))


def _workflow_picture(architecture: Architecture, workflow: Workflow) -> str:
    return f"{architecture.blueprint.id}-workflow-{workflow.id}.svg"


def _workflow(architecture: Architecture, workflow: Workflow) -> str:
    """Say what a workflow does, the same on every platform."""
    told = f"{prose(workflow.description)} " if workflow.description else ""
    about = f"{told}It is described once, and run by what the platform has for it; it takes {workflow.timeout} at most."
    drawn = _drawn(workflow_view(workflow), _workflow_picture(architecture, workflow))
    return f"## Workflow: {prose(workflow.name)}\n\n{about}\n\n{drawn}"


def _drawn(view: View, file: str) -> str:
    words = bullets(prose(sentence) for sentence in view.sentences)
    source = fence(export(view, "mermaid").decode())
    return "\n\n".join(
        [
            f'<div class="figure" role="region" aria-label="Diagram: {html.escape(view.title)}" tabindex="0" markdown>',
            f"[![Diagram: {prose(view.title)}]({file}){{ .diagram loading=lazy }}]({file})",
            "</div>",
            folded("The picture in words", words, "abstract"),
            folded("The picture as Mermaid", source, "abstract"),
        ]
    )


def _use(catalog: Catalog, architecture: Architecture) -> str:
    about = architecture.blueprint
    avoid = []
    for one in about.avoid_when:
        instead = f" → {_link(catalog, one.use_instead)}" if one.use_instead else ""
        avoid.append(prose(one.text) + instead)
    return (
        '<div class="grid use" markdown>\n\n<div class="card-yes" markdown>\n\n'
        f"## Use it when\n\n{bullets(map(prose, about.use_when))}\n\n</div>\n\n"
        '<div class="card-no" markdown>\n\n'
        f"## Avoid it when\n\n{bullets(avoid)}\n\n</div>\n\n</div>"
    )


def _link(catalog: Catalog, blueprint: str) -> str:
    name = prose(catalog.names().get(blueprint, blueprint))
    return f"[{name}]({blueprint}.md)" if blueprint in catalog.blueprints else f"{name} (planned)"


def _guarantees(architecture: Architecture) -> str:
    rows = []
    for one in architecture.guarantees:
        hop = f"{cell(architecture.name_of(one.source))} → {cell(architecture.name_of(one.target))}"
        proof = code(one.drill) if one.drill else f"none, because {cell(one.no_drill_because)}"
        note = f"<br><small>{cell(one.note)}</small>" if one.note else ""
        rows.append([hop, str(one.delivery), cell(one.ordering), cell(one.deduplication), proof + note])
    told = table(["Hop", "Delivery", "Order", "Duplicates taken out", "Proved by"], rows)
    return f"## Guarantees\n\nWhat holds on each hop, and the drill in the starter that proves it.\n\n{told}"


def _failures(architecture: Architecture) -> str:
    modes = "\n\n".join(folded(prose(one.mode), _failure(one), "failure") for one in architecture.failure_modes)
    return f"## Failure modes\n\nHow it fails, how that shows, what handles it, and what a person does then.\n\n{modes}"


def _failure(one: FailureMode) -> str:
    drill = code(one.drill) if one.drill else f"none, because {prose(one.no_drill_because)}"
    metric = (
        prose(one.metric) if " " in one.metric else code(one.metric)
    )  # a name, or in words what nobody measures yet
    lines = [
        f"**Shows as** {metric} above {prose(one.threshold)}.",
        f"**Handled by** {prose(one.handled_by)}",
        f"**Drill** {drill}",
        f"**What a person does**\n\n{numbered(map(prose, one.runbook))}" if one.runbook else "",
    ]
    return "\n\n".join(filter(None, lines))


def _message(message: Message) -> str:
    required = set(message.schema.get("required", ()))
    rows = []
    for name, shape in message.schema.get("properties", {}).items():
        limits = ", ".join(f"{key} {value}" for key, value in shape.items() if key not in {"type", "description"})
        needed = "required" if name in required else "optional"
        rows.append([code(name), cell(str(shape.get("type", ""))), needed, cell(limits)])
    example = fence(json.dumps(dict(message.example), indent=2, ensure_ascii=False), "json")
    return "\n\n".join(
        [
            f"### {message.name} <small>version {message.version}</small>",
            prose(message.description),
            table(["Field", "Type", "Needed", "Limits"], rows),
            example,
        ]
    )


def _decision(decision: Decision) -> str:
    rows = []
    for option in decision.options:
        name = f"**{cell(option.name)}** ✓" if option.id == decision.chosen else cell(option.name)
        rows.append([name, _signed("plus", option.gains), _signed("minus", option.costs)])
    drill = code(decision.confirmed_by) if decision.confirmed_by else prose(decision.confirmation)
    told = [
        prose(decision.context),
        f"It is weighed by:\n\n{bullets(map(prose, decision.drivers))}",
        table(["Option", "Gains", "Costs"], rows),
        f"**{prose(decision.outcome.name)}.** {prose(decision.because)}",
        f"What follows:\n\n{bullets(map(prose, decision.consequences))}",
        f"Confirmed by {drill}.",
        f"Decide it again when:\n\n{bullets(map(prose, decision.revisit_when))}" if decision.revisit_when else "",
    ]
    return folded(f"{prose(decision.question)} → {prose(decision.outcome.name)}", page(*told), "question")


def _signed(sign: str, arguments: Sequence[str]) -> str:
    items = "".join(f"<li>{cell(one)}</li>" for one in arguments)
    return f'<ul class="{sign}">{items}</ul>'


def _knobs(architecture: Architecture) -> str:
    rows = [
        [f"{cell(queue.name if queue else channel.name)}: {knob}", value, _held_by(channel, key)]
        for channel in architecture.channels
        for queue, key, knob, value in _settings(channel)
    ]
    heads = ["Knob", "Value", f"Limit on {cell(architecture.platform.name)}"]
    if not any(limit for *_, limit in rows):  # a platform that sets none
        return table(heads[:2], [row[:2] for row in rows])
    return table(heads, rows)


def _settings(channel: Channel) -> Iterator[tuple[Queue | None, str, str, str]]:
    yield None, "ordering", "order", cell(channel.ordering)
    for key, name in (("retention", "kept for"), ("payload", "largest message")):
        value = getattr(channel, key)
        if value is not None:
            yield None, key, name, str(value)
    if channel.deduplication_window is not None:
        yield None, "deduplication_window", "duplicates recognised for", str(channel.deduplication_window)
    for queue in channel.queues:
        if queue.lease is not None:
            yield queue, "lease", "lease", str(queue.lease)
        if queue.max_deliveries is not None:
            yield queue, "max_deliveries", "deliveries before it is set aside", str(queue.max_deliveries)
        if queue.retry is not None:
            wait = f"{queue.retry.first} to {queue.retry.longest}, {queue.retry.backoff}"
            yield queue, "retry", "wait between deliveries", wait


def _held_by(channel: Channel, knob: str) -> str:
    fact = channel.service.limits.get(knob)
    if fact is None:
        return ""
    renewed = " (renewable while working)" if knob in channel.service.renewable else ""
    return f"[{cell(fact.value)}](../facts/limits.md#{anchor(fact.id)}){renewed}"


def _facts(architecture: Architecture) -> str:
    rows = [[f"{cell(fact.service)}: {cell(fact.what)}", _value(fact), _source(fact)] for fact in architecture.facts]
    told = table(["Limit or price", "Value", "Source"], rows)
    if not told:
        return ""
    intro = "Worth knowing before choosing: each figure with its source, the day it was read, and how sure it is."
    title = f"{len(rows)} limits and prices"
    return f"## What the providers allow and charge\n\n{intro}\n\n{folded(title, told, 'info')}"


def _value(fact: Fact) -> str:
    return cell(fact.value) + (f"<br><small>{cell(fact.note)}</small>" if fact.note else "")


def _source(fact: Fact) -> str:
    return f"<small>{linked(fact.source)}, read {fact.read}, confidence {fact.confidence}</small>"


def _parameters(architecture: Architecture) -> str:
    rows = [
        [code(one.id), cell(one.type), code(str(one.default)), cell(one.help) + _choices(one.choices)]
        for one in architecture.parameters.values()
    ]
    return (
        f"## Parameters\n\nSet with `--set name=value`.\n\n{table(['Name', 'Type', 'Default', 'What it does'], rows)}"
    )


def _choices(choices: Sequence[str]) -> str:
    return f" One of {', '.join(map(code, choices))}." if choices else ""


def _commands(architecture: Architecture) -> str:
    return f"archwright new {architecture.blueprint.id} my-service\ncd my-service\nmake demo"


def _also(catalog: Catalog, architecture: Architecture) -> str:
    about = architecture.blueprint
    related = bullets(f"{_link(catalog, one.id)}: {prose(one.why)}" for one in about.related)
    names = []
    for one in about.known_as:
        name = f"[{prose(one.name)}]({one.url})" if one.url else prose(one.name)
        names.append(f"{name} in {prose(one.catalog.replace('-', ' '))}")
    parts = [f"## Related\n\n{related}" if related else "", f"## Known as\n\n{bullets(names)}" if names else ""]
    return "\n\n".join(filter(None, parts))
