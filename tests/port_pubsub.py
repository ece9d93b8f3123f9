"""The Pub/Sub emulator as the contract of the port needs it: with a clock of ours and channels as tests want."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from archwright.emulators.pubsub import PubSubEmulator
from archwright.emulators.pubsub.broker import Broker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class EmulatorWithClock(PubSubEmulator):
    """An emulator that is told what time it is, and that time has passed."""

    def __init__(self, config: Mapping[str, Any], clock: Callable[[], float]) -> None:
        super().__init__(config)
        self.broker = Broker(clock)
        self.__enter__()

    def stop(self) -> None:
        """End as a `with` block would."""
        self.__exit__()

    def ring(self) -> None:
        """Do what has become due."""

        async def run() -> None:
            self.broker.agenda.run()

        asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    async def _start(self, start_up: Any) -> None:
        self._loop = asyncio.get_running_loop()
        await super()._start(start_up)
