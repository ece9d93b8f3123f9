"""A broker with a clock that tests move, and words for what a test does with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright.emulators.pubsub.broker import Broker
from archwright.emulators.pubsub.consumer import Consumer
from archwright.emulators.pubsub.message import Draft
from archwright.emulators.pubsub.settings import SubscriptionSettings, TopicSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archwright.emulators.pubsub.message import Delivery

TOPIC = "projects/p/topics/orders"
GRAVES = "projects/p/topics/graves"
SUBSCRIPTION = "projects/p/subscriptions/billing"


class World:
    """One topic, one subscription, and a second topic for dead letters with a subscription of its own."""

    def __init__(self, *, retention: float = 0.0, **settings: object) -> None:
        self.now = 1_700_000_000.0
        self.broker = Broker(clock=lambda: self.now)
        self.broker.create_topic(TOPIC, TopicSettings(retention=retention), b"")
        self.broker.create_topic(GRAVES, TopicSettings(), b"")
        self.subscription = self.subscribe(SUBSCRIPTION, **settings)
        self.graveyard = self.broker.create_subscription(
            "projects/p/subscriptions/graveyard", GRAVES, SubscriptionSettings(), b""
        )

    def subscribe(self, name, **settings):
        return self.broker.create_subscription(name, TOPIC, SubscriptionSettings(**settings), b"")

    def publish(self, *bodies: str, key: str = "", **attributes: str) -> None:
        drafts = [Draft(data=body.encode(), attributes=attributes, ordering_key=key) for body in bodies]
        self.broker.publish(TOPIC, drafts)

    def take(self, limit: int = 100, *, subscription=None, consumer: Consumer | None = None) -> Sequence[Delivery]:
        subscription = subscription or self.subscription
        one_pull = consumer or Consumer(lambda: None)
        taken = subscription.take(one_pull, limit, seconds=subscription.settings.ack_deadline)
        if consumer is None:
            subscription.leave(one_pull)
        return taken

    def bodies(self, limit: int = 100, **where: object) -> list[str]:
        return texts(self.take(limit, **where))

    def ack(self, deliveries: Sequence[Delivery]) -> Sequence[str]:
        return self.broker.acknowledge(self.subscription, [delivery.ack_id for delivery in deliveries])

    def nack(self, deliveries: Sequence[Delivery]) -> None:
        self.broker.extend(self.subscription, [delivery.ack_id for delivery in deliveries], 0)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.broker.agenda.run()


def texts(deliveries: Sequence[Delivery]) -> list[str]:
    return [delivery.message.data.decode() for delivery in deliveries]
