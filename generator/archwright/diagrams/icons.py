"""Pictures of the nodes: icons of the `diagrams` library by name, and glyphs of our own for everything else."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import io
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from archwright.errors import CatalogError, InstallationError

PIXELS = 112  # twice the size at which an icon is drawn: sharp on dense screens, small in bytes
OPAQUE = 200
_GLYPHS = Path(__file__).with_name("glyphs")
_NAME = re.compile(r"[a-z][a-z0-9]*(?:\.[a-z][a-z0-9]*)?\.[A-Za-z][A-Za-z0-9]*")


@dataclass(frozen=True, slots=True)
class Icon:
    """A picture as the content of an SVG `<symbol>`; `plate` says that it needs a light ground in the dark."""

    key: str
    view_box: str
    markup: str
    plate: bool


def icon_exists(name: str) -> bool:
    """Whether `name` is an icon: `azure.integration.ServiceBus`, or a glyph of ours such as `glyph.queue`.

    It reads one source file of the library and imports none of it, so that a whole catalog can be checked at once.
    """
    family, _, last = name.rpartition(".")
    if family == "glyph":
        return last in glyph_names()
    return bool(_NAME.fullmatch(name)) and family.count(".") == 1 and last in _classes(family)


def glyph_names() -> frozenset[str]:
    """The names of the glyphs that archwright brings."""
    return frozenset(path.stem for path in _GLYPHS.glob("*.svg"))


@cache
def library_folder() -> Path:
    """The folder of the installed `diagrams` package, found without importing it.

    Raises:
        InstallationError: it is not installed.
    """
    found = importlib.util.find_spec("diagrams")
    if not found or not found.origin:
        raise InstallationError(
            "the Python package `diagrams` is missing, and with it the icons.",
            hint="install it with `pip install 'diagrams==0.25.1'`.",
        )
    return Path(found.origin).parent


@cache
def _classes(family: str) -> frozenset[str]:
    source = library_folder().joinpath(*family.split(".")).with_suffix(".py")
    if not source.is_file():
        return frozenset()
    return frozenset(re.findall(r"^(?:class )?([A-Z]\w*)(?=\(| = )", source.read_text(encoding="utf-8"), re.MULTILINE))


@cache
def load_icon(name: str) -> Icon:
    """Return the picture with this name.

    Raises:
        CatalogError: there is no such icon.
    """
    check_icon(name)
    family, _, last = name.rpartition(".")
    return _glyph(last) if family == "glyph" else _picture(node_class(name))


def check_icon(name: str) -> None:
    """Make sure that there is an icon of this name.

    Raises:
        CatalogError: there is none.
    """
    if not icon_exists(name):
        raise CatalogError(
            f"`{name}` is no icon.",
            hint="name a class below `diagrams` (such as `aws.integration.SQS`) "
            f"or one of our own: {', '.join(f'glyph.{glyph}' for glyph in sorted(glyph_names()))}.",
        )


@cache
def node_class(name: str) -> type:
    """Import the library's class behind an icon's name.

    Raises:
        CatalogError: there is no such icon.
    """
    check_icon(name)
    family, _, last = name.rpartition(".")
    found: type = getattr(importlib.import_module(f"diagrams.{family}"), last)
    return found


def _glyph(name: str) -> Icon:
    root = ET.fromstring((_GLYPHS / f"{name}.svg").read_bytes())  # noqa: S314  # our own file
    for element in root.iter():
        element.tag = element.tag.partition("}")[2]
    markup = "".join(ET.tostring(child, encoding="unicode").strip() for child in root)
    return Icon(key=name, view_box=root.attrib["viewBox"], markup=markup, plate=False)


def _picture(icon: type) -> Icon:
    from PIL import Image  # noqa: PLC0415  # slow to import, and glyphs do without

    path = Path(icon._load_icon(icon))  # type: ignore[attr-defined]  # noqa: SLF001  # the library's own way to the file
    image = Image.open(path).convert("RGBA")
    image.thumbnail((PIXELS, PIXELS), Image.Resampling.LANCZOS)
    packed = io.BytesIO()
    width, height = image.size
    corners = [
        (x, y) for x in (width // 16, width - 1 - width // 16) for y in (height // 16, height - 1 - height // 16)
    ]
    opacity = image.getchannel("A").tobytes()
    tile = all(opacity[y * width + x] > OPAQUE for x, y in corners)
    image.quantize(256, method=Image.Quantize.FASTOCTREE).save(packed, "PNG", optimize=True)
    raw = packed.getvalue()
    data = base64.b64encode(raw).decode("ascii")
    markup = f'<image width="{width}" height="{height}" href="data:image/png;base64,{data}" />'
    key = hashlib.sha256(raw).hexdigest()[:8]
    return Icon(key=key, view_box=f"0 0 {width} {height}", markup=markup, plate=not tile)
