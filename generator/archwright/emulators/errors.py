"""What can go wrong while an emulator starts: one exception with a remedy, for a command line to tell."""

from __future__ import annotations


class EmulatorError(Exception):
    """An emulator cannot do what it was asked; the base of this room's exceptions.

    `hint` tells what to do. `where` is `file`, `file:line` or `file:line:column`, if the fault stands in a file.
    """

    def __init__(self, message: str, *, hint: str = "", where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class PortTakenError(EmulatorError):
    """Another program listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"Port {port} on 127.0.0.1 is taken by another program.",
            hint="Choose another with --port, or --port 0 for any free one.",
        )
        self.port = port
