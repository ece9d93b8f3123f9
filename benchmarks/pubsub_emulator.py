"""How fast the Pub/Sub emulator is, with the official client; beside Google's own emulator where one is at hand.

    python benchmarks/pubsub_emulator.py [--quick]

Prints one table. Google's emulator runs on the same battery in the same run if PUBSUB_EMULATOR_HOST_REFERENCE names a
running one or PUBSUB_EMULATOR_JAR its Java archive. Reads /proc, so it runs on Linux.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from concurrent import futures
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from google.cloud import pubsub_v1
from google.cloud.pubsub_v1.types import BatchSettings, FlowControl
from google.pubsub_v1 import types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BODY = b"x" * 200
PROJECT = "projects/bench"
SERVER = """
import sys
from archwright.emulators.pubsub import PubSubEmulator
with PubSubEmulator(journal=sys.argv[1] or None) as emulator:
    print(emulator.endpoint, flush=True)
    sys.stdin.read()
"""
PublishRequest, StreamingPullRequest = types.PublishRequest.pb(), types.StreamingPullRequest.pb()
StreamingPullResponse = types.StreamingPullResponse.pb()


class Server:
    """One emulator under test; `pid` is 0 where it is not our child."""

    def __init__(self, name: str, endpoint: str, pid: int, started_in: float) -> None:
        self.name, self.endpoint, self.pid, self.started_in = name, endpoint, pid, started_in

    @property
    def memory(self) -> float:
        """Resident memory in MB."""
        if not self.pid:
            return float("nan")
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    @property
    def cpu(self) -> float:
        """Seconds of processor time used so far."""
        if not self.pid:
            return float("nan")
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def ours(journal: str = "") -> Iterator[Server]:
    """Run our emulator in a process of its own."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, journal], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    endpoint = process.stdout.readline().strip()
    try:
        yield Server("archwright", endpoint, process.pid, time.perf_counter() - start)
    finally:
        process.communicate()


@contextlib.contextmanager
def reference() -> Iterator[Server | None]:
    """Use or run Google's emulator; None where there is none."""
    running, archive = os.environ.get("PUBSUB_EMULATOR_HOST_REFERENCE"), os.environ.get("PUBSUB_EMULATOR_JAR")
    if running:
        yield Server("Google's", running, 0, float("nan"))
        return
    if not archive or not shutil.which("java"):
        yield None
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start = time.perf_counter()
    process = subprocess.Popen(["java", "-jar", archive, "--host=127.0.0.1", f"--port={port}"])
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            time.sleep(0.05)
        yield Server("Google's", f"127.0.0.1:{port}", process.pid, time.perf_counter() - start)
    finally:
        process.terminate()
        process.wait()


class Battery:
    """The measurements against one server."""

    def __init__(self, server: Server, scale: int) -> None:
        self.server, self.scale = server, scale
        os.environ["PUBSUB_EMULATOR_HOST"] = server.endpoint
        self.publisher = pubsub_v1.PublisherClient(batch_settings=BatchSettings(max_messages=500, max_latency=0.02))
        self.subscriber = pubsub_v1.SubscriberClient()
        self.rows: list[tuple[str, str]] = []

    def run(self) -> None:
        """Measure everything, one row after the other."""
        self.rows.append(("start-up", f"{self.server.started_in:.2f} s"))
        self.rows.append(("memory, empty", f"{self.server.memory:.0f} MB"))
        self._publish_one_by_one(2_000 // self.scale)
        self._publish_batched(50_000 // self.scale)
        self._pull(20_000 // self.scale)
        self._stream(50_000 // self.scale)
        self._latency(300 // self.scale)
        for consumers in (1, 8, 64):
            self._many(consumers, 100_000 // self.scale)
        self._flat([1_000, 10_000, 100_000, 1_000_000] if self.scale == 1 else [1_000, 10_000])
        self.rows.append(("memory, at the end", f"{self.server.memory:.0f} MB"))

    def run_with_journal(self) -> None:
        """Measure what a journal costs."""
        self._publish_batched(50_000 // self.scale)
        self._many(8, 100_000 // self.scale)

    def _entities(self) -> tuple[str, str]:
        name = uuid.uuid4().hex[:12]
        topic, subscription = f"{PROJECT}/topics/t{name}", f"{PROJECT}/subscriptions/s{name}"
        self.publisher.create_topic(name=topic)
        self.subscriber.create_subscription(name=subscription, topic=topic, ack_deadline_seconds=600)
        return topic, subscription

    def _rate(self, what: str, count: int, work: Callable[[], None]) -> None:
        cpu, start = self.server.cpu, time.perf_counter()
        work()
        seconds = time.perf_counter() - start
        per_message = (self.server.cpu - cpu) / count * 1e6
        self.rows.append((what, f"{count / seconds:,.0f} /s   ({per_message:.0f} µs of the emulator's CPU each)"))

    def _publish_one_by_one(self, count: int) -> None:
        topic, _ = self._entities()
        publisher = pubsub_v1.PublisherClient(batch_settings=BatchSettings(max_messages=1))

        def work() -> None:
            for _ in range(count):
                publisher.publish(topic, BODY).result()

        self._rate("publish, one by one", count, work)

    def _publish_batched(self, count: int) -> None:
        topic, _ = self._entities()
        self._rate("publish, batched by the client", count, lambda: self._fill(topic, count))

    def _fill(self, topic: str, count: int) -> None:
        futures.wait([self.publisher.publish(topic, BODY) for _ in range(count)])

    def _pull(self, count: int) -> None:
        topic, subscription = self._entities()
        self._fill(topic, count)

        def work() -> None:
            done = 0
            while done < count:
                response = self.subscriber.pull(subscription=subscription, max_messages=500)
                ack_ids = [entry.ack_id for entry in response.received_messages]
                self.subscriber.acknowledge(subscription=subscription, ack_ids=ack_ids)
                done += len(ack_ids)

        self._rate("pull by 500 and acknowledge", count, work)

    def _stream(self, count: int) -> None:
        topic, subscription = self._entities()
        self._fill(topic, count)
        done, lock, left = threading.Event(), threading.Lock(), [count]

        def take(message: Any) -> None:
            message.ack()
            with lock:
                left[0] -= 1
                if not left[0]:
                    done.set()

        def work() -> None:
            stream = self.subscriber.subscribe(subscription, take, flow_control=FlowControl(max_messages=2000))
            done.wait(300)
            stream.cancel()
            stream.result(10)

        self._rate("streaming pull and acknowledge", count, work)

    def _latency(self, count: int) -> None:
        topic, subscription = self._entities()
        publisher = pubsub_v1.PublisherClient(batch_settings=BatchSettings(max_messages=1))
        arrived, delays = threading.Event(), []

        def take(message: Any) -> None:
            delays.append(time.perf_counter() - float(message.data))
            message.ack()
            arrived.set()

        stream = self.subscriber.subscribe(subscription, take)
        time.sleep(1)
        for _ in range(count):
            arrived.clear()
            publisher.publish(topic, repr(time.perf_counter()).encode())
            arrived.wait(10)
        stream.cancel()
        stream.result(10)
        centiles = statistics.quantiles(delays, n=20)
        self.rows.append(("publish → callback", f"p50 {centiles[9] * 1e3:.1f} ms, p95 {centiles[18] * 1e3:.1f} ms"))

    def _many(self, consumers: int, count: int) -> None:
        """Streams without the client library's threads, which would be all that is measured."""
        topic, subscription = self._entities()
        asyncio.run(self._fill_plainly(topic, count))
        label = f"{consumers} plain stream{'s' if consumers > 1 else ''}, delivered and acknowledged"
        self._rate(label, count, lambda: asyncio.run(self._drain(subscription, consumers, count)))

    async def _fill_plainly(self, topic: str, count: int) -> None:
        async with grpc.aio.insecure_channel(self.server.endpoint) as channel:
            publish = channel.unary_unary("/google.pubsub.v1.Publisher/Publish")
            batch = min(1000, count)
            request = PublishRequest(topic=topic, messages=[{"data": BODY}] * batch).SerializeToString()
            for _ in range(count // batch):
                await publish(request)

    async def _drain(self, subscription: str, consumers: int, count: int) -> None:
        done, left = asyncio.Event(), [count]

        async def consume() -> None:
            async with grpc.aio.insecure_channel(self.server.endpoint) as channel:
                stream = channel.stream_stream(
                    "/google.pubsub.v1.Subscriber/StreamingPull",
                    request_serializer=StreamingPullRequest.SerializeToString,
                    response_deserializer=StreamingPullResponse.FromString,
                )()
                first = StreamingPullRequest(subscription=subscription, stream_ack_deadline_seconds=600)
                first.max_outstanding_messages = 1000
                await stream.write(first)
                async for response in stream:
                    if response.received_messages:
                        ids = [entry.ack_id for entry in response.received_messages]
                        await stream.write(StreamingPullRequest(ack_ids=ids))
                        left[0] -= len(ids)
                        if left[0] <= 0:
                            done.set()

        tasks = [asyncio.create_task(consume()) for _ in range(consumers)]
        await done.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _flat(self, backlogs: list[int]) -> None:
        """The cost of a message over more and more waiting ones."""
        sample = 20_000 // self.scale
        topic, subscription = self._entities()
        waiting = 0
        for backlog in backlogs:
            asyncio.run(self._fill_plainly(topic, backlog - waiting))
            cpu = self.server.cpu
            asyncio.run(self._fill_plainly(topic, sample))
            asyncio.run(self._drain(subscription, 1, sample))
            waiting = backlog
            cost = (self.server.cpu - cpu) / sample * 1e6
            memory = f"{self.server.memory:.0f} MB"
            self.rows.append((f"publish and deliver over {backlog:,} waiting", f"{cost:.0f} µs of CPU each, {memory}"))


def report(title: str, battery: Battery) -> None:
    """Print what a battery measured."""
    print(f"\n{title}")
    for what, value in battery.rows:
        print(f"  {what:<48} {value}")


def main() -> None:
    """Run the battery and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the messages, a backlog of 10,000 at most")
    scale = 10 if parser.parse_args().quick else 1
    with ours() as own, reference() as other:
        for server in filter(None, (own, other)):
            battery = Battery(server, scale)
            battery.run()
            report(f"{server.name} on {os.cpu_count()} cores, messages of {len(BODY)} bytes", battery)
        with tempfile.TemporaryDirectory() as folder, ours(str(Path(folder) / "journal")) as kept:
            battery = Battery(kept, scale)
            battery.run_with_journal()
            report("archwright with a journal", battery)
        if other is None:
            print("\nNOT COMPARED with Google's emulator: set PUBSUB_EMULATOR_HOST_REFERENCE or PUBSUB_EMULATOR_JAR")


if __name__ == "__main__":
    main()
