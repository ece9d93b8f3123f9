"""`async-llm-job` on one machine, on bad days: a disk that is full, and a thousand jobs for one worker."""

from __future__ import annotations

import sys

import pytest

from archwright import resolve
from archwright.catalog import load_catalog
from rendered import told, write_starter

pytestmark = [pytest.mark.slow, pytest.mark.early]

FULL = """
import json, resource, sys
from pathlib import Path
import plant, stagecraft
with stagecraft.open_stage(Path(sys.argv[1])) as stage:
    with plant.plant(stage) as started:
        first = started.client.submit("A text.", key="one").status_code
        size = (Path(sys.argv[1]) / "store.db").stat().st_size
        pid = started.pid
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        codes = [started.client.submit("A text. " * 400, key=f"full-{number}").status_code for number in range(12)]
        alive = started.client.http.get("/healthz").status_code
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        again = started.client.submit("A text. " * 400, key="full-11")
        print(json.dumps({"first": first, "codes": codes, "alive": alive, "again": again.status_code,
                          "replayed": again.headers.get("Idempotency-Replayed", "")}))
"""
MANY = """
import sys, json, time
from pathlib import Path
import plant, stagecraft
with stagecraft.open_stage(Path(sys.argv[1])) as stage:
    with plant.plant(stage, "relay", "work", JOB_LIFETIME="14m", WORKER_CONCURRENCY="16") as started:
        ids = [started.client.accepted(f"[[words:2]] Text {number}.") for number in range(1000)]
        deadline = time.monotonic() + 800
        left = set(ids)
        ended = {}
        while left and time.monotonic() < deadline:
            for one in sorted(left)[:50]:
                job = started.client.job(one)
                if job["status"] in plant.ENDED:
                    ended[one] = job["status"]
                    left.discard(one)
            time.sleep(0.2)
        print(json.dumps({"left": len(left), "statuses": sorted(set(ended.values())), "done": len(ended),
                          "asked": len(started.provider.calls("[[words:2]]"))}))
"""


@pytest.fixture(scope="module")
def starter(tmp_path_factory):
    """Write the starter for one machine."""
    folder = tmp_path_factory.mktemp("jobs") / "desk"
    architecture = resolve.resolve(load_catalog(), "async-llm-job", "local", "desk", {})
    write_starter(architecture, folder)
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits another process's files")
def test_a_full_disk_takes_no_job_and_loses_none(starter, tmp_path):
    """While nothing can be written a job is refused with 503, the server lives, and with room the same key is taken."""
    seen = told(starter, FULL, tmp_path, timeout=120)

    assert seen["first"] == 202
    assert seen["codes"][-1] == 503
    assert set(seen["codes"]) <= {202, 503}
    assert (seen["alive"], seen["again"], seen["replayed"]) == (200, 202, "")


def test_a_thousand_jobs_on_one_worker_are_each_done_once(starter, tmp_path):
    """Taken at once and worked on by one process, every one of a thousand jobs is done, and asked for once."""
    seen = told(starter, MANY, tmp_path, timeout=900)

    assert seen == {"left": 0, "statuses": ["succeeded"], "done": 1000, "asked": 1000}
