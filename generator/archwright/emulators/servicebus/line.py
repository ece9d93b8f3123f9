"""What a queue asks of those who wait at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .errors import ServiceBusError
    from .message import Entry
    from .sessions import Session


class Consumer(Protocol):
    """A receiver, whatever transport it uses."""

    receive_and_delete: bool
    session: Session | None

    @property
    def credit(self) -> int:
        """How many more entries it takes now."""

    def deliver(self, entry: Entry, token: bytes) -> None:
        """Take an entry; uses up one credit."""

    def granted(self, session: Session) -> None:
        """A session is this consumer's now."""

    def refuse(self, error: ServiceBusError) -> None:
        """The queue has to part with the consumer."""
