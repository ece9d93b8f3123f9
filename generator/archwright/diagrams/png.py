"""A view as PNG, drawn from the finished SVG in its light colours."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from archwright.diagrams.svg import export_svg
from archwright.errors import InstallationError

if TYPE_CHECKING:
    from archwright.views import View

ZOOM = 2  # two pixels for each of the page's: sharp on dense screens
_FAMILIES = (  # all of one width, so that texts fit what was measured
    ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
    ("Arial.ttf", "Arial Bold.ttf"),
    ("arial.ttf", "arialbd.ttf"),
    ("Arimo-Regular.ttf", "Arimo-Bold.ttf"),
)
_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts/Supplemental",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)


def export_png(view: View) -> bytes:
    """Return the picture as PNG on a white ground; equal bytes as long as the machine's fonts are the same.

    Raises:
        InstallationError: the package that draws PNG is missing.
    """
    try:
        import resvg_py  # noqa: PLC0415  # an extra: only this format needs it
    except ImportError:
        raise InstallationError(
            "PNG needs the Python package `resvg-py`.",
            hint="install it with `pip install 'archwright[png]'`, or use `--format svg`.",
        ) from None
    fonts = _fonts()
    picture = resvg_py.svg_to_bytes(
        svg_string=export_svg(view),
        zoom=ZOOM,
        background="white",
        skip_system_fonts=bool(fonts),
        font_files=list(fonts) or None,
    )
    return bytes(picture)


@cache
def _fonts() -> tuple[str, ...]:
    """Find one family of the right widths; naming its files is five times faster than reading every system font."""
    found: dict[str, str] = {}
    for folder in _FOLDERS:
        for path, _, names in os.walk(Path(folder).expanduser()):
            found.update({name: str(Path(path) / name) for name in names})
    for family in _FAMILIES:
        if all(name in found for name in family):
            return tuple(found[name] for name in family)
    return ()
