"""Rules over an Architecture: provider limits, guarantees, policy; each with a stable code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archwright.errors import Finding, Severity
from archwright.model import Delivery
from archwright.quantities import Duration, Size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archwright.model import Architecture, Channel, Fact, Queue

Problem = tuple[str, str, str, str]  # subject, message, hint, source


@dataclass(frozen=True, slots=True)
class Rule:
    """A check with its code and weight; the check's docstring says what holds where it finds nothing."""

    code: str
    severity: Severity
    check: Callable[[Architecture], Iterator[Problem]]

    @property
    def claim(self) -> str:
        """What the rule holds an architecture to, in one sentence."""
        return (self.check.__doc__ or "").strip().splitlines()[0]


RULES: list[Rule] = []


def rule(code: str, severity: Severity) -> Callable[..., Callable[[Architecture], Iterator[Problem]]]:
    """Register a check under `code`."""

    def register(check: Callable[[Architecture], Iterator[Problem]]) -> Callable[[Architecture], Iterator[Problem]]:
        RULES.append(Rule(code, severity, check))
        return check

    return register


def review(architecture: Architecture) -> tuple[Finding, ...]:
    """Return what every rule finds, errors first."""
    found = [
        Finding(code=one.code, severity=one.severity, subject=subject, message=message, hint=hint, source=source)
        for one in RULES
        for subject, message, hint, source in one.check(architecture)
    ]
    return tuple(
        sorted(found, key=lambda finding: (finding.severity is not Severity.ERROR, finding.code, finding.subject))
    )


@rule("AW201", Severity.ERROR)
def deliveries_within_limit(architecture: Architecture) -> Iterator[Problem]:
    """The number of deliveries of each queue is one that its service can count."""
    for channel, queue, subject in _queues(architecture):
        yield from _against(channel, "max_deliveries", queue.max_deliveries, subject, str)


@rule("AW202", Severity.ERROR)
def payload_within_limit(architecture: Architecture) -> Iterator[Problem]:
    """The largest message of each channel is one that its service carries."""
    for channel in architecture.channels:
        size = channel.payload.bytes if channel.payload else None
        yield from _against(channel, "payload", size, f"{channel.id}.payload", lambda n: str(Size(int(n))))


@rule("AW203", Severity.ERROR)
def retention_within_limit(architecture: Architecture) -> Iterator[Problem]:
    """Each channel keeps its messages no longer and no shorter than its service allows."""
    for channel in architecture.channels:
        yield from _against(channel, "retention", _seconds(channel.retention), f"{channel.id}.retention", _duration)


@rule("AW204", Severity.ERROR)
def lease_within_limit(architecture: Architecture) -> Iterator[Problem]:
    """The lease of each queue is one that its service can hold."""
    for channel, queue, subject in _queues(architecture):
        yield from _against(channel, "lease", _seconds(queue.lease), subject, _duration)


@rule("AW205", Severity.ERROR)
def deduplication_within_limit(architecture: Architecture) -> Iterator[Problem]:
    """The deduplication window of each channel is one that its service keeps."""
    for channel in architecture.channels:
        wanted = _seconds(channel.deduplication_window)
        yield from _against(channel, "deduplication_window", wanted, f"{channel.id}.deduplication_window", _duration)


@rule("AW210", Severity.ERROR)
def poison_messages_end(architecture: Architecture) -> Iterator[Problem]:
    """A message that always fails is set aside after a number of deliveries, and is not lost then."""
    for _, queue, subject in _queues(architecture):
        if queue.max_deliveries is None:
            yield subject, "nothing ends the deliveries of a message that always fails", "set `max_deliveries`.", ""
        elif not queue.dead_letter:
            message = f"a message is lost after {queue.max_deliveries} failed deliveries"
            yield subject, message, "set `dead_letter: true`.", ""


@rule("AW211", Severity.ERROR)
def retries_grow(architecture: Architecture) -> Iterator[Problem]:
    """The longest wait before a retry is not shorter than the first."""
    for _, queue, subject in _queues(architecture):
        if queue.retry and queue.retry.longest < queue.retry.first:
            message = f"the longest retry of {queue.retry.longest} is shorter than the first of {queue.retry.first}"
            yield subject, message, "set `longest` to at least `first`.", ""


@rule("AW212", Severity.WARNING)
def retention_covers_retries(architecture: Architecture) -> Iterator[Problem]:
    """A message lives long enough to be delivered as often as it may be."""
    for channel, queue, subject in _queues(architecture):
        if not (channel.retention and queue.max_deliveries and queue.retry):
            continue
        needed = queue.max_deliveries * (_seconds(queue.lease) or 0)
        needed += sum(_waits(queue))
        if needed > channel.retention.seconds:
            message = (
                f"{queue.max_deliveries} deliveries may take {Duration(needed)}, but messages live {channel.retention}"
            )
            yield subject, message, "keep messages longer, or retry sooner or less often.", ""


@rule("AW213", Severity.ERROR)
def topics_have_subscriptions(architecture: Architecture) -> Iterator[Problem]:
    """What is published to a topic reaches somebody."""
    for channel in architecture.channels:
        if channel.is_topic and not channel.subscriptions:
            yield channel.id, "the topic has no subscription; what is published is lost", "add one.", ""


@rule("AW214", Severity.ERROR)
def workers_handle_queues(architecture: Architecture) -> Iterator[Problem]:
    """Every queue and subscription has a worker that handles it."""
    handled = {name for container in architecture.containers for name in container.handles}
    for channel, queue, _ in _queues(architecture):
        name = f"{channel.id}/{queue.id}" if channel.is_topic else channel.id
        if name not in handled:
            yield name, "no container handles it; its messages pile up", f"give a worker `handles: {name}`.", ""


@rule("AW220", Severity.WARNING)
def guarantees_are_drilled(architecture: Architecture) -> Iterator[Problem]:
    """Every guarantee names the drill that proves it, or says why there is none."""
    for one in architecture.guarantees:
        if not one.drill and not one.no_drill_because:
            yield f"{one.source} → {one.target}", "no drill proves this guarantee", "name one, or say why not.", ""


@rule("AW221", Severity.ERROR)
def exactly_once_is_deduplicated(architecture: Architecture) -> Iterator[Problem]:
    """A hop that promises exactly-once delivery says what takes the duplicates out."""
    for one in architecture.guarantees:
        if one.delivery is Delivery.EXACTLY_ONCE and one.deduplication in {"", "none"}:
            message = "exactly-once delivery is promised, but nothing takes duplicates out"
            yield f"{one.source} → {one.target}", message, "promise at-least-once, or say what deduplicates.", ""


def _queues(architecture: Architecture) -> Iterator[tuple[Channel, Queue, str]]:
    for channel in architecture.channels:
        for queue in channel.queues:
            yield channel, queue, f"{channel.id}/{queue.id}" if channel.is_topic else channel.id


def _against(
    channel: Channel, knob: str, wanted: float | None, subject: str, show: Callable[[float], str]
) -> Iterator[Problem]:
    """Hold one knob against the limit of the channel's service; tell the nearest value that works."""
    limit = channel.service.limits.get(knob)
    if limit is None or wanted is None:
        return
    service = channel.service.name
    subject = subject if subject.endswith(knob) else f"{subject}.{knob}"
    if limit.maximum is not None and wanted > limit.maximum:
        most = show(limit.maximum)
        hint = f"set {most} or less"
        hint += (
            "; a worker renews it while it works, so that long tasks are safe."
            if knob in channel.service.renewable
            else "."
        )
        yield subject, f"{show(wanted)} exceeds the {most} that {_a(service)} allows", hint, _source(limit)
    if limit.minimum is not None and wanted < limit.minimum:
        least = show(limit.minimum)
        yield (
            subject,
            f"{show(wanted)} is under the {least} that {_a(service)} needs",
            f"set {least} or more.",
            _source(limit),
        )


def _source(limit: Fact) -> str:
    return f"{limit.id}: {limit.source} (read {limit.read}, confidence {limit.confidence})"


def _waits(queue: Queue) -> Iterator[float]:
    """Give the seconds that a message waits before each delivery after the first."""
    if queue.retry is None or queue.max_deliveries is None:
        return
    wait = queue.retry.first.seconds
    for _ in range(queue.max_deliveries - 1):
        yield wait
        wait = min(wait * 2, queue.retry.longest.seconds) if queue.retry.backoff == "exponential" else wait


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'AEIOaeio' else 'a'} {noun}"


def _seconds(duration: Duration | None) -> float | None:
    return duration.seconds if duration else None


def _duration(seconds: float) -> str:
    return str(Duration(seconds))
