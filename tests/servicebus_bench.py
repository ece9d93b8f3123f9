"""What the Service Bus tests share: an emulator of their own, the official client, and words for what a test does."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import sys
import threading
import time
import types
from typing import TYPE_CHECKING, Any

from azure.servicebus import ServiceBusClient, ServiceBusMessage
from azure.servicebus._pyamqp import _transport

from archwright.emulators.servicebus import ServiceBusEmulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from azure.servicebus import ServiceBusReceivedMessage, ServiceBusReceiver

Message = ServiceBusMessage

CONFIG: dict[str, Any] = {
    "UserConfig": {
        "Namespaces": [
            {
                "Name": "test",
                "Queues": [
                    {"Name": "q", "Properties": {"LockDuration": "PT2S", "MaxDeliveryCount": 3}},
                    {"Name": "five", "Properties": {"LockDuration": "PT5S"}},
                    {"Name": "long", "Properties": {"LockDuration": "PT1M", "MaxDeliveryCount": 1000}},
                    {"Name": "sess", "Properties": {"LockDuration": "PT2S", "RequiresSession": True}},
                    {"Name": "longsess", "Properties": {"RequiresSession": True, "MaxDeliveryCount": 1000}},
                    {
                        "Name": "dup",
                        "Properties": {
                            "RequiresDuplicateDetection": True,
                            "DuplicateDetectionHistoryTimeWindow": "PT2S",
                        },
                    },
                    {
                        "Name": "ttl",
                        "Properties": {"DefaultMessageTimeToLive": "PT1S", "DeadLetteringOnMessageExpiration": True},
                    },
                    {"Name": "fwd", "Properties": {"ForwardTo": "q"}},
                    {"Name": "fwdsess", "Properties": {"ForwardTo": "sess"}},
                    {"Name": "ring1", "Properties": {"ForwardTo": "ring2"}},
                    {"Name": "ring2", "Properties": {"ForwardTo": "ring1"}},
                    {"Name": "fwddead", "Properties": {"ForwardDeadLetteredMessagesTo": "q"}},
                ],
                "Topics": [
                    {
                        "Name": "t",
                        "Subscriptions": [
                            {"Name": "all"},
                            {
                                "Name": "correlated",
                                "Rules": [
                                    {
                                        "Name": "orders",
                                        "Properties": {
                                            "FilterType": "Correlation",
                                            "CorrelationFilter": {"Label": "order", "Properties": {"region": "eu"}},
                                        },
                                    }
                                ],
                            },
                            {
                                "Name": "sql",
                                "Rules": [
                                    {
                                        "Name": "large",
                                        "Properties": {
                                            "FilterType": "Sql",
                                            "SqlFilter": {
                                                "SqlExpression": "amount > 100 AND region IN ('eu','us') "
                                                "AND sys.Label LIKE 'ord%'"
                                            },
                                            "Action": {"SqlExpression": "SET priority = 'high'"},
                                        },
                                    }
                                ],
                            },
                            {"Name": "sessions", "Properties": {"RequiresSession": True}},
                        ],
                    }
                ],
            }
        ]
    }
}


class _SocketThatClosesItself(socket.socket):
    """The SDK forgets its socket when its server dies; Python would warn of that in whatever test runs then."""

    def __del__(self) -> None:
        self.close()


def _connect(*arguments: Any, **options: Any) -> socket.socket:
    plain = socket.create_connection(*arguments, **options)
    kept = _SocketThatClosesItself(plain.family, plain.type, plain.proto, plain.detach())
    kept.settimeout(plain.gettimeout())
    return kept


_sockets = types.ModuleType("socket")
_sockets.__dict__.update({**vars(socket), "create_connection": _connect})
_transport.socket = _sockets

_closing: list[threading.Thread] = []


def emulator_for_test() -> Iterator[ServiceBusEmulator]:
    """Run an emulator; stopping it waits for nobody, since the SDK takes a second to close each receiver."""
    emulator = ServiceBusEmulator(CONFIG).start()
    yield emulator
    clients = list(_closing)

    def stop() -> None:
        for client in clients:
            client.join(30)
        emulator.stop()

    close_later(stop)


def close_later(close: Callable[[], object]) -> None:
    """Close something beside the next tests."""
    thread = threading.Thread(target=close, daemon=True)
    thread.start()
    _closing.append(thread)


def wait_for_closing() -> None:
    """Wait until everything is closed."""
    for thread in _closing:
        thread.join(30)
    _closing.clear()


class Bus:
    """The official synchronous client, with receivers that stay open until the test is over."""

    def __init__(self, connection_string: str, **options: Any) -> None:
        self.client = ServiceBusClient.from_connection_string(connection_string, retry_total=0, **options)
        self._open: dict[Any, Any] = {}

    def close(self) -> None:
        for one in self._open.values():
            close_later(one.close)

    def sender(self, name: str) -> Any:
        """Return the open sender of a queue or topic."""
        key = ("sender", name)
        if key not in self._open:
            make = self.client.get_topic_sender if name == "t" else self.client.get_queue_sender
            self._open[key] = make(name)
        return self._open[key]

    def receiver(self, name: str, **options: Any) -> ServiceBusReceiver:
        """Return the open receiver of a queue, or of a subscription written `topic/subscription`."""
        key = (name, tuple(sorted((option, str(value)) for option, value in options.items())))
        if key not in self._open:
            topic, _, subscription = name.partition("/")
            receiver = (
                self.client.get_subscription_receiver(topic, subscription, **options)
                if subscription
                else self.client.get_queue_receiver(name, **options)
            )
            receiver.__enter__()  # attached now, so that a short wait later is spent on messages alone
            self._open[key] = receiver
        return self._open[key]

    def part(self, receiver: Any) -> None:
        """Close a receiver now."""
        self._open = {key: one for key, one in self._open.items() if one is not receiver}
        receiver.close()

    def send(self, name: str, *messages: Any) -> None:
        """Send each as a message of its own."""
        for message in messages:
            self.sender(name).send_messages(message if isinstance(message, Message) else Message(message))

    def receive(
        self, name: str, count: int = 1, *, within: float = 5.0, **options: Any
    ) -> list[ServiceBusReceivedMessage]:
        """Receive up to `count` messages, locked; fewer only after `within` seconds."""
        receiver, found = self.receiver(name, **options), []
        deadline = time.monotonic() + within
        while len(found) < count and (left := deadline - time.monotonic()) > 0:
            found += receiver.receive_messages(count - len(found), max_wait_time=left)
        return found

    def take(self, name: str, count: int = 1, *, within: float = 5.0, **options: Any) -> list[str]:
        """Receive and complete; return the bodies."""
        found = self.receive(name, count, within=within, **options)
        for message in found:
            self.receiver(name, **options).complete_message(message)
        return [str(message) for message in found]

    def nothing(self, name: str, *, within: float = 0.5, **options: Any) -> bool:
        """Whether nothing can be received."""
        return not self.receive(name, within=within, **options)


@contextlib.contextmanager
def server_process(*arguments: str, config: Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run `archwright emulator servicebus`; give the process and its port."""
    command = [sys.executable, "-c", "from archwright.cli import main; main()", "emulator", "servicebus"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--config", str(config), *arguments], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        match = re.search(r"127\.0\.0\.1:(\d+)", process.stdout.readline())
        assert match, "the emulator did not say where it listens"
        yield process, int(match[1])
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
