"""A topic: each message goes to every subscription that has a rule for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import EntityExistsError, NotAllowedError, NotFoundError
from .filters import Subject
from .queue import Queue
from .settings import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .broker import Broker
    from .message import Message
    from .routing import Routing
    from .rules import Rule
    from .settings import QueueSettings


@dataclass(slots=True)
class Subscription:
    """A queue that a topic fills, and the rules by which it does."""

    queue: Queue
    rules: dict[str, Rule] = field(default_factory=dict)

    def copies(self, subject: Subject) -> Iterator[Message]:
        """Give what this subscription takes: one copy for all rules without action, one for each rule with one."""
        hits = [rule for rule in self.rules.values() if rule.matches(subject)]
        if any(rule.act is None for rule in hits):
            yield subject.message
        for rule in hits:
            if rule.act is not None:
                changed = rule.act(subject)
                yield changed.changed(application={**changed.application(), "RuleName": rule.name})

    def add_rule(self, rule: Rule) -> None:
        """Add a rule while messages flow."""
        if rule.name in self.rules:
            raise EntityExistsError(f"The subscription '{self.queue.path}' already has a rule '{rule.name}'.")
        self.queue.broker.record([("rule", self.queue, rule.name, rule.definition)])
        self.rules[rule.name] = rule

    def remove_rule(self, name: str) -> None:
        """Remove a rule while messages flow."""
        if name not in self.rules:
            raise NotFoundError(f"{self.queue.path}/Rules/{name}")
        self.queue.broker.record([("rule", self.queue, name, None)])
        del self.rules[name]


class Topic(Queue):
    """A topic; of its own it holds only scheduled messages."""

    def __init__(self, broker: Broker, path: str, settings: QueueSettings) -> None:
        super().__init__(broker, path, settings)
        self.subscriptions: dict[str, Subscription] = {}

    def arrive(self, message: Message, routing: Routing, hops: int) -> None:
        """Decide which subscriptions a message that is due goes to."""
        limit = self.settings.time_to_live
        if limit is not None and (message.ttl is None or message.ttl > limit):
            message = message.changed(ttl=limit)
        subject = Subject(message)
        for subscription in self.subscriptions.values():
            for copy in subscription.copies(subject):
                try:
                    subscription.queue.route(copy, routing, hops)
                except NotAllowedError as error:  # others must not suffer from one subscription's demands
                    told = Verdict("Session ID is null", error.description)
                    subscription.queue.dead_end(subscription.queue.dead_letters, told, copy, routing)
