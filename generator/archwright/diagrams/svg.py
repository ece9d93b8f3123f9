"""A view as one self-contained SVG: icons embedded once, light and dark in one file, words for screen readers."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

from archwright.diagrams.cards import GAP, ICON, NAME, NAME_LINE, SMALL, SMALL_LINE
from archwright.diagrams.icons import load_icon
from archwright.diagrams.layout import MARGIN, lay_out
from archwright.diagrams.metrics import text_width
from archwright.model import Mode, Route
from archwright.views import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archwright.diagrams.icons import Icon
    from archwright.diagrams.layout import Layout, PlacedCard, PlacedEdge, PlacedGroup, Point
    from archwright.views import Node, View

LEGEND_ROW, SAMPLE = 34, 40
FONT = "Arial, Helvetica, Liberation Sans, sans-serif"
LINE, FAILURE = "#4b5563", "#c81e3a"
BASELINE = 0.36  # from the middle of a line of text down to its base, in sizes of the font
ASYNCHRONOUS, FAILING = "7 4", "2 4"


class Tone(NamedTuple):
    """A voice of the texts: its class, its light colour, its weight."""

    name: str
    colour: str
    bold: bool = False


INK, MUTED = Tone("ink", "#1f2328", bold=True), Tone("muted", "#59636e")
HEADING, FAILED = Tone("muted", "#59636e", bold=True), Tone("failing", FAILURE)

# Light colours are plain attributes, which every renderer knows; only the dark ones need CSS.
# Each rule starts with the picture's own id: the style of an inline SVG holds for the whole page.
_DARK = """\
@media (prefers-color-scheme:dark){\
# .ink{fill:#f0f6fc}# .muted{fill:#a9b1ba}# .failing{fill:#ff8a80}\
# .card{fill:#282e38;stroke:#4a525d}# .card.dead{fill:#35191d;stroke:#b3414d}\
# .group{fill:#181c23;stroke:#3d444d}# .plate{fill:#f6f8fa}\
# .line{stroke:#a9b1ba}# .line.bad{stroke:#ff8a80}# .tip{fill:#a9b1ba}# .tip.bad{fill:#ff8a80}}"""
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def export_svg(view: View) -> str:
    """Return the picture as SVG text."""
    return _Picture(view, lay_out(view)).text()


def kinds_of_line(view: View) -> tuple[tuple[Mode, Route, str], ...]:
    """Return the kinds of arrow that a view has, with their words in the legend."""
    words = {
        (Mode.SYNCHRONOUS, Route.MAIN): "synchronous",
        (Mode.ASYNCHRONOUS, Route.MAIN): "asynchronous",
        (Mode.ASYNCHRONOUS, Route.FAILURE): "failure path",
    }
    if view.steps:
        words = {
            (Mode.SYNCHRONOUS, Route.MAIN): "what follows",
            (Mode.ASYNCHRONOUS, Route.FAILURE): "where it has failed",
        }
    found = {(Mode.ASYNCHRONOUS if e.route is Route.FAILURE else e.mode, e.route) for e in view.edges}
    return tuple((mode, route, text) for (mode, route), text in words.items() if (mode, route) in found)


class _Picture:
    """Writes one SVG, element by element."""

    def __init__(self, view: View, layout: Layout) -> None:
        self.view, self.layout = view, layout
        self.id = "aw" + hashlib.sha256(repr(view).encode()).hexdigest()[:8]
        self.legend = self._legend_rows()
        widest = max((sum(width for *_, width in row) for row in self.legend), default=0)
        self.width = round(max(layout.width, widest) + 2 * MARGIN)
        self.height = round(layout.height + 2 * MARGIN + LEGEND_ROW * len(self.legend))
        self.left = (self.width - layout.width) / 2

    def text(self) -> str:
        words = " ".join([self.view.description, *self.view.sentences])
        size = f'width="{self.width}" height="{self.height}" viewBox="0 0 {self.width} {self.height}"'
        spoken = f'role="img" aria-labelledby="{self.id}-t {self.id}-d"'
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" id="{self.id}" {size} {spoken} font-family="{FONT}">',
            f'<title id="{self.id}-t">{_clean(self.view.title)}</title>',
            f'<desc id="{self.id}-d">{_clean(words)}</desc>',
            f"<style>{_DARK.replace('# ', f'#{self.id} ')}</style>",
            f"<defs>{''.join(self._symbols())}</defs>",
            f'<g transform="translate({_n(self.left)} {MARGIN})">',
            *(self._group(placed) for placed in self.layout.groups),
            *(self._arrow(placed) for placed in self.layout.edges),
            *(self._card(placed) for placed in self.layout.cards),
            "</g>",
            *self._legend(),
            "</svg>",
        ]
        return "\n".join(parts) + "\n"

    def _symbols(self) -> Iterator[str]:
        icons = {icon.key: icon for icon in map(_icon, self.view.nodes)}
        for key, icon in icons.items():
            yield f'<symbol id="{self.id}-{key}" viewBox="{icon.view_box}">{icon.markup}</symbol>'

    def _group(self, placed: PlacedGroup) -> str:
        x, y, width, height = placed.box
        label = _text([placed.group.label], x + 14, y + 16, HEADING)
        return (
            f'<g class="cluster"><rect class="group" {_box(x, y, width, height)} rx="14" fill="#f6f8fa" '
            f'stroke="#d1d9e0"/>{label}</g>'
        )

    def _card(self, placed: PlacedCard) -> str:
        card, x, y = placed.card, placed.x, placed.y
        dead = card.node.kind is Kind.DEAD_LETTERS
        frame = (
            'class="card dead" fill="#fff3f3" stroke="#e0828c"'
            if dead
            else 'class="card" fill="#ffffff" stroke="#c7d0d9"'
        )
        dash = ' stroke-dasharray="4 3"' if dead else ""
        parts = [f'<rect {frame}{dash} {_box(x, y, card.width, card.height)} rx="12" stroke-width="1.2"/>']
        height = len(card.name) * NAME_LINE + len(card.detail) * SMALL_LINE
        if card.upright:
            left, top = x + (card.width - ICON) / 2, y + card.pad
            text_x, text_y, anchor = x + card.width / 2, y + card.pad + ICON + 8, "middle"
        else:
            left, top = x + card.pad, y + (card.height - ICON) / 2
            text_x, text_y, anchor = x + card.pad + ICON + GAP, y + (card.height - height) / 2, "start"
        parts.append(self._icon(card.node, left, top))
        middle = text_y + NAME_LINE / 2
        parts.append(_text(card.name, text_x, middle, INK, anchor))
        middle = text_y + len(card.name) * NAME_LINE + SMALL_LINE / 2
        parts.append(_text(card.detail, text_x, middle, MUTED, anchor))
        return f'<g class="node">{"".join(parts)}</g>'

    def _icon(self, node: Node, x: float, y: float) -> str:
        icon = _icon(node)
        plate = (
            f'<rect class="plate" fill="none" {_box(x - 3, y - 3, ICON + 6, ICON + 6)} rx="10"/>' if icon.plate else ""
        )
        return f'{plate}<use href="#{self.id}-{icon.key}" {_box(x, y, ICON, ICON)}/>'

    def _arrow(self, placed: PlacedEdge) -> str:
        start, *rest = placed.curve
        path = f"M{_p(start)}C{' '.join(_p(point) for point in rest)}"
        bad = placed.edge.route is Route.FAILURE
        x, y = placed.at
        y -= (len(placed.label) - 1) * SMALL_LINE / 2
        label = _text(placed.label, x, y, FAILED if bad else MUTED, placed.anchor)
        line = _stroke(path, placed.edge.mode, placed.edge.route)
        return f'<g class="edge">{line}{_tip(placed.curve[-1], placed.tip, bad=bad)}{label}</g>'

    def _legend_rows(self) -> list[list[tuple[Mode, Route, str, float]]]:
        rows: list[list[tuple[Mode, Route, str, float]]] = [[]]
        limit = max(self.layout.width, 380)
        for mode, route, words in kinds_of_line(self.view):
            width = SAMPLE + 10 + text_width(words, SMALL) + 26
            if rows[-1] and sum(taken for *_, taken in rows[-1]) + width > limit:
                rows.append([])
            rows[-1].append((mode, route, words, width))
        return [row for row in rows if row]

    def _legend(self) -> Iterator[str]:
        y = self.layout.height + 2 * MARGIN
        for row in self.legend:
            x, y = MARGIN + 2.0, y + LEGEND_ROW / 2
            for mode, route, words, width in row:
                end = x + SAMPLE
                line = _stroke(f"M{_p((x, y))}L{_p((end - 8, y))}", mode, route)
                tip = _tip((end - 8, y), (end, y), bad=route is Route.FAILURE)
                text = _text([words], end + 10, y, MUTED)
                yield f'<g class="legend">{line}{tip}{text}</g>'
                x += width
            y += LEGEND_ROW / 2


def _icon(node: Node) -> Icon:
    return load_icon(node.icon or f"glyph.{node.kind}")


def _stroke(path: str, mode: Mode, route: Route) -> str:
    bad = route is Route.FAILURE
    name, colour = ("line bad", FAILURE) if bad else ("line", LINE)
    dash = FAILING if bad else ASYNCHRONOUS if mode is Mode.ASYNCHRONOUS else ""
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    pen = f'fill="none" stroke="{colour}" stroke-width="1.8" stroke-linecap="round"{dashes}'
    return f'<path class="{name}" d="{path}" {pen}/>'


def _tip(base: Point, tip: Point, *, bad: bool) -> str:
    """An arrow head from the end of a curve to the point that it touches."""
    (x0, y0), (x1, y1) = base, tip
    length = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 0.01)
    dx, dy = (x1 - x0) / length * 9, (y1 - y0) / length * 9
    corners = [(x1, y1), (x1 - dx - dy / 2, y1 - dy + dx / 2), (x1 - dx + dy / 2, y1 - dy - dx / 2)]
    name, colour = ("tip bad", FAILURE) if bad else ("tip", LINE)
    return f'<polygon class="{name}" fill="{colour}" points="{" ".join(_p(corner) for corner in corners)}"/>'


def _text(lines: Sequence[str], x: float, y: float, tone: Tone, anchor: str = "start") -> str:
    """Lines one below the other, the middle of the first at `y`."""
    size, step = (NAME, NAME_LINE) if tone is INK else (SMALL, SMALL_LINE)
    style = f' class="{tone.name}" fill="{tone.colour}" font-size="{size}"'
    style += ' font-weight="bold"' if tone.bold else ""
    style += f' text-anchor="{anchor}"' if anchor != "start" else ""
    spans = (
        f'<tspan x="{_n(x)}" y="{_n(y + number * step + size * BASELINE)}">{_clean(line)}</tspan>'
        for number, line in enumerate(lines)
    )
    return f"<text{style}>{''.join(spans)}</text>" if lines else ""


def _clean(text: str) -> str:
    """Escape text, and replace what XML cannot hold."""
    return escape(_FORBIDDEN.sub("\ufffd", text))


def _box(x: float, y: float, width: float, height: float) -> str:
    return f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"'


def _p(point: Point) -> str:
    return f"{_n(point[0])},{_n(point[1])}"


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0").replace("-0.0", "0")
