"""The emulator inside a program: a context manager that runs the server in threads of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ..errors import PortTakenError  # noqa: TID252  # the room is copied under other names
from .server import HOST, Server

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from .server import Call


class ModelEmulator:
    """Language models for the length of a `with` block; any key is taken, and any name of a model.

        with ModelEmulator() as emulator:
            client = anthropic.Anthropic(base_url=emulator.url, api_key="any", max_retries=0)
            emulator.arm("overloaded", times=2)

    The port is any free one unless it is given.
    """

    def __init__(self, port: int = 0) -> None:
        self._wanted = port

    @property
    def url(self) -> str:
        """The address for Anthropic's and AWS's SDKs; OpenAI's wants `/v1` after it."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    @property
    def calls(self) -> Sequence[Call]:
        """What was asked so far, oldest first; what was refused for its form is not among it."""
        return tuple(self._server.calls)

    def arm(self, kind: str, value: str = "", *, model: str = "", times: int | None = None) -> None:
        """Let the next `times` requests for `model`, or all, be answered in this way; see `behaviour.KINDS`.

        Raises:
            ValueError: there is no such behaviour.
        """
        self._server.script.arm(kind, value, model=model, times=times)

    def clear(self) -> None:
        """Let everything be answered as usual again, and forget what was asked."""
        self._server.script.clear()
        self._server.calls.clear()

    def start(self) -> Self:
        """Listen, and return.

        Raises:
            PortTakenError: the port is taken.
        """
        try:
            self._server = Server(self._wanted)
        except OSError:
            raise PortTakenError(self._wanted) from None
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="models", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening, and let go of whoever waits; stopping twice is harmless."""
        if self._thread.is_alive():
            self._server.over.set()
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
