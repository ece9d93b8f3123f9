"""The servers that the Pub/Sub tests run against."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from archwright.emulators.pubsub import PubSubEmulator
from pubsub_clients import KNOWN_DIFFERENCES, Bus, reference_endpoint, reference_missing

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, Bus]]:
    """The servers that are under way, by name."""
    with contextlib.ExitStack() as stack:
        emulator = stack.enter_context(PubSubEmulator())
        running = {"emulator": Bus(emulator.endpoint)}
        if not reference_missing():
            running["reference"] = Bus(stack.enter_context(reference_endpoint()))
        for bus in running.values():
            stack.callback(bus.close)
        yield running


@pytest.fixture(params=["emulator"] if reference_missing() else ["emulator", "reference"])
def bus(request: pytest.FixtureRequest, servers: dict[str, Bus]) -> Bus:
    """Our emulator, and Google's own where one is at hand; `test_pubsub_reference` tells when none is."""
    if request.param == "reference":
        difference = KNOWN_DIFFERENCES.get(request.function.__name__)
        if difference:
            request.applymarker(pytest.mark.xfail(reason=difference, strict=False))
    return servers[request.param]
