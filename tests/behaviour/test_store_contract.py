"""What the store's port promises, held against the adapter of each platform.

A platform joins by a function in `ADAPTERS`: it gives a way to open stores that share one fresh storage.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from archwright import render, resolve
from archwright.catalog import load_catalog
from made_up import BLUEPRINT, write_catalog
from port_desk import load

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Shop:
    """What a contract test uses: the starter's port, and its stores."""

    port: Any
    open: Callable[[], Any]  # another store on the same storage, as another process would open it


def local(source, folder):
    """SQLite: every store opens the file anew."""
    port, store = load(source, "shop_local", "store.port", "store.sqlite")
    return Shop(port=port, open=lambda: store.SqliteStore(folder / "store.db"))


ADAPTERS = {"local": local}


@pytest.fixture(scope="module", params=sorted(ADAPTERS))
def rendered(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    blueprint = BLUEPRINT.replace(
        "containers:\n", "containers:\n  shop: {kind: store, name: Shop, capability: store}\n"
    )
    catalog = load_catalog(
        [write_catalog(folder / "catalog", blueprint=blueprint + "features: [store]\n", platform="", limits="")]
    )
    architecture = resolve.resolve(catalog, "pigeon-post", request.param, f"shop-{request.param}", {})
    for path, file in render.render_layers(architecture).items():
        target = folder / "starter" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
    source = folder / "starter" / "src"
    yield request.param, source
    sys.path.remove(str(source)) if str(source) in sys.path else None


@pytest.fixture
def shop(rendered, tmp_path):
    platform, source = rendered
    return ADAPTERS[platform](source, tmp_path)


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


@pytest.mark.parametrize("wrong", ["absent", "version", "older version", "deleted version"])
def test_all_changes_are_made_or_none(shop, store, wrong):
    """One change that does not fit undoes those before and after it."""
    port = shop.port
    for _ in range(2):
        store.write(port.Put(kind="x", key="there"))
    refused = {
        "absent": port.Put(kind="x", key="there", expect=port.Expect.ABSENT),
        "version": port.Put(kind="x", key="there", expect=3),
        "older version": port.Put(kind="x", key="there", expect=1),
        "deleted version": port.Delete(kind="x", key="gone", expect=1),
    }[wrong]

    with pytest.raises(port.Conflict, match="nothing was written"):
        store.write(port.Put(kind="x", key="before"), refused, port.Delete(kind="x", key="there"))

    assert store.get("x", "before") is None
    assert store.get("x", "there").version == 2


def test_expected_changes_are_made(shop, store):
    """A change whose expectation holds is made; deleting what is gone is no error."""
    port = shop.port
    store.write(port.Put(kind="x", key="a", expect=port.Expect.ABSENT))
    store.write(port.Put(kind="x", key="a", expect=1))
    store.write(port.Delete(kind="x", key="a", expect=2), port.Delete(kind="x", key="never"))

    assert store.get("x", "a") is None


def test_a_hundred_changes_fit_into_one_write(shop, store):
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


def test_storage_of_another_program_is_left_alone(shop, tmp_path):
    """A file that is not ours is refused with a sentence and a hint, and stays as it is."""
    (tmp_path / "store.db").write_bytes(b"something else entirely, and of no use" * 40)

    with pytest.raises(shop.port.StoreUnavailable) as caught:
        shop.open()

    assert "STORE_PATH" in caught.value.hint
    assert (tmp_path / "store.db").read_bytes().startswith(b"something else")
