"""Jobs accepted per second and how long a POST takes while 1,000 jobs wait, with the server's memory, on `local`.

`python benchmarks/jobs.py` generates the starter into a temporary folder and runs its server and relay; no worker runs,
so that every job waits. It takes the packages of the starter from the environment that it is started with.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from archwright import render, resolve, workflows
from archwright.catalog import load_catalog

GOAL_P95, GOAL_MEMORY = 100.0, 300.0  # milliseconds, megabytes
RUN = """
import json, sys
from pathlib import Path
import plant, served, stagecraft
with stagecraft.open_stage(Path(sys.argv[1])) as stage:
    stage.environment |= plant.QUICK
    plant.start(stage, "relay", "relay")
    with served.served(stage.environment, stage.folder) as server:
        print(json.dumps({"url": server.url, "pid": server.pid}), flush=True)
        sys.stdin.read()
"""
DOCUMENT = "A paragraph of a document that somebody wants to have summarised. " * 60


def main() -> int:
    """Measure, print, and return 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waiting", type=int, default=1_000, help="jobs that wait before it is measured (1000)")
    parser.add_argument("--jobs", type=int, default=1_000, help="jobs that are measured (1000)")
    parser.add_argument("--clients", type=int, default=8, help="clients at once (8)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jobs-") as name:
        folder = Path(name)
        write_starter(folder / "desk")
        (folder / "stage").mkdir()
        path = os.pathsep.join([str(folder / "desk/src"), str(folder / "desk/dev")])
        command = [sys.executable, "-c", RUN, str(folder / "stage")]
        with subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": path}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin, "it is a pipe"
            assert process.stdout, "it is a pipe"
            server = json.loads(process.stdout.readline())
            submit(server["url"], arguments.waiting, arguments.clients)
            began = time.monotonic()
            times = sorted(submit(server["url"], arguments.jobs, arguments.clients))
            seconds = time.monotonic() - began
            memory = resident(server["pid"])
            process.stdin.close()
    p95 = times[int(len(times) * 0.95)]
    print(f"jobs accepted per second   {arguments.jobs / seconds:8.0f}   {arguments.clients} clients at once")
    print(f"POST, median               {statistics.median(times):8.1f} ms")
    print(f"POST, p95                  {p95:8.1f} ms   goal {GOAL_P95:.0f}")
    print(f"memory of the server       {memory:8.1f} MB   goal {GOAL_MEMORY:.0f}")
    return 0 if p95 <= GOAL_P95 and memory <= GOAL_MEMORY else 1


def write_starter(folder: Path) -> None:
    """Write the starter for one machine."""
    architecture = resolve.resolve(load_catalog(), "async-llm-job", "local", "desk", {})
    tree = render.render_layers(architecture)
    tree.merge(workflows.export_definitions(architecture))
    for path, file in tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(file.content)


def submit(url: str, jobs: int, clients: int) -> list[float]:
    """Ask for `jobs` jobs, several at a time over connections that stay open, and return the milliseconds of each."""
    import httpx2  # noqa: PLC0415  # only who measures needs it

    times: list[float] = []
    left = iter(range(jobs))
    lock = threading.Lock()

    def work() -> None:
        with httpx2.Client(base_url=url, timeout=60) as client:
            while True:
                with lock:
                    number = next(left, None)
                if number is None:
                    return
                began = time.monotonic()
                key = f"{time.monotonic_ns()}-{number}"
                answer = client.post("/v1/jobs", json={"document": DOCUMENT}, headers={"Idempotency-Key": key})
                times.append(1_000 * (time.monotonic() - began))
                assert answer.status_code == 202, answer.text  # noqa: PLR2004  # HTTP's own number

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def resident(pid: int) -> float:
    """Return the most memory that a process has had, in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


if __name__ == "__main__":
    sys.exit(main())
