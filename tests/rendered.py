"""A starter's code as it is generated, written to a folder: what layers and workflows give, without its documents."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

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


def told(starter: Path, script: str, *arguments: object, timeout: float) -> Any:
    """Run a script on a starter's own code and stage, and return what the last line of its output says in JSON."""
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(starter / "src"), str(starter / "dev")])},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stderr[-1500:]
    return json.loads(done.stdout.splitlines()[-1])
