"""What the store's port promises, held against the adapter of each platform.

A platform joins by `PLATFORMS` and `port_shop.shops`, which says how a fresh storage is made for it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import ExitStack
from functools import partial

import pytest

from port_shop import shops, write_shop

PLATFORMS = ["aws", "azure", "gcp", "local"]


@pytest.fixture(scope="module", params=PLATFORMS)
def opener(request, tmp_path_factory):
    source = write_shop(request.param, tmp_path_factory.mktemp("shop"))
    with ExitStack() as stack:
        yield shops(request.param, source, stack)
    sys.path.remove(str(source)) if str(source) in sys.path else None


@pytest.fixture
def shop(opener, tmp_path):
    return opener(tmp_path)


@pytest.fixture
def stores(shop):
    """Open stores on one storage; all are closed at the end."""
    opened = []

    def open_one():
        opened.append(shop.open())
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def store(stores):
    return stores()


def test_item_comes_out_as_it_went_in(shop, stores):
    """What one process writes another one reads, whatever JSON can say, and its version counts its writes."""
    data = {"text": "ünï", "number": 2**60, "list": [1, None, {"deep": True}]}
    put = shop.port.Put(kind="a", key="k/1", data=data, partition="p", order="1")
    stores().write(put)
    stores().write(put)

    item = stores().get("a", "k/1")

    assert (item.data, item.version, item.partition, item.order) == (data, 2, "p", "1")
    assert stores().get("b", "k/1") is None
    assert stores().get("a", "k") is None


def test_query_gives_a_partition_in_its_order(shop, store):
    """Items of one kind and partition come by order and then by key, and no more than were asked for."""
    for key, order in (("c", "1"), ("a", "2"), ("b", "1"), ("d", "10")):
        store.write(shop.port.Put(kind="x", key=key, partition="p", order=order))
    store.write(shop.port.Put(kind="x", key="e", partition="q"), shop.port.Put(kind="y", key="e", partition="p"))

    assert [item.key for item in store.query("x", "p")] == ["b", "c", "d", "a"]
    assert [item.key for item in store.query("x", "p", limit=2)] == ["b", "c"]
    assert store.query("x", "none") == []


def test_a_long_partition_comes_page_by_page(shop, store):
    """More items than a store gives in one answer come all the same, in order and as many as were asked for."""
    keys = [f"{n:04}" for n in range(250)]
    for start in range(0, 250, shop.port.MOST_CHANGES):
        some = keys[start : start + shop.port.MOST_CHANGES]
        store.write(*(shop.port.Put(kind="x", key=key, partition="p", order=key) for key in some))

    assert [item.key for item in store.query("x", "p", limit=1_000)] == keys
    assert [item.key for item in store.query("x", "p", limit=120)] == keys[:120]


def test_an_item_that_moves_is_found_in_its_new_place_alone(shop, store):
    """Partition and order are those of the last write; what is deleted is found nowhere."""
    port = shop.port

    def places():
        return [(item.key, item.order) for name in ("p", "q") for item in store.query("x", name)]

    store.write(port.Put(kind="x", key="a", partition="p", order="2"), port.Put(kind="x", key="b", partition="p"))
    store.write(port.Put(kind="x", key="a", partition="p", order="1"))
    assert places() == [("b", ""), ("a", "1")]
    store.write(port.Put(kind="x", key="a", partition="q", order="1", expect=2), port.Delete(kind="x", key="b"))
    assert places() == [("a", "1")]
    store.write(port.Put(kind="x", key="a"))
    assert places() == []
    assert store.get("x", "a").version == 4
    with pytest.raises(ValueError, match="by its key alone"):
        store.query("x", "")


@pytest.mark.parametrize("large", ["data", "key"])
def test_what_is_too_large_is_refused_or_kept_whole(shop, store, large):
    """A store takes an item whole, or raises `ItemTooLarge` with what to do and keeps nothing of the write."""
    port = shop.port
    key, data = ("k" * 5_000, {}) if large == "key" else ("k", {"text": "x" * 500_000})
    refused = None
    try:
        store.write(port.Put(kind="x", key="before"), port.Put(kind="x", key=key, data=data, partition="p"))
    except port.ItemTooLarge as error:
        refused = error

    assert not refused or refused.hint
    assert [item.data for item in store.query("x", "p")] == ([] if refused else [data])
    assert (store.get("x", "before") is None) == bool(refused)


@pytest.mark.parametrize("wrong", ["absent", "version", "older version", "deleted version"])
def test_all_changes_are_made_or_none(shop, store, wrong):
    """One change that does not fit undoes those before and after it."""
    port = shop.port
    for _ in range(2):
        store.write(port.Put(kind="x", key="there"), port.Put(kind="x", key="zoo"))
    refused = {
        "absent": port.Put(kind="x", key="there", expect=port.Expect.ABSENT),
        "version": port.Put(kind="x", key="there", expect=3),
        "older version": port.Put(kind="x", key="there", expect=1),
        "deleted version": port.Delete(kind="x", key="gone", expect=1),
    }[wrong]

    with pytest.raises(port.Conflict, match="nothing was written"):
        store.write(port.Put(kind="x", key="before"), refused, port.Delete(kind="x", key="zoo"))

    assert store.get("x", "before") is None
    assert [store.get("x", key).version for key in ("there", "zoo")] == [2, 2]


def test_expected_changes_are_made(shop, store):
    """A change whose expectation holds is made; deleting what is gone is no error."""
    port = shop.port
    store.write(port.Put(kind="x", key="a", expect=port.Expect.ABSENT))
    store.write(port.Put(kind="x", key="a", expect=1))
    store.write(port.Delete(kind="x", key="a", expect=2), port.Delete(kind="x", key="never"))

    assert store.get("x", "a") is None


def test_as_many_changes_as_are_promised_fit_into_one_write(shop, store):
    """As many changes as the port promises are one write."""
    store.write(*(shop.port.Put(kind="x", key=str(n), partition="p") for n in range(shop.port.MOST_CHANGES)))

    assert len(store.query("x", "p", limit=1000)) == shop.port.MOST_CHANGES


def test_no_increment_is_lost_between_writers(shop, stores):
    """Several writers who read, add one and expect the version that they read lose nothing."""
    port = shop.port

    def add():
        store = stores()
        for _ in range(10):
            while True:
                item = store.get("x", "sum")
                number, expect = (item.data["n"], item.version) if item else (0, port.Expect.ABSENT)
                try:
                    store.write(port.Put(kind="x", key="sum", data={"n": number + 1}, expect=expect))
                except port.Conflict:
                    continue
                break

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert stores().get("x", "sum").data == {"n": 40}


def test_what_was_answered_survives_a_kill(shop, stores):
    """A process that is killed after a write has written; one that is killed before has written nothing."""
    child = os.fork()
    if child == 0:
        store = shop.open()
        store.write(shop.port.Put(kind="x", key="a"))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)

    assert stores().get("x", "a").version == 1


def test_storage_of_another_program_is_left_alone(shop):
    """What is in the place of the storage and not ours is refused with a sentence and the setting to change."""
    setting = shop.spoil()

    for _ in range(2):  # the first try has left it as it was
        with pytest.raises(shop.port.StoreUnavailable) as caught:
            shop.open()

        assert setting in caught.value.hint


def at_once(*calls):
    """Call all of them at the same moment, each in a thread, and return what each returned or raised."""
    barrier = threading.Barrier(len(calls))
    outcomes = [None] * len(calls)

    def run(number):
        barrier.wait()
        try:
            outcomes[number] = calls[number]()
        except Exception as error:  # noqa: BLE001  # it is the outcome
            outcomes[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.mark.parametrize("first", ["absent", "version"])
def test_one_of_many_writers_wins(shop, stores, first):
    """Of several that expect the same of an item at the same moment exactly one writes, and the others are told."""
    port, opened = shop.port, [stores() for _ in range(4)]
    for turn in range(5):
        expect = port.Expect.ABSENT
        if first == "version":
            opened[0].write(port.Put(kind="x", key=str(turn)))
            expect = 1
        changes = [port.Put(kind="x", key=str(turn), data={"by": n}, expect=expect) for n in range(4)]

        outcomes = at_once(*(partial(opened[n].write, changes[n]) for n in range(4)))

        assert sorted(map(type, outcomes), key=str) == sorted([type(None), *[port.Conflict] * 3], key=str)
        assert opened[0].get("x", str(turn)).data == {"by": outcomes.index(None)}


def test_writers_who_meet_crosswise_both_get_through(shop, stores):
    """Writes about the same items in another order wait for one another and never block each other for good."""
    port, opened = shop.port, [stores() for _ in range(4)]
    names = ["a", "b", "c"]

    def write(n):
        for _ in range(10):
            order = names if n % 2 else names[::-1]
            opened[n].write(*(port.Put(kind="x", key=key, data={"by": n}) for key in order))

    assert at_once(*(partial(write, n) for n in range(4))) == [None] * 4
    assert [(opened[0].get("x", key).version) for key in names] == [40] * 3
    assert len({opened[0].get("x", key).data["by"] for key in names}) == 1


def test_what_must_be_absent_stays_so_until_the_write_is_made(shop, stores):
    """Two that each make what the other one needs to be absent do not both get through."""
    port, opened = shop.port, [stores() for _ in range(2)]
    for turn in range(5):
        left, right = (f"{turn}/{side}" for side in ("left", "right"))
        away = {key: port.Delete(kind="x", key=key, expect=port.Expect.ABSENT) for key in (left, right)}

        outcomes = at_once(
            partial(opened[0].write, away[right], port.Put(kind="x", key=left)),
            partial(opened[1].write, away[left], port.Put(kind="x", key=right)),
        )

        assert sorted(map(type, outcomes), key=str) == sorted([type(None), port.Conflict], key=str)


def test_a_killed_writer_leaves_nothing_half(shop, stores):
    """Whenever a process is killed, all changes of a write are there or none, and nothing of it stays locked."""
    store = stores()
    for delay in (0.0, 0.01, 0.02, 0.05):
        child = os.fork()
        if child == 0:
            own = shop.open()
            number = 0
            while True:
                number += 1
                own.write(*(shop.port.Put(kind="x", key=key, data={"n": number}) for key in ("a", "b", "c")))
        deadline = time.monotonic() + 10
        before = store.get("x", "a")
        while store.get("x", "a") == before and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

        found = [store.get("x", key) for key in ("a", "b", "c")]
        assert len({(item.data["n"], item.version) for item in found}) == 1, found
        store.write(shop.port.Delete(kind="x", key="a"), shop.port.Delete(kind="x", key="b"))
        store.write(shop.port.Delete(kind="x", key="c"))


def test_a_full_disk_is_told_and_loses_nothing(shop, store):
    """Where there is no room a write raises `StoreUnavailable` with what to do, and what was there stays."""
    if not shop.fill_disk:
        pytest.skip("there is no disk that could be full")
    port = shop.port
    store.write(port.Put(kind="x", key="a", data={"n": 1}))
    shop.fill_disk(store)

    large = port.Put(kind="x", key="b", data={"text": "x" * 100_000})  # more than the last page has room for
    with pytest.raises(port.StoreUnavailable, match="disk is full") as caught:
        store.write(port.Put(kind="x", key="a", data={"n": 2}), large)

    assert caught.value.hint
    assert store.get("x", "a").data == {"n": 1}


def test_a_server_that_goes_is_told_and_its_return_is_noticed(shop, store):
    """Without its server a store raises `StoreUnavailable`; when it is back the same store goes on with what it had."""
    if not shop.stop:
        pytest.skip("there is no server")
    port = shop.port
    store.write(port.Put(kind="x", key="a"))
    shop.stop()
    try:
        for call in (lambda: store.get("x", "a"), lambda: store.write(port.Put(kind="x", key="a"))):
            with pytest.raises(port.StoreUnavailable) as caught:
                call()
            assert caught.value.hint
        with pytest.raises(port.StoreUnavailable):
            shop.open()
    finally:
        shop.start()

    store.write(port.Put(kind="x", key="a", expect=1))

    assert store.get("x", "a").version == 2


def test_a_restart_is_ridden_out(shop, store):
    """What is written while the server restarts waits for it."""
    if not shop.stop:
        pytest.skip("there is no server")
    for _ in range(3):
        store.write(shop.port.Put(kind="x", key="a"))
    shop.stop()
    shop.start()

    store.write(shop.port.Put(kind="x", key="a", expect=3))

    assert store.get("x", "a").version == 4


@pytest.mark.parametrize("wrong", ["twice", "too many"])
def test_a_write_that_cannot_be_one_is_refused(shop, store, wrong):
    """Two changes of one item, or more changes than a write holds, are a mistake and change nothing."""
    port = shop.port
    keys = ["a", "a"] if wrong == "twice" else [str(n) for n in range(port.MOST_CHANGES + 1)]

    with pytest.raises(ValueError, match="one write holds"):
        store.write(*(port.Put(kind="x", key=key, partition="p") for key in keys))

    assert store.query("x", "p") == []


def test_any_text_and_number_comes_out_as_it_went_in(shop, store):
    """Zero bytes, half of a pair, and long numbers are data like all others; what is no JSON is refused."""
    data = {"zero": "\0", "half": "\ud800", "small": 1e-300, "long": 12345678901234567890123456789012345678901234567890}
    store.write(shop.port.Put(kind="x", key="a", data=data))

    assert store.get("x", "a").data == data
    with pytest.raises(ValueError, match="JSON"):
        store.write(shop.port.Put(kind="x", key="a", data={"n": float("nan")}))


def test_nothing_to_write_is_no_error(store):
    """A write without changes makes none."""
    store.write()
