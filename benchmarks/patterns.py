"""How fast the messaging patterns are on one machine, and what each guarantee costs.

    python benchmarks/patterns.py [--messages 150] [--seconds 110] [--folder /dev/shm]

Everything runs on `local`, in the starters' own code: a broker and a store in one SQLite file each, whose commits are
on the disk before they are answered. A worker is a process with one hand. Two things are told:

* messages a second from a full queue, and the time from the send to the end of the work at a steady rate that all of
  them bear, with 1, 4 and 16 workers; with one key, order leaves work for one of them only;
* the price of a guarantee, as the ratio to the same work without it, in the same starter and in the same run.

What is compared runs at the same moment until the quicker one has done, so that a machine that is busy with something
else slows both; the middle one of as many rounds as there is time for is told. A ratio of 0.80 means that four messages
are done where five were without the guarantee.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WORKERS = (1, 4, 16)
RATE = 20.0  # messages a second, for the time from end to end
PACED = 30  # messages at that rate
MOST_ROUNDS = 5
SHARE = 0.7  # of the time is for the first table

# Fills a queue, or waits until it is empty and feeds it at a rate: `send(number)` sends one message.
SEND = """
import sys, time
from contextlib import closing
from desk.messaging.adapter import open_broker
from desk.messaging.contract import encode
from desk.messaging.sender import Sender
from desk.settings import Settings
from desk.topology import CHANNELS
from dataclasses import replace
from datetime import UTC, datetime
first, count, rate, keys = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
settings = Settings.from_environment()
with closing(open_broker(settings, CHANNELS)) as broker:
    sender = Sender(broker)
{send}
    while rate and broker._database.read("SELECT count(*) FROM messages")[0][0]:
        time.sleep(0.05)
    due = time.monotonic()
    for number in range(first, first + count):
        due += 1 / rate if rate else 0
        time.sleep(max(due - time.monotonic(), 0))
        send(number)
"""

# Works from the first line that it reads; after a second one, until nothing has come for a moment. Prints when each
# message was sent and when it was done.
WORK = """
import json, sys, threading, time
from contextlib import closing
from desk.handlers import *
from desk.messages import *
from desk.messaging.adapter import open_broker
from desk.settings import Settings
from desk.store.adapter import open_store
from desk.store.port import Conflict
from desk.topology import CHANNELS, QUEUES
from desk.worker.worker import Worker
settings = Settings.from_environment()
done, stop = [], threading.Event()
with closing(open_broker(settings, CHANNELS)) as broker, closing(open_store(settings)) as store:
{work}
    def handle(message, context):
        work(message, context)
        done.append((context.sent_at.timestamp(), time.time()))
    queue = QUEUES[next(iter(QUEUES))]
    worker = Worker(broker, queue, {{kind: handle for kind in KINDS}}, concurrency=1,
                    max_lease_time=settings.worker_max_lease_time, grace=settings.worker_shutdown_grace)
    print("ready", flush=True)
    sys.stdin.readline()
    thread = threading.Thread(target=worker.run, args=(stop, threading.Event()))
    thread.start()
    sys.stdin.readline()
    seen, since = -1, time.monotonic()
    while time.monotonic() - since < 0.5:
        time.sleep(0.05)
        if len(done) != seen:
            seen, since = len(done), time.monotonic()
    stop.set()
    thread.join()
print(json.dumps(done))
"""

# Each is the body of `send` or `work`, indented as its frame is.
SEND_DEPOSIT = """
    from desk.messages import Deposit
    def send(number):
        now = datetime.now(UTC).isoformat()
        identity = f"4b1c7a52-0d3e-4c55-9a0e-{number:012x}"
        sender.send("deposits", Deposit(deposit_id=identity, account=f"a{number % keys}", cents=1, requested_at=now))
"""
SEND_MOVEMENT = """
    from desk.messages import Movement
    def send(number):
        movement = Movement(account=f"a{number % keys}", sequence=number // keys + 1, cents=1)
        broker.send("movements", encode(movement))
"""
SEND_WITHOUT_KEY = SEND_MOVEMENT.replace("encode(movement)", 'replace(encode(movement), key="")')
CREDIT = """
    KINDS = [Deposit]
    def work(deposit, context):
        while True:
            try:
                return store.write(credited(store, deposit))
            except Conflict:
                continue
"""
CREDIT_ONCE = """
    from datetime import datetime
    from desk.inbox import Inbox
    KINDS = [Deposit]
    inbox = Inbox(store, "deposits", settings.inbox_window)
    def work(deposit, context):
        asked = datetime.fromisoformat(deposit.requested_at)
        inbox.once(deposit.deposit_id, deposit, asked, lambda: [credited(store, deposit)])
"""
BOOK = """
    KINDS = [Movement]
    def work(movement, context):
        while True:
            try:
                return store.write(*booked(store, movement))
            except Conflict:
                continue
"""
BOOK_IN_TURN = """
    KINDS = [Movement]
    convoy = convoy_of("movements", store, broker, settings)
    def work(movement, context):
        convoy.take(movement.account, movement.sequence, movement, context.message_id, lambda: booked(store, movement))
"""

# Writes orders and tells of them; prints when each was written, and when each event was in the queue.
OUTBOX = """
import sys, threading, time, json
from contextlib import closing
from desk.messages import OrderPlaced
from desk.messaging.adapter import open_broker
from desk.messaging.sender import Sender
from desk.orders import CHANNEL, ORDER
from desk.outbox.recording import Event, recorded
from desk.outbox.relay import Relay
from desk.settings import Settings
from desk.store.adapter import open_store
from desk.store.port import Expect, Put
from desk.topology import CHANNELS
count, outbox = int(sys.argv[1]), sys.argv[2] == "outbox"
settings, written = Settings.from_environment(), []
with closing(open_broker(settings, CHANNELS)) as broker, closing(open_store(settings)) as store:
    sender, relay = Sender(broker), Relay(store, broker, settings)
    thread = threading.Thread(target=relay.run)
    if outbox:
        thread.start()
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(count):
        identity = f"4b1c7a52-0d3e-4c55-9a0e-{number:012x}"
        event = OrderPlaced(order_id=identity, version=1, customer="c", total_cents=1)
        state = Put(kind=ORDER, key=identity, data={"total_cents": 1}, expect=Expect.ABSENT)
        if outbox:
            store.write(*recorded(state, Event(channel=CHANNEL, contract=event)))
        else:
            store.write(state)
            sender.send(CHANNEL, event)
        written.append(time.time())
    queue = CHANNELS[CHANNEL].queues[0].name
    while len(arrived := broker._database.read("SELECT sent_at FROM messages WHERE queue = ?", (queue,))) < count:
        time.sleep(0.05)
    relay.stop()
    if outbox:
        thread.join()
print(json.dumps([written, [at for at, in arrived]]))
"""


@dataclass(frozen=True)
class Case:
    """What is measured: a starter, what is sent, and what is done with it."""

    starter: str
    send: str
    work: str
    keys: int = 100

    def team(self, environment: dict[str, str], workers: int) -> list[subprocess.Popen[str]]:
        """Start workers that wait to be let go."""
        command = [sys.executable, "-c", WORK.format(work=self.work)]
        return [start(command, environment) for _ in range(workers)]


PLAIN = Case("idempotent-consumer", SEND_DEPOSIT, CREDIT)
INBOX = Case("idempotent-consumer", SEND_DEPOSIT, CREDIT_ONCE)
UNORDERED = Case("ordered-processing", SEND_WITHOUT_KEY, BOOK)
QUEUED_IN_ORDER = Case("ordered-processing", SEND_MOVEMENT, BOOK)
IN_TURN = Case("ordered-processing", SEND_MOVEMENT, BOOK_IN_TURN)
ONE_KEY = Case("ordered-processing", SEND_MOVEMENT, BOOK_IN_TURN, keys=1)

SPEEDS = {"no guarantee": PLAIN, "inbox": INBOX, "order, 100 keys": IN_TURN, "order, one key": ONE_KEY}
PRICES = {
    "inbox": (PLAIN, INBOX),
    "order in the queue": (UNORDERED, QUEUED_IN_ORDER),
    "order in queue and worker": (UNORDERED, IN_TURN),
}


class Bench:
    """Starters to measure, and a fresh folder for each measurement."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fresh = itertools.count()

    def starter(self, blueprint: str) -> Path:
        """Return the starter of a blueprint, generated when it is first asked for."""
        target = self._folder / blueprint / "desk"  # its package is named after it
        if not target.exists():
            command = [str(Path(sys.executable).with_name("archwright")), "new", blueprint, str(target)]
            command += ["--platform", "local", "--no-input", "--no-git"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return target

    def environment(self, blueprint: str) -> dict[str, str]:
        """Return variables that lead to the starter's modules, and to a broker and a store that are empty."""
        place = self._folder / f"run-{next(self._fresh)}"
        place.mkdir()
        paths = {"BROKER_PATH": str(place / "broker.db"), "STORE_PATH": str(place / "store.db")}
        return {**os.environ, "PYTHONPATH": str(self.starter(blueprint) / "src"), "LOG_LEVEL": "warning", **paths}

    def rate_and_delay(self, case: Case, workers: int, messages: int) -> tuple[float, float]:
        """Return messages a second from a full queue, and the 95th percentile of milliseconds at a steady rate."""
        environment = self._filled(case, messages)
        filled = time.time()
        command = [sys.executable, "-c", SEND.format(send=case.send), *map(str, (messages, PACED, RATE, case.keys))]
        sender = subprocess.Popen(command, env=environment)
        [times] = gather([case.team(environment, workers)], until=sender)
        delays = [(end - sent) * 1_000 for sent, end in times if sent > filled]
        assert len(delays) == PACED, f"{len(delays)} of {PACED} were done"
        ends = sorted(end for sent, end in times if sent <= filled)
        assert len(ends) == messages, f"{len(ends)} of {messages} were done"
        return (messages - 1) / (ends[-1] - ends[0]), statistics.quantiles(delays, n=20)[-1]

    def pair(self, without: Case, with_: Case, messages: int) -> tuple[float, float]:
        """Return messages a second of two cases that drain full queues at the same moment, with four workers each."""
        teams = [case.team(self._filled(case, messages), 4) for case in (without, with_)]
        return side_by_side([[end for _, end in times] for times in gather(teams)])

    def outbox(self, messages: int) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return orders written a second and events arrived a second, each without and with an outbox."""
        commands = {way: [sys.executable, "-c", OUTBOX, str(messages), way] for way in ("direct", "outbox")}
        environments = {way: self.environment("transactional-outbox") for way in commands}
        found = gather([[start(command, environments[way])] for way, command in commands.items()])
        return side_by_side([one[0] for one in found]), side_by_side([one[1] for one in found])

    def _filled(self, case: Case, messages: int) -> dict[str, str]:
        environment = self.environment(case.starter)
        run(SEND.format(send=case.send), environment, 0, messages, 0, case.keys)
        return environment


def start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
    """Start a process that says when it is ready, and waits for a line then."""
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def gather(
    teams: list[list[subprocess.Popen[str]]], *, until: subprocess.Popen[bytes] | None = None
) -> list[list[Any]]:
    """Let all processes of all teams go at the same moment, and return what each team has printed, put together.

    They are told to come to an end when `until` has ended, or at once: they finish what there is in any case.
    """
    everybody = list(itertools.chain(*teams))
    for one in everybody:
        assert one.stdout
        if one.stdout.readline() != "ready\n":
            sys.exit("a process did not start")
    tell(everybody, "go")
    if until and until.wait(120):
        sys.exit("the sender failed")
    tell(everybody, "enough")
    return [list(itertools.chain(*(json.loads(one.communicate(timeout=120)[0]) for one in team))) for team in teams]


def tell(everybody: list[subprocess.Popen[str]], word: str) -> None:
    """Give each process a line to read."""
    for one in everybody:
        assert one.stdin
        one.stdin.write(f"{word}\n")
        one.stdin.flush()


def run(script: str, environment: dict[str, str], *arguments: object) -> None:
    """Run a script to its end."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        sys.exit(done.stderr[-3000:])


def side_by_side(ends: list[list[float]]) -> tuple[float, float]:
    """Return what two did a second from the moment when both had begun to the one when the first had done."""
    first, last = max(min(one) for one in ends), min(max(one) for one in ends)
    without, with_ = (sum(first < end <= last for end in one) / (last - first) for one in ends)
    return without, with_


def tell_speeds(bench: Bench, messages: int, until: float) -> None:
    """Print the first table, as far as there is time for it."""
    print(f"{'':<18}{'messages a second':^30}{f'p95 in ms at {RATE:g} a second':^30}")
    print(f"{'workers':<18}" + "".join(f"{workers:>10}" for workers in WORKERS) * 2, flush=True)
    longest = 0.0
    for name, case in SPEEDS.items():
        started = time.monotonic()
        if started + longest > until:
            print(f"{name:<18}not measured: the machine is too busy for the time that there is", flush=True)
            continue
        measured = [bench.rate_and_delay(case, workers, messages) for workers in WORKERS]
        numbers = [column[place] for place in (0, 1) for column in measured]
        print(f"{name:<18}" + "".join(f"{one:>10,.0f}" for one in numbers), flush=True)
        longest = max(longest, time.monotonic() - started)


def tell_prices(bench: Bench, messages: int, until: float) -> None:
    """Print the second table: as many rounds as there is time for, and one at least."""
    print(f"\n{'price, 4 workers':<26}{'without':>12}{'with':>12}{'ratio':>8}", flush=True)
    rounds: dict[str, list[tuple[float, float]]] = {}
    longest = 0.0
    for number in range(MOST_ROUNDS):
        started = time.monotonic()
        if number and started + longest > until:
            break
        for name, cases in PRICES.items():
            rounds.setdefault(name, []).append(bench.pair(*cases, messages))
        written, arrived = bench.outbox(messages)
        rounds.setdefault("outbox, orders written", []).append(written)
        rounds.setdefault("outbox, events arrived", []).append(arrived)
        longest = max(longest, time.monotonic() - started)
    for name, pairs in rounds.items():
        tell_ratio(name, pairs)
    print(f"{len(rounds['inbox'])} rounds")


def tell_ratio(name: str, rounds: list[tuple[float, float]]) -> None:
    """Print one line: the middle of each, and the middle of the ratios."""
    without, with_ = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = statistics.median(one / other for other, one in rounds)
    print(f"{name:<26}{without:>10,.0f}/s{with_:>10,.0f}/s{ratio:>8.2f}", flush=True)


def main() -> int:
    """Measure, and print both tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=150)
    parser.add_argument("--seconds", type=float, default=110, help="begin nothing that would end later than this")
    parser.add_argument("--folder", type=Path, help="where the files are kept; in memory, only the work itself is left")
    arguments = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        bench = Bench(Path(folder))
        tell_speeds(bench, arguments.messages, started + arguments.seconds * SHARE)
        tell_prices(bench, arguments.messages, started + arguments.seconds)
    print(f"{time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
