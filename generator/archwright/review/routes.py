"""Rules about routing: what an event bus is asked to tell apart is what its service can see and say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright.errors import Severity
from archwright.review.rule import Problem, a, duration, queues, rule, seconds, within
from archwright.routing import unspeakable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archwright.model import Architecture

_TESTS = {
    "equals": "a list of values",
    "prefix": "`prefix`",
    "at_least": "`at_least`",
    "below": "`below`",
    "exists": "`exists: true`",
    "absent": "`exists: false`",
    "not": "`not`",
}
_ENVELOPE = ("type", "version")


@rule("AW230", Severity.ERROR)
def rules_can_be_told(architecture: Architecture) -> Iterator[Problem]:
    """Each condition of a routing rule is one that the language of its service has words for."""
    for channel, queue, subject in queues(architecture):
        language = channel.service.language
        for one, condition in unspeakable(language, queue) if language else ():
            works = ", ".join(_TESTS[name] for name in _TESTS if name in language.operators) if language else ""
            asked = _TESTS[condition.operator]
            message = f"rule `{one.name}` asks {asked} of `{condition.field}`, which {a(_name(language))} cannot"
            hint = f"it can test {works}; let the producer say it in an attribute of its own, such as `band: large`."
            yield Problem(subject=subject, message=message, hint=hint, limit=language.limit if language else None)


@rule("AW231", Severity.ERROR)
def rules_fit_their_service(architecture: Architecture) -> Iterator[Problem]:
    """What a service is told for the rules of a subscription is no longer than it takes."""
    for channel, queue, subject in queues(architecture):
        language = channel.service.language
        most = language.limit.maximum if language else None
        for name, expression in queue.expressions.items() if language and most else ():
            size = len(expression.encode())
            if most and size > most:
                of = f"rule `{name}`" if name in {one.name for one in queue.rules} else "the rules together"
                message = f"{of} take {size} bytes, and {a(_name(language))} has room for {most:.0f}"
                hint = "name fewer values or shorter ones, or let another subscription have some of the rules."
                yield Problem(subject=subject, message=message, hint=hint, limit=language.limit if language else None)


@rule("AW232", Severity.ERROR)
def rules_look_at_the_envelope(architecture: Architecture) -> Iterator[Problem]:
    """A routing rule looks at an event's type, its version, or an attribute of one of the channel's messages."""
    for channel, queue, subject in queues(architecture):
        messages = [architecture.message(name) for name in channel.messages]
        fields = {*_ENVELOPE, *(attribute for one in messages for attribute in one.attributes)}
        for one in queue.rules:
            for condition in one.conditions:
                types = set(condition.values) if (condition.field, condition.operator) == ("type", "equals") else set()
                if condition.field not in fields:
                    message = f"rule `{one.name}` looks at `{condition.field}`, which no event of the channel shows"
                    hint = f"events show {', '.join(sorted(fields))}; name the field in `attributes` of its message."
                    yield Problem(subject=subject, message=message, hint=hint)
                for unknown in sorted(map(str, types - {message.type for message in messages})):
                    message = f"rule `{one.name}` waits for `{unknown}`, which is no type of the channel"
                    hint = f"its events are {', '.join(sorted({message.type for message in messages}))}."
                    yield Problem(subject=subject, message=message, hint=hint)


@rule("AW233", Severity.WARNING)
def unrouted_events_are_noticed(architecture: Architecture) -> Iterator[Problem]:
    """Where events are routed by rules, one subscription takes every event, so that one which nobody takes is seen."""
    for channel in architecture.channels:
        ruled = [queue for queue in channel.queues if queue.rules]
        if ruled and len(ruled) == len(channel.queues):
            message = "an event that no rule takes is dropped, and nobody is told"
            hint = "add a subscription without rules, and let its worker keep what no other takes."
            yield Problem(subject=channel.id, message=message, hint=hint)


@rule("AW234", Severity.ERROR)
def replay_within_limit(architecture: Architecture) -> Iterator[Problem]:
    """Events can be delivered again for no longer than the service keeps them."""
    for channel in architecture.channels:
        yield from within(channel.service, "replay", seconds(channel.replay), f"{channel.id}.replay", duration)


@rule("AW235", Severity.NOTE)
def knobs_have_an_effect(architecture: Architecture) -> Iterator[Problem]:
    """What a channel asks for is something that its service gives; where it has no effect, the reason is told."""
    for channel in architecture.channels:
        for knob, why in channel.service.lacks.items():
            if getattr(channel, knob, None) is not None:
                message = f"it has no effect on {a(channel.service.name)}: {why}"
                hint = "the starter refuses it with this reason; nothing else depends on it."
                yield Problem(subject=f"{channel.id}.{knob}", message=message, hint=hint)


def _name(language: object) -> str:
    return str(getattr(language, "name", ""))
