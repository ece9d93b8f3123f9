"""Measure the Service Bus emulator with the official SDK, and its broker without any transport.

    python benchmarks/servicebus_emulator.py [--messages 3000] [--largest 1000000]

The SDK is the larger part of what is measured in the first table; the last one shows the broker alone, whose cost per
message must not depend on how many messages wait.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure.servicebus import ServiceBusClient, ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient as AsyncClient

from archwright.emulators.servicebus import ServiceBusEmulator
from archwright.emulators.servicebus.config import load_broker
from archwright.emulators.servicebus.emulator import connection_string
from archwright.emulators.servicebus.message import DATA, PROPERTIES, Message, section

if TYPE_CHECKING:
    from collections.abc import Callable

    from archwright.emulators.servicebus.message import Entry
    from archwright.emulators.servicebus.queue import Queue
    from archwright.emulators.servicebus.sessions import Session

CONFIG = {
    "UserConfig": {
        "Namespaces": [
            {
                "Name": "bench",
                "Queues": [
                    {"Name": "q", "Properties": {"LockDuration": "PT5M", "DefaultMessageTimeToLive": "P14D"}},
                    {"Name": "sess", "Properties": {"LockDuration": "PT5M", "RequiresSession": True}},
                ],
            }
        ]
    }
}
BODY = b"x" * 200
BATCH = 100


class Table:
    """Rows that are printed as they are measured."""

    def __init__(self, title: str) -> None:
        print(f"\n{title}\n")

    def row(self, what: str, *values: str) -> None:
        """Print one row."""
        print(f"  {what:<52}{'  '.join(f'{value:>14}' for value in values)}", flush=True)


def rate(count: int, start: float) -> str:
    """Return how many a second since `start`."""
    return f"{count / (time.perf_counter() - start):,.0f}/s"


def percentiles(seconds: list[float]) -> str:
    """Return p50 and p95."""
    cuts = statistics.quantiles(seconds, n=20)
    return f"{cuts[9] * 1000:.1f}/{cuts[18] * 1000:.1f} ms"


class Process:
    """The emulator as its users run it."""

    def __init__(self, *arguments: str) -> None:
        self.folder = tempfile.TemporaryDirectory()
        config = Path(self.folder.name) / "Config.json"
        config.write_text(json.dumps(CONFIG))
        start = time.perf_counter()
        command = [sys.executable, "-c", "from archwright.cli import main; main()", "emulator", "servicebus"]
        self.process = subprocess.Popen(
            [*command, "--port", "0", "--config", str(config), *arguments], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        match = re.search(r"127\.0\.0\.1:(\d+)", self.process.stdout.readline())
        assert match is not None
        self.started = time.perf_counter() - start
        self.connection = connection_string(int(match[1]))

    def megabytes(self) -> str:
        """Return the memory that it uses."""
        status = Path(f"/proc/{self.process.pid}/status")
        match = re.search(r"VmRSS:\s+(\d+)", status.read_text()) if status.exists() else None
        return f"{int(match[1]) / 1024:.0f} MB" if match else "unknown"

    def stop(self) -> None:
        """Stop it as Ctrl-C would."""
        self.process.terminate()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.folder.cleanup()


def measure_one_client(table: Table, connection: str, messages: int) -> None:
    """Measure one synchronous client."""
    with ServiceBusClient.from_connection_string(connection) as client:
        with client.get_queue_sender("q") as sender:
            sender.send_messages(ServiceBusMessage("warm"))
            start = time.perf_counter()
            for _ in range(messages // 3):
                sender.send_messages(ServiceBusMessage(BODY))
            table.row("send one by one", rate(messages // 3, start))
            start = time.perf_counter()
            for _ in range(messages // BATCH):
                sender.send_messages([ServiceBusMessage(BODY) for _ in range(BATCH)])
            table.row(f"send in batches of {BATCH}", rate(messages // BATCH * BATCH, start))
        with client.get_queue_receiver("q", prefetch_count=200, max_wait_time=1) as receiver:
            done, start, last = 0, time.perf_counter(), 0.0
            for message in receiver:
                receiver.complete_message(message)
                done, last = done + 1, time.perf_counter()
            table.row("receive and complete", f"{done / (last - start):,.0f}/s")
        with client.get_queue_sender("q") as sender, client.get_queue_receiver("q") as receiver:
            taken = []
            for _ in range(300):
                start = time.perf_counter()
                sender.send_messages(ServiceBusMessage(BODY))
                (message,) = receiver.receive_messages(1, max_wait_time=5)
                taken.append(time.perf_counter() - start)
                receiver.complete_message(message)
            table.row("from send to receive, p50/p95", percentiles(taken[10:]))


async def measure_consumers(table: Table, connection: str, messages: int, consumers: int) -> None:
    """Measure several asynchronous consumers of one queue, all in one process."""
    taken = 0
    finished = asyncio.Event()
    latencies: list[float] = []

    async def consume(client: AsyncClient) -> None:
        nonlocal taken
        async with client.get_queue_receiver("q", prefetch_count=20) as receiver:
            while not finished.is_set():
                for message in await receiver.receive_messages(20, max_wait_time=1):
                    await receiver.complete_message(message)
                    taken += 1
                    latencies.append(time.time() - float(str(message)))
                if taken >= messages:
                    finished.set()

    async with AsyncClient.from_connection_string(connection) as client:
        tasks = [asyncio.create_task(consume(client)) for _ in range(consumers)]
        await asyncio.sleep(2)  # all of them are attached
        start = time.perf_counter()
        async with client.get_queue_sender("q") as sender:
            for _ in range(messages // BATCH):
                await sender.send_messages([ServiceBusMessage(str(time.time())) for _ in range(BATCH)])
        await finished.wait()
        table.row(f"send and complete, {consumers} consumers", rate(taken, start), percentiles(latencies))
        await asyncio.gather(*tasks)


class Consumer:
    """A receiver without a transport."""

    receive_and_delete = False
    session: Session | None = None

    def __init__(self) -> None:
        self.credit = 1
        self.token = b""

    def deliver(self, _entry: Entry, token: bytes) -> None:
        """Keep the lock of the one message taken."""
        self.credit -= 1
        self.token = token

    def granted(self, session: Session) -> None:
        """Nothing is told: the broker sets `session`."""

    def refuse(self, error: Exception) -> None:
        """Nothing here should be refused."""
        raise error


def encoded(session: str | None) -> bytes:
    """Return a message as a sender encodes it."""
    properties = [None] * 10 + [session] if session else []
    return section(PROPERTIES, properties) + section(DATA, BODY)


def microseconds(count: int, action: Callable[[], None]) -> str:
    """Return the processor time that one of `count` costs, whatever else the machine does."""
    start = time.process_time()
    action()
    return f"{(time.process_time() - start) / count * 1e6:.1f} µs"


def measure_broker(table: Table, name: str, depth: int) -> None:
    """Fill a queue to `depth`, then empty it: what one message costs at that depth."""
    broker = load_broker(CONFIG)
    queue: Queue = broker.find(name)
    raw = [encoded(f"s{n}" if name == "sess" else None) for n in range(16)]
    consumer: Any = Consumer()

    def fill() -> None:
        for n in range(depth):
            broker.send(queue, [Message.parse(raw[n % 16])])

    def empty() -> None:
        for _ in range(depth):
            while not consumer.token:
                take()
            queue.complete(consumer.token)
            consumer.token = b""
            consumer.credit = 1
            if queue.entries:
                take()

    def take() -> None:
        if name == "sess" and (consumer.session is None or not consumer.session.entries):
            queue.line.leave(consumer)
            queue.line.accept(consumer, None, 1.0)  # type: ignore[union-attr]  # this queue has sessions
        queue.line.feed(consumer)
        broker.settle()

    kind = "sessions" if name == "sess" else "competing"
    table.row(f"{kind}, {depth:,} waiting", microseconds(depth, fill), microseconds(depth, empty))


def measure_depth(table: Table, depth: int, messages: int) -> None:
    """Measure receive and complete over AMQP with `depth` messages waiting."""
    with ServiceBusEmulator(CONFIG) as emulator:
        broker = emulator._server.broker  # noqa: SLF001  # filled without a client: a million sends would take minutes
        raw = encoded(None)
        queue = broker.find("q")
        for _ in range(depth):
            broker.send(queue, [Message.parse(raw)])
        with (
            ServiceBusClient.from_connection_string(emulator.connection_string) as client,
            client.get_queue_receiver("q", prefetch_count=200) as receiver,
        ):
            done, start = 0, time.perf_counter()
            while done < messages:
                for message in receiver.receive_messages(100, max_wait_time=5):
                    receiver.complete_message(message)
                    done += 1
            table.row(f"receive and complete over AMQP, {depth:,} waiting", rate(done, start))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--largest", type=int, default=1_000_000)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, {len(BODY)}-byte bodies, load {load:.1f}")

    table = Table("The command, one synchronous client")
    starts = []
    for _ in range(5):
        process = Process()
        starts.append(process.started)
        process.stop()
    table.row("start-up, from command to open port (median of 5)", f"{statistics.median(starts):.2f} s")
    process = Process()
    table.row("memory, fresh", process.megabytes())
    measure_one_client(table, process.connection, options.messages)
    table.row(f"memory, after {options.messages * 4 // 3:,} messages", process.megabytes())
    for consumers in (1, 8, 64):
        asyncio.run(measure_consumers(table, process.connection, options.messages, consumers))
    process.stop()

    with tempfile.TemporaryDirectory() as folder:
        for title, extra in (("with a journal", []), ("with a journal and --fsync", ["--fsync"])):
            process = Process("--journal", str(Path(folder) / f"{len(extra)}.journal"), *extra)
            measure_one_client(
                Table(f"The command {title}, one synchronous client"), process.connection, options.messages
            )
            process.stop()

    table = Table("The broker without transport: processor time of one message (send; receive and complete)")
    depths = [depth for depth in (1_000, 10_000, 100_000, 1_000_000) if depth <= options.largest]
    for name in ("q", "sess"):
        for depth in depths:
            measure_broker(table, name, depth)
    for depth in (depths[0], depths[-1]):
        measure_depth(table, depth, min(options.messages, depth))
    table.row("memory of this process at most", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
