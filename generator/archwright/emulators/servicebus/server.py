"""The server: listens on 127.0.0.1, drives the broker's clock, and stops without losing anything."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from ..errors import PortTakenError  # noqa: TID252  # the room is copied under other names
from ..faults import Faults  # noqa: TID252  # same
from ..journal import Journal, JournalError  # noqa: TID252  # same
from .config import ConfigError, load_broker
from .connection import Connection
from .credentials import Credentials
from .ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any, Self

HOST = "127.0.0.1"
DEFAULT_PORT = 5672
MAX_MESSAGE_SIZE = 256 * 1024
"""Bytes: "Message size … 256 KB for Standard tier", Service Bus quotas."""

_KEEP_ALIVE = 5.0
_BACKLOG = 1024
_GOODBYE = 2.0


class Server:
    """One namespace on one port.

    Args:
        config: Microsoft's configuration file, as a path or as what it holds; None for a small namespace to try things.
        journal: a file that keeps what was accepted; None keeps it in memory only.
        port: 0 takes any free one.
        fsync: whether the journal survives a power failure, not only a killed process.
        max_message_size: in bytes.
        key: the shared access key.
    """

    def __init__(  # noqa: PLR0913  # each is an option of the command
        self,
        config: Mapping[str, Any] | Path | str | None = None,
        *,
        journal: Path | str | None = None,
        port: int = DEFAULT_PORT,
        fsync: bool = False,
        max_message_size: int = MAX_MESSAGE_SIZE,
        key: str | None = None,
    ) -> None:
        self.faults = Faults()
        self.broker = load_broker(config, faults=self.faults)
        self.credentials = Credentials(key) if key else Credentials()
        self.max_message_size = max_message_size
        self.connections: dict[Connection, None] = {}
        self.port = port
        self.recovered = 0
        """How many messages the journal brought back."""
        self._journal = _open_journal(self, journal, fsync=fsync) if journal is not None else None
        self._server: asyncio.Server | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = 0.0

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen.

        Raises:
            PortTakenError: somebody else does.
        """
        self.loop = asyncio.get_running_loop()
        try:
            self._server = await self.loop.create_server(lambda: Connection(self), HOST, self.port, backlog=_BACKLOG)
        except OSError as error:
            self.close_journal()
            raise PortTakenError(self.port) from error
        self.port = self._server.sockets[0].getsockname()[1]
        self.broker.on_wake = self._wake
        self._pulse = self.loop.call_later(_KEEP_ALIVE, self._keep_alive)
        first = self.broker.next_alarm()
        if first is not None:
            self._wake(first)

    async def stop(self) -> None:
        """Say goodbye to every client, and close the journal."""
        if self._server is not None:
            self._server.close()
            self._pulse.cancel()
            self.broker.on_wake = lambda _when: None
            if self._alarm is not None:
                self._alarm.cancel()
            for connection in list(self.connections):
                connection.fail("amqp:connection:forced", "The emulator is stopping.")
            deadline = self.loop.time() + _GOODBYE
            while self.connections and self.loop.time() < deadline:  # noqa: ASYNC110  # two seconds, at the end
                await asyncio.sleep(0.01)
            for connection in list(self.connections):
                connection.abort()
            await asyncio.sleep(0)
            self._server = None
        self.close_journal()

    def close_journal(self) -> None:
        """Let go of the journal."""
        if self._journal is not None:
            self._journal.close()

    # What connections ask for.

    def settle(self) -> None:
        """Hand over what can be handed over."""
        self.broker.settle()

    def commit(self) -> bool:
        """Make sure of what answers are about to confirm; False if the disk failed."""
        try:
            self.broker.commit()
        except JournalError:
            return False
        return True

    # Time.

    def _wake(self, when: float) -> None:
        if self._alarm is not None and self._alarm_at <= when:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = when
        self._alarm = self.loop.call_later(max(0.0, when - time.time()), self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self.broker.tick()
        self.broker.settle()
        following = self.broker.next_alarm()
        if following is not None:
            self._wake(following)

    def _keep_alive(self) -> None:
        now = self.loop.time()
        for connection in list(self.connections):
            connection.keep_alive(now)
        self._pulse = self.loop.call_later(_KEEP_ALIVE, self._keep_alive)

    # Faults.

    def drop_connections(self) -> int:
        """Cut every connection; return how many."""
        struck = list(self.connections)
        for connection in struck:
            connection.abort()
        return len(struck)

    def expire_locks(self, entity: str) -> int:
        """Let locks run out now; return how many."""
        struck = self.broker.expire_locks(entity)
        self.settle()
        return struck


def _open_journal(server: Server, path: Path | str, *, fsync: bool) -> Journal:
    journal = Journal(path, fsync=fsync)
    with contextlib.ExitStack() as undo:
        undo.callback(journal.close)
        ledger = Ledger(journal)
        missing = ledger.replay(server.broker)
        if missing:
            raise ConfigError(
                f"The journal holds messages for {', '.join(missing)}, which the configuration does not have.",
                hint="Add these entities to the configuration, or name another journal.",
                where=journal.path,
            )
        server.recovered = sum(len(queue.entries) for queue in server.broker.queues())
        ledger.compact(server.broker)
        server.broker.ledger = ledger
        undo.pop_all()
    return journal
