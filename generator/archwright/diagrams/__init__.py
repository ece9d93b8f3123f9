"""Views become pictures: one exporter per format, each of which returns bytes and writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright.errors import UsageError

if TYPE_CHECKING:
    from archwright.views import View

FORMATS = ("svg", "png", "mermaid")


def export(view: View, format: str) -> bytes:  # noqa: A002  # the word that the command line uses
    """Return `view` as a picture in one of `FORMATS`; equal views give equal bytes.

    Raises:
        UsageError: the format is unknown.
        InstallationError: a program or package that the format needs is missing.
    """
    check_format(format)
    if format == "mermaid":
        from archwright.diagrams.mermaid import export_mermaid  # noqa: PLC0415  # each format loads only what it needs

        return export_mermaid(view).encode()
    if format == "svg":
        from archwright.diagrams.svg import export_svg  # noqa: PLC0415  # same

        return export_svg(view).encode()
    from archwright.diagrams.png import export_png  # noqa: PLC0415  # same

    return export_png(view)


def check_format(format: str) -> None:  # noqa: A002  # same word
    """Make sure that `format` is one of `FORMATS`.

    Raises:
        UsageError: it is not.
    """
    if format not in FORMATS:
        raise UsageError(f"`{format}` is no format of a diagram.", hint=f"choose one of {', '.join(FORMATS)}.")
