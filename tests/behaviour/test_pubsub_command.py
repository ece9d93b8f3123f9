from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from pubsub_clients import PROJECT, Bus

ARCHWRIGHT = str(Path(sys.executable).with_name("archwright"))


@contextlib.contextmanager
def _running(*arguments):
    """Run the command; give the process, and the addresses that it prints, in order."""
    process = subprocess.Popen(
        [ARCHWRIGHT, "emulator", "pubsub", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        printed = ""
        for line in process.stdout:
            printed += line
            if "Ctrl-C" in line:
                break
        yield process, list(dict.fromkeys(re.findall(r"127\.0\.0\.1:\d+", printed)))
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _refused(*arguments):
    done = subprocess.run(
        [ARCHWRIGHT, "emulator", "pubsub", *arguments], capture_output=True, text=True, timeout=30, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_prints_its_port_and_stops_cleanly(number):
    """With port 0 the address is printed; a request to stop ends it within five seconds, also with a stream open."""
    with _running() as (process, (endpoint, *_)):
        bus = Bus(endpoint)
        subscription = bus.subscription(bus.topic())
        with bus.stream(subscription, lambda message: message.ack()):
            start = time.monotonic()
            process.send_signal(number)
            assert 0 == process.wait(5)
            assert time.monotonic() - start < 5
        bus.close()


def test_entities_and_journal_are_taken_from_the_command_line(tmp_path):
    """The start-up file's entities are there; what was accepted survives the process."""
    config, journal = tmp_path / "pubsub.json", tmp_path / "journal"
    config.write_text(
        json.dumps(
            {
                "project": "demo",
                "topics": [{"name": "orders"}],
                "subscriptions": [{"name": "billing", "topic": "orders"}],
            }
        )
    )
    arguments = ["--config", str(config), "--journal", str(journal)]
    with _running(*arguments) as (process, (endpoint, *_)):
        bus = Bus(endpoint)
        bus.publish(f"{PROJECT}/topics/orders", b"kept")
        bus.close()
        process.kill()

    with _running(*arguments) as (_, (endpoint, *_)):
        bus = Bus(endpoint)
        assert [b"kept"] == bus.bodies(f"{PROJECT}/subscriptions/billing", 1)
        bus.close()


def test_faults_are_ordered_over_http():
    """With a port for faults, a POST lets the next message come twice."""
    with _running("--faults-port", "0") as (_, (endpoint, control)):
        bus = Bus(endpoint)
        topic = bus.topic()
        subscription = bus.subscription(topic)
        url = f"http://{control}/duplicate?entity={topic.rpartition('/')[2]}"
        with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=5) as answer:  # ours
            assert 200 == answer.status

        bus.publish(topic, b"x")

        assert [b"x", b"x"] == bus.bodies(subscription, 3, within=1.0)
        bus.close()


def test_a_taken_port_is_told_with_what_to_do():
    """Exit code 1, the port, and how to choose another one."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])

        code, told = _refused("--port", port)

    assert 1 == code
    assert port in told
    assert "--port 0" in told


def test_mistakes_in_the_start_up_file_are_told_with_their_lines(tmp_path):
    """Exit code 1, and every mistake with file and line."""
    path = tmp_path / "pubsub.json"
    path.write_text('{\n  "topcs": [],\n  "topics": [{"name": "x"}]\n}')

    code, told = _refused("--port", "0", "--config", str(path))

    assert 1 == code
    assert f"{path}:2: " in told
    assert f"{path}:3: " in told


def test_a_file_that_is_no_journal_is_told_and_left_alone(tmp_path):
    """Exit code 1; the file is not touched."""
    path = tmp_path / "notes.txt"
    path.write_text("my notes, not a journal")

    code, told = _refused("--port", "0", "--journal", str(path))

    assert 1 == code
    assert f"{path}: " in told
    assert "my notes, not a journal" == path.read_text()
