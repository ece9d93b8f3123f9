"""Language models on this machine, for the providers' own SDKs: deterministic answers, and every failure on demand."""

from __future__ import annotations

from .emulator import ModelEmulator

__all__ = ["ModelEmulator"]
