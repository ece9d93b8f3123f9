"""Measure what a call costs more through the gateway: against the provider itself, and against a LiteLLM proxy.

    python benchmarks/gateway.py [--calls 300] [--rows 1000000] [--litellm PYTHON]

The provider is the emulated one, in a process of its own, and the client is Anthropic's SDK in this process. Calls go
to the provider, to the gateway and to the proxy in turns, each with a prompt of its own, so that no cache answers; what
is told is the difference of the medians, what the processes worked for a call, and their memory. `--litellm` names the
Python of an environment that has `litellm[proxy]`; it is left out where there is none. Then audit rows are written for
a hundred tenants, and one tenant's day is asked for.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import anthropic

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME, PACKAGE = "model-desk", "model_desk"
TARGET_MS = 3.0
TARGET_QUERY_MS = 200.0
KEY = "bench-key"
PROXY_KEY = f"sk-{hashlib.sha256(b'proxy').hexdigest()}"
PATIENCE = 120.0
WARM = 20  # calls before those that count
PLAN = f"""
[tenants.bench]
key_sha256 = "{hashlib.sha256(KEY.encode()).hexdigest()}"
budget_usd = 1_000_000
tokens_per_minute = 1_000_000_000_000
[aliases.fast]
routes = [{{provider = "anthropic", model = "claude-haiku-5-5"}}]
"""
LITELLM = """
model_list:
  - model_name: fast
    litellm_params: {{model: anthropic/claude-haiku-5-5, api_key: any, api_base: "{url}"}}
litellm_settings: {{num_retries: 0, telemetry: false}}
"""

ROWS = f"""
import sys, time
from contextlib import closing
from datetime import date, timedelta
from {PACKAGE}.gateway.ledger import Row, rows
from {PACKAGE}.settings import Settings
from {PACKAGE}.store.adapter import open_store
from {PACKAGE}.store.port import MOST_CHANGES
wanted, tenants, first = int(sys.argv[1]), 100, date(2026, 1, 1)
with closing(open_store(Settings.from_environment())) as store:
    batch, began = [], time.monotonic()
    for number in range(wanted):
        day = first + timedelta(days=number // tenants % 100)
        row = Row(request_id=f"{{number:032x}}", at=f"{{day}}T12:00:00.{{number:09d}}", tenant=f"t{{number % tenants}}",
                  alias="fast", prompt_sha256="0" * 64, decision="answered", provider="anthropic", model="m",
                  input_tokens=100, output_tokens=50, cost_microusd=35, milliseconds=900)
        batch.append(row.as_put())
        if len(batch) == MOST_CHANGES:
            store.write(*batch)
            batch = []
    if batch:
        store.write(*batch)
    filled = time.monotonic() - began
    times = []
    for tenant in range(0, tenants, 10):
        began = time.monotonic()
        found = list(rows(store, f"t{{tenant}}", first.isoformat()))
        times.append(time.monotonic() - began)
    print(filled, len(found), max(times))
"""


def main() -> int:
    """Measure and tell; the exit code is 1 if a target is missed."""
    parser = argparse.ArgumentParser(description="Measure the gateway against the provider, and against LiteLLM.")
    parser.add_argument("--calls", type=int, default=300, help="calls each way (300)")
    parser.add_argument("--rows", type=int, default=1_000_000, help="audit rows (1,000,000; 0: none)")
    parser.add_argument("--litellm", default="", help="the Python of an environment that has litellm[proxy]")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder:
        starter = Path(folder, NAME)
        command = [sys.executable, "-m", "archwright", "new", "llm-gateway", str(starter), "--no-input", "--no-git"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        well = calls(starter, Path(folder), options.calls, options.litellm)
        return 0 if audit(starter, Path(folder), options.rows) and well else 1


def calls(starter: Path, folder: Path, count: int, litellm: str) -> bool:
    """Measure calls each way in turns."""
    with ExitStack() as stack:
        provider, url = stack.enter_context(
            process(starter, folder, ["dev/models.py", "--port", "0"], r"=(http\S+:\d+)$")
        )
        plan = folder / "plan.toml"
        plan.write_text(PLAN)
        own = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "any", "GATEWAY_PLAN": str(plan), "HTTP_PORT": "0"}
        own |= {"STORE_PATH": str(folder / "calls.db"), "LOG_LEVEL": "warning"}
        command = ["-m", PACKAGE, "serve"]
        gateway, door = stack.enter_context(process(starter, folder, command, r"listening on (\S+)", own))
        ways = {"provider": (url, "any", provider), "gateway": (door, KEY, gateway)}
        if litellm:
            proxy, other = stack.enter_context(proxied(folder, litellm, url))
            ways["litellm"] = (other, PROXY_KEY, proxy)
        clients = {
            name: stack.enter_context(anthropic.Anthropic(base_url=where, api_key=key, max_retries=0))
            for name, (where, key, _) in ways.items()
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        worked = {name: -processor(pid) for name, (_, _, pid) in ways.items()}
        for number in range(count + WARM):
            for name, client in clients.items():
                text = f"{name} asks about number {number}"
                began = time.perf_counter()
                model = "claude-haiku-5-5" if name == "provider" else "fast"
                client.messages.create(model=model, max_tokens=50, messages=[{"role": "user", "content": text}])
                if number >= WARM:
                    times[name].append((time.perf_counter() - began) * 1000)
        direct = statistics.median(times["provider"])
        print(f"{'':<10} {'p50 ms':>8} {'p95 ms':>8} {'more ms':>8} {'CPU ms':>8} {'memory MiB':>11}")
        for name, found in times.items():
            p50, p95 = statistics.median(found), statistics.quantiles(found, n=20)[-1]
            cpu = (worked[name] + processor(ways[name][2])) / (count + WARM) * 1000
            print(f"{name:<10} {p50:>8.2f} {p95:>8.2f} {p50 - direct:>8.2f} {cpu:>8.2f} {memory(ways[name][2]):>11.0f}")
        more = {name: statistics.median(found) - direct for name, found in times.items()}
    print(f"A call through the gateway takes {more['gateway']:.2f} ms more; the target is {TARGET_MS} ms.")
    return more["gateway"] < TARGET_MS and more["gateway"] < more.get("litellm", float("inf"))


def audit(starter: Path, folder: Path, count: int) -> bool:
    """Write audit rows, and ask for one tenant's day."""
    if not count:
        return True
    environment = {**os.environ, "PYTHONPATH": str(starter / "src"), "STORE_PATH": str(folder / "audit.db")}
    done = subprocess.run(
        [sys.executable, "-c", ROWS, str(count)], env=environment, capture_output=True, text=True, check=True
    )
    filled, found, slowest = done.stdout.split()
    size = (folder / "audit.db").stat().st_size / 1e6
    print(f"{count:,} audit rows in {float(filled):.0f} s, {size:,.0f} MB.")
    milliseconds = float(slowest) * 1000
    print(f"One tenant's day ({found} rows): {milliseconds:.1f} ms at most; the target is {TARGET_QUERY_MS:.0f} ms.")
    return milliseconds < TARGET_QUERY_MS


@contextmanager
def process(
    starter: Path, folder: Path, command: list[str], sign: str, settings: dict[str, str] | None = None
) -> Iterator[tuple[int, str]]:
    """Run a script or module of the starter; gives its number and the address that it tells."""
    path = os.pathsep.join([str(starter / "src"), str(starter / "dev")])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **(settings or {})}
    told = folder / f"{command[-1].strip('-')}.out"
    with (
        told.open("w") as output,
        subprocess.Popen([sys.executable, *command], cwd=starter, env=environment, stdout=output) as running,
    ):
        try:
            deadline = time.monotonic() + PATIENCE
            while not (match := re.search(sign, told.read_text(), re.MULTILINE)):
                if running.poll() is not None or time.monotonic() > deadline:
                    raise TimeoutError(f"{' '.join(command)} did not start")
                time.sleep(0.05)
            yield running.pid, match[1]
        finally:
            running.terminate()


@contextmanager
def proxied(folder: Path, python: str, url: str) -> Iterator[tuple[int, str]]:
    """Run a LiteLLM proxy before the provider."""
    (folder / "litellm.yaml").write_text(LITELLM.format(url=url))
    import socket  # noqa: PLC0415  # only here

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(Path(python).with_name("litellm")), "--config", str(folder / "litellm.yaml")]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    environment = {
        **os.environ,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOG": "ERROR",
        "LITELLM_MASTER_KEY": PROXY_KEY,
    }
    with (
        (folder / "litellm.log").open("w") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log) as running,
    ):
        try:
            deadline = time.monotonic() + PATIENCE
            while True:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/health/liveliness", timeout=2)
                    break
                except (urllib.error.URLError, OSError):
                    if running.poll() is not None or time.monotonic() > deadline:
                        raise TimeoutError((folder / "litellm.log").read_text()[-800:]) from None
                    time.sleep(0.2)
            yield running.pid, f"http://127.0.0.1:{port}"
        finally:
            running.terminate()


def processor(pid: int) -> float:
    """Return the seconds that a process has worked."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> float:
    """Return the memory of a process in MiB."""
    match = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(match[1]) / 1024 if match else 0.0


if __name__ == "__main__":
    sys.exit(main())
