"""Google Cloud Storage on this machine, as far as objects go, for Google's own SDK."""

from __future__ import annotations

from .emulator import CloudStorageEmulator

__all__ = ["CloudStorageEmulator"]
