"""What a node looks like before it has a place: its lines of text, its icon, its size."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from archwright.diagrams.metrics import text_width, wrap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archwright.views import Edge, Node, View

NAME, SMALL = 15, 13  # pixels; nothing is smaller than SMALL
NAME_LINE, SMALL_LINE = 19, 17
ICON, GAP = 48, 10
UPRIGHT_MIN, FLAT_MIN = 118, 136


@dataclass(frozen=True, slots=True)
class Style:
    """One way to draw a view: its direction, whether icons stand above their names, how wide texts may run."""

    direction: str  # LR | TB
    upright: bool
    text: float
    label: float
    between: float = 0.52  # inches from rank to rank
    pad: float = 13
    step: float = 12  # widths grow in steps: cards of nearly one width look like a mistake


@dataclass(frozen=True, slots=True)
class Card:
    """A node with measured text."""

    node: Node
    name: tuple[str, ...]
    detail: tuple[str, ...]
    width: float
    height: float
    pad: float
    upright: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """A queue with its dead-letter queue beside it, laid out as one block: below it (LR) or to its right (TB)."""

    down: tuple[str, ...]  # label of the arrow to the dead letters
    back: tuple[str, ...]
    gap: float


def lines_width(lines: Sequence[str], size: float, *, bold: bool = False) -> float:
    """Return the width of the widest line."""
    return max((text_width(line, size, bold=bold) for line in lines), default=0)


def measure(view: View, style: Style) -> dict[str, Card]:
    """Return a card for every node, of one height; only dead letters below their queues take less room."""
    texts = {
        node.id: (wrap(node.label, NAME, style.text, bold=True), wrap(node.detail, SMALL, style.text))
        for node in view.nodes
    }
    below = {node.id for node in view.nodes if node.beside} if style.direction == "LR" else set()
    heights = {
        small: max((_height(style, *texts[node.id]) for node in view.nodes if (node.id in below) is small), default=0)
        for small in (True, False)
    }
    cards = {}
    for node in view.nodes:
        name, detail = texts[node.id]
        text = max(lines_width(name, NAME, bold=True), lines_width(detail, SMALL))
        least = UPRIGHT_MIN if style.upright else FLAT_MIN
        width = max(least, text + 2 * style.pad + (0 if style.upright else ICON + GAP))
        width = least + ceil((width - least) / style.step) * style.step
        cards[node.id] = Card(node, name, detail, width, heights[node.id in below], style.pad, style.upright)
    return cards


def pairs(view: View, style: Style) -> dict[str, Pair]:
    """Return, by the id of each dead-letter node, how it stands beside its queue."""
    between = {(edge.source, edge.target): edge for edge in view.edges}
    owners: set[str] = set()
    found = {}
    for node in view.nodes:
        if not node.beside or node.beside in owners or node.beside not in {other.id for other in view.nodes}:
            continue
        owners.add(node.beside)
        found[node.id] = _pair(between, node, style)
    return found


def _pair(between: Mapping[tuple[str, str], Edge], node: Node, style: Style) -> Pair:
    limit = 76 if style.direction == "LR" else 130
    down, back = (
        wrap(between[ends].label, SMALL, limit) if ends in between else ()
        for ends in ((node.beside, node.id), (node.id, node.beside))
    )
    if style.direction == "LR":
        gap: float = max(44, max(len(down), len(back)) * SMALL_LINE + 14)
    else:
        gap = max(56, max(lines_width(down, SMALL), lines_width(back, SMALL)) + 22)
    return Pair(down, back, round(gap))


def _height(style: Style, name: Sequence[str], detail: Sequence[str]) -> float:
    text = len(name) * NAME_LINE + len(detail) * SMALL_LINE
    return 2 * style.pad + (ICON + 8 + text if style.upright else max(ICON, text))
