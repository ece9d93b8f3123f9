"""What clients, files and disks can do to the Service Bus emulator: one is told, nobody else suffers."""

from __future__ import annotations

import contextlib
import json
import logging
import random
import resource
import socket
import struct
import time

import pytest
from azure.servicebus.exceptions import (
    MessageSizeExceededError,
    MessagingEntityNotFoundError,
    ServiceBusAuthenticationError,
    ServiceBusError,
)
from typer.testing import CliRunner

from archwright.emulators.errors import PortTakenError
from archwright.emulators.journal import Journal, JournalError
from archwright.emulators.records import DamagedRecordError
from archwright.emulators.servicebus import ServiceBusEmulator
from archwright.emulators.servicebus.codec import Array, Described, Symbol, UInt, ULong, UShort, encode
from archwright.emulators.servicebus.config import ConfigError
from archwright.emulators.servicebus.emulator import connection_string
from archwright.emulators.servicebus.frames import (
    ATTACH,
    BEGIN,
    DETACH,
    DISPOSITION,
    END,
    FLOW,
    HEADER,
    OPEN,
    TRANSFER,
    performative,
)
from servicebus_bench import CONFIG, Bus, Message, server_process

pytest_plugins = ["servicebus_fixtures"]

SASL = b"AMQP\x03\x01\x00\x00"
AMQP = b"AMQP\x00\x01\x00\x00"


def frame(body, channel=0, kind=0):
    return HEADER.pack(len(body) + 8, 2, kind, channel) + body


def login(password="SAS_KEY_VALUE"):  # noqa: S107  # the key that everybody knows
    """Return what a client with the right key says first."""
    secret = b"\0RootManageSharedAccessKey\0" + password.encode()
    return SASL + frame(performative(0x41, Symbol("PLAIN"), secret), kind=1) + AMQP


def conversation():
    """Return the frames of a client that sends one message, each whole."""
    source, target = Described(ULong(0x28), ["x"]), Described(ULong(0x29), ["long"])
    fields = [None, None, source, target, None, None, UInt(0)]
    attach = performative(ATTACH, "link", UInt(0), False, *fields)  # noqa: FBT003  # the role of a sender
    return [
        frame(performative(OPEN, "client", "localhost", UInt(65536))),
        frame(performative(BEGIN, None, UInt(0), UInt(100), UInt(100))),
        frame(attach),
        frame(performative(FLOW, UInt(0), UInt(100), UInt(0), UInt(100), UInt(0), UInt(0), UInt(10))),
        frame(performative(TRANSFER, UInt(0), UInt(0), b"tag", UInt(0), False) + b"\x00\x53\x75\xa0\x05fuzzy"),  # noqa: FBT003
        frame(performative(DISPOSITION, True, UInt(0), UInt(2**31), True, Described(ULong(0x24), []))),  # noqa: FBT003
        frame(performative(DETACH, UInt(0), True)),  # noqa: FBT003
        frame(performative(END)),
    ]


def talk(port, data, *, wait=0.05):
    """Send bytes; return what comes back until the server closes or falls silent."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(wait)
        answer = b""
        with contextlib.suppress(OSError):
            client.sendall(data)
            while piece := client.recv(65536):
                answer += piece
        return answer


def mutated(rng, data):
    """Return bytes with a few of them changed, removed, repeated or invented."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(changed) or 1)
        match rng.randrange(4):
            case 0:
                changed[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del changed[at : at + rng.randint(1, 8)]
            case 2:
                changed[at:at] = changed[at : at + rng.randint(1, 16)]
            case _:
                changed[at:at] = rng.randbytes(rng.randint(1, 8))
    return bytes(changed)


@pytest.fixture
def no_bug(caplog):
    """Nothing in the emulator failed in a way that it did not foresee."""
    yield
    assert [] == [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.usefixtures("no_bug")
def test_malformed_frames_end_one_connection(emulator, bus):
    """Two thousand conversations with mutated bytes disturb nobody and meet no unforeseen failure."""
    rng = random.Random(5)  # noqa: S311  # a test
    bus.send("q", "before")
    with contextlib.ExitStack() as stack:
        for _ in range(2000):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", emulator.port)))
            frames = conversation()
            spoiled = rng.randrange(len(frames))
            frames[spoiled] = mutated(rng, frames[spoiled])
            with contextlib.suppress(OSError):
                client.sendall(login() + b"".join(frames))
            if rng.random() < 0.9:
                client.close()
        bus.send("q", "after")

        assert ["before", "after"] == bus.take("q", 2)


@pytest.mark.usefixtures("no_bug")
@pytest.mark.parametrize(
    ("frames", "condition"),
    [
        ([b"\xff\xff\xff\xff\x02\x00\x00\x00"], b"amqp:connection:framing-error"),
        ([frame(b"\x00\x53\x10\xc0")], b"amqp:decode-error"),
        ([frame(encode("not a performative"))], b"amqp:decode-error"),
        ([frame(performative(BEGIN, None, UInt(0), UInt(1), UInt(1)))], b"amqp:not-allowed"),
        ([conversation()[0], frame(performative(TRANSFER, UInt(9), UInt(0)))], b"amqp:not-allowed"),
        ([*conversation()[:2], frame(performative(TRANSFER, UInt(9), UInt(0)))], b"unattached-handle"),
        ([*conversation()[:2], frame(performative(ATTACH, Array(0x81, [1]), UInt(0), True))], b"amqp:invalid-field"),  # noqa: FBT003
        ([*conversation()[:3], conversation()[2]], b"handle-in-use"),
        ([conversation()[0], frame(performative(BEGIN, UShort(0), UInt(0), UInt(1), UInt(1)), 60000)], b"not-allowed"),
    ],
)
def test_a_broken_protocol_is_told(emulator, frames, condition):
    """Each way to break the protocol is answered with close and the condition that AMQP has for it."""
    assert condition in talk(emulator.port, login() + b"".join(frames), wait=1)


def test_another_protocol_is_answered_with_the_right_header(emulator):
    """A browser on the port gets the header that is spoken here, and a closed connection (AMQP 1.0, 2.2)."""
    assert talk(emulator.port, b"GET / HTTP/1.1\r\n\r\n") == SASL


@pytest.mark.usefixtures("no_bug")
def test_a_client_that_vanishes_mid_transfer(emulator, bus):
    """Half a message is no message; what its receivers held goes back."""
    more = performative(TRANSFER, UInt(0), UInt(0), b"tag", UInt(0), False, True)  # noqa: FBT003
    talk(
        emulator.port,
        login() + b"".join(conversation()[:3]) + frame(more + b"\x00\x53\x75\xb0" + struct.pack(">I", 999)),
    )

    bus.send("long", "whole")
    assert ["whole"] == bus.take("long", 2, within=1)


def test_an_oversize_message_is_refused(emulator):
    """A message over 256 KiB is refused with the SDK's own error, and the next is taken; a flood ends the link."""
    bus = Bus(emulator.connection_string)
    with pytest.raises(MessageSizeExceededError):
        bus.send("long", b"x" * 300_000)
    bus.send("long", "small")
    assert ["small"] == bus.take("long")
    bus.close()
    more = performative(TRANSFER, UInt(0), UInt(0), b"tag", UInt(0), False, True)  # noqa: FBT003
    flood = login() + b"".join(conversation()[:3]) + frame(more + bytes(60_000)) * 80

    assert b"amqp:link:message-size-exceeded" in talk(emulator.port, flood, wait=1)


def test_an_unknown_entity_is_named(bus):
    """Sending to, receiving from and managing what is not there is refused with the name."""
    with pytest.raises(MessagingEntityNotFoundError, match="nowhere"):
        bus.send("nowhere", "x")
    with pytest.raises(MessagingEntityNotFoundError, match="nowhere"):
        bus.receive("nowhere")


@pytest.mark.parametrize("part", ["SharedAccessKey=SAS_KEY_VALUE", "SharedAccessKeyName=RootManageSharedAccessKey"])
def test_wrong_credentials_are_refused(emulator, part):
    """A wrong key or key name is an authentication error."""
    name, _, _ = part.partition("=")
    wrong = Bus(emulator.connection_string.replace(part, f"{name}=wrong"))
    with pytest.raises(ServiceBusAuthenticationError):
        wrong.send("q", "x")
    wrong.close()


def test_no_credentials_are_refused(emulator):
    """A client that attaches without a token is refused; a wrong SASL password ends the connection."""
    plain = AMQP + b"".join(conversation()[:3])

    assert b"amqp:unauthorized-access" in talk(emulator.port, plain, wait=1)
    assert b"amqp:unauthorized-access" not in talk(emulator.port, login() + b"".join(conversation()[:3]), wait=1)
    assert frame(performative(0x44, UShort(1)))[-1:] == b"\x01"
    assert b"\x50\x01" in talk(emulator.port, login("wrong"), wait=1)


def test_a_message_without_session_is_refused(bus):
    """A queue with sessions says what is missing."""
    with pytest.raises(ServiceBusError, match="no session id"):
        bus.send("sess", "x")


def test_receivers_where_none_can_be(bus):
    """A receiver of a topic, of a forwarding queue, or without a session is told where to go."""
    for name, word in (("t", "topic"), ("fwd", "forwards"), ("sess", "sessions")):
        with pytest.raises(ServiceBusError, match=word):
            bus.receive(name)


def test_a_thousand_idle_connections(tmp_path):
    """With a thousand connected clients that do nothing, another is served as if they were not there."""
    config = tmp_path / "Config.json"
    config.write_text(json.dumps(CONFIG))
    with server_process(config=config) as (_, port), contextlib.ExitStack() as idle:
        for _ in range(1000):
            client = idle.enter_context(socket.create_connection(("127.0.0.1", port)))
            client.sendall(login() + b"".join(conversation()[:3]))
        bus = Bus(connection_string(port))
        bus.send("q", "warm")
        bus.take("q")
        start = time.monotonic()
        bus.send("q", "x")

        assert ["x"] == bus.take("q")
        assert time.monotonic() - start < 1
        bus.close()


def test_a_taken_port_is_told():
    """The second emulator on a port says so; the command leaves with 1 and a remedy."""
    from archwright.cli import app  # noqa: PLC0415  # the command line, for this test alone

    with ServiceBusEmulator(CONFIG) as first:
        with pytest.raises(PortTakenError, match=str(first.port)):
            ServiceBusEmulator(CONFIG, port=first.port).start()
        result = CliRunner().invoke(app, ["emulator", "servicebus", "--port", str(first.port)])

    assert result.exit_code == 1
    assert f"Port {first.port} on 127.0.0.1 is taken" in result.output
    assert "--port 0" in result.output


def write(tmp_path, text):
    path = tmp_path / "Config.json"
    path.write_text(text)
    return path


def wrong_config(tmp_path, text):
    with pytest.raises(ConfigError) as caught:
        ServiceBusEmulator(write(tmp_path, text))
    return str(caught.value).replace(str(tmp_path), "") + caught.value.hint


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ('{\n"LockDuration": "PT10M"}', "/Config.json:4:1: UserConfig.Namespaces.0.Queues.0.Properties.LockDuration"),
        ('{"LockDuration": "5s"}', "is not a duration.Write ISO 8601"),
        ('{"MaxDeliveryCount": 0}', "a whole number from 1 to 2000"),
        ('{"MaxDeliveryCount": true}', "a whole number from 1 to 2000"),
        ('{"RequiresSession": "yes"}', "true or false"),
        ('{"RequireSession": true}', "Did you mean 'RequiresSession'?"),
        ('{"ForwardTo": "gone"}', "there is no queue or topic 'gone'"),
        ('{"ForwardTo": "q"}', "forwards to itself"),
        ("[]", "must be an object"),
    ],
)  # fmt: skip
def test_a_wrong_property_is_told_with_its_place(tmp_path, properties, expected):
    """Each mistake names file, line and column, the property, and what would be right."""
    start = '{"UserConfig": {"Namespaces": [{"Name": "n",\n"Queues": [{"Name": "q", "Properties":\n'
    text = f"{start}{properties}}}]}}]}}}}"

    assert expected in wrong_config(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"UserConfig":\n {"Namespaces": [}', "/Config.json:2:18: This is not JSON: a value was expected."),
        ('{"UserConfig": {"Namespaces": [] ', "ends too early"),
        ('{"UserConfig": 1, "UserConfig": 2}', "a second time"),
        ('{"UserConfig": {"Namespaces": []}}', "there must be one namespace, not 0"),
        ("{}", "UserConfig: is missing"),
        ("", "ends too early"),
        ('{"a": "\\q"}', "not JSON"),
        ('{"UserConfig": {"Namespaces": [{"Queues": [{"Name": "a"}, {"Name": "A"}, {"Name": "?"}]}]}}', "2 problems"),
        ("[" * 5000, "nested too deeply"),
    ],
)
def test_a_wrong_file_is_told_with_its_place(tmp_path, text, expected):
    """What is not JSON, or not a configuration, is told with line and column; several mistakes at once."""
    assert expected in wrong_config(tmp_path, text)


def test_a_wrong_filter_is_told_with_its_place(tmp_path):
    """A SQL filter that cannot be read names the file's line and the column within the filter."""
    config = json.loads(json.dumps(CONFIG))
    rule = config["UserConfig"]["Namespaces"][0]["Topics"][0]["Subscriptions"][2]["Rules"][0]
    rule["Properties"]["SqlFilter"]["SqlExpression"] = "amount >"

    assert "SqlFilter.SqlExpression: the expression ends too early" in wrong_config(
        tmp_path, json.dumps(config, indent=1)
    )


def test_a_missing_file_is_told(tmp_path):
    """A configuration that is not there is told with its path."""
    with pytest.raises(ConfigError, match="No such file"):
        ServiceBusEmulator(tmp_path / "none.json")


def test_a_journal_cut_off_recovers_to_its_last_whole_record(tmp_path):
    """However many bytes of the last record are missing, everything before it is there."""
    path = tmp_path / "journal"
    with ServiceBusEmulator(CONFIG, journal=path) as emulator:
        bus = Bus(emulator.connection_string)
        bus.send("long", "one", "two", "three")
        bus.close()
    whole = path.read_bytes()
    for missing in (1, 7, 40, 100):
        path.write_bytes(whole[:-missing])
        with ServiceBusEmulator(CONFIG, journal=path) as emulator:
            bus = Bus(emulator.connection_string)
            assert ["one", "two"] == bus.take("long", 3, within=1)
            bus.close()


def test_a_damaged_journal_is_not_touched(tmp_path):
    """Damage in the middle is told with its place, and the file stays as it is; so does a file that is no journal."""
    path = tmp_path / "journal"
    with Journal(path) as journal:
        for n in range(10):
            journal.append({"changes": [], "n": n})
    damaged = bytearray(path.read_bytes())
    damaged[40] ^= 1
    path.write_bytes(damaged)
    (tmp_path / "other").write_text("something else entirely")

    with pytest.raises(DamagedRecordError, match="at byte"):
        ServiceBusEmulator(CONFIG, journal=path)
    with pytest.raises(JournalError, match="not the journal"):
        ServiceBusEmulator(CONFIG, journal=tmp_path / "other")
    assert path.read_bytes() == damaged
    assert (tmp_path / "other").read_text() == "something else entirely"


def test_a_journal_has_one_emulator(tmp_path):
    """A second emulator on the same journal is refused."""
    with (
        ServiceBusEmulator(CONFIG, journal=tmp_path / "journal"),
        pytest.raises(JournalError, match="Another emulator"),
    ):
        ServiceBusEmulator(CONFIG, journal=tmp_path / "journal")


def test_a_journal_of_other_entities_is_refused(tmp_path):
    """Messages for a queue that the configuration has no more are not thrown away in silence."""
    with ServiceBusEmulator(CONFIG, journal=tmp_path / "journal") as emulator:
        bus = Bus(emulator.connection_string)
        bus.send("long", "x")
        bus.close()

    with pytest.raises(ConfigError, match="holds messages for long"):
        ServiceBusEmulator(None, journal=tmp_path / "journal")


def until_refused(bus):
    """Send until the disk is full, even for small messages; return how many were accepted."""
    accepted = 0
    for filling in ("x" * 1000, ""):
        try:
            while accepted < 100:
                bus.send("long", Message(str(accepted + 1), application_properties={"filling": filling}))
                accepted += 1
        except ServiceBusError as refusal:
            assert "disk is full" in str(refusal)  # noqa: PT017  # the number is wanted too
    return accepted


def settle(bus, messages):
    for message in messages:
        bus.receiver("long").complete_message(message)


def test_a_full_disk_refuses_and_loses_nothing(tmp_path):
    """What does not fit is refused to its sender; what was accepted stays; when there is room again, all goes on."""
    config, path = tmp_path / "Config.json", tmp_path / "journal"
    config.write_text(json.dumps(CONFIG))
    with server_process("--journal", str(path), config=config) as (process, port):
        bus = Bus(connection_string(port))
        bus.send("long", "0")
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (path.stat().st_size + 20_000, resource.RLIM_INFINITY))
        accepted = 1 + until_refused(bus)
        received = bus.receive("long", 5)
        with pytest.raises(ServiceBusError):
            settle(bus, received)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        bus.send("long", "room again")
        process.kill()
        bus.close()

    assert 1 < accepted < 100
    with server_process("--journal", str(path), config=config) as (_, port):
        bus = Bus(connection_string(port))
        found = bus.take("long", accepted + 1, within=10)
        bus.close()
    assert [*map(str, range(accepted)), "room again"][-len(found) :] == found
    assert len(found) >= accepted - 2  # of which the last bytes of room let a few be completed
