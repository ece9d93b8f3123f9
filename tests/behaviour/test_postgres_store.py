"""What the store in PostgreSQL does beyond the port: lost answers, refused rights, the end of its server."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from contextlib import ExitStack, closing, suppress
from dataclasses import replace

import psycopg
import pytest

from port_desk import load
from port_shop import postgres_module, postgres_server, write_shop


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    source = write_shop("gcp", tmp_path_factory.mktemp("shop"))
    yield source
    sys.path.remove(str(source)) if str(source) in sys.path else None


@pytest.fixture(scope="module")
def server(source):
    with ExitStack() as stack:
        yield postgres_server(source, stack)


@pytest.fixture
def url(server):
    database = f"store_{uuid.uuid4().hex}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {database}")
    return server.url(database)


@pytest.fixture
def port(source):
    return load(source, "shop_gcp", "store.port")[0]


@pytest.fixture
def settings(source):
    return load(source, "shop_gcp", "settings")[0].Settings.from_environment({})


@pytest.fixture
def open_store(source, settings):
    """Open stores by connection strings; all are closed at the end."""
    [adapter] = load(source, "shop_gcp", "store.adapter")
    with ExitStack() as stack:
        yield lambda where: stack.enter_context(closing(adapter.open_store(replace(settings, database_url=where))))


def ask(url, statement):
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement)


class Wire:
    """Carries bytes between a client and the server, and cuts the wire when the client commits."""

    def __init__(self, target):
        self.cut = ""  # before the server hears of it, or after it has answered
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._ends = []
        self._threads = []
        self._run(self._serve)

    def close(self):
        for end in (self._listener, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for end in (self._listener, *self._ends):
            end.close()

    def _run(self, act, *arguments):
        self._threads.append(threading.Thread(target=act, args=arguments))
        self._threads[-1].start()

    def _serve(self):
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._target)
                self._ends += [client, server]
                self._run(self._carry, client, server, True)  # noqa: FBT003  # a test's own
                self._run(self._carry, server, client, False)  # noqa: FBT003  # same

    def _carry(self, here, there, from_client):
        with suppress(OSError):
            while data := here.recv(65536):
                cuts = from_client and self.cut and b"COMMIT" in data
                if not (cuts and self.cut == "before"):
                    there.sendall(data)
                if cuts:
                    time.sleep(0.3)  # for the server to make it
                    self.cut = ""
                    break
        for end in (here, there):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def wire(server):
    with closing(Wire(f"{server.url().partition('host=')[2]}/.s.PGSQL.5432")) as wire:
        yield wire


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_commit_whose_answer_is_lost_is_made_once(open_store, port, url, wire, cut):
    """The server is asked what became of it: what was made is not made again, and what was not is."""
    database = url.partition("?")[0].rpartition("/")[2]
    store = open_store(f"postgresql://postgres@127.0.0.1:{wire.port}/{database}")
    store.write(port.Put(kind="x", key="a"))
    wire.cut = cut

    store.write(port.Put(kind="x", key="a", expect=1), port.Put(kind="x", key="b", expect=port.Expect.ABSENT))

    assert not wire.cut
    assert (store.get("x", "a").version, store.get("x", "b").version) == (2, 1)


def test_a_transaction_that_gives_way_is_made_again(open_store, port, url):
    """The server undoes one of two that block each other; it is made again, and not told of."""
    store = open_store(url)
    ask(
        url,
        "CREATE SEQUENCE tries; CREATE FUNCTION give_way() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF nextval('tries') < 3 THEN RAISE EXCEPTION USING ERRCODE = 'deadlock_detected'; END IF; RETURN NEW; END $$;"
        "CREATE TRIGGER give_way BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION give_way()",
    )

    store.write(port.Put(kind="x", key="a"))

    assert store.get("x", "a").version == 1


def test_a_program_that_may_do_little_needs_no_more(open_store, port, url, source, monkeypatch):
    """Without rights it is told to run `prepare-store`; then it reads and writes items, and can do nothing else."""
    role = f"program_{uuid.uuid4().hex}"
    ask(url, f"CREATE ROLE {role} LOGIN")
    as_program = url.replace("postgres@", f"{role}@")
    with pytest.raises(port.StoreUnavailable) as caught:
        open_store(as_program)
    assert "prepare-store" in caught.value.hint

    [command] = load(source, "shop_gcp", "commands.prepare_store")
    monkeypatch.setenv("DATABASE_URL", url)
    for _ in range(2):  # once more does no harm
        command.run(argparse.Namespace(roles=[role]))

    store = open_store(as_program)
    store.write(port.Put(kind="x", key="a"))
    store.write(port.Delete(kind="x", key="a", expect=1))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(as_program, "DROP TABLE items")


@pytest.mark.parametrize(
    ("state", "words"),
    [("read_only_sql_transaction", "takes no writes"), ("lock_not_available", "locked"), ("query_canceled", "30 s")],
)
def test_what_the_server_refuses_is_told_in_words(open_store, port, url, state, words):
    """Each refusal has a sentence and what to do."""
    store = open_store(url)
    ask(
        url,
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" RAISE EXCEPTION USING ERRCODE = '{state}'; END $$;"
        "CREATE TRIGGER refuse BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION refuse()",
    )

    with pytest.raises(port.StoreUnavailable, match=words) as caught:
        store.write(port.Put(kind="x", key="a"))

    assert caught.value.hint


def test_sign_in_is_by_identity_and_the_server_is_known(source, settings):
    """Without a connection string every connection asks for a token, and holds the server to its certificate."""
    [client] = load(source, "shop_gcp", "store.postgres.client")
    here = replace(settings, database_host="127.0.0.1", database_user="program")
    asked = []

    def token():
        asked.append(1)
        return "secret"

    pool = client.connect(here, token)
    for _ in range(2):
        with pytest.raises(psycopg.OperationalError), pool.connection():
            pass

    assert len(asked) == 2
    assert "sslmode=verify-full" in client._where(here)
    own = client._where(replace(here, database_ca="-----BEGIN CERTIFICATE-----\n"))
    assert "sslmode=verify-ca" in own
    assert "secret" not in repr(here) + client._where(here)


@pytest.mark.parametrize(
    ("changed", "name"),
    [({}, "DATABASE_HOST"), ({"database_host": "h"}, "DATABASE_USER"), ({"database_url": "no url"}, "DATABASE_URL")],
)
def test_settings_that_lead_nowhere_are_named(source, settings, changed, name):
    """What is missing or cannot be understood is named, and no password is shown."""
    client, errors = load(source, "shop_gcp", "store.postgres.client", "errors")

    with pytest.raises(errors.SettingsError, match=name) as caught:
        client.connect(replace(settings, **changed), str)

    assert "make store" in caught.value.hint


def test_the_server_ends_with_whoever_started_it(source, tmp_path):
    """A parent that is killed leaves no server behind."""
    program = (
        f"import sys, time; sys.path.insert(0, {str(source.parent / 'dev')!r}); from pathlib import Path\n"
        f"from postgres import PostgresServer; server = PostgresServer(Path({str(tmp_path)!r}), durable=False)\n"
        "server.start(); print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout.readline() == "up\n"
        postmaster = int((tmp_path / "postgres" / "postmaster.pid").read_text().split()[0])
        parent.send_signal(signal.SIGKILL)

    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and os.path.exists(f"/proc/{postmaster}"):  # noqa: PTH110  # short
        time.sleep(0.05)
    with pytest.raises(ProcessLookupError):
        os.kill(postmaster, 0)


def test_a_server_that_cannot_start_says_why(source, tmp_path):
    """A port that another program has is told, and nobody mistakes that program for the server."""
    module = postgres_module(source)
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(module.ServerError, match="already in use"):
        module.PostgresServer(tmp_path, port=taken.getsockname()[1], durable=False).start()
