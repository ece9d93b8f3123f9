"""A starter's Service Bus adapter when the connection is lost, the broker is away, or a setting is wrong."""

from __future__ import annotations

import gc
import json
import sys
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest

from archwright.emulators.servicebus import ServiceBusEmulator
from port_desk import load, write_desk

SECOND = timedelta(seconds=1)

# The SDK leaves a socket to the garbage collector when its connection is cut.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def starter(tmp_path_factory):
    """The modules of a rendered starter."""
    source = write_desk("azure", tmp_path_factory.mktemp("desk"))
    names = ("messaging.port", "messaging.adapter", "topology", "errors")
    port, adapter, topology, errors = load(source, "port_azure", *names)
    config = json.loads((source.parent / "dev" / "Config.json").read_text())
    yield SimpleNamespace(port=port, adapter=adapter, channels=topology.CHANNELS, errors=errors, config=config)
    sys.path.remove(str(source))


@pytest.fixture
def open_broker(starter):
    opened = []

    def open_one(connection_string="", namespace=""):
        settings = SimpleNamespace(servicebus_connection_string=connection_string, servicebus_namespace=namespace)
        opened.append(starter.adapter.open_broker(settings, starter.channels))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()
    opened.clear()
    gc.collect()


def message(starter, number):
    return starter.port.Message(id=f"m-{number}", type="Letter", version=1, body=b"{}")


def test_a_cut_connection_is_made_anew(starter, open_broker):
    """After every connection was cut, sending, leasing and looking at dead letters go on without a word."""
    with ServiceBusEmulator(starter.config) as emulator:
        broker = open_broker(emulator.connection_string)
        for number in (1, 2):
            broker.send("pigeons", message(starter, number))
            [delivery] = broker.lease("pigeons", wait=SECOND)
            delivery.dead_letter("permanent")
            assert len(broker.dead_letters("pigeons")) == number

            emulator.faults.drop_connections()


def test_a_broker_that_comes_back_is_found_again(starter, open_broker, tmp_path):
    """While the broker is away each call fails within seconds and says so; when it is back, so is everything."""
    journal = tmp_path / "journal"
    with ServiceBusEmulator(starter.config, journal=journal) as emulator:
        port = emulator.port
        broker = open_broker(emulator.connection_string)
        broker.send("pigeons", message(starter, 1))

    began = time.monotonic()
    for call in (lambda: broker.send("pigeons", message(starter, 2)), lambda: broker.lease("pigeons", wait=SECOND)):
        with pytest.raises(starter.port.BrokerUnavailable, match="cannot be reached"):
            call()
    assert time.monotonic() - began < 30

    with ServiceBusEmulator(starter.config, journal=journal, port=port):
        broker.send("pigeons", message(starter, 3))
        found = [broker.lease("pigeons", wait=SECOND)[0].message.id for _ in range(2)]
    assert found == ["m-1", "m-3"]


@pytest.mark.parametrize(
    ("connection_string", "namespace", "words"),
    [
        ("", "", "SERVICEBUS_NAMESPACE is not set"),
        ("", "orders", "`orders`, which is no host name"),
        ("SharedAccessKey=secret", "", "SERVICEBUS_CONNECTION_STRING is no connection string"),
    ],
)
def test_a_wrong_setting_is_told_without_its_secret(starter, open_broker, connection_string, namespace, words):
    """Which variable is wrong is said before anything is connected to; a key is never shown."""
    with pytest.raises(starter.errors.SettingsError, match=words) as told:
        open_broker(connection_string, namespace)

    assert "make broker" in told.value.hint
    assert "secret" not in str(told.value)


def test_a_wrong_key_and_a_missing_queue_are_told_apart(starter, open_broker):
    """Who may not come in is told of roles; who asks for what is not there is told to create it."""
    with ServiceBusEmulator(starter.config, key="another") as emulator:
        wrong = emulator.connection_string.replace("another", "mistaken")
        with pytest.raises(starter.port.BrokerUnavailable, match="does not let this program"):
            open_broker(wrong).send("pigeons", message(starter, 1))
    nothing = {"UserConfig": {"Namespaces": [{"Name": "sbemulatorns", "Queues": [], "Topics": []}]}}
    with ServiceBusEmulator(nothing) as emulator:
        with pytest.raises(starter.port.BrokerUnavailable, match="has no `pigeons`") as told:
            open_broker(emulator.connection_string).send("pigeons", message(starter, 1))
        assert "infra/" in told.value.hint
