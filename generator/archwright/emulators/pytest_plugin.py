"""Fixtures that give a test an emulator of its own."""
