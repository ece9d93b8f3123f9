"""Rules about a message's life: it ends, it fits, it lives long enough, and somebody handles it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright.errors import Severity
from archwright.quantities import Duration, Size
from archwright.review.rule import Problem, queues, rule, seconds, within
from archwright.review.sizes import least_of_largest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archwright.model import Architecture, Container, Queue

_LONGEST_HANDLING = "WORKER_MAX_LEASE_TIME"  # the setting with which a starter's worker bounds its handlers


@rule("AW210", Severity.ERROR)
def poison_messages_end(architecture: Architecture) -> Iterator[Problem]:
    """A message that always fails is set aside after a number of deliveries, and is not lost then."""
    for _, queue, subject in queues(architecture):
        if queue.max_deliveries is None:
            message = "nothing ends the deliveries of a message that always fails"
            yield Problem(subject=subject, message=message, hint="set `max_deliveries`.")
        elif not queue.dead_letter:
            message = f"a message is lost after {queue.max_deliveries} failed deliveries"
            yield Problem(subject=subject, message=message, hint="set `dead_letter: true`.")


@rule("AW211", Severity.ERROR)
def retries_grow(architecture: Architecture) -> Iterator[Problem]:
    """The longest wait before a retry is not shorter than the first."""
    for _, queue, subject in queues(architecture):
        if queue.retry and queue.retry.longest < queue.retry.first:
            message = f"the longest retry of {queue.retry.longest} is shorter than the first of {queue.retry.first}"
            hint, first = "set `longest` to at least `first`.", str(queue.retry.first)
            yield Problem(subject=f"{subject}.retry.longest", message=message, hint=hint, nearest=first)


@rule("AW212", Severity.WARNING)
def retention_covers_retries(architecture: Architecture) -> Iterator[Problem]:
    """A message lives long enough to be delivered as often as it may be."""
    for channel, queue, _ in queues(architecture):
        if not (channel.retention and queue.max_deliveries and queue.retry):
            continue
        needed = queue.max_deliveries * (seconds(queue.lease) or 0) + sum(_waits(queue))
        if needed > channel.retention.seconds:
            time = str(Duration(needed))
            message = f"{queue.max_deliveries} deliveries may take {time}, but messages live {channel.retention}"
            hint = "keep messages longer, or retry sooner or less often."
            yield Problem(subject=f"{channel.id}.retention", message=message, hint=hint, nearest=time)


@rule("AW213", Severity.ERROR)
def topics_have_subscriptions(architecture: Architecture) -> Iterator[Problem]:
    """What is published to a topic reaches somebody."""
    for channel in architecture.channels:
        if channel.is_topic and not channel.subscriptions:
            message = "the topic has no subscription; what is published is lost"
            yield Problem(subject=channel.id, message=message, hint="add one.")


@rule("AW214", Severity.ERROR)
def workers_handle_queues(architecture: Architecture) -> Iterator[Problem]:
    """Every queue and subscription has a worker that handles it."""
    handled = {name for container in architecture.containers for name in container.handles}
    for _, _, name in queues(architecture):
        if name not in handled:
            message = "no container handles it; its messages pile up"
            yield Problem(subject=name, message=message, hint=f"give a worker `handles: {name}`.")


@rule("AW215", Severity.ERROR)
def handlers_end_before_their_lease(architecture: Architecture) -> Iterator[Problem]:
    """A handler may take no longer than its message can be held: the lease where none renews it, else all renewals."""
    for channel, queue, subject in queues(architecture):
        for container in (one for one in architecture.containers if subject in one.handles):
            takes = _handling(architecture, container)
            named = f"{container.id}.timeout"
            yield from within(channel.service, "lease_in_all", seconds(takes), named, lambda n: str(Duration(n)))
            if takes and queue.push and queue.lease and takes > queue.lease:
                message = f"handling may take {takes}, but a pushed message is held for {queue.lease}, unrenewed"
                hint = f"set {queue.lease} or less, lengthen the lease, or let the worker lease by itself."
                yield Problem(subject=named, message=message, hint=hint, nearest=str(queue.lease))


@rule("AW216", Severity.WARNING)
def dead_letters_return_within_the_window(architecture: Architecture) -> Iterator[Problem]:
    """What is redriven is still recognised as a duplicate of itself: dead letters are kept no longer than ids are."""
    for channel, queue, subject in queues(architecture):
        window, kept = channel.deduplication_window, queue.dead_letter_retention
        if window and kept and kept > window:
            message = f"a dead letter may come back after {kept}, but ids are remembered for {window}"
            hint = "let the consumer remember what it has done for as long as dead letters are kept."
            yield Problem(subject=f"{subject}.dead_letter_retention", message=message, hint=hint)


@rule("AW217", Severity.WARNING)
def dead_letters_outlive_messages(architecture: Architecture) -> Iterator[Problem]:
    """Dead letters are kept longer than messages, since their time may count from the day on which they were sent."""
    for channel, queue, subject in queues(architecture):
        kept = queue.dead_letter_retention
        if kept and channel.retention and kept <= channel.retention:
            message = f"messages live {channel.retention}, and dead letters no longer: late ones are lost at once"
            hint = f"keep dead letters for more than {channel.retention}."
            yield Problem(subject=f"{subject}.dead_letter_retention", message=message, hint=hint)


@rule("AW218", Severity.ERROR)
def messages_fit_their_channel(architecture: Architecture) -> Iterator[Problem]:
    """The largest message that a schema lets through is one that its channel carries."""
    for channel in architecture.channels:
        for name in channel.messages:
            largest = least_of_largest(architecture.message(name).schema)
            if channel.payload and largest and largest > channel.payload.bytes:
                size = str(Size(largest))
                message = f"{name} may have {size} and more, but the channel is to carry {channel.payload}"
                hint = "raise `payload`, or bound the message's fields with `maxLength` and `maxItems`."
                yield Problem(subject=f"{channel.id}.payload", message=message, hint=hint, nearest=size)


@rule("AW224", Severity.ERROR)
def what_messages_need_outlives_them(architecture: Architecture) -> Iterator[Problem]:
    """What a container keeps for a channel's messages is kept for longer than one of them may wait."""
    channels = {channel.id: channel for channel in architecture.channels}
    for container in architecture.containers:
        for channel in (channels[name] for name in container.outlives):
            aside = max((seconds(queue.dead_letter_retention) or 0 for queue in channel.queues), default=0)
            wait = (seconds(channel.retention) or 0) + aside
            if container.retention and container.retention.seconds <= wait:
                longest = str(Duration(wait))
                kept = container.retention
                message = f"it is kept for {kept}, but a message of `{channel.id}` may wait for {longest}"
                hint = f"keep it for more than {longest}, or let messages live shorter."
                yield Problem(subject=f"{container.id}.retention", message=message, hint=hint)


def _handling(architecture: Architecture, container: Container) -> Duration | None:
    """Return how long `container` may take for one message: what it says itself, else the worker's own bound."""
    bounds = [one.default for one in architecture.settings if one.name == _LONGEST_HANDLING]
    return container.timeout or (Duration.parse(bounds[0]) if bounds else None)


def _waits(queue: Queue) -> Iterator[float]:
    """Give the seconds that a message waits before each delivery after the first."""
    if queue.retry is None or queue.max_deliveries is None:
        return
    wait = queue.retry.first.seconds
    for _ in range(queue.max_deliveries - 1):
        yield wait
        wait = min(wait * 2, queue.retry.longest.seconds) if queue.retry.backoff == "exponential" else wait
