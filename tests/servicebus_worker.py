"""A sender or a receiver that may be killed at any moment: `ROLE CONNECTION_STRING LOG FIRST LAST`.

The log tells what the broker confirmed, line by line, so that the soak can hold it against what came out.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusClient, ServiceBusMessage
from azure.servicebus.exceptions import ServiceBusError

BATCH = 50
SESSIONS = 16
QUEUE = "longsess"


def send(client: ServiceBusClient, log: Path, first: int, last: int) -> None:
    """Send numbers in batches of one session each; `try` before a batch, `sent` after its confirmation."""
    with client.get_queue_sender(QUEUE) as sender, log.open("a", buffering=1) as out:
        for start in range(first, last, BATCH):
            numbers = range(start, min(start + BATCH, last))
            session = str(start // BATCH % SESSIONS)
            out.write(f"try {start}\n")
            sender.send_messages([ServiceBusMessage(str(n), session_id=session) for n in numbers])
            out.write(f"sent {start}\n")


def receive(client: ServiceBusClient, log: Path) -> None:
    """Take sessions for ever; `got` on delivery, `done` after the completion was confirmed."""
    with log.open("a", buffering=1) as out:
        while True:
            try:
                with client.get_queue_receiver(
                    QUEUE, session_id=NEXT_AVAILABLE_SESSION, max_wait_time=1, prefetch_count=100
                ) as receiver:
                    for message in receiver:
                        out.write(f"got {message.session_id} {message} {time.monotonic_ns()}\n")
                        receiver.complete_message(message)
                        out.write(f"done {message.session_id} {message} {time.monotonic_ns()}\n")
            except ServiceBusError:
                continue


if __name__ == "__main__":
    role, connection_string, log, *numbers = sys.argv[1:]
    with ServiceBusClient.from_connection_string(connection_string) as client:
        if role == "send":
            send(client, Path(log), *map(int, numbers))
        else:
            receive(client, Path(log))
