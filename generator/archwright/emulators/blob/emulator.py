"""The emulator inside a program: a context manager that runs the server in threads of its own."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import PortTakenError  # noqa: TID252  # the room is copied under other names
from .credentials import ACCOUNT, KEY
from .server import HOST, Server
from .shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Self


def connection_string(port: int, key: str = KEY) -> str:
    """Return what a program's configuration needs to reach an emulator on this machine."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={key};"
        f"BlobEndpoint=http://{HOST}:{port}/{ACCOUNT};"
    )


class BlobEmulator:
    """A storage account for the length of a `with` block, with `containers` made beforehand.

        with BlobEmulator(containers=["objects"]) as emulator:
            client = ContainerClient.from_connection_string(emulator.connection_string, "objects")

    What is kept goes to `folder`, where another run finds it again, or else is gone at the end. The port is any free
    one unless it is given.
    """

    def __init__(
        self,
        folder: Path | str | None = None,
        port: int = 0,
        *,
        containers: Iterable[str] = (),
        key: str = KEY,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._own = tempfile.TemporaryDirectory(prefix="blobs-") if folder is None else None
        self._folder = Path(self._own.name if self._own else folder or "")
        self._wanted = port
        self._containers = tuple(containers)
        self._key = key
        self._clock = clock

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return int(self._server.server_address[1])

    @property
    def connection_string(self) -> str:
        """What an SDK's client is made of."""
        return connection_string(self.port, self._key)

    def start(self) -> Self:
        """Listen, and return.

        Raises:
            PortTakenError: the port is taken.
        """
        self._shelf = Shelf(self._folder, self._clock)
        try:
            self._server = Server(self._shelf, self._wanted, self._key)
        except OSError:
            self._shelf.close()
            self._clean()
            raise PortTakenError(self._wanted) from None
        for name in self._containers:
            self._shelf.ensure_container(name)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="blobs", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening, and close the index; stopping twice is harmless."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._shelf.close()
        self._clean()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _clean(self) -> None:
        if self._own:
            self._own.cleanup()
