"""Azure Service Bus on a laptop: AMQP 1.0 for the official SDKs, standard library only."""

from __future__ import annotations

from .emulator import ServiceBusEmulator

__all__ = ["ServiceBusEmulator"]
