"""Environments of the peers that archwright is measured against, made once under build/peers."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "peers"
BIN = "Scripts" if os.name == "nt" else "bin"


def environment(name: str, *requirements: str) -> Path:
    """Return the `bin` folder of an environment with these packages; made on first use, needs the network then."""
    home = BUILD / name
    if not (home / "ready").exists():
        venv.create(home, with_pip=True, clear=True)
        install = [str(home / BIN / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, *requirements], check=True)
        (home / "ready").touch()
    return home / BIN


def own_bin() -> Path:
    """Return the `bin` folder of the environment that runs this."""
    return Path(sys.executable).parent


def interleaved(cases: Mapping[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Return the median seconds of each case, run in turns so that a busy machine is unfair to nobody."""
    for case in cases.values():
        case()
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            start = time.perf_counter()
            case()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def quiet(*command: str | Path, cwd: Path | None = None) -> None:
    """Run a command whose output nobody wants; fail loudly if it fails."""
    done = subprocess.run([str(one) for one in command], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def table(title: str, medians: Mapping[str, float], ours: str, bars: Sequence[tuple[str, float]] = ()) -> None:
    """Print medians and ratios to ours; `bars` names peers and the ratio that we set out to reach."""
    print(f"\n{title}")
    wanted = dict(bars)
    for name, seconds in medians.items():
        ratio = seconds / medians[ours]
        bar = f"   bar ≥ {wanted[name]:g}: {'met' if ratio >= wanted[name] else 'MISSED'}" if name in wanted else ""
        print(f"  {name:28}{seconds * 1000:10.1f} ms{ratio:8.2f} x{bar}")
