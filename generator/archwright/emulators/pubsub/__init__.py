"""Google Pub/Sub over gRPC: a broker that knows no transport, and the service's API around it."""

from __future__ import annotations

from .server import PubSubEmulator

__all__ = ["PubSubEmulator"]
