"""Many messages while clients are killed at random: nothing lost, nothing done twice, order kept in each session."""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from archwright.emulators.servicebus.emulator import connection_string
from servicebus_bench import CONFIG, Bus, server_process
from servicebus_worker import BATCH, SESSIONS

pytest_plugins = ["servicebus_fixtures"]

WORKER = Path(__file__).parent.parent / "servicebus_worker.py"


class Crew:
    """One sender and some receivers, each killed now and then and replaced."""

    def __init__(self, folder, port, total, receivers):
        self.folder, self.total = folder, total
        self.connection = connection_string(port)
        self.kills = 0
        self._count = 0
        self._rng = random.Random(3)  # noqa: S311  # a test
        self._sender = self._start("send", "0", str(total))
        self._receivers = [self._start("receive") for _ in range(receivers)]

    def _start(self, role, *numbers):
        self._count += 1
        log = self.folder / f"{role}-{self._count}.log"
        return subprocess.Popen([sys.executable, WORKER, role, self.connection, log, *numbers])

    def lines(self, role):
        """Return what the role's logs tell, oldest process first; a killed writer may leave half a line."""
        logs = sorted(self.folder.glob(f"{role}-*.log"), key=lambda log: int(log.stem.partition("-")[2]))
        return [line.split() for log in logs for line in log.read_text().split("\n")[:-1]]

    def keep_sender_going(self):
        """Start the sender again where its predecessor was not confirmed; return whether all is sent."""
        code = self._sender.poll()
        if code is None:
            return False
        sent = [int(start) for word, start in self.lines("send") if word == "sent"]
        following = max(sent, default=-BATCH) + BATCH
        if following >= self.total:
            return True
        self._sender = self._start("send", str(following), str(self.total))
        return False

    def kill_one(self):
        """Kill a process, as the machine's end would: no goodbye."""
        victim = self._rng.randrange(len(self._receivers) + 1)
        self.kills += 1
        if victim == len(self._receivers):
            self._sender.kill()
            self._sender.wait()
            return
        self._receivers[victim].kill()
        self._receivers[victim].wait()
        self._receivers[victim] = self._start("receive")

    def stop(self):
        for process in [self._sender, *self._receivers]:
            process.kill()
            process.wait()


def soak(tmp_path, total, pause, within):
    """Run a crew until everything came out; return it, stopped, with what is left in the queue."""
    config = tmp_path / "Config.json"
    config.write_text(json.dumps(CONFIG))
    with server_process("--journal", str(tmp_path / "journal"), config=config) as (_, port):
        crew = Crew(tmp_path, port, total, receivers=3)
        deadline = time.monotonic() + within
        try:
            while time.monotonic() < deadline:
                time.sleep(pause)
                sent = crew.keep_sender_going()
                got = {line[2] for line in crew.lines("receive") if line[0] == "got"}
                if sent and len(got) == total:
                    break
                crew.kill_one()
            time.sleep(3)  # the last completions
        finally:
            crew.stop()
        bus = Bus(connection_string(port))
        with contextlib.suppress(Exception):
            left = bus.receiver("longsess", session_id="0").peek_messages(100)
        bus.close()
    return crew, left


def check(crew, left):
    """Hold the logs against each other; a batch that was tried twice may have been accepted twice."""
    tries = Counter(int(start) for word, start in crew.lines("send") if word == "try")
    repeated = {n for start, times in tries.items() if times > 1 for n in range(start, start + BATCH)}
    events = sorted((int(at), word, session, int(n)) for word, session, n, at in crew.lines("receive"))
    done = Counter(n for _, word, _, n in events if word == "done")
    first_seen = {}
    for _, word, session, n in events:
        if word == "got":
            first_seen.setdefault(session, {}).setdefault(n)

    assert set(range(crew.total)) == {n for numbers in first_seen.values() for n in numbers}, "something was lost"
    assert [] == [n for n, times in done.items() if times > 1 and n not in repeated], "something was done twice"
    assert [] == [str(message) for message in left], "something stayed behind"
    assert len(first_seen) == SESSIONS
    for session, numbers in first_seen.items():
        assert list(numbers) == sorted(numbers), f"session {session} was out of order"
    assert crew.kills > 2


def test_a_short_soak(tmp_path):
    """3,000 messages, a client killed every second."""
    check(*soak(tmp_path, 3_000, 1.0, within=60))


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_a_long_soak(tmp_path):
    """100,000 messages, a client killed every three seconds."""
    check(*soak(tmp_path, 100_000, 3.0, within=1200))
