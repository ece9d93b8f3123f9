"""The emulator inside a program: a context manager that runs the server in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from .credentials import KEY, KEY_NAME
from .server import HOST, MAX_MESSAGE_SIZE, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Self

    from ..faults import Faults  # noqa: TID252  # the room is copied under other names

_PATIENCE = 10.0


def connection_string(port: int, key: str = KEY) -> str:
    """Return what a program's configuration needs to reach an emulator on this machine."""
    return (
        f"Endpoint=sb://{HOST}:{port};SharedAccessKeyName={KEY_NAME};SharedAccessKey={key};UseDevelopmentEmulator=true;"
    )


class ServiceBusEmulator:
    """A Service Bus namespace for the length of a `with` block.

        with ServiceBusEmulator(config="Config.json") as emulator:
            client = ServiceBusClient.from_connection_string(emulator.connection_string)

    Arguments are those of `Server`; the port is any free one unless it is given. It also works in `async with`.
    """

    def __init__(  # noqa: PLR0913  # each is an option of the command
        self,
        config: Mapping[str, Any] | Path | str | None = None,
        journal: Path | str | None = None,
        port: int = 0,
        *,
        fsync: bool = False,
        max_message_size: int = MAX_MESSAGE_SIZE,
        key: str = KEY,
    ) -> None:
        self._server = Server(
            config, journal=journal, port=port, fsync=fsync, max_message_size=max_message_size, key=key
        )
        self._key = key
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="servicebus-emulator", daemon=True)
        self.faults.connect(
            drop=lambda: self._call(self._server.drop_connections),
            expire=lambda entity: self._call(lambda: self._server.expire_locks(entity)),
        )

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return self._server.port

    @property
    def connection_string(self) -> str:
        """What an SDK's client is made of."""
        return connection_string(self.port, self._key)

    @property
    def faults(self) -> Faults:
        """Faults to let loose on clients."""
        return self._server.faults

    def start(self) -> Self:
        """Listen, and return.

        Raises:
            PortTakenError: the port is taken.
        """
        self._thread.start()
        try:
            self._await(self._server.start())
        except BaseException:
            self._end_thread()
            raise
        return self

    def stop(self) -> None:
        """Stop listening, part with every client, close the journal; stopping twice is harmless."""
        if self._thread.is_alive():
            self._await(self._server.stop())
            self._end_thread()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self.start()

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.stop)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _await(self, coroutine: Any) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_PATIENCE)

    def _call(self, function: Callable[[], int]) -> int:
        """Call something in the server's thread."""

        async def call() -> int:
            return function()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(_PATIENCE)

    def _end_thread(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)
        self._loop.close()
