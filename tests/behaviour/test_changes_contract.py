"""What the port of a store's change feed promises, held against the feed of each platform.

A platform joins by `PLATFORMS` and `opener`, which gives a way to open stores and feeds on one fresh storage.
"""

from __future__ import annotations

import sys
import threading
import time
import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from archwright import resolve
from archwright.catalog import load_catalog
from made_up import BLUEPRINT, write_catalog
from port_desk import load
from port_shop import aws_emulator, postgres_server
from rendered import write_starter

if TYPE_CHECKING:
    from collections.abc import Callable

AT_ONCE, A_WHILE = timedelta(0), timedelta(seconds=5)


@dataclass
class Bells:
    """What a contract test uses: the starter's ports, and its stores and feeds on one storage."""

    port: Any
    store: Callable[[], Any]
    feed: Callable[[], Any]
    nowhere: Callable[[], Any]  # opens a feed where there is no storage


def local(source, folder):
    """SQLite: feed and store open the file anew."""
    port, store, feed = load(source, "bells_local", "store.port", "store.sqlite", "store.feed")
    (folder / "file").write_text("no folder")
    return Bells(
        port=port,
        store=lambda: store.SqliteStore(folder / "store.db"),
        feed=lambda: feed.open_changes(SimpleNamespace(store_path=folder / "store.db"), "x"),
        nowhere=lambda: feed.open_changes(SimpleNamespace(store_path=folder / "file" / "store.db"), "x"),
    )


def postgres(source, platform, server):
    """PostgreSQL: feed and store have connections of their own to one database."""
    port, settings, adapter, feed = load(
        source, f"bells_{platform}", "store.port", "settings", "store.adapter", "store.feed"
    )
    database = f"bells_{uuid.uuid4().hex}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {database}")
    here = settings.Settings.from_environment({"DATABASE_URL": server.url(database)})
    away = settings.Settings.from_environment({"DATABASE_URL": "postgresql://postgres@/postgres?host=/nowhere"})
    return Bells(
        port=port,
        store=lambda: adapter.open_store(here),
        feed=lambda: feed.open_changes(here, "x"),
        nowhere=lambda: feed.open_changes(away, "x"),
    )


def aws(source, stack):
    """DynamoDB: feed and store have clients of their own for one table of an emulator."""
    _, make_table = aws_emulator(source, stack)
    port, settings, adapter, feed = load(source, "bells_aws", "store.port", "settings", "store.adapter", "store.feed")
    away = settings.Settings.from_environment({"STORE_TABLE": "nowhere"})

    def bells(_):
        here = settings.Settings.from_environment({"STORE_TABLE": make_table(f"bells-{uuid.uuid4().hex}")})
        return Bells(
            port=port,
            store=lambda: adapter.open_store(here),
            feed=lambda: feed.open_changes(here, "x"),
            nowhere=lambda: feed.open_changes(away, "x"),
        )

    return bells


def opener(platform, source, stack):
    """Return what opens a fresh storage on a platform; what it shares lasts as long as `stack`."""
    if platform == "local":
        return lambda folder: local(source, folder)
    if platform == "aws":
        return aws(source, stack)
    server = postgres_server(source, stack)
    return lambda _: postgres(source, platform, server)


PLATFORMS = ["local", "aws", "gcp", "azure"]


@pytest.fixture(scope="module", params=PLATFORMS)
def rendered(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bells")
    parts = "  shop: {kind: store, name: Shop, capability: store}\n"
    parts += "  feed: {kind: engine, name: Feed, capability: change-feed}\n"
    blueprint = BLUEPRINT.replace("containers:\n", f"containers:\n{parts}") + "features: [changes]\n"
    catalog = load_catalog([write_catalog(folder / "catalog", blueprint=blueprint, platform="", limits="")])
    architecture = resolve.resolve(catalog, "pigeon-post", request.param, f"bells-{request.param}", {})
    source = write_starter(architecture, folder / "starter")
    with ExitStack() as stack:
        yield opener(request.param, source, stack)
    sys.path.remove(str(source)) if str(source) in sys.path else None


@pytest.fixture
def bells(rendered, tmp_path):
    return rendered(tmp_path)


@pytest.fixture
def opened(bells):
    """Open stores and feeds; all are closed at the end."""
    all_of_them = []

    def open_one(kind):
        all_of_them.append(getattr(bells, kind)())
        return all_of_them[-1]

    yield open_one
    for one in all_of_them:
        one.close()


def test_write_by_somebody_else_wakes(bells, opened):
    """Who waits is woken by a write of another store, long before its time is over."""
    store, feed = opened("store"), opened("feed")
    feed.wait(AT_ONCE)
    writer = threading.Timer(0.2, store.write, [bells.port.Put(kind="x", key="a")])
    writer.start()
    started = time.monotonic()
    woken = feed.wait(timedelta(seconds=20))
    took = time.monotonic() - started
    writer.join()

    assert woken
    assert took < 10


def test_write_before_the_wait_is_not_missed(bells, opened):
    """What was written after the feed was opened and before anybody waits wakes as well."""
    store, feed = opened("store"), opened("feed")
    store.write(bells.port.Put(kind="x", key="a"))

    assert feed.wait(A_WHILE)


def test_silence_ends_with_the_time(opened):
    """When nothing is written the wait is over in time, and says that nothing was."""
    opened("store")
    feed = opened("feed")
    while feed.wait(timedelta(seconds=0.3)):
        pass
    started = time.monotonic()

    assert not feed.wait(timedelta(seconds=0.3))
    assert 0.2 < time.monotonic() - started < 3


def test_every_feed_is_woken(bells, opened):
    """Two who wait are both woken by one write, each by a feed of its own."""
    store, feeds = opened("store"), [opened("feed") for _ in range(2)]
    store.write(bells.port.Put(kind="x", key="a"))

    assert [feed.wait(A_WHILE) for feed in feeds] == [True, True]


def test_other_kinds_and_undone_writes_do_no_harm(bells, opened):
    """Whatever a feed makes of items of another kind and of refused writes, the next write of its own kind wakes."""
    store, feed = opened("store"), opened("feed")
    store.write(bells.port.Put(kind="y", key="a"))
    with pytest.raises(bells.port.Conflict):
        store.write(bells.port.Put(kind="x", key="a"), bells.port.Put(kind="y", key="a", expect=7))
    while feed.wait(timedelta(seconds=0.3)):
        pass
    store.write(bells.port.Put(kind="x", key="a"))

    assert feed.wait(A_WHILE)


def test_deletion_may_wake_and_breaks_nothing(bells, opened):
    """A write that deletes is a write like others."""
    store, feed = opened("store"), opened("feed")
    store.write(bells.port.Put(kind="x", key="a"))
    store.write(bells.port.Delete(kind="x", key="a"))

    assert feed.wait(A_WHILE)
    assert store.get("x", "a") is None


def test_feed_of_a_storage_that_is_away_says_so(bells):
    """A feed that cannot be opened raises what the store raises, with what to do about it."""
    with pytest.raises(bells.port.StoreUnavailable):
        bells.nowhere().wait(AT_ONCE)
