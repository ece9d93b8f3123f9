"""Azure Blob Storage on this machine, as far as block blobs go, for Microsoft's own SDK."""

from __future__ import annotations

from .emulator import BlobEmulator, connection_string

__all__ = ["BlobEmulator", "connection_string"]
