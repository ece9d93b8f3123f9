"""Starters on bad days: settings missing or wrong, a broker that is away, goes or stalls, a worker told to stop.

A platform whose broker is a program of its own on this machine has `dev/broker.py` or `dev/emulator.py`, which prints
the settings that lead to it; what is said here of brokers that go and come back holds for each of those.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

from archwright import generate, load_catalog, write
from archwright.resolve import platforms_of
from archwright.resources import checkout_root

CATALOG = load_catalog()
PLATFORMS = platforms_of(CATALOG, "work-queue")
PATIENCE = 90  # seconds: a lease of thirty may have to end on a busy machine
SHARED = checkout_root() / "build" / "starter-venv"  # where an emulator is kept that has an environment of its own
TASK = {"task_id": "4b1c7a52-0d3e-4c55-9a0e-6f1b2c3d4e5f", "document": "Report"}

pytestmark = pytest.mark.early  # they start processes, and wait for leases to end


class Home:
    """A starter's folder, and the programs in it."""

    def __init__(self, folder, platform):
        self.folder = folder
        self.platform = platform
        self.started = []

    def environment(self, **more):
        settings = re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (self.folder / ".env.example").read_text(), re.MULTILINE)
        unset = {*settings, "VIRTUAL_ENV", "PYTHONHOME"}
        kept = {key: value for key, value in os.environ.items() if key not in unset}
        paths = f"{self.folder / 'src'}{os.pathsep}{self.folder / 'dev'}"
        return {**kept, "PYTHONPATH": paths, "STARTER_VENV": str(SHARED), **more}

    def program(self, *arguments, where, **settings):
        """Run the starter's own program in the folder `where`."""
        return subprocess.run(
            [sys.executable, "-m", "order_desk", *arguments],
            cwd=where,
            env=self.environment(**settings),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def script(self, text, where):
        """Run Python in the starter, with its `dev/` at hand."""
        return subprocess.run(
            [sys.executable, "-c", text, str(where)],
            cwd=where,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE * 2,
            check=False,
        )

    def start(self, *command, where, log, **settings):
        with log.open("a") as output:
            process = subprocess.Popen(
                [sys.executable, *map(str, command)],
                cwd=where,
                env=self.environment(**settings),
                stdout=output,
                stderr=output,
            )
        self.started.append(process)
        return process

    def end(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.wait()


@pytest.fixture(scope="module", params=PLATFORMS)
def generated(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param) / "order-desk"
    write.apply(generate(CATALOG, "work-queue", folder, platform=request.param))
    return folder, request.param


@pytest.fixture
def home(generated):
    home = Home(*generated)
    yield home
    home.end()


@pytest.fixture
def broker(home, tmp_path):
    """A broker in a process of its own, on a port that stays the same; not started yet."""
    programs = [home.folder / "dev" / name for name in ("broker.py", "emulator.py")]
    found = [program for program in programs if program.exists()]
    if not found:
        pytest.skip("this platform's broker is no program of its own")
    broker = BrokerProgram(home, tmp_path, found[0])
    yield broker
    broker.forget()


class BrokerProgram:
    """The starter's own program that runs its broker, which may be killed and started again."""

    def __init__(self, home, folder, program):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.home, self.folder, self.program, self.process = home, folder, program, None
        self.log = folder / "broker.log"
        self.settings = self.start()
        self.kill()

    def start(self):
        """Start it, wait until it says where it is, and return the settings that lead there."""
        before = len(self.log.read_text()) if self.log.exists() else 0
        command = (self.program, "--port", self.port)
        self.process = self.home.start(*command, where=self.home.folder, log=self.log)
        wait_until(lambda: self.found(before), self.log)
        wait_until(self.listens, self.log)
        return self.found(before)

    def found(self, since):
        said = self.log.read_text()[since:] if self.log.exists() else ""
        return dict(re.findall(r"^([A-Z][A-Z0-9_]+)='?([^'\n]+)'?$", said, re.MULTILINE))

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self):
        """End it without a goodbye."""
        self.process.kill()
        self.process.wait()
        wait_until(lambda: not self.listens(), self.log)  # what listened may be a process of its own

    def forget(self):
        """End it, and what it has kept."""
        self.kill()
        shutil.rmtree(self.home.folder / "var", ignore_errors=True)


def wait_until(condition, *logs):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("\n".join(log.read_text()[-2000:] for log in logs if log.exists()))
        time.sleep(0.05)


def journal(path, event):
    lines = path.read_text().splitlines() if path.exists() else []
    return [one["message_id"] for one in map(json.loads, lines) if one["event"] == event]


def worker(home, broker, folder, *behaviour, **settings):
    log = folder / "worker.log"
    command = (home.folder / "dev" / "stage_worker.py", "tasks", folder / "journal.jsonl", *behaviour)
    return home.start(*command, where=folder, log=log, **broker.settings, **settings), log


def send(home, broker, folder):
    done = home.program("send", json.dumps(TASK), where=folder, **broker.settings)
    return done, done.stdout.split()[0] if done.returncode == 0 else ""


@pytest.mark.parametrize("arguments", [("work",), ("send", json.dumps(TASK)), ("dead-letters",), ("doctor",)])
def test_without_any_setting_it_works_or_says_what_to_set(home, arguments, tmp_path):
    """A fresh shell: either the defaults do, or the variable that is missing is named, with where to get it."""
    if arguments == ("work",) and home.program("doctor", where=tmp_path).returncode == 0:
        pytest.skip("nothing has to be set here, and a worker would go on working")

    done = home.program(*arguments, where=tmp_path)

    said = done.stdout + done.stderr
    assert "Traceback" not in said
    if done.returncode:
        assert re.search(r"\b[A-Z]+_[A-Z_]+ is not set", said), said
        assert "hint" in said or "FAIL" in said


EMULATED = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "c2VjcmV0"}
WRONG = {
    "aws": [
        ({"AWS_DEFAULT_REGION": "no where"}, "cannot use what is set for AWS", 2),
        ({"AWS_DEFAULT_REGION": "eu-central-1", "AWS_ENDPOINT_URL": "nowhere"}, "cannot use what is set for AWS", 2),
        ({"AWS_DEFAULT_REGION": "eu-central-1", "AWS_PROFILE": "nobody"}, "cannot use what is set for AWS", 2),
        (
            {"AWS_DEFAULT_REGION": "eu-central-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:9", **EMULATED},
            "AWS cannot be reached for `tasks",
            1,
        ),
    ],
    "azure": [
        ({"SERVICEBUS_CONNECTION_STRING": "Endpoint="}, "is no connection string", 2),
        ({"SERVICEBUS_CONNECTION_STRING": "sb://somewhere"}, "is no connection string", 2),
        ({"SERVICEBUS_NAMESPACE": "my-namespace"}, "which is no host name", 2),
        (
            {
                "SERVICEBUS_CONNECTION_STRING": "Endpoint=sb://127.0.0.1:9;SharedAccessKeyName=a;SharedAccessKey=c2VjcmV0;"
                "UseDevelopmentEmulator=true;"
            },
            "Service Bus cannot be reached for `tasks`",
            1,
        ),
    ],
    "local": [
        ({"BROKER_PATH": "/dev/null/broker.db"}, "/dev/null/broker.db", 1),
        ({"BROKER_PATH": "/proc"}, "/proc", 1),
    ],
}


@pytest.mark.parametrize("arguments", [("send", json.dumps(TASK)), ("dead-letters",)])
def test_what_is_set_wrongly_is_named(home, arguments, tmp_path):
    """One sentence with a hint within seconds, no traceback, and no key in what is said."""
    for settings, words, code in WRONG.get(home.platform, ()):
        done = home.program(*arguments, where=tmp_path, **settings)

        assert (done.returncode, words in done.stderr) == (code, True), done.stderr
        assert "hint" in done.stderr, done.stderr
        assert "Traceback" not in done.stderr
        assert "c2VjcmV0" not in done.stdout + done.stderr


def test_a_broker_that_is_down_at_the_start_is_waited_for(home, broker, tmp_path):
    """The worker says so, waits before it tries again, and works once the broker is there."""
    process, log = worker(home, broker, tmp_path)
    wait_until(lambda: log.exists() and log.read_text().count("trying again in") >= 2, log)
    refused, _ = send(home, broker, tmp_path)

    broker.start()
    accepted, sent = send(home, broker, tmp_path)
    wait_until(lambda: journal(tmp_path / "journal.jsonl", "done") == [sent], log)

    pauses = [int(pause) for pause in re.findall(r"trying again in (\d+) s", log.read_text())]
    assert min(pauses) >= 1
    assert (refused.returncode, accepted.returncode) == (1, 0)
    assert "hint" in refused.stderr
    assert "Traceback" not in refused.stderr + log.read_text()
    assert process.poll() is None


def test_a_broker_that_is_killed_in_the_middle_loses_nothing(home, broker, tmp_path):
    """What was accepted is done after the broker is back, although the work in hand could not be settled."""
    broker.start()
    accepted = [send(home, broker, tmp_path)[1] for _ in range(3)]
    process, log = worker(home, broker, tmp_path, "--behaviour", "slow:2", WORKER_CONCURRENCY="1")
    wait_until(lambda: journal(tmp_path / "journal.jsonl", "started"), log)

    broker.kill()
    wait_until(lambda: journal(tmp_path / "journal.jsonl", "done"), log)  # with nobody there to be told
    wait_until(lambda: "trying again in" in log.read_text(), log)
    broker.start()
    accepted.append(send(home, broker, tmp_path)[1])

    wait_until(lambda: set(accepted) <= set(journal(tmp_path / "journal.jsonl", "done")), log, broker.log)
    assert "" not in accepted
    assert process.poll() is None
    assert "Traceback" not in log.read_text()


def test_a_worker_that_is_told_to_stop_in_the_middle_finishes_and_settles(home, broker, tmp_path):
    """SIGTERM while a message is in hand: it is done, taken out of the queue, and the exit code is 0."""
    broker.start()
    _, sent = send(home, broker, tmp_path)
    process, log = worker(home, broker, tmp_path, "--behaviour", "slow:2")
    wait_until(lambda: journal(tmp_path / "journal.jsonl", "started"), log)

    process.send_signal(signal.SIGTERM)
    process.wait(PATIENCE)

    assert process.returncode == 0, log.read_text()
    assert journal(tmp_path / "journal.jsonl", "done") == [sent]
    _, another = send(home, broker, tmp_path)
    second, log = worker(home, broker, tmp_path)
    wait_until(lambda: another in journal(tmp_path / "journal.jsonl", "done"), log)
    assert journal(tmp_path / "journal.jsonl", "done") == [sent, another]
    assert second.poll() is None


STALLED = """
import os, signal, sys, time
from pathlib import Path
import stagecraft
from order_desk.messages import Task
with stagecraft.open_stage(Path(sys.argv[1])) as stage:
    sent = stage.send(Task(task_id="4b1c7a52-0d3e-4c55-9a0e-6f1b2c3d4e5f", document="Report"))
    first = stage.worker(behaviour="slow:1")
    stage.wait_until(lambda: stage.journal("started"))
    os.kill(first._process.pid, signal.SIGSTOP)
    second = stage.worker()
    stage.wait_until(lambda: stage.done(worker="worker-2"))
    os.kill(first._process.pid, signal.SIGCONT)
    stage.wait_until(lambda: stage.done(worker="worker-1"))
    stage.wait_until(lambda: "lease" in first.log.read_text())
    another = stage.send(Task(task_id="5b1c7a52-0d3e-4c55-9a0e-6f1b2c3d4e5f", document="Another"))
    stage.wait_until(lambda: another in stage.done())
    assert stage.done(worker="worker-2").count(sent) == 1, stage.journal()
    assert stage.aside() == [], stage.aside()
    assert "Traceback" not in first.log.read_text(), first.log.read_text()
    print(first.log.read_text())
"""


def test_a_worker_that_slept_through_its_lease_is_told(home, tmp_path):
    """A machine that stalls: the message is done by another worker, and the one that wakes up settles nothing."""
    done = home.script(STALLED, tmp_path)

    assert done.returncode == 0, done.stderr[-3000:]
    assert re.search(r"lease lost|no longer ours", done.stdout), done.stdout
