"""What a topic and a subscription are asked to do, free of any wire format."""

from __future__ import annotations

from dataclasses import dataclass

DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaUse:
    """The schema that a topic's messages are held to, and in which encoding they come."""

    schema: str
    encoding: str  # JSON or BINARY
    first_revision: str = ""
    last_revision: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSettings:
    """How long a topic keeps its messages (seconds; 0: not at all), and the schema it holds them to."""

    retention: float = 0.0
    schema: SchemaUse | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long a message rests before it is delivered again, in seconds."""

    minimum: float = 10.0
    maximum: float = 600.0

    def delay(self, attempts: int) -> float:
        """Return the rest after the given number of failed attempts: doubled each time, up to the maximum."""
        doublings = min(attempts - 1, 40)  # 2**40 seconds are past every maximum, and no float overflows
        return min(self.maximum, self.minimum * 2.0**doublings)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterPolicy:
    """Where a message goes after `max_attempts` deliveries that nobody acknowledged."""

    topic: str
    max_attempts: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PushTarget:
    """Where messages are posted to; `wrapped` puts them into the service's JSON envelope."""

    endpoint: str
    wrapped: bool = True
    metadata_headers: bool = False


_PUSH_BACK_OFF = RetryPolicy(minimum=0.1, maximum=60.0)  # the service's own, for push without a retry policy


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSettings:
    """How a subscription delivers."""

    ack_deadline: float = 10.0
    retention: float = 7 * DAY
    retain_acknowledged: bool = False
    ordered: bool = False
    exactly_once: bool = False
    filter: str = ""
    retry: RetryPolicy | None = None
    dead_letter: DeadLetterPolicy | None = None
    push: PushTarget | None = None

    @property
    def back_off(self) -> RetryPolicy | None:
        """How long a message rests that came back; None if it is delivered again at once."""
        return self.retry or (_PUSH_BACK_OFF if self.push else None)
