"""What the Pub/Sub tests share: the official clients, pointed at one server, with words for what a test does."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
import uuid
from concurrent import futures
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from google.api_core import exceptions
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import pubsub_v1
from google.protobuf import duration_pb2
from google.pubsub_v1 import PublisherClient as PlainPublisher
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.schema_service.transports import SchemaServiceGrpcTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from google.cloud.pubsub_v1.subscriber.message import Message

PROJECT = "projects/demo"


# Where Google's own emulator is known to differ from the documented service: test → what it does instead.
# Seen with version 0.8.20. Where a reference is at hand these tests may fail there, and everything else has to pass.
KNOWN_DIFFERENCES = {
    "test_a_nack_brings_back_the_successors_too": "only the message given back is delivered again",
    "test_dead_letters_of_an_ordered_subscription_arrive": "the message vanishes, and no dead letter arrives",
    "test_back_off_doubles_up_to_its_maximum": "the first retry comes at once, later gaps do not double",
    "test_push_backs_off_and_gets_through": "the first retry comes at once",
    "test_a_filter_selects_by_attributes": "filters are stored and not applied",
    "test_what_a_filter_leaves_out_counts_as_acknowledged": "filters are stored and not applied",
    "test_an_invalid_filter_is_refused": "filters are not parsed",
    "test_dead_letters_keep_what_a_filter_looks_at": "filters are stored and not applied",
    "test_a_snapshot_serves_another_subscription_of_the_topic": "delivers nothing",
    "test_retention_is_held_to_its_bounds": "refuses the 31 days that the service takes",
    "test_a_topic_is_changed_by_mask": "refuses the update mask",
    "test_a_detached_subscription_delivers_nothing_more": "not implemented",
    "test_permissions_are_always_granted": "not implemented",
    "test_what_is_not_emulated_is_refused_rather_than_ignored": "takes message transforms and does not apply them",
}


def reference_missing() -> str:
    """Say why no reference emulator can be used; empty if one can."""
    if os.environ.get("PUBSUB_EMULATOR_HOST_REFERENCE"):
        return ""
    archive = os.environ.get("PUBSUB_EMULATOR_JAR", "")
    if not archive:
        return "NOT COMPARED with Google's emulator: set PUBSUB_EMULATOR_HOST_REFERENCE or PUBSUB_EMULATOR_JAR"
    if not Path(archive).is_file() or not shutil.which("java"):
        return "NOT COMPARED with Google's emulator: PUBSUB_EMULATOR_JAR or java is not there"
    return ""


@contextlib.contextmanager
def reference_endpoint() -> Iterator[str]:
    """Give the address of Google's emulator: one that runs, or one started from its Java archive."""
    running = os.environ.get("PUBSUB_EMULATOR_HOST_REFERENCE")
    if running:
        yield running
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["java", "-jar", os.environ["PUBSUB_EMULATOR_JAR"], "--host=127.0.0.1", f"--port={port}"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: _listens(port), within=30)
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


class Bus:
    """The official clients of one Pub/Sub server."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        common = {"client_options": ClientOptions(api_endpoint=endpoint), "credentials": AnonymousCredentials()}
        previous = os.environ.get("PUBSUB_EMULATOR_HOST")
        os.environ["PUBSUB_EMULATOR_HOST"] = endpoint  # the clients read it once, when they are made
        try:
            self.publisher = pubsub_v1.PublisherClient(
                publisher_options=pubsub_v1.types.PublisherOptions(enable_message_ordering=True), **common
            )
            self.subscriber = pubsub_v1.SubscriberClient(**common)
        finally:
            if previous is None:
                del os.environ["PUBSUB_EMULATOR_HOST"]
            else:
                os.environ["PUBSUB_EMULATOR_HOST"] = previous
        self.channel = grpc.insecure_channel(endpoint)
        self.plain_publisher = PlainPublisher(transport=PublisherGrpcTransport(channel=self.channel))
        self.schemas = pubsub_v1.SchemaServiceClient(transport=SchemaServiceGrpcTransport(channel=self.channel))

    def close(self) -> None:
        self.publisher.stop()
        self.subscriber.close()
        self.channel.close()

    def topic(self, **settings: Any) -> str:
        name = f"{PROJECT}/topics/t{uuid.uuid4().hex[:12]}"
        self.publisher.create_topic(request={"name": name, **settings}, timeout=10)
        return name

    def subscription(self, topic: str, **settings: Any) -> str:
        name = f"{PROJECT}/subscriptions/s{uuid.uuid4().hex[:12]}"
        self.subscriber.create_subscription(request={"name": name, "topic": topic, **settings}, timeout=10)
        return name

    def publish(self, topic: str, *bodies: bytes, key: str = "", **attributes: str) -> list[str]:
        sent = [self.publisher.publish(topic, body, ordering_key=key, **attributes) for body in bodies]
        return [future.result(10) for future in sent]

    def pull(self, subscription: str, count: int, within: float = 5.0, most: int = 100) -> list[Any]:
        """Pull until `count` messages are here, or the time is over."""
        received: list[Any] = []
        end = time.monotonic() + within
        while len(received) < count and (left := end - time.monotonic()) > 0:
            with contextlib.suppress(exceptions.DeadlineExceeded):
                response = self.subscriber.pull(
                    request={"subscription": subscription, "max_messages": min(most, count - len(received))},
                    timeout=max(0.2, left),
                    retry=None,
                )
                received += response.received_messages
        return received

    def bodies(self, subscription: str, count: int, within: float = 5.0) -> list[bytes]:
        """Pull and acknowledge `count` messages; return what they say."""
        received = self.pull(subscription, count, within)
        self.ack(subscription, received)
        return [entry.message.data for entry in received]

    def ack(self, subscription: str, received: list[Any]) -> None:
        if received:
            request = {"subscription": subscription, "ack_ids": [entry.ack_id for entry in received]}
            self.subscriber.acknowledge(request=request, timeout=10, retry=None)

    def hold(self, subscription: str, received: list[Any], seconds: int) -> None:
        """Let the leases end so many seconds from now; 0 gives the messages back."""
        request = {
            "subscription": subscription,
            "ack_ids": [entry.ack_id for entry in received],
            "ack_deadline_seconds": seconds,
        }
        self.subscriber.modify_ack_deadline(request=request, timeout=10, retry=None)

    def nack(self, subscription: str, received: list[Any]) -> None:
        self.hold(subscription, received, 0)

    @contextlib.contextmanager
    def stream(self, subscription: str, callback: Callable[[Message], None], **settings: Any) -> Iterator[Any]:
        """Stream to a callback while the block runs."""
        future = self.subscriber.subscribe(subscription, callback, **settings)
        try:
            yield future
        finally:
            future.cancel()
            with contextlib.suppress(exceptions.GoogleAPICallError, futures.CancelledError, futures.TimeoutError):
                future.result(10)


def until(holds: Callable[[], Any], within: float = 10.0) -> None:
    """Wait until something holds; fail if it does not in time."""
    end = time.monotonic() + within
    while not holds():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.01)


def duration(seconds: float) -> duration_pb2.Duration:
    whole = int(seconds)
    return duration_pb2.Duration(seconds=whole, nanos=int((seconds - whole) * 1e9))


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
