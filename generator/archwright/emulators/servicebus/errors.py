"""What the broker refuses, in the service's own words: an AMQP condition, a sentence, a status for replies."""

from __future__ import annotations


class ServiceBusError(Exception):
    """A refusal that reaches one client and disturbs nobody else."""

    condition = "amqp:internal-error"
    status = 500

    def __init__(self, description: str) -> None:
        super().__init__(description)
        self.description = description


class NotFoundError(ServiceBusError):
    """No such queue, topic or subscription."""

    condition = "amqp:not-found"
    status = 404

    def __init__(self, address: str) -> None:
        super().__init__(
            f"The messaging entity '{address}' could not be found. Add it to the emulator's configuration."
        )


class NotAllowedError(ServiceBusError):
    """The entity does not take this operation."""

    condition = "amqp:not-allowed"
    status = 400


class NotImplementedByEmulatorError(ServiceBusError):
    """The service can do it; this emulator cannot."""

    condition = "amqp:not-implemented"
    status = 501


class UnauthorizedError(ServiceBusError):
    """The credentials are wrong, expired or missing."""

    condition = "amqp:unauthorized-access"
    status = 401


class ArgumentError(ServiceBusError):
    """A request holds something that the service cannot read."""

    condition = "com.microsoft:argument-error"
    status = 400


class MessageSizeError(ServiceBusError):
    """The message is larger than the entity takes."""

    condition = "amqp:link:message-size-exceeded"
    status = 400


class MessageNotFoundError(ServiceBusError):
    """No deferred or scheduled message has this sequence number."""

    condition = "com.microsoft:message-not-found"
    status = 404

    def __init__(self, sequence: int) -> None:
        super().__init__(f"The message with sequence number {sequence} was not found.")


class EntityExistsError(ServiceBusError):
    """The name is taken."""

    condition = "com.microsoft:entity-already-exists"
    status = 409


class MessageLockLostError(ServiceBusError):
    """The lock ran out, or the message was settled before."""

    condition = "com.microsoft:message-lock-lost"
    status = 410

    def __init__(self) -> None:
        super().__init__(
            "The lock supplied is invalid. "
            "Either the lock expired, or the message has already been removed from the queue."
        )


class SessionLockLostError(ServiceBusError):
    """The session's lock ran out, or somebody else holds it."""

    condition = "com.microsoft:session-lock-lost"
    status = 410

    def __init__(self) -> None:
        super().__init__("The session lock has expired on the session. Accept a new session.")


class SessionCannotBeLockedError(ServiceBusError):
    """Somebody else holds the session."""

    condition = "com.microsoft:session-cannot-be-locked"
    status = 410

    def __init__(self, session: str) -> None:
        super().__init__(f"The requested session '{session}' cannot be accepted. It may be locked by another receiver.")


class NoSessionError(ServiceBusError):
    """No session had a message in the time given."""

    condition = "com.microsoft:timeout"
    status = 408

    def __init__(self) -> None:
        super().__init__("The operation did not complete within the allotted timeout. No session was available.")


class NotRecordedError(ServiceBusError):
    """The journal could not take it, so nothing was changed."""

    condition = "com.microsoft:server-busy"
    status = 507
