"""Fifty different diagrams to SVG in one process, timed: the goal is under three seconds."""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

# In place of this folder, where this very file would hide the library of its name.
sys.path[0] = str(Path(__file__).resolve().parent.parent / "tests")

from archwright.diagrams import export  # noqa: E402  # the search path comes first
from archwright.views import container_view  # noqa: E402  # same
from unit.architectures import ALL  # noqa: E402  # same

COUNT, RUNS, GOAL = 50, 3, 3.0


def draw_all() -> float:
    """Draw `COUNT` pictures, no two alike, and return the seconds that it took."""
    names = sorted(ALL)
    views = []
    for number in range(COUNT):
        view = container_view(ALL[names[number % len(names)]])
        views.append(replace(view, title=f"{view.title} {number}"))
    start = time.perf_counter()
    for view in views:
        export(view, "svg")
    return time.perf_counter() - start


def main() -> int:
    """Print the first run (imports and icons included) and the median; 1 if the goal is missed."""
    runs = [draw_all() for _ in range(RUNS)]
    print(f"{COUNT} diagrams to SVG: first {runs[0]:.2f} s, median {statistics.median(runs):.2f} s, goal {GOAL:.1f} s")
    return int(statistics.median(runs) >= GOAL)


if __name__ == "__main__":
    sys.exit(main())
