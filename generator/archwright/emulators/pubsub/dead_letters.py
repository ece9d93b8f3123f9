"""Dead letters: the message that takes the place of one that failed too often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .agenda import rfc3339
from .message import Message

if TYPE_CHECKING:
    from .message import Delivery


def dead_letter(subscription: str, delivery: Delivery, sequence: int, published: int) -> Message:
    """Return the dead letter of a delivery, with the attributes by which the service tells where it comes from."""
    _, project, _, name = subscription.split("/", 3)
    original = delivery.message
    origin = {
        "CloudPubSubDeadLetterSourceDeliveryCount": str(delivery.attempts),
        "CloudPubSubDeadLetterSourceSubscription": name,
        "CloudPubSubDeadLetterSourceSubscriptionProject": project,
        "CloudPubSubDeadLetterSourceTopicPublishTime": rfc3339(original.published),
    }
    return Message(sequence, published, original.data, {**original.attributes, **origin}, original.ordering_key)
