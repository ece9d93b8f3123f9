"""A full disk on one machine: SQLite's own refusal, told to whoever writes; what was accepted is kept, and goes on."""

from __future__ import annotations

import subprocess
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest

from archwright import resolve
from archwright.catalog import load_catalog
from port_desk import load, write_desk
from port_shop import package_of, write_shop
from rendered import told, write_starter

MIB = 1024 * 1024
LEASE = timedelta(minutes=5)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return write_desk("local", tmp_path_factory.mktemp("desk"))


@pytest.fixture
def port(desk):
    return load(desk, "port_local", "messaging.port")[0]


@pytest.fixture
def broker(desk):
    kinds, sqlite = load(desk, "port_local", "messaging.channels", "messaging.sqlite.broker")
    channels = {"pigeons": kinds.Channel(name="pigeons", queues=(kinds.Queue(name="pigeons", lease=LEASE),))}
    return lambda path, **more: sqlite.SqliteBroker(path, channels, **more)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return write_shop("local", tmp_path_factory.mktemp("shop"), "full")


@pytest.fixture
def disk(tmp_path):
    """A small disk of its own, and how to give it another size."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can only be made by root")

    def resize(size):
        subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)

    yield folder, resize
    subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def refused(kind):
    with pytest.raises(kind, match="disk is full") as caught:
        yield caught
    assert "make room" in caught.value.hint


def send_until_full(port, broker, size, name="m"):
    """Send until the broker refuses, and return the ids of what it accepted."""
    accepted = []
    with refused(port.BrokerUnavailable):
        while True:
            message = port.Message(id=f"{name}-{len(accepted)}", type="Letter", version=1, body=b"x" * size)
            broker.send("pigeons", message)
            accepted.append(message.id)
    return accepted


def work_off(broker, limit=100):
    done = []
    while deliveries := broker.lease("pigeons", limit=limit):
        for delivery in deliveries:
            delivery.complete()
            done.append(delivery.message.id)
    return done


@pytest.mark.parametrize("size", [2_000, 30_000])
def test_a_bounded_broker_is_worked_off_while_it_is_full(port, broker, tmp_path, size):
    """In a file that may not grow the sender is told; all that was accepted can be leased and done, and makes room."""
    with closing(broker(tmp_path / "broker.db", largest=MIB)) as full:
        accepted = send_until_full(port, full, size)
        assert (tmp_path / "broker.db").stat().st_size <= MIB
        done = work_off(full)
        again = send_until_full(port, full, size, "again")

    assert len(accepted) > 10
    assert done == accepted
    assert len(again) > len(accepted) / 2


def test_a_full_broker_still_sets_aside(port, broker, tmp_path):
    """What cannot be handled is set aside with its reason although the file is full, and can be brought back."""
    with closing(broker(tmp_path / "broker.db", largest=MIB)) as full:
        send_until_full(port, full, 300)
        for delivery in full.lease("pigeons", limit=50):
            delivery.dead_letter("permanent", "it is torn")
        letters = full.dead_letters("pigeons")
        brought_back = full.redrive("pigeons", limit=50)

    assert {letter.description for letter in letters} == {"it is torn"}
    assert (len(letters), len(brought_back)) == (50, 50)


def test_a_bound_that_is_raised_is_room(port, broker, tmp_path):
    """A broker that is opened with more room has all that was accepted, and takes more."""
    with closing(broker(tmp_path / "broker.db", largest=MIB)) as full:
        accepted = send_until_full(port, full, 3_000)
    with closing(broker(tmp_path / "broker.db", largest=2 * MIB)) as roomy:
        more = send_until_full(port, roomy, 3_000, "more")
        done = work_off(roomy)

    assert more
    assert done == accepted + more


def test_a_disk_without_room_keeps_what_the_broker_accepted(port, broker, disk):
    """Where the disk itself is full, the sender is told, and with room all that was accepted is worked off."""
    folder, resize = disk
    with closing(broker(folder / "broker.db")) as one:
        accepted = send_until_full(port, one, 20_000)
        resize("8m")
        one.send("pigeons", port.Message(id="later", type="Letter", version=1, body=b"x" * 20_000))
        done = work_off(one)

    assert len(accepted) > 10
    assert done == [*accepted, "later"]


def fill(port, store):
    """Write until there is no room for another byte, and return how many items there are."""
    count = 0
    for size in (50_000, 500, 2):
        with refused(port.StoreUnavailable):
            while True:
                store.write(port.Put(kind="ballast", key=f"b-{count}", data={"text": "x" * size}))
                count += 1
    return count


def test_a_bounded_store_keeps_what_was_written(shop, tmp_path):
    """In a file that may not grow a write is refused as a whole; what is there can be read, deleted, and makes room."""
    port, sqlite = load(shop, package_of(shop), "store.port", "store.sqlite")
    with closing(sqlite.SqliteStore(tmp_path / "store.db", largest=MIB)) as store:
        store.write(port.Put(kind="x", key="a", data={"n": 1}))
        count = fill(port, store)
        pair = [port.Put(kind="x", key="a", data={"n": 2}), port.Put(kind="x", key="b", data={"text": "x" * 9_000})]
        with refused(port.StoreUnavailable):
            store.write(*pair)
        kept = store.get("x", "a").data, store.get("x", "b")
        assert all(store.get("ballast", f"b-{number}") for number in range(count))

        for number in range(5):
            store.write(port.Delete(kind="ballast", key=f"b-{number}"))
        store.write(*pair)

        assert kept == ({"n": 1}, None)
        assert store.get("x", "a").data == {"n": 2}
        assert (tmp_path / "store.db").stat().st_size <= MIB


def test_a_disk_without_room_keeps_what_the_store_has(shop, disk):
    """Where the disk itself is full, a write is refused as a whole, and succeeds once there is room."""
    folder, resize = disk
    port, sqlite = load(shop, package_of(shop), "store.port", "store.sqlite")
    with closing(sqlite.SqliteStore(folder / "store.db")) as store:
        store.write(port.Put(kind="x", key="a", data={"n": 1}))
        count = 0
        with refused(port.StoreUnavailable):
            while True:
                store.write(port.Put(kind="ballast", key=f"b-{count}", data={"text": "x" * 50_000}))
                count += 1
        pair = [port.Put(kind="x", key="a", data={"n": 2}), port.Put(kind="x", key="b", data={"text": "x" * 90_000})]
        with refused(port.StoreUnavailable):
            store.write(*pair)
        assert (store.get("x", "a").data, store.get("x", "b")) == ({"n": 1}, None)
        resize("8m")
        store.write(*pair)

        assert store.get("x", "a").data == {"n": 2}
        assert all(store.get("ballast", f"b-{number}") for number in range(count))


PROGRAM = """
import json, os, subprocess, sys
from pathlib import Path
import stagecraft
with stagecraft.open_stage(Path(sys.argv[1])) as stage:
    def program(*arguments, **more):
        command = [sys.executable, "-m", "desk", *arguments]
        done = subprocess.run(command, env={**stage.environment, **more}, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr
    sent = []
    while (told := program("send", "--example", "--count", "400", BROKER_LARGEST_MIB="1"))[0] == 0:
        sent += told[1].split("\\n")
    stage.worker(BROKER_LARGEST_MIB="1", WORKER_CONCURRENCY="16")
    accepted = [line.split()[0] for line in [*sent, *told[1].split("\\n")] if line]
    stage.wait_until(lambda: len(set(stage.done())) >= len(accepted), within=90)
    after = program("send", "--example", BROKER_LARGEST_MIB="1")
    print(json.dumps({"told": told, "accepted": accepted, "done": stage.done(), "after": after}))
"""


@pytest.mark.slow
def test_a_program_tells_of_a_full_broker(tmp_path):
    """`send` into a full file ends with 1 and one sentence; every id that it printed is done; then it sends again."""
    architecture = resolve.resolve(load_catalog(), "work-queue", "local", "desk", {})
    starter = write_starter(architecture, tmp_path / "desk").parent
    seen = told(starter, PROGRAM, tmp_path, timeout=240)

    code, _, errors = seen["told"]
    assert code == 1
    assert "disk is full, or the file is as large as BROKER_LARGEST_MIB allows" in errors
    assert "Traceback" not in errors
    assert seen["after"][0] == 0
    assert sorted(set(seen["accepted"]) - set(seen["done"])) == []
