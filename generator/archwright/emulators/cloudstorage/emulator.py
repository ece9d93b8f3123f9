"""The emulator inside a program: a context manager that runs the server in threads of its own."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import PortTakenError  # noqa: TID252  # the room is copied under other names
from .server import HOST, Server
from .shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Self


class CloudStorageEmulator:
    """Cloud Storage for the length of a `with` block, with `buckets` made beforehand.

        with CloudStorageEmulator(buckets=["objects"]) as emulator:
            os.environ["STORAGE_EMULATOR_HOST"] = emulator.endpoint
            bucket = storage.Client().bucket("objects")

    What is kept goes to `folder`, where another run finds it again, or else is gone at the end. An upload that is not
    complete is gone at the end in any case. The port is any free one unless it is given.
    """

    def __init__(
        self,
        folder: Path | str | None = None,
        port: int = 0,
        *,
        buckets: Iterable[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._own = tempfile.TemporaryDirectory(prefix="storage-") if folder is None else None
        self._folder = Path(self._own.name if self._own else folder or "")
        self._wanted = port
        self._buckets = tuple(buckets)
        self._clock = clock

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return int(self._server.server_address[1])

    @property
    def endpoint(self) -> str:
        """What STORAGE_EMULATOR_HOST is set to."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> Self:
        """Listen, and return.

        Raises:
            PortTakenError: the port is taken.
        """
        self._shelf = Shelf(self._folder, self._clock)
        try:
            self._server = Server(self._shelf, self._wanted)
        except OSError:
            self._shelf.close()
            self._clean()
            raise PortTakenError(self._wanted) from None
        for name in self._buckets:
            self._shelf.ensure_bucket(name)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="storage", daemon=True)
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
