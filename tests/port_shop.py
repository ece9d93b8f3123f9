"""A starter with a store, rendered for a platform, so that its adapter can be held to the port."""

from __future__ import annotations

import importlib
import importlib.util
import os
import socket
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import psycopg
import pytest

from archwright import resolve
from archwright.catalog import load_catalog
from archwright.resources import checkout_root
from made_up import BLUEPRINT, write_catalog
from port_desk import load, load_dev
from rendered import write_starter

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack


def write_shop(platform: str, folder: Path, name: str = "shop") -> Path:
    """Render a starter that has a store, and return its source folder; its package is `name_platform`."""
    blueprint = BLUEPRINT.replace(
        "containers:\n", "containers:\n  shop: {kind: store, name: Shop, capability: store}\n"
    )
    blueprint += "features: [store]\n"
    catalog = load_catalog([write_catalog(folder / "catalog", blueprint=blueprint, platform="", limits="")])
    architecture = resolve.resolve(catalog, "pigeon-post", platform, f"{name}-{platform}", {})
    return write_starter(architecture, folder / "starter")


def package_of(source: Path) -> str:
    """Return the name of the only package in a starter's source folder."""
    [package] = [path.name for path in source.iterdir() if (path / "store").is_dir()]
    return package


@dataclass
class Shop:
    """What a contract test uses: the starter's port, its stores, and ways to make trouble for them."""

    port: Any
    open: Callable[[], Any]  # another store on the same storage, as another process would open it
    spoil: Callable[[], str]  # put something else in place of the storage; returns the setting to change
    fill_disk: Callable[[Any], None] | None = None  # whatever is written from then on does not fit
    stop: Callable[[], None] | None = None  # the server, where there is one
    start: Callable[[], None] | None = None


def local(source: Path, folder: Path) -> Shop:
    """SQLite: every store opens the file anew."""
    port, store = load(source, package_of(source), "store.port", "store.sqlite")
    file = folder / "store.db"

    def fill(one: Any) -> None:
        pages = one._connection.execute("PRAGMA page_count").fetchone()[0]
        one._connection.execute(f"PRAGMA max_page_count = {pages}")

    def spoil() -> str:
        file.write_bytes(b"something else entirely, and of no use" * 40)
        return "STORE_PATH"

    return Shop(port=port, open=lambda: store.SqliteStore(file), fill_disk=fill, spoil=spoil)


def postgres(source: Path, server: Any) -> Shop:
    """PostgreSQL: every store has connections of its own to one database of one server."""
    port, settings, adapter = load(source, package_of(source), "store.port", "settings", "store.adapter")
    database = f"shop_{uuid.uuid4().hex}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {database}")
    url = server.url(database)

    def ask(statement: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)

    def fill(one: Any) -> None:
        del one
        ask(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION USING ERRCODE = 'disk_full', MESSAGE = 'could not extend file'; END $$;"
            "CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON items EXECUTE FUNCTION full_disk()"
        )

    def spoil() -> str:
        ask("CREATE TABLE items (something_else integer)")
        return "DATABASE_NAME"

    def open_one() -> Any:
        return adapter.open_store(settings.Settings.from_environment({"DATABASE_URL": url}))

    return Shop(port=port, open=open_one, fill_disk=fill, spoil=spoil, stop=server.stop, start=server.start)


def aws_emulator(source: Path, stack: ExitStack) -> tuple[Any, Callable[[str], str]]:
    """Start the emulator that the starter brings, point the SDK at it, and return it with what makes a table there."""
    os.environ.setdefault("STARTER_VENV", str(checkout_root() / "build" / "starter-venv"))
    emulators, table = load_dev(source.parent / "dev", "localaws.emulator", "table")
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    emulator = stack.enter_context(emulators.LocalAws(port=port, state=Path(folder)))
    environment = stack.enter_context(pytest.MonkeyPatch.context())
    for name, value in emulator.variables.items():
        environment.setenv(name, value)
    return emulator, table.make_table


def aws(source: Path, stack: ExitStack) -> Callable[[Path], Shop]:
    """DynamoDB: every store has a client of its own for one table of an emulator that keeps what it has."""
    emulator, make_table = aws_emulator(source, stack)
    port_, settings, adapter = load(source, package_of(source), "store.port", "settings", "store.adapter")

    def shop(_: Path) -> Shop:
        name = f"shop-{uuid.uuid4().hex}"
        make_table(name)

        def spoil() -> str:
            client = boto3.client("dynamodb")
            client.delete_table(TableName=name)
            client.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            )
            client.close()
            return "STORE_TABLE"

        return Shop(
            port=port_,
            open=lambda: adapter.open_store(settings.Settings.from_environment({"STORE_TABLE": name})),
            spoil=spoil,
            stop=emulator.stop,
            start=emulator.start,
        )

    return shop


def postgres_module(source: Path) -> Any:
    """Return the module by which the starter starts a PostgreSQL on this machine."""
    spec = importlib.util.spec_from_file_location("starter_postgres", source.parent / "dev" / "postgres.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def postgres_server(source: Path, stack: ExitStack) -> Any:
    """Start the server that the starter brings for its own drills."""
    folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
    return stack.enter_context(postgres_module(source).PostgresServer(Path(folder), durable=False))


def shops(platform: str, source: Path, stack: ExitStack) -> Callable[[Path], Shop]:
    """Return what opens a fresh storage for each test on a platform; what it shares lasts as long as `stack`."""
    if platform == "local":
        return lambda folder: local(source, folder)
    if platform == "aws":
        return aws(source, stack)
    server = postgres_server(source, stack)
    return lambda _: postgres(source, server)
