"""Rules about limits: each knob is one that its service takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright.errors import Severity
from archwright.quantities import Size
from archwright.review.rule import Problem, duration, queues, rule, seconds, within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archwright.model import Architecture, Channel, Container


@rule("AW201", Severity.ERROR)
def deliveries_within_limit(architecture: Architecture) -> Iterator[Problem]:
    """The number of deliveries of each queue is one that its service can count."""
    for channel, queue, subject in queues(architecture):
        yield from within(
            channel.service, "max_deliveries", queue.max_deliveries, f"{subject}.max_deliveries", lambda n: f"{n:g}"
        )


@rule("AW202", Severity.ERROR)
def payload_within_limit(architecture: Architecture) -> Iterator[Problem]:
    """The largest message of each channel, and input of each container, is one that its service carries."""
    parts: tuple[Channel | Container, ...] = (*architecture.channels, *architecture.containers)
    for one in parts:
        if one.service and one.payload:
            yield from within(one.service, "payload", one.payload.bytes, f"{one.id}.payload", _size)


@rule("AW203", Severity.ERROR)
def retention_within_limit(architecture: Architecture) -> Iterator[Problem]:
    """Each channel keeps its messages and dead letters no longer and no shorter than its service allows."""
    for one in architecture.channels:
        yield from within(one.service, "retention", seconds(one.retention), f"{one.id}.retention", duration)
    for channel, queue, subject in queues(architecture):
        kept, knob = seconds(queue.dead_letter_retention), "dead_letter_retention"
        yield from within(channel.service, knob, kept, f"{subject}.{knob}", duration)


@rule("AW204", Severity.ERROR)
def lease_within_limit(architecture: Architecture) -> Iterator[Problem]:
    """The lease of each queue is one that its service can hold."""
    for channel, queue, subject in queues(architecture):
        yield from within(channel.service, "lease", seconds(queue.lease), f"{subject}.lease", duration)


@rule("AW205", Severity.ERROR)
def deduplication_within_limit(architecture: Architecture) -> Iterator[Problem]:
    """The deduplication window of each channel is one that its service keeps."""
    for one in architecture.channels:
        window, knob = seconds(one.deduplication_window), "deduplication_window"
        yield from within(one.service, knob, window, f"{one.id}.{knob}", duration)


@rule("AW209", Severity.ERROR)
def retry_within_limit(architecture: Architecture) -> Iterator[Problem]:
    """The waits before the deliveries of a failed message are ones that its service can keep it for."""
    for channel, queue, subject in queues(architecture):
        for end in ("first", "longest") if queue.retry else ():
            wait = seconds(getattr(queue.retry, end))
            yield from within(channel.service, "retry", wait, f"{subject}.retry.{end}", duration)


@rule("AW219", Severity.ERROR)
def timeout_within_limit(architecture: Architecture) -> Iterator[Problem]:
    """What a request, a message or an execution may take is no more than the container's service waits for."""
    for one in architecture.containers:
        if one.service:
            yield from within(one.service, "timeout", seconds(one.timeout), f"{one.id}.timeout", duration)


def _size(number: float) -> str:
    return str(Size(int(number)))
