"""One event loop on one thread, shared by every emulator of a process."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Self

_Result = TypeVar("_Result")


class BackgroundLoop:
    """A loop that runs as long as somebody is inside.

    Shared, because gRPC's asyncio server keeps one poller a process: two loops would steal each other's events.
    """

    _lock: ClassVar[threading.Lock] = threading.Lock()
    _loop: ClassVar[asyncio.AbstractEventLoop | None] = None
    _thread: ClassVar[threading.Thread | None] = None
    _users: ClassVar[int] = 0

    def __enter__(self) -> Self:
        cls = type(self)
        with cls._lock:
            if not cls._users:
                cls._loop = asyncio.new_event_loop()
                cls._thread = threading.Thread(target=cls._loop.run_forever, name="pubsub-emulator", daemon=True)
                cls._thread.start()
            cls._users += 1
        return self

    def __exit__(self, *_: object) -> None:
        cls = type(self)
        with cls._lock:
            cls._users -= 1
            if cls._users or cls._loop is None or cls._thread is None:
                return
            cls._loop.call_soon_threadsafe(cls._loop.stop)
            cls._thread.join()
            cls._loop.close()
            cls._loop = cls._thread = None

    def run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Do some work on the loop, and wait for what comes of it."""
        loop = self._loop
        assert loop is not None, "the loop runs only inside its `with`"
        return asyncio.run_coroutine_threadsafe(work, loop).result()
