"""Measure a starter's worker against the bare SDK loop, on the same emulator in the same run.

    python benchmarks/worker.py [--messages 1500] [--rounds 3] [--platform azure]

The loop is the shortest that loses nothing: receive some, do the work, settle. The worker does the same work and brings
leases that are renewed, retries, dead letters, traces and a shutdown without loss. It is measured twice: with work
that is nothing at all, where only the cost of all that shows, and with work that waits for a millisecond, as work that
reads or writes anything does at the least; there the worker has to reach nine tenths of the loop. Rounds take turns,
and the middle one of each is told. A platform takes part by a loop in `LOOPS` and by the program in `dev/` that
emulates it.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from archwright import load_catalog
from archwright.resolve import platforms_of

BLUEPRINT, QUEUE = "work-queue", "tasks"
TARGET = 0.9

FILL = """
import json, sys
from contextlib import closing
from order_desk.messages import Task
from order_desk.messaging.adapter import open_broker
from order_desk.messaging.sender import Sender
from order_desk.settings import Settings
from order_desk.topology import CHANNELS
with closing(open_broker(Settings.from_environment(), CHANNELS)) as broker:
    sender = Sender(broker)
    for number in range(int(sys.argv[1])):
        sender.send("tasks", Task(task_id=f"4b1c7a52-0d3e-4c55-9a0e-{number:012x}", document="Quarterly report"))
"""

# Both count what they have done, and print the rate from the first message to the last one.
WORKER = """
import sys, threading, time
from contextlib import closing
from order_desk.messages import Task
from order_desk.messaging.adapter import open_broker
from order_desk.settings import Settings
from order_desk.topology import CHANNELS
from order_desk.worker.worker import Worker
wanted, at, stop, lock = int(sys.argv[1]), [], threading.Event(), threading.Lock()
pause = float(sys.argv[3])
def handle(task, context):
    if pause:
        time.sleep(pause)
    with lock:
        at.append(time.perf_counter())
        if len(at) == wanted:
            stop.set()
settings = Settings.from_environment()
with closing(open_broker(settings, CHANNELS)) as broker:
    worker = Worker(broker, CHANNELS["tasks"].queues[0], {Task: handle}, concurrency=settings.worker_concurrency,
                    max_lease_time=settings.worker_max_lease_time, grace=settings.worker_shutdown_grace)
    worker.run(stop, threading.Event())
print((wanted - 1) / (at[-1] - at[0]))
"""

SERVICEBUS = """
import json, os, sys, time
from azure.servicebus import ServiceBusClient
wanted, at, pause = int(sys.argv[1]), [], float(sys.argv[3])
with ServiceBusClient.from_connection_string(os.environ["SERVICEBUS_CONNECTION_STRING"]) as client:
    with client.get_queue_receiver("tasks") as receiver:
        while len(at) < wanted:
            for message in receiver.receive_messages(max_message_count=int(sys.argv[2]), max_wait_time=1):
                json.loads(b"".join(message.body))
                if pause:
                    time.sleep(pause)
                at.append(time.perf_counter())
                receiver.complete_message(message)
print((wanted - 1) / (at[-1] - at[0]))
"""

PUBSUB = """
import json, os, sys, time
from google.cloud import pubsub_v1
wanted, at, pause = int(sys.argv[1]), [], float(sys.argv[3])
with pubsub_v1.SubscriberClient() as subscriber:
    path = subscriber.subscription_path(os.environ["GOOGLE_CLOUD_PROJECT"], "order-desk-tasks")
    while len(at) < wanted:
        found = subscriber.pull(subscription=path, max_messages=int(sys.argv[2])).received_messages
        for one in found:
            json.loads(one.message.data)
            if pause:
                time.sleep(pause)
            at.append(time.perf_counter())
        if found:
            subscriber.acknowledge(subscription=path, ack_ids=[one.ack_id for one in found])
print((wanted - 1) / (at[-1] - at[0]))
"""

SQS = """
import json, sys, time
import boto3
wanted, at, pause = int(sys.argv[1]), [], float(sys.argv[3])
sqs = boto3.client("sqs")
url = sqs.get_queue_url(QueueName="order-desk-tasks")["QueueUrl"]
while len(at) < wanted:
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=int(sys.argv[2]), WaitTimeSeconds=1)
    for message in found.get("Messages", ()):
        json.loads(message["Body"])
        if pause:
            time.sleep(pause)
        at.append(time.perf_counter())
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
print((wanted - 1) / (at[-1] - at[0]))
"""

LOOPS = {"aws": SQS, "azure": SERVICEBUS, "gcp": PUBSUB}
PROGRAMS = ("broker.py", "emulator.py")
WORK = {"nothing": 0.0, "1 ms": 0.001}


class Broker:
    """The starter's own emulator, fresh for each round."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.folder = folder
        self.log = folder / "broker.log"
        with self.log.open("w") as output:
            program = next(path for name in PROGRAMS if (path := folder / "dev" / name).exists())
            command = [sys.executable, str(program), "--port", str(port)]
            self.process = subprocess.Popen(command, cwd=folder, env=environment(folder), stdout=output, stderr=output)
        while not (said := self._said()):
            if self.process.poll() is not None:
                sys.exit(self.log.read_text())
            time.sleep(0.05)
        self.settings = said

    def _said(self) -> dict[str, str]:
        return dict(re.findall(r"^([A-Z][A-Z0-9_]+)='?([^'\n]+)'?$", self.log.read_text(), re.MULTILINE))

    def end(self) -> None:
        """End it, and forget what it has kept."""
        self.process.terminate()  # not killed: one of them has a process of its own to end
        self.process.wait(30)
        shutil.rmtree(self.folder / "var", ignore_errors=True)


def make(platform: str, folder: Path) -> None:
    """Generate the starter."""
    command = [str(Path(sys.executable).with_name("archwright")), "new", BLUEPRINT, str(folder), "--platform", platform]
    subprocess.run([*command, "--no-input", "--no-git"], check=True, stdout=subprocess.DEVNULL)


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return the variables with which the starter's modules are found."""
    path = os.pathsep.join([str(folder / "src"), str(folder / "dev")])
    return {**os.environ, "PYTHONPATH": path, "LOG_LEVEL": "warning", **more}


def run(script: str, folder: Path, settings: dict[str, str], *arguments: object) -> str:
    """Run a script in the starter and return what it prints."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=folder, env=environment(folder, **settings), capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    return done.stdout


def measure(folder: Path, script: str, messages: int, concurrency: int, pause: float) -> float:
    """Return how many messages a second `script` takes from a queue that was full when it began."""
    broker = Broker(folder)
    try:
        run(FILL, folder, broker.settings, messages)
        settings = {**broker.settings, "WORKER_CONCURRENCY": str(concurrency)}
        return float(run(script, folder, settings, messages, concurrency, pause))
    finally:
        broker.end()


def main() -> int:
    """Measure every platform, and return 1 if a worker is slower than it should be."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--concurrency", type=int, default=4)
    parser.add_argument("--platform", choices=sorted(LOOPS), help="only this one")
    arguments = parser.parse_args()
    catalog = load_catalog()
    slow = []
    print(
        f"{'':<10}{'work':<10}{'bare loop':>12}{'worker':>12}{'ratio':>8}   (messages a second, middle of the rounds)"
    )
    for platform in [arguments.platform] if arguments.platform else platforms_of(catalog, BLUEPRINT):
        if platform not in LOOPS:
            continue
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "order-desk"
            make(platform, folder)
            for work, pause in WORK.items():
                asked = (arguments.messages, arguments.concurrency, pause)
                scripts = (LOOPS[platform], WORKER)
                rounds = [[measure(folder, script, *asked) for script in scripts] for _ in range(arguments.rounds)]
                bare, worker = (statistics.median(column) for column in zip(*rounds, strict=True))
                ratio = worker / bare
                print(f"{platform:<10}{work:<10}{bare:>10,.0f}/s{worker:>10,.0f}/s{ratio:>8.2f}", flush=True)
                slow += [platform] if pause and ratio < TARGET else []
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
