"""Fixtures that give a test an emulator of its own.

pytest loads this module on every run, so the emulators are imported only by a test that asks for one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .pubsub import PubSubEmulator
    from .servicebus import ServiceBusEmulator


@pytest.fixture
def pubsub_emulator(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[PubSubEmulator]:
    """A Pub/Sub emulator, empty or with the start-up configuration that the test gives as an indirect parameter.

    `PUBSUB_EMULATOR_HOST` points at it while the test runs: clients made in the test find it by themselves.
    """
    from .pubsub import PubSubEmulator  # noqa: PLC0415  # see above

    with PubSubEmulator(config=getattr(request, "param", None)) as emulator:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", emulator.endpoint)
        yield emulator


@pytest.fixture
def servicebus_emulator(request: pytest.FixtureRequest) -> Iterator[ServiceBusEmulator]:
    """A Service Bus emulator with the `Config.json` that the test gives as an indirect parameter.

    Clients are made from its `connection_string`.
    """
    from .servicebus import ServiceBusEmulator  # noqa: PLC0415  # see above

    with ServiceBusEmulator(config=getattr(request, "param", None)) as emulator:
        yield emulator
