"""A starter's code as it is generated, written to a folder: what layers and workflows give, without its documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright import render, workflows

if TYPE_CHECKING:
    from pathlib import Path

    from archwright.model import Architecture


def write_starter(architecture: Architecture, folder: Path) -> Path:
    """Write the code of a starter into `folder`, and return its source folder."""
    tree = render.render_layers(architecture)
    tree.merge(workflows.export_definitions(architecture))
    for path, file in tree.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
    return folder / "src"
