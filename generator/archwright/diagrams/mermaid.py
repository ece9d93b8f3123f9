"""A view as a Mermaid flowchart: text that GitHub and the site draw, with the nodes, arrows and labels of the SVG."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archwright.model import Mode, Route
from archwright.views import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archwright.views import Edge, Node, View

_SHAPES = {
    Kind.PERSON: "([{}])",
    Kind.STORE: "[({})]",
    Kind.ENGINE: "[/{}/]",
    Kind.QUEUE: "[[{}]]",
    Kind.TOPIC: "{{{{{}}}}}",
    Kind.SUBSCRIPTION: "[[{}]]",
    Kind.DEAD_LETTERS: "[[{}]]",
    Kind.MAP: "[[{}]]",
    Kind.CHOICE: "{{{}}}",
    Kind.WAIT: "(({}))",
    Kind.SUCCEED: "([{}])",
    Kind.FAIL: "([{}])",
}
_BOX = "[{}]"
_SPECIAL = re.compile(r"[\"#<>&`|\\%;*_~$\[\]{}()]")
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]+")
_LIST = re.compile(r"^(\d+)\.|^([-+])(?= )")
LONGEST_ROW = 5  # nodes in one row that are still readable in a column of text


def export_mermaid(view: View) -> str:
    """Return the view as a flowchart."""
    ids = _ids(view)
    lines = [
        f"flowchart {_direction(view)}",
        f"  accTitle: {_plain(view.title)}",
        f"  accDescr: {_plain(' '.join([view.description, *view.sentences]))}",
    ]
    for number, group in enumerate(view.groups):
        lines.append(f"  subgraph group_{number}[{_quoted(group.label)}]")
        lines += [f"    {_node(node, ids)}" for node in view.nodes if node.group == group.id]
        lines.append("  end")
    named = {group.id for group in view.groups}
    lines += [f"  {_node(node, ids)}" for node in view.nodes if node.group not in named]
    lines += [f"  {_edge(edge, ids)}" for edge in view.edges]
    lines += _failure_path(view, ids)
    return "\n".join(lines) + "\n"


def _node(node: Node, ids: Mapping[str, str]) -> str:
    detail = f"<br/>{_escaped(node.detail)}" if node.detail else ""
    label = f'"{_escaped(node.label)}{detail}"'
    return f"{ids[node.id]}{_SHAPES.get(node.kind, _BOX).format(label)}"


def _edge(edge: Edge, ids: Mapping[str, str]) -> str:
    arrow = "-->" if edge.mode is Mode.SYNCHRONOUS else "-.->"
    label = f"|{_quoted(edge.label)}|" if edge.label else ""
    return f"{ids[edge.source]} {arrow}{label} {ids[edge.target]}"


def _failure_path(view: View, ids: Mapping[str, str]) -> Iterator[str]:
    """Colours of the failure path; without one there is nothing to say."""
    dead = [ids[node.id] for node in view.nodes if node.kind is Kind.DEAD_LETTERS]
    edges = [str(number) for number, edge in enumerate(view.edges) if edge.route is Route.FAILURE]
    if dead:
        yield "  classDef failure fill:#fff3f3,stroke:#c81e3a,color:#7a1022,stroke-dasharray:4 3"
        yield f"  class {','.join(dead)} failure"
    if edges:
        yield f"  linkStyle {','.join(edges)} stroke:#c81e3a,color:#c81e3a"


def _ids(view: View) -> dict[str, str]:
    """Name each node by its own id, prefixed: `end` and `class` are words of Mermaid's."""
    found: dict[str, str] = {}
    for number, node in enumerate(view.nodes):
        name = f"n_{re.sub('[^A-Za-z0-9]+', '_', node.id).strip('_')}"
        found[node.id] = f"{name}_{number}" if name in found.values() else name
    return found


def _direction(view: View) -> str:
    depth: dict[str, int] = {}
    for node in view.nodes:  # they come in the order of the flow
        before = [depth[e.source] for e in view.edges if e.target == node.id and e.source in depth and not node.beside]
        depth[node.id] = max(before, default=0) + 1
    return "LR" if max(depth.values(), default=1) <= LONGEST_ROW else "TB"


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """Write each character that Mermaid or its Markdown would take for its own as an entity."""
    text = " ".join(_CONTROL.sub(" ", text).split())
    text = _SPECIAL.sub(lambda found: f"#{ord(found[0])};", text)
    return _LIST.sub(lambda found: f"{found[1]}#46;" if found[1] else f"#{ord(found[2])};", text)


def _plain(text: str) -> str:
    """Text for screen readers: here Mermaid knows no entities, so that what would end it is left out."""
    return " ".join(re.sub(r"[#;{}%<>\\\"`]", " ", _CONTROL.sub(" ", text)).split())
