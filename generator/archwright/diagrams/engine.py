"""The program that places nodes: `graphviz-pure` where it is installed, else `dot`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
from functools import cache
from typing import Any

from archwright.errors import InstallationError

SECONDS = 60


@cache
def find_engine() -> str:
    """Return the path of the layout engine.

    Raises:
        InstallationError: neither engine is installed.
    """
    found = program("graphviz-pure") or program("dot")
    if not found:
        raise InstallationError(
            "no layout engine: neither `graphviz-pure` nor `dot` is installed.",
            hint="install one with `pip install graphviz-pure` or `apt-get install graphviz`; Mermaid needs none.",
        )
    return found


def program(name: str) -> str | None:
    """Return the path of a program beside this Python's own, or anywhere on the search path."""
    return shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)


def place(sources: list[str]) -> list[dict[str, Any]]:
    """Lay out DOT graphs, all in one run of the engine, and return what it says about each."""
    done = subprocess.run(  # noqa: S603  # the engine found above; the input is text that we made
        [find_engine(), "-Tjson0"],
        input="\n".join(sources).encode(),
        capture_output=True,
        timeout=SECONDS,
        check=True,
    )
    decoder, text, graphs = json.JSONDecoder(), done.stdout.decode(), []
    at = text.find("{")
    while at >= 0:
        graph, end = decoder.raw_decode(text, at)
        graphs.append(graph)
        at = text.find("{", end)
    return graphs
