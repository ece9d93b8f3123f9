"""The emulator and the clients that the Service Bus tests use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from servicebus_bench import Bus, emulator_for_test, wait_for_closing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archwright.emulators.servicebus import ServiceBusEmulator


@pytest.fixture(scope="session", autouse=True)
def everything_closed() -> Iterator[None]:
    """Clients close beside the tests; the last ones are waited for."""
    yield
    wait_for_closing()


@pytest.fixture
def emulator() -> Iterator[ServiceBusEmulator]:
    """A fresh emulator with the entities of `servicebus_bench.CONFIG`."""
    yield from emulator_for_test()


@pytest.fixture
def bus(emulator: ServiceBusEmulator) -> Iterator[Bus]:
    """The official synchronous client."""
    client = Bus(emulator.connection_string)
    yield client
    client.close()
