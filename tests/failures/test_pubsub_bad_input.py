from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import grpc
import pytest
from google.api_core import exceptions

from archwright.emulators.errors import PortTakenError
from archwright.emulators.journal import Journal, JournalError
from archwright.emulators.pubsub import PubSubEmulator
from archwright.emulators.pubsub.config import ConfigError
from archwright.emulators.pubsub.wire import message_class
from pubsub_clients import PROJECT, Bus, until
from pubsub_process import Process

pytest_plugins = ["pubsub_fixtures"]


@pytest.fixture
def own():
    """An emulator of its own in this process, and its clients."""
    with PubSubEmulator() as emulator:
        bus = Bus(emulator.endpoint)
        yield emulator, bus
        bus.close()


def _works(bus):
    """Whether a message still gets through."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    bus.publish(topic, b"fine")
    return bus.bodies(subscription, 1) == [b"fine"]


def test_a_port_that_is_taken_is_told():
    """The error names the port; nothing is left running."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        threads = threading.active_count()

        with pytest.raises(PortTakenError, match=str(port)), PubSubEmulator(port=port):
            pass

        assert threads == threading.active_count()


def test_two_emulators_cannot_share_a_port(own):
    """The second one is refused, rather than given half of the connections."""
    emulator, bus = own

    with pytest.raises(PortTakenError), PubSubEmulator(port=emulator.port):
        pass

    assert _works(bus)


def test_only_this_machine_is_answered(own):
    """The emulator listens on 127.0.0.1 and on no other address of the machine."""
    emulator, _ = own
    listening = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    addresses = {
        fields[1].partition(":")[0]
        for line in listening.splitlines()
        if len(fields := line.split()) > 3 and fields[1].endswith(f":{emulator.port:04X}") and fields[3] == "0A"
    }

    assert {"0100007F"} == {address[-8:] for address in addresses}


_whatever_comes = contextlib.suppress(OSError)


def test_garbage_on_the_port_disturbs_nobody(own):
    """Random bytes, HTTP/1, broken HTTP/2 frames and silence: those connections end, everybody else goes on."""
    emulator, bus = own
    chance = random.Random(1)  # noqa: S311  # the same bytes in every run
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    pieces = [b"", b"\0" * 1000, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", preface[:10], preface, preface + b"\xff" * 100]
    pieces += [preface + chance.randbytes(chance.randrange(1, 500)) for _ in range(100)]
    pieces += [chance.randbytes(chance.randrange(1, 5000)) for _ in range(100)]

    for piece in pieces:
        with socket.create_connection(("127.0.0.1", emulator.port), timeout=5) as connection, _whatever_comes:
            connection.sendall(piece)

    assert _works(bus)


@pytest.mark.parametrize(
    "method",
    ["Publisher/Publish", "Publisher/CreateTopic", "Subscriber/Pull", "Subscriber/StreamingPull", "Subscriber/Seek"],
)
def test_requests_that_are_no_messages_get_an_error(own, method):
    """Bytes that are not the request's message are answered with an error status, whatever they are."""
    emulator, bus = own
    chance = random.Random(2)  # noqa: S311  # the same bytes in every run
    with grpc.insecure_channel(emulator.endpoint) as channel:
        path = f"/google.pubsub.v1.{method}"
        for size in [0, 1, 2, 10, 100, 1000] * 5:
            data = chance.randbytes(size)
            call = channel.stream_stream(path)(iter([data]), timeout=5)  # carries a single request as well
            with pytest.raises(grpc.RpcError) as refusal:
                list(call)
            assert grpc.StatusCode.DEADLINE_EXCEEDED is not refusal.value.code()

    assert _works(bus)


def test_a_call_that_does_not_exist_is_unimplemented(own):
    """An unknown method of a known service, and an unknown service, are told apart from a failure."""
    emulator, _ = own
    with grpc.insecure_channel(emulator.endpoint) as channel:
        for path in ("/google.pubsub.v1.Publisher/Nonsense", "/nowhere.Service/Call"):
            with pytest.raises(grpc.RpcError) as refusal:
                channel.unary_unary(path)(b"", timeout=5)
            assert grpc.StatusCode.UNIMPLEMENTED is refusal.value.code()


def test_a_client_that_vanishes_in_the_middle_of_a_stream_leaves_its_messages(own):
    """A subscriber killed while it holds messages: they come to the next one, and the emulator keeps no trace of it."""
    emulator, bus = own
    topic = bus.topic()
    subscription = bus.subscription(topic)
    bus.publish(topic, *(b"%d" % i for i in range(50)))
    program = (
        "import os, sys, time\n"
        "os.environ['PUBSUB_EMULATOR_HOST'] = sys.argv[1]\n"
        "from google.cloud import pubsub_v1\n"
        "client = pubsub_v1.SubscriberClient()\n"
        "client.subscribe(sys.argv[2], lambda message: (os.write(1, b'held\\n'), time.sleep(60)))\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, emulator.endpoint, subscription]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as victim:
        said = victim.stdout.readline()
        victim.kill()
    assert "held\n" == said

    until(lambda: not emulator.broker.subscription(subscription)._idle)
    emulator.faults.expire_locks()

    assert 50 == len(bus.bodies(subscription, 50))


def test_a_client_that_vanishes_in_the_middle_of_a_pull_takes_nothing_along(own):
    """A waiting pull whose caller is gone does not swallow the next message."""
    _, bus = own
    topic = bus.topic()
    subscription = bus.subscription(topic)
    request = message_class("PullRequest")(subscription=subscription, max_messages=1).SerializeToString()
    for _ in range(20):
        call = bus.channel.unary_unary("/google.pubsub.v1.Subscriber/Pull").future(request, timeout=5)
        time.sleep(0.02)
        call.cancel()
    time.sleep(0.2)

    bus.publish(topic, b"x")

    assert [b"x"] == bus.bodies(subscription, 1)


def test_an_oversize_message_is_refused(own):
    """A request past the service's 10 MB gets an error; what the client can receive gets through.

    Pointed at an emulator, the client library opens a channel that takes answers of up to 4 MiB.
    """
    _, bus = own
    topic = bus.topic()
    subscription = bus.subscription(topic)

    for size in (10_000_001, 20_000_000):
        with pytest.raises((exceptions.InvalidArgument, exceptions.ResourceExhausted)):
            bus.plain_publisher.publish(topic=topic, messages=[{"data": b"x" * size}], retry=None)
    bus.plain_publisher.publish(topic=topic, messages=[{"data": b"x" * 4_000_000}])

    assert [len(body) for body in bus.bodies(subscription, 1)] == [4_000_000]


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [{"data": b"x"}] * 1001,
        [{"data": b"x", "attributes": {"googclient": "x"}}],
        [{"data": b"x", "attributes": {"": "x"}}],
        [{"data": b"x", "attributes": {"k" * 257: "x"}}],
        [{"data": b"x", "attributes": {"k": "v" * 1025}}],
        [{"data": b"x", "attributes": {str(i): "x" for i in range(101)}}],
        [{"data": b"x", "ordering_key": "k" * 1025}],
        [{"data": b"x"}, {}],
    ],
)
def test_messages_past_a_limit_are_refused_and_none_of_them_is_kept(own, messages):
    """Every documented limit on a publish request is an invalid argument; the request is refused as a whole."""
    _, bus = own
    topic = bus.topic()
    subscription = bus.subscription(topic)

    with pytest.raises(exceptions.InvalidArgument):
        bus.plain_publisher.publish(topic=topic, messages=messages)

    assert [] == bus.pull(subscription, 1, within=0.2)


def test_what_does_not_exist_is_not_found(own):
    """Each call that names an unknown topic, subscription, snapshot or schema says NOT_FOUND and names it."""
    _, bus = own
    topic, subscription = f"{PROJECT}/topics/nowhere", f"{PROJECT}/subscriptions/nobody"
    snapshot, schema = f"{PROJECT}/snapshots/never", f"{PROJECT}/schemas/none"
    calls = [
        lambda: bus.publish(topic, b"x"),
        lambda: bus.publisher.get_topic(topic=topic),
        lambda: bus.publisher.delete_topic(topic=topic),
        lambda: bus.publisher.list_topic_subscriptions(topic=topic),
        lambda: bus.subscriber.create_subscription(name=subscription, topic=topic),
        lambda: bus.subscriber.get_subscription(subscription=subscription),
        lambda: bus.subscriber.delete_subscription(subscription=subscription),
        lambda: bus.subscriber.pull(subscription=subscription, max_messages=1),
        lambda: bus.subscriber.acknowledge(subscription=subscription, ack_ids=["x"]),
        lambda: bus.subscriber.seek(request={"subscription": subscription, "time": {"seconds": 1}}),
        lambda: bus.subscriber.create_snapshot(name=snapshot, subscription=subscription),
        lambda: bus.subscriber.delete_snapshot(snapshot=snapshot),
        lambda: bus.schemas.get_schema(name=schema),
        lambda: bus.schemas.delete_schema(name=schema),
        lambda: bus.subscriber.subscribe(subscription, lambda message: None).result(10),
    ]
    for call in calls:
        with pytest.raises(exceptions.NotFound, match=r"nowhere|nobody|never|none"):
            call()


@pytest.mark.parametrize(
    "name", ["x", "projects/p/topics/", "projects/p/topics/1a", "projects/p/topics/googx", "a/b/c/d"]
)
def test_names_that_the_service_does_not_take_are_refused(own, name):
    """Names are checked as the service documents them, and the message tells the rule."""
    _, bus = own

    with pytest.raises(exceptions.InvalidArgument, match="projects/PROJECT/topics/ID"):
        bus.publisher.create_topic(name=name)


def test_a_thousand_idle_streams_disturb_nobody(own):
    """A thousand open streams on one subscription: messages go through at once, and closing them leaves nothing."""
    emulator, bus = own
    topic = bus.topic()
    idle, busy = bus.subscription(topic), bus.subscription(topic)
    first = message_class("StreamingPullRequest")(subscription=idle, stream_ack_deadline_seconds=10)
    closed = threading.Event()

    with grpc.insecure_channel(emulator.endpoint) as channel:
        method = channel.stream_stream("/google.pubsub.v1.Subscriber/StreamingPull")
        streams = [method(_OneRequest(first.SerializeToString(), closed)) for _ in range(1000)]
        for stream in streams:
            next(stream)
        start = time.monotonic()
        bus.publish(topic, b"x")
        assert [b"x"] == bus.bodies(busy, 1)
        assert time.monotonic() - start < 2
        for stream in streams:
            stream.cancel()
        closed.set()
    until(lambda: not emulator.broker.subscription(idle)._idle)


class _OneRequest:
    """A request stream that stays open after its first request, until the test is done."""

    def __init__(self, first, closed):
        self._first = [first]
        self._closed = closed

    def __iter__(self):
        return self

    def __next__(self):
        if self._first:
            return self._first.pop()
        self._closed.wait(60)
        raise StopIteration


def test_a_thousand_idle_connections_disturb_nobody(own):
    """A thousand sockets that say nothing: clients go on."""
    emulator, bus = own
    with contextlib.ExitStack() as stack:
        for _ in range(1000):
            stack.enter_context(socket.create_connection(("127.0.0.1", emulator.port), timeout=5))
        assert _works(bus)


@pytest.mark.parametrize("cut", [1, 7, 100])
def test_a_journal_cut_off_in_a_record_recovers_to_the_last_whole_one(tmp_path, cut):
    """What stands before the torn end is there; the emulator starts and goes on."""
    path = tmp_path / "journal"
    with PubSubEmulator(journal=path) as emulator:
        bus = Bus(emulator.endpoint)
        topic = bus.topic()
        subscription = bus.subscription(topic)
        bus.publish(topic, b"whole")
        bus.publish(topic, b"torn" * 100)
        bus.close()
    os.truncate(path, path.stat().st_size - cut)

    with PubSubEmulator(journal=path) as emulator:
        bus = Bus(emulator.endpoint)
        bus.publish(topic, b"next")
        assert [b"whole", b"next"] == bus.bodies(subscription, 2)
        bus.close()


def test_a_journal_of_something_else_is_refused_and_left_alone(tmp_path):
    """A file that is no journal, and a journal of other records, are told apart from ours and not touched."""
    stranger = tmp_path / "notes.txt"
    stranger.write_text("my notes, not a journal")
    with pytest.raises(JournalError), PubSubEmulator(journal=stranger):
        pass
    assert "my notes, not a journal" == stranger.read_text()

    other = tmp_path / "journal"
    with Journal(other) as journal:
        journal.append({"op": "something else"})
    before = other.read_bytes()
    with pytest.raises(JournalError, match="another emulator"), PubSubEmulator(journal=other):
        pass
    assert before == other.read_bytes()


def test_two_emulators_cannot_share_a_journal(tmp_path):
    """The second one is refused while the first one runs."""
    with (
        PubSubEmulator(journal=tmp_path / "journal"),
        pytest.raises(JournalError, match="Another emulator"),
        PubSubEmulator(journal=tmp_path / "journal"),
    ):
        pass


def test_a_full_disk_is_told_and_loses_nothing(tmp_path):
    """With no room left a publish fails with the reason; what was accepted before is there after a restart."""
    path = tmp_path / "journal"
    accepted = []
    with Process(journal=path, largest_file=200_000) as emulator:
        bus = Bus(emulator.endpoint)
        topic = bus.topic()
        subscription = bus.subscription(topic)
        with pytest.raises(exceptions.FailedPrecondition, match=r"journal cannot be written.*full"):
            _publish_until_refused(bus, topic, accepted)
        assert 100 < len(accepted) < 200
        (received,) = bus.pull(subscription, 1, most=1)  # readers go on
        bus.close()
        emulator.kill()

    with PubSubEmulator(journal=path) as emulator:
        bus = Bus(emulator.endpoint)
        kept = {int(body[:5]) for body in bus.bodies(subscription, len(accepted))}
        bus.close()

    assert set(accepted) == kept
    assert received.message.data.startswith(b"0")


def _publish_until_refused(bus, topic, accepted):
    for i in range(1000):
        bus.publish(topic, b"%05d" % i + b"x" * 1000)
        accepted.append(i)


def test_a_start_up_file_with_mistakes_starts_nothing(tmp_path):
    """The error tells file and line, and no thread or port is left behind."""
    path = tmp_path / "pubsub.json"
    path.write_text('{\n  "topics": [\n    {"name": "projects/p/topics/ok"},\n    {"nam": "x"}\n  ]\n}')
    threads = threading.active_count()

    with pytest.raises(ConfigError, match=r"pubsub\.json:4: .*nam"), PubSubEmulator(config=path):
        pass

    assert threads == threading.active_count()
