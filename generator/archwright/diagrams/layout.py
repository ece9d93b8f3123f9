"""Where everything stands: the view is built with the `diagrams` library, placed by its engine, and read back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from archwright.diagrams.cards import NAME, SMALL, SMALL_LINE, Card, Style, lines_width, measure, pairs
from archwright.diagrams.engine import place
from archwright.diagrams.icons import node_class
from archwright.diagrams.metrics import wrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archwright.views import Edge, Group, View

PAGE, MARGIN = 900, 12  # pixels: the width at which every text has to be readable, and the rim inside it
STYLES = (
    Style("LR", upright=True, text=136, label=96),
    Style("LR", upright=False, text=120, label=96),
    Style("TB", upright=False, text=160, label=170),
    Style("TB", upright=False, text=112, label=110),
    Style("TB", upright=True, text=124, label=96),
)
NARROW = (  # for what is too wide in all of those
    Style("LR", upright=False, text=92, label=72, between=0.02, pad=8, step=2),
    Style("LR", upright=False, text=84, label=72, between=0.02, pad=9, step=4),
    Style("LR", upright=False, text=72, label=72, between=0.06, pad=9, step=4),
)
WIDEST, HIGHEST = PAGE - 2 * MARGIN, 800
COLUMN = 700  # the width of a column of text: what fits there needs no scaling at all
_TABLE = '<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"><TR>{}</TR></TABLE>>'
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class PlacedCard:
    """A card and its top left corner."""

    card: Card
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class PlacedEdge:
    """An arrow: the points of its Bézier curve, its tip, and its label around a centre or from a side."""

    edge: Edge
    curve: tuple[Point, ...]
    tip: Point
    label: tuple[str, ...]
    at: Point
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class PlacedGroup:
    """A frame: left, top, width, height."""

    group: Group
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Layout:
    """A view with every coordinate, in pixels from the top left."""

    style: Style
    width: float
    height: float
    cards: tuple[PlacedCard, ...]
    edges: tuple[PlacedEdge, ...]
    groups: tuple[PlacedGroup, ...]


def lay_out(view: View) -> Layout:
    """Place a view in every style and keep the one that suits a page best."""
    first = _place(view, STYLES[:1])[0]
    if first.width <= COLUMN and first.height <= COLUMN * 0.6:
        return first
    best = min(first, *_place(view, STYLES[1:]), key=_unfit)
    if best.width > WIDEST or best.height > HIGHEST:
        best = min(best, *_place(view, NARROW), key=_unfit)
    return best


def _place(view: View, styles: Sequence[Style]) -> list[Layout]:
    sketches = [_Sketch(view, style) for style in styles]
    placed = place([sketch.source() for sketch in sketches])
    return [sketch.read(graph) for sketch, graph in zip(sketches, placed, strict=True)]


def _unfit(layout: Layout) -> float:
    """How badly a layout suits a page: too wide to read, too high to see at once, mostly empty."""
    covered = sum(placed.card.width * placed.card.height for placed in layout.cards)
    empty = 1 - covered / max(layout.width * layout.height, 1)
    cramped = 200 + 40 * NARROW.index(layout.style) if layout.style in NARROW else 0
    too_wide = max(0, layout.width - WIDEST) * 20 + max(0, layout.width - COLUMN) * 0.6
    return too_wide + max(0, layout.height - 480) * 0.8 + max(0, layout.height - HIGHEST) * 2 + empty * 300 + cramped


class _Sketch:
    """One view in one style: written as DOT, read back from the engine's answer."""

    def __init__(self, view: View, style: Style) -> None:
        self.view, self.style = view, style
        self.cards = measure(view, style)
        self.pairs = pairs(view, style)
        self.dead = {node.beside: node.id for node in view.nodes if node.id in self.pairs}
        self.across = style.direction == "LR"
        for owner, dead in self.dead.items():
            self._match(owner, dead)
        self.ids = {node.id: f"n{number}" for number, node in enumerate(view.nodes)}
        self.labels = [wrap(edge.label, SMALL, style.label) for edge in view.edges]

    def _match(self, owner: str, dead: str) -> None:
        """Give a queue and its dead letters one width, wide enough for the two labels between them."""
        pair, one, two = self.pairs[dead], self.cards[owner], self.cards[dead]
        width = max(one.width, two.width)
        if self.across:
            width = max(width, 2 * (max(lines_width(pair.down, SMALL), lines_width(pair.back, SMALL)) + 18))
        for card in (one, two):
            self.cards[card.node.id] = replace(card, width=width)

    def source(self) -> str:
        """Build the graph with the `diagrams` library and return its DOT text."""
        from diagrams import Cluster, Diagram, Edge, setcluster, setdiagram  # noqa: PLC0415  # slow to import

        space = {"nodesep": "0.36", "ranksep": f"{self.style.between}", "pad": "0", "margin": "0", "splines": "spline"}
        diagram = Diagram("", filename="unused", direction=self.style.direction, show=False, graph_attr=space)
        setdiagram(diagram)
        try:
            nodes = dict(self._add_nodes(""))
            for number, group in enumerate(self.view.groups):
                size = _table(lines_width([group.label], NAME, bold=True), 16)
                with Cluster(f"g{number}", graph_attr={"margin": "12", "label": size, "fontsize": "14"}) as cluster:
                    cluster.dot.name = cluster.name = f"cluster_g{number}"
                    nodes.update(self._add_nodes(group.id))
            for number, edge in enumerate(self.view.edges):
                if not self._inside_pair(edge):
                    drawn = Edge(forward=True, **self._edge_attributes(number, edge))
                    nodes[edge.source].connect(nodes[edge.target], drawn)
        finally:
            setdiagram(None)
            setcluster(None)
        return str(diagram.dot.source)

    def _inside_pair(self, edge: Edge) -> bool:
        return self.dead.get(edge.source) == edge.target or self.dead.get(edge.target) == edge.source

    def _add_nodes(self, group: str) -> Iterator[tuple[str, Any]]:
        from diagrams import Node  # noqa: PLC0415  # slow to import

        for node in self.view.nodes:
            if node.group != group or node.id in self.pairs:
                continue
            known = node.icon and not node.icon.startswith("glyph.")
            drawn = (node_class(node.icon) if known else Node)(
                nodeid=self.ids[node.id], **self._node_attributes(node.id)
            )
            yield node.id, drawn
            if node.id in self.dead:
                yield self.dead[node.id], drawn

    def _node_attributes(self, node_id: str) -> dict[str, str]:
        card = self.cards[node_id]
        size = {"image": "", "shape": "box", "fixedsize": "true", "label": ""}
        size |= {"width": f"{card.width / 72:.4f}", "height": f"{card.height / 72:.4f}"}
        if node_id not in self.dead:
            return size
        dead = self.dead[node_id]
        gap = self.pairs[dead].gap
        between = (card.width, gap) if self.across else (gap, card.height)
        cells = [_cell(card.width, card.height, "m"), _cell(*between), _cell(card.width, self.cards[dead].height, "d")]
        table = _TABLE.format(("</TR><TR>" if self.across else "").join(cells))
        return {"image": "", "shape": "plain", "fixedsize": "false", "width": "0", "height": "0", "label": table}

    def _edge_attributes(self, number: int, edge: Edge) -> dict[str, str]:
        lines = self.labels[number]
        attributes = {"id": f"e{number}", "weight": "4" if edge.route == "main" else "1", "arrowsize": "0.8"}
        if lines:
            attributes["label"] = _table(lines_width(lines, SMALL) + 6, len(lines) * SMALL_LINE + 6)
        order = list(self.ids)
        forward = order.index(edge.source) < order.index(edge.target)
        sides = ("e", "w") if self.across else ("s", "n")
        for end, key, side in ((edge.source, "tailport", sides[0]), (edge.target, "headport", sides[1])):
            if end in self.dead:
                attributes[key] = f"m:{side}" if forward else "m"
            elif end in self.pairs:
                attributes[key] = f"d:{side}" if forward else "d"
        return attributes

    def read(self, graph: dict[str, Any]) -> Layout:
        """Turn the engine's answer into coordinates."""
        _, _, width, height = _numbers(graph["bb"])
        found = {thing["name"]: thing for thing in graph.get("objects", ())}
        corners = {node: corner for node in self.cards for corner in self._corner(node, found, height)}
        cards = tuple(PlacedCard(self.cards[node], *corners[node]) for node in self.cards)
        groups = []
        for number, group in enumerate(self.view.groups):
            left, bottom, right, top = _numbers(found[f"cluster_g{number}"]["bb"])
            groups.append(PlacedGroup(group, (left, height - top, right - left, top - bottom)))
        return Layout(self.style, width, height, cards, tuple(self._edges(graph, corners, height)), tuple(groups))

    def _corner(self, node: str, found: dict[str, Any], height: float) -> Iterator[Point]:
        owner = next((queue for queue, dead in self.dead.items() if dead == node), node)
        x, y = _numbers(found[self.ids[owner]]["pos"])
        card, down, right, gap = self.cards[owner], 0.0, 0.0, 0.0
        if owner in self.dead:
            dead, gap = self.cards[self.dead[owner]], self.pairs[self.dead[owner]].gap
            down, right = (gap + dead.height, 0.0) if self.across else (0.0, gap + dead.width)
        x, y = x - (card.width + right) / 2, height - y - (card.height + down) / 2
        beside = (x, y + card.height + gap) if self.across else (x + card.width + gap, y)
        yield (x, y) if node == owner else beside

    def _edges(self, graph: dict[str, Any], corners: dict[str, Point], height: float) -> Iterator[PlacedEdge]:
        answers = {answer["id"]: answer for answer in graph.get("edges", ())}
        for number, (edge, lines) in enumerate(zip(self.view.edges, self.labels, strict=True)):
            if self._inside_pair(edge):
                yield self._between(edge, corners)
                continue
            answer = answers[f"e{number}"]
            tip, curve = _curve(answer["pos"], height)
            x, y = _numbers(answer["lp"]) if "lp" in answer else (0.0, height)
            yield PlacedEdge(edge, curve, tip, lines, (x, height - y))

    def _between(self, edge: Edge, corners: dict[str, Point]) -> PlacedEdge:
        """Draw an arrow between a queue and its dead letters: there on the near side, back on the far side."""
        there = edge.source in self.dead
        owner, dead = (edge.source, edge.target) if there else (edge.target, edge.source)
        (x, y), card, pair = corners[owner], self.cards[owner], self.pairs[dead]
        lines = pair.down if there else pair.back
        shift = -9 if there else 9
        if self.across:
            x, near, far = x + card.width / 2 + shift, y + card.height, y + card.height + pair.gap
            start, tip = ((x, near), (x, far)) if there else ((x, far), (x, near))
            at, anchor = (x + (-8 if there else 8), (near + far) / 2), "end" if there else "start"
        else:
            y, near, far = y + card.height / 2 + shift, x + card.width, x + card.width + pair.gap
            start, tip = ((near, y), (far, y)) if there else ((far, y), (near, y))
            half = len(lines) * SMALL_LINE / 2 + 6
            at, anchor = ((near + far) / 2, y + (-half if there else half)), "middle"
        return PlacedEdge(edge, (start, start, _shorten(start, tip), _shorten(start, tip)), tip, lines, at, anchor)


def _table(width: float, height: float) -> str:
    """A label of a given size: the engine reserves the room, and we write into it."""
    return _TABLE.format(_cell(width, height))


def _cell(width: float, height: float, port: str = "") -> str:
    named = f'PORT="{port}" ' if port else ""
    return f'<TD {named}FIXEDSIZE="TRUE" WIDTH="{width:.0f}" HEIGHT="{height:.0f}"></TD>'


def _numbers(text: str) -> list[float]:
    return [float(number) for number in text.split(",")]


def _curve(text: str, height: float) -> tuple[Point, tuple[Point, ...]]:
    parts = text.split()
    ends = {part[0]: part[2:] for part in parts if part[0] in "es" and part[1] == ","}
    points = [_numbers(part) for part in parts if part[0] not in "es"]
    curve = tuple((x, height - y) for x, y in points)
    x, y = _numbers(ends["e"]) if "e" in ends else points[-1]
    return (x, height - y), curve


def _shorten(start: Point, tip: Point, by: float = 8) -> Point:
    (x0, y0), (x1, y1) = start, tip
    length = max(abs(x1 - x0) + abs(y1 - y0), by)
    return x1 - (x1 - x0) * by / length, y1 - (y1 - y0) * by / length
