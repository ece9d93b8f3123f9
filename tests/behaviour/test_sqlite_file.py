"""What the local broker does when its file is trouble: one clear error, and nothing that was accepted is lost."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta

import pytest

from port_desk import load, write_desk


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return write_desk("local", tmp_path_factory.mktemp("desk"))


@pytest.fixture
def sqlite(source):
    return load(source, "port_local", "messaging.sqlite.broker")[0].SqliteBroker


@pytest.fixture
def port(source):
    return load(source, "port_local", "messaging.port")[0]


@pytest.fixture
def channels(source):
    [kinds] = load(source, "port_local", "messaging.channels")
    queue = kinds.Queue(name="pigeons", lease=timedelta(seconds=30), max_deliveries=3)
    return {"pigeons": kinds.Channel(name="pigeons", queues=(queue,))}


@pytest.fixture
def message(port):
    def make(number, size=2):
        return port.Message(id=f"m-{number}", type="Letter", version=1, body=b"x" * size)

    return make


def test_a_folder_that_cannot_be_made_is_told(sqlite, port, channels, tmp_path):
    """A path below a file is refused with the setting to change."""
    (tmp_path / "file").write_text("")

    with pytest.raises(port.BrokerUnavailable, match="folder cannot be made") as caught:
        sqlite(tmp_path / "file" / "broker.db", channels)

    assert "BROKER_PATH" in caught.value.hint


def test_a_folder_in_place_of_the_file_is_told(sqlite, port, channels, tmp_path):
    """A path that is a folder is refused with the setting to change."""
    with pytest.raises(port.BrokerUnavailable, match="cannot be opened"):
        sqlite(tmp_path, channels)


@pytest.mark.parametrize("content", [b"no database at all " * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_another_file_is_left_alone(sqlite, port, channels, tmp_path, content):
    """A file that is not a database is refused and not touched."""
    path = tmp_path / "broker.db"
    path.write_bytes(content)

    with pytest.raises(port.BrokerUnavailable):
        sqlite(path, channels)

    assert path.read_bytes() == content


def test_another_database_is_left_alone(sqlite, port, channels, tmp_path):
    """A database of another program, or of another version of this one, is refused and keeps its tables."""
    path = tmp_path / "broker.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE accounts (id)")

    with pytest.raises(port.BrokerUnavailable, match="not a file of this broker"):
        sqlite(path, channels)

    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT name FROM sqlite_schema").fetchall() == [("accounts",)]


def test_a_newer_layout_is_left_alone(sqlite, port, channels, tmp_path):
    """A file that a newer version has laid out is not written to by this one."""
    path = tmp_path / "broker.db"
    sqlite(path, channels).close()
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 99")

    with pytest.raises(port.BrokerUnavailable, match="another version"):
        sqlite(path, channels)


def test_a_damaged_file_is_told(sqlite, port, channels, message, tmp_path):
    """A file that was damaged on the disk is an error with a way out, not a crash."""
    path = tmp_path / "broker.db"
    with closing(sqlite(path, channels)) as broker:
        for number in range(200):
            broker.send("pigeons", message(number, size=500))
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))

    def read():
        with closing(sqlite(path, channels)) as broker:
            broker.lease("pigeons", limit=200)
            broker.dead_letters("pigeons")

    with pytest.raises(port.BrokerUnavailable) as caught:
        read()

    assert "damaged" in caught.value.message
    assert ".recover" in caught.value.hint


def test_a_file_that_is_held_too_long_is_told(sqlite, port, channels, message, tmp_path):
    """Where another program keeps the file locked, the sender is told to try again, and nothing was sent."""
    path = tmp_path / "broker.db"
    with closing(sqlite(path, channels)) as broker, closing(sqlite3.connect(path, isolation_level=None)) as other:
        broker._database._connection.execute("PRAGMA busy_timeout = 100")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(port.Backpressure):
            broker.send("pigeons", message(1))
        other.execute("ROLLBACK")

        assert broker.lease("pigeons") == ()
        broker.send("pigeons", message(2))
        assert len(broker.lease("pigeons")) == 1


def test_a_clock_that_jumps_loses_nothing(sqlite, channels, message, tmp_path):
    """Set the clock an hour forth or back: a message may come early, or twice, but none disappears."""
    now = [time.time()]
    with closing(sqlite(tmp_path / "broker.db", channels, clock=lambda: now[0])) as broker:
        broker.send("pigeons", message(1))
        broker.lease("pigeons")
        now[0] += 3600
        [again] = broker.lease("pigeons")
        now[0] -= 7200
        again.renew()
        now[0] += 31
        [third] = broker.lease("pigeons")
        third.complete()

    assert third.deliveries == 3


SIXTEEN = """
import sys, time
from pathlib import Path
from datetime import timedelta
from port_local.messaging.channels import Channel, Queue
from port_local.messaging.sqlite.broker import SqliteBroker
from port_local.messaging.port import Message

name, path, start = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
time.sleep(max(start - time.time(), 0))
queue = Queue(name="pigeons", lease=timedelta(seconds=60))
broker = SqliteBroker(path, {"pigeons": Channel(name="pigeons", queues=(queue,))})
for number in range(15):
    broker.send("pigeons", Message(id=f"{name}-{number}", type="Letter", version=1, body=b"{}"))
while deliveries := broker.lease("pigeons", limit=3, wait=timedelta(seconds=1)):
    for delivery in deliveries:
        delivery.complete()
        print("done", delivery.message.id)
"""


def test_sixteen_processes_share_one_fresh_file(source, tmp_path):
    """Processes that make the file at the same moment, send and consume, do every message exactly once."""
    start = time.time() + 1.5
    command = [sys.executable, "-c", SIXTEEN]
    processes = [
        subprocess.Popen(
            [*command, f"p{number}", tmp_path / "broker.db", str(start)],
            env={**os.environ, "PYTHONPATH": str(source)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(16)
    ]
    outputs = [process.communicate(timeout=120) for process in processes]

    assert [errors for _, errors in outputs if errors] == []
    done = re.findall(r"done (\S+)", "".join(output for output, _ in outputs))
    assert sorted(done) == sorted(f"p{process}-{number}" for process in range(16) for number in range(15))


def test_what_is_set_aside_as_crashed_is_told(sqlite, channels, message, tmp_path, caplog):
    """No worker is left to say it, so that the broker does: the log names the message."""
    now = [1_000.0]
    with closing(sqlite(tmp_path / "broker.db", channels, clock=lambda: now[0])) as broker:
        broker.send("pigeons", message(1))
        for _ in range(4):
            broker.lease("pigeons")
            now[0] += 31

    [told] = [record for record in caplog.records if "crashed" in record.getMessage()]
    assert (told.levelname, told.queue, told.message_id) == ("WARNING", "pigeons", "m-1")


MANY = """
INSERT INTO messages (queue, id, type, version, key, body, attributes, headers, sent_at, due_at, expires_at)
VALUES (?, ?, 'Letter', 1, 'a', x'7b7d', '{}', '{}', 1, 1, 9e9)
"""


@pytest.mark.parametrize("queue", ["pigeons", "carts"])
def test_a_look_costs_the_same_however_many_wait(source, sqlite, message, tmp_path, queue):
    """To lease and complete a message takes no more of SQLite's steps behind thousands of its key than behind a few."""
    [topology] = load(source, "port_local", "topology")
    steps = []
    with closing(sqlite(tmp_path / "broker.db", topology.CHANNELS)) as broker:
        connection = broker._database._connection
        for waiting in (20, 4_000):
            with broker._database.transaction():  # all in one, which is quicker
                connection.executemany(MANY, [(queue, f"m-{number}") for number in range(waiting)])
            broker.send(queue, message(1))
            counted = []
            connection.set_progress_handler(lambda counted=counted: counted.append(1), 1)
            [first] = broker.lease(queue)
            first.complete()
            connection.set_progress_handler(None, 0)
            steps.append(len(counted))

    assert steps[1] < steps[0] * 1.5
