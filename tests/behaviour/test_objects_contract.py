"""What the object store's port promises, held against the adapter of each platform.

A platform joins by a function in `ADAPTERS`: it gives a `Shed` whose stores share one fresh storage.
"""

from __future__ import annotations

import hashlib
import io
import os
import sys
import threading
import time
import uuid
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from archwright.emulators.blob import BlobEmulator
from archwright.emulators.cloudstorage import CloudStorageEmulator
from archwright.resources import checkout_root
from port_desk import load, load_dev
from port_shed import MEGABYTE, Trickle, write_shed

if TYPE_CHECKING:
    from collections.abc import Callable

_SESSION = lru_cache(maxsize=1)(boto3.session.Session)

ODD_KEYS = [
    "a",
    "A",
    "a/b/c",
    "with blank",
    "ünï/çødé/文書",
    "percent%2Fsign/%",
    "..hidden/.dots./a..b",
    "question?mark=1&more#part",
    "plus+and;semi:colon,'quote\"",
    "CON/nul.txt",
    "x" * 255 + "/" + "y" * 256,
    "é" * 256,
]
BAD_KEYS = ["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a\\b", "a\nb", "a\0", "\x7f", "\ud800"]
BAD_KEYS += ["x" * 513, "é" * 257]


@dataclass
class Shed:
    """What a contract test uses: the starter's port, its stores, and what keeps them."""

    port: Any
    open: Callable[[], Any]  # another store on the same storage, as another process would open it
    stack: ExitStack = field(default_factory=ExitStack)


def local(source, folder):
    """A folder: every store opens it anew."""
    port, store = load(source, "shed_local", "objects.port", "objects.folder.store")
    return Shed(port=port, open=lambda: store.FolderStore(folder / "objects"))


def azure(source, folder):
    """Blob Storage: every store connects anew to one emulator through the official SDK."""
    del folder
    port, settings, adapter = load(source, "shed_azure", "objects.port", "settings", "objects.adapter")
    stack = ExitStack()
    emulator = stack.enter_context(BlobEmulator(containers=["objects"]))
    variables = {"BLOB_CONNECTION_STRING": emulator.connection_string}
    read = settings.Settings.from_environment
    return Shed(port=port, open=lambda: adapter.open_objects(read(variables)), stack=stack)


def gcp(source, folder):
    """Cloud Storage: every store connects anew to one emulator through the official SDK."""
    del folder
    port, settings, adapter = load(source, "shed_gcp", "objects.port", "settings", "objects.adapter")
    stack = ExitStack()
    emulator = stack.enter_context(CloudStorageEmulator(buckets=["objects"]))
    environment = stack.enter_context(pytest.MonkeyPatch.context())
    environment.setenv("STORAGE_EMULATOR_HOST", emulator.endpoint)
    read = settings.Settings.from_environment
    return Shed(port=port, open=lambda: adapter.open_objects(read({"STORAGE_BUCKET": "objects"})), stack=stack)


def aws(source, folder):
    """S3: every store has a client of its own for one bucket of an emulator, which is one for all tests."""
    del folder
    os.environ.setdefault("STARTER_VENV", str(checkout_root() / "build" / "starter-venv"))
    emulators, buckets = load_dev(source.parent / "dev", "localaws.emulator", "bucket")
    port, settings, adapter = load(source, "shed_aws", "objects.port", "settings", "objects.adapter")
    stack = ExitStack()
    environment = stack.enter_context(pytest.MonkeyPatch.context())
    for name, value in emulators.shared().variables.items():
        environment.setenv(name, value)
    environment.setattr(boto3.session, "Session", _SESSION)  # a new one reads what S3 is anew: half a second
    bucket = buckets.make_bucket(f"shed-{uuid.uuid4().hex}")
    read = settings.Settings.from_environment
    return Shed(port=port, open=lambda: adapter.open_objects(read({"S3_BUCKET": bucket})), stack=stack)


ADAPTERS = {"aws": aws, "azure": azure, "gcp": gcp, "local": local}


@pytest.fixture(scope="module", params=sorted(ADAPTERS))
def rendered(request, tmp_path_factory):
    source = write_shed(request.param, tmp_path_factory.mktemp("shed"))
    yield request.param, source
    sys.path.remove(str(source)) if str(source) in sys.path else None


@pytest.fixture
def shed(rendered, tmp_path):
    platform, source = rendered
    shed = ADAPTERS[platform](source, tmp_path)
    with shed.stack:
        yield shed


@pytest.fixture
def stores(shed):
    """Open stores on one storage, as several processes would; all are closed at the end."""
    opened = []

    def open_one():
        opened.append(shed.open())
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def store(stores):
    return stores()


def put(store, key="a", content=b"content", **more):
    return store.put(key, io.BytesIO(content), **more)


def get(store, key="a"):
    with store.open(key) as content:
        return content.read()


def use(store, method, key):
    return {"put": put, "open": get}.get(method, lambda store, key: getattr(store, method)(key))(store, key)


def test_object_comes_out_as_it_went_in(stores):
    """What one process puts, another one gets, with its size and time."""
    before = time.time()

    info = put(stores(), "a/b", b"\x00\xffbytes", content_type="text/plain")

    assert get(stores(), "a/b") == b"\x00\xffbytes"
    assert stores().stat("a/b") == info
    assert (info.key, info.size) == ("a/b", 7)
    assert abs(info.modified_at.timestamp() - before) < 5


def test_empty_object_is_an_object(store):
    """No bytes are kept as no bytes, and read as none."""
    put(store, content=b"")

    assert get(store) == b""
    assert store.stat("a").size == 0


@pytest.mark.parametrize("key", ODD_KEYS, ids=lambda key: ascii(key)[:20])
def test_odd_key_is_kept_as_it_is(store, key):
    """A key with any allowed character is stored, listed, found and deleted under exactly this name."""
    put(store, key, key.encode())

    assert get(store, key) == key.encode()
    assert [info.key for info in store.list()] == [key]
    assert [info.key for info in store.list(key)] == [key]
    store.delete(key)
    assert list(store.list()) == []


def test_no_two_keys_share_an_object(store):
    """Keys that differ in case, in an escape or in where their parts end are different objects."""
    keys = [*ODD_KEYS, "a/b", "a/b/c/d", "a.object", "a~/b", "a%", "%61", "x" * 199, "x" * 200, "x" * 201, "a.object/b"]
    for key in keys:
        put(store, key, key.encode())

    assert {key: get(store, key) for key in keys} == {key: key.encode() for key in keys}
    assert sorted(info.key for info in store.list()) == sorted(keys)


@pytest.mark.parametrize("key", BAD_KEYS, ids=lambda key: ascii(key)[:20])
@pytest.mark.parametrize("method", ["put", "open", "stat", "renew", "delete"])
def test_bad_key_is_refused(shed, store, method, key):
    """A key that leads elsewhere, or that some store could not keep, is refused by every method."""
    with pytest.raises(shed.port.InvalidKey):
        use(store, method, key)


def test_second_put_is_refused_and_changes_nothing(shed, store):
    """Without `overwrite` the first object stays."""
    put(store, content=b"first")

    with pytest.raises(shed.port.ObjectExists, match="`a`"):
        put(store, content=b"second")

    assert get(store) == b"first"


@pytest.mark.parametrize("size", [1, 5 * MEGABYTE])
def test_one_of_many_who_create_wins(shed, stores, size):
    """Of processes that create the same object at once exactly one succeeds, and its content is there, unmixed."""
    won, lost = [], []

    def create(number):
        store = stores()
        try:
            put(store, content=str(number).encode() * size)
            won.append(number)
        except shed.port.ObjectExists:
            lost.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(won), len(lost)) == (1, 5)
    assert get(stores()) == str(won[0]).encode() * size


def test_overwriting_replaces_the_whole_object(store):
    """With `overwrite` the new content is there alone, shorter or longer."""
    put(store, content=b"a long first one")

    info = put(store, content=b"short", overwrite=True)

    assert (get(store), info.size) == (b"short", 5)


@pytest.mark.parametrize("method", ["open", "stat", "renew"])
def test_missing_object_is_told(shed, store, method):
    """Reading, looking at and renewing what is not there say so."""
    put(store, "a/b")

    for key in ("a", "b", "a/b/c"):
        with pytest.raises(shed.port.ObjectMissing, match=f"`{key}`"):
            use(store, method, key)


def test_deleting_twice_is_as_good_as_once(shed, store):
    """What is gone is gone, and saying so again is no error."""
    put(store)

    store.delete("a")
    store.delete("a")

    with pytest.raises(shed.port.ObjectMissing):
        store.stat("a")


def test_list_gives_every_object_of_a_prefix(store):
    """A prefix is text, whether it ends at a part or within one; pages are not seen."""
    keys = [f"claims/{number:04}" for number in range(60)] + ["claim", "other/claims/1"]
    for key in keys:
        put(store, key, b"1")

    assert sorted(info.key for info in store.list("claims/")) == keys[:60]
    assert sorted(info.key for info in store.list("claim")) == sorted(keys[:61])
    assert sorted(info.key for info in store.list("claims/005")) == keys[50:60]
    assert sorted(info.key for info in store.list()) == sorted(keys)
    assert list(store.list("claims/x")) == []


def test_renewed_object_is_new_and_unchanged(store):
    """Renewing moves the time on and leaves the content."""
    first = put(store)
    time.sleep(1.1)  # times have whole seconds in some stores

    renewed = store.renew("a")

    assert renewed.modified_at > first.modified_at
    assert store.stat("a") == renewed
    assert get(store) == b"content"


@pytest.mark.parametrize("size", [4 * MEGABYTE - 1, 4 * MEGABYTE, 4 * MEGABYTE + 1, 9 * MEGABYTE])
def test_large_object_goes_in_and_out_in_steps(store, size):
    """An object of several megabytes is never asked for as a whole, and arrives byte for byte."""
    content = Trickle(size)

    info = store.put("large", content)

    digest, steps = hashlib.sha256(), []
    with store.open("large") as reader:
        while data := reader.read(MEGABYTE):
            steps.append(len(data))
            digest.update(data)
    assert info.size == size
    assert digest.hexdigest() == content.digest.hexdigest()
    assert max(steps) <= MEGABYTE
    assert content.wish <= 5 * MEGABYTE


@pytest.mark.parametrize("size", [999, 1000, 1001, 6 * MEGABYTE])
def test_limit_holds_to_the_byte(shed, store, size):
    """What is larger than the limit is refused while it is read, and nothing of it is kept."""
    if size <= 1000:
        assert store.put("a", Trickle(size), limit=1000).size == size
        return

    with pytest.raises(shed.port.ObjectTooLarge, match="1,000"):
        store.put("a", Trickle(size), limit=1000)

    assert list(store.list()) == []


def test_content_that_breaks_off_leaves_nothing(shed, store):
    """A source that fails half-way leaves no object, and what was there before stays."""
    put(store, content=b"before")

    class Broken(Trickle):
        def read(self, size=-1, /):
            if self.left < 2 * MEGABYTE:
                raise RuntimeError("the source broke off")
            return super().read(size)

    with pytest.raises(RuntimeError):
        store.put("a", Broken(9 * MEGABYTE), overwrite=True)
    with pytest.raises(RuntimeError):
        store.put("b", Broken(9 * MEGABYTE))

    assert get(store) == b"before"
    assert [info.key for info in store.list()] == ["a"]


def test_reader_is_not_disturbed_by_a_delete(stores):
    """Who has begun to read an object sees all of it or an error of the port, never a part as if it were whole."""
    reading, writing = stores(), stores()
    put(reading, content=b"x" * 100)

    with reading.open("a") as content:
        first = content.read(10)
        writing.delete("a")
        rest = content.read()

    assert first + rest == b"x" * 100


def test_threads_may_share_a_store(store):
    """Several threads put and get at once through one adapter."""
    wrong = []

    def work(number):
        for turn in range(5):
            key, content = f"{number}/{turn}", f"{number}-{turn}".encode() * 1000
            put(store, key, content)
            if get(store, key) != content:
                wrong.append(key)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert len(list(store.list())) == 20
