"""Logs of 100, 1,000 and 10,000 records with 2,000 commits: archwright beside other tools, seconds and megabytes.

`python benchmarks/adr.py` measures archwright alone, at all sizes. `--peers` adds adr-tools, its Python port,
decree and log4brains, installed below build/peers on first use. `--sizes 1000` measures one size.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

sys.path[0] = str(Path(__file__).resolve().parent)
from peers import BUILD as PEERS  # noqa: E402  # the search path comes first
from peers import environment  # noqa: E402  # same

ROOT = Path(__file__).resolve().parent.parent
ARCHWRIGHT = str(Path(sys.executable).with_name("archwright"))
SUPERSEDED = 9  # the last digit of a record that is, by the one after it
COMMITS, RUNS, LONGEST = 2_000, 3, 900
GOALS = {("new", 1_000): 0.3, ("list", 1_000): 0.3, ("lint", 1_000): 1.5, ("lint", 10_000): 12.0}
MEMORY_GOAL, FASTER_GOAL = 200.0, 50.0
PERSON = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Bench"), ("EMAIL", "bench@example.org"))
}
PROSE = (
    "the service keeps each order until its worker has confirmed it and hands it to another one when the lease ends so "
    "that nothing is lost when a machine goes away while the sender never waits for the slowest of its consumers"
)
WORDS = PROSE.split()


class Measure(NamedTuple):
    """One command's median wall seconds, processor seconds and most memory in megabytes."""

    wall: float
    cpu: float
    memory: float
    code: int


def record(number: int, dialect: str) -> str:
    """Return a record of some 450 words; every tenth supersedes the one before."""
    text = " ".join(WORDS[(number * 7 + i * (1 + number % 5)) % len(WORDS)] for i in range(130))
    old = f"\n\nSupersedes [{number - 1}. Decision {number - 1}]({number - 1:04d}-decision-{number - 1}.md)"
    by = f"Superseded by [{number + 1}. Decision {number + 1}]({number + 1:04d}-decision-{number + 1}.md)"
    status = by if number % 10 == SUPERSEDED else "Accepted" + (old if number % 10 == 0 else "")
    body = f"## Context\n\n{text}.\n\n## Decision\n\nWe take option {number}. {text}.\n\n## Consequences\n\n{text}.\n"
    if dialect == "log4brains":
        return f"# Decision {number}\n\n- Status: accepted\n- Date: 2026-01-02\n\n{body}"
    return f"# {number}. Decision {number}\n\nDate: 2026-01-02\n\n## Status\n\n{status}\n\n{body}"


def make_log(folder: Path, size: int) -> None:
    """Write a repository with a log of adr-tools' form, by git's fast import: 2,000 commits, the last ones edits."""
    if folder.exists():
        return
    folder.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=folder, check=True)
    per_commit, stream = max(1, size // (COMMITS // 2)), []
    groups = [range(start, min(start + per_commit, size + 1)) for start in range(1, size + 1, per_commit)]
    for position in range(COMMITS):
        numbers = groups[position] if position < len(groups) else [1 + position % size]
        stream.append(
            f"commit refs/heads/main\ncommitter Bench <bench@example.org> {1767312000 + position * 60} +0000\n"
        )
        stream.append("data 6\nChange\n")
        for number in numbers:
            text = record(number, "nygard")
            text = text if position < len(groups) else text.replace("the service", f"the service {position}", 1)
            stream.append(f"M 100644 inline doc/adr/{number:04d}-decision-{number}.md\ndata {len(text)}\n{text}\n")
    subprocess.run(["git", "fast-import", "--quiet"], cwd=folder, input="".join(stream).encode(), check=True)
    subprocess.run(["git", "checkout", "-q", "main"], cwd=folder, check=True)
    (folder / ".adr-dir").write_text("doc/adr\n")
    (folder / "src").mkdir()
    for number in range(50):
        (folder / "src" / f"module_{number}.py").write_text(f"# ADR-{1 + number % 8:04d}\n" + "x = 1\n" * 200)


def make_log4brains(folder: Path, size: int) -> None:
    """Write the same log in log4brains' form."""
    if folder.exists():
        return
    log = folder / "docs" / "adr"
    log.mkdir(parents=True)
    (folder / ".log4brains.yml").write_text("project:\n  name: bench\n  tz: Etc/UTC\n  adrFolder: ./docs/adr\n")
    for number in range(1, size + 1):
        (log / f"20260102-decision-{number}.md").write_text(record(number, "log4brains"))
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "Log"]):
        subprocess.run(["git", *command], cwd=folder, env={**os.environ, **PERSON}, check=True)


def measure(command: list[str], folder: Path, runs: int = RUNS) -> Measure:
    """Run a command some times; each in a process of its own, whose children's use is asked for."""
    walls, cpus, most, code = [], [], 0.0, 0
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        with subprocess.Popen(
            ["/usr/bin/time", "-f", "%M", "-o", str(folder / ".time"), *command] if shutil.which("time") else command,
            cwd=folder, env={**os.environ, **PERSON, "NO_COLOR": "1", "ADR_DATE": "2026-01-02", "EDITOR": "true",
                 "VISUAL": "true"},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            try:
                code = process.wait(LONGEST)
            except subprocess.TimeoutExpired:
                process.kill()
                return Measure(float(LONGEST), 0.0, 0.0, -1)
            usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        walls.append(time.perf_counter() - start)
        cpus.append(usage.ru_utime + usage.ru_stime - before.ru_utime - before.ru_stime)
        if (folder / ".time").exists():
            most = max(most, int((folder / ".time").read_text().split()[-1]) / 1024)
            (folder / ".time").unlink()
    return Measure(statistics.median(walls), statistics.median(cpus), most, code)


def archwright(folder: Path, size: int) -> dict[str, Measure]:
    """Measure archwright's commands on a log; `new` and `index` leave it as it was."""
    found = {}
    for name, arguments in (
        ("list", ["list"]), ("list --json", ["list", "--json"]), ("lint", ["lint"]), ("index", ["index"]),
        ("index --check", ["index", "--check"]), ("audit", ["audit"]), ("diff", ["diff", "HEAD~100..HEAD"]),
        ("graph", ["graph"]),
        ("new", ["new", "Decision made now", "--no-input"]),
    ):  # fmt: skip
        (folder / "doc" / "adr" / "README.md").unlink(missing_ok=True) if name == "index" else None
        found[name] = tell("archwright", name, size, measure([ARCHWRIGHT, "adr", *arguments], folder))
    for path in (folder / "doc" / "adr").glob("*decision-made-now*.md"):
        path.unlink()
    (folder / "doc" / "adr" / "README.md").unlink(missing_ok=True)
    return found


def install_adr_tools() -> Path:
    """Return adr-tools' program, from its Debian package, told where its parts are."""
    home = PEERS / "adr-tools"
    parts = home / "usr" / "libexec" / "adr-tools"
    if not parts.exists():
        home.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-q", "adr-tools"], cwd=home, check=True, capture_output=True)
        subprocess.run(["dpkg", "-x", next(home.glob("*.deb")), home], check=True)
        for program in [home / "usr/bin/adr", *parts.iterdir()]:
            program.write_text(program.read_text().replace("/usr/libexec/adr-tools", str(parts)))
    return home / "usr/bin/adr"


def install_log4brains() -> Path:
    """Return log4brains' program, from npm."""
    home = PEERS / "log4brains"
    program = home / "node_modules/.bin/log4brains"
    if not program.exists():
        home.mkdir(parents=True, exist_ok=True)
        (home / "package.json").write_text('{"private": true}')
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "log4brains"], cwd=home, check=True)
    return program


def peers(folder: Path, brains: Path, size: int) -> dict[tuple[str, str], Measure]:
    """Measure the tools that are installed below build/peers, once each."""
    python, decree = (
        environment("adr-tools-python", "adr-tools-python"),
        environment("decree", "decree", "click") / "decree",
    )
    original, log4brains = install_adr_tools(), install_log4brains()
    wanted = [
        ("adr-tools", original, "list", ["list"], folder),
        ("adr-tools", original, "new", ["new", "Decision made now"], folder),
        ("adr-tools", original, "generate toc", ["generate", "toc"], folder),
        ("adr-tools-python", python / "adr-list", "list", [], folder),
        ("adr-tools-python", python / "adr-new", "new", ["Decision made now"], folder),
        ("decree", decree, "list", ["list"], folder),
        ("decree", decree, "new", ["new", "Decision made now"], folder),
        ("decree", decree, "generate toc", ["generate", "toc"], folder),
        ("log4brains", log4brains, "list", ["adr", "list"], brains),
        ("log4brains", log4brains, "new", ["adr", "new", "--quiet", "Decision made now"], brains),
    ]
    found = {}
    for tool, program, name, arguments, where in wanted:
        if not program.exists():
            print(f"{tool:18} {name:14} {size:>6}  not installed")
            continue
        found[tool, name] = tell(tool, name, size, measure([str(program), *arguments], where, runs=1))
        for path in [*where.rglob("*decision-made-now*.md")]:
            path.unlink()
    return found


def tell(tool: str, name: str, size: int, measured: Measure) -> Measure:
    """Print one line."""
    note = "" if measured.code in {0, 1} else f"  exit {measured.code}"
    print(
        f"{tool:18} {name:14} {size:>6}  {measured.wall:8.2f} s  {measured.cpu:8.2f} cpu  "
        f"{measured.memory:6.0f} MB{note}",
        flush=True,
    )
    return measured


def judge(found: dict[int, dict[str, Measure]]) -> int:
    """Print what misses its goal; 1 if anything does."""
    missed = [
        f"{name} at {size}: {found[size][name].cpu:.2f} s, goal {goal} s"
        for (name, size), goal in GOALS.items()
        if size in found and found[size][name].cpu > goal
    ]
    largest = max(found)
    missed += [
        f"{name} at {largest}: {measured.memory:.0f} MB, goal {MEMORY_GOAL:.0f} MB"
        for name, measured in found[largest].items()
        if measured.memory > MEMORY_GOAL
    ]
    for small, large in zip(sorted(found), sorted(found)[1:], strict=False):
        for name in ("list", "lint", "index"):
            grown = found[large][name].cpu / max(found[small][name].cpu, 0.01)
            if grown > 1.3 * large / small:
                missed.append(f"{name}: {grown:.1f} times the time for {large // small} times the records")
    print("\n".join(["missed:", *missed]) if missed else "all goals met (processor seconds)")
    return int(bool(missed))


def main() -> int:
    """Make the logs, measure, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1_000, 10_000])
    options = parser.parse_args()
    base, found = ROOT / "build" / "benchmarks-adr", {}
    for size in options.sizes:
        make_log(base / f"nygard-{size}", size)
        found[size] = archwright(base / f"nygard-{size}", size)
        if options.peers and size <= 1_000:  # noqa: PLR2004  # the others would take hours above
            make_log4brains(base / f"brains-{size}", size)
            theirs = peers(base / f"nygard-{size}", base / f"brains-{size}", size)
            toc = theirs.get(("adr-tools", "generate toc"))
            if toc:
                times = toc.cpu / found[size]["index"].cpu
                print(f"index is {times:.1f} times as fast as adr-tools' `generate toc` (goal {FASTER_GOAL:.0f})")
    return judge(found)


if __name__ == "__main__":
    sys.exit(main())
