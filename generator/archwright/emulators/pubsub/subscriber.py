"""The API's Subscriber service, but for the streams."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from google.protobuf import empty_pb2

from .agenda import NANOSECONDS
from .consumer import Consumer
from .errors import Code, PubSubError, invalid
from .paging import page
from .resources import (
    changed,
    check_name,
    complete_subscription,
    describe_subscription,
    subscription_settings,
)
from .wire import message_class, pull_response

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .broker import Broker
    from .calls import Context, Method
    from .push import PushOffice
    from .snapshots import Snapshot
    from .subscription import Subscription
    from .wire import Proto

MOST_BYTES = 3_500_000
"""Of messages in one answer: other languages' clients refuse answers of more than 4 MiB by default."""

_LONGEST_PULL = 20.0
_LONGEST_DEADLINE = 600
_FIXED = ("name", "topic", "filter", "enable_message_ordering")
_Subscription = message_class("Subscription")
_Snapshot = message_class("Snapshot")
_ListSubscriptionsResponse = message_class("ListSubscriptionsResponse")
_ListSnapshotsResponse = message_class("ListSnapshotsResponse")
_SeekResponse = message_class("SeekResponse")


class Subscriber:
    """Subscriptions, single pulls, acknowledgements, snapshots and seeks."""

    def __init__(self, broker: Broker, push: PushOffice) -> None:
        self._broker = broker
        self._push = push

    def methods(self) -> Mapping[str, Method]:
        """Return the calls of this service by name."""
        return {
            "CreateSubscription": (_Subscription, self._create),
            "UpdateSubscription": (message_class("UpdateSubscriptionRequest"), self._update),
            "GetSubscription": (message_class("GetSubscriptionRequest"), self._get),
            "ListSubscriptions": (message_class("ListSubscriptionsRequest"), self._list),
            "DeleteSubscription": (message_class("DeleteSubscriptionRequest"), self._delete),
            "ModifyPushConfig": (message_class("ModifyPushConfigRequest"), self._modify_push),
            "Acknowledge": (message_class("AcknowledgeRequest"), self._acknowledge),
            "ModifyAckDeadline": (message_class("ModifyAckDeadlineRequest"), self._modify_deadline),
            "Pull": (message_class("PullRequest"), self._pull),
            "CreateSnapshot": (message_class("CreateSnapshotRequest"), self._create_snapshot),
            "UpdateSnapshot": (message_class("UpdateSnapshotRequest"), self._update_snapshot),
            "GetSnapshot": (message_class("GetSnapshotRequest"), self._get_snapshot),
            "ListSnapshots": (message_class("ListSnapshotsRequest"), self._list_snapshots),
            "DeleteSnapshot": (message_class("DeleteSnapshotRequest"), self._delete_snapshot),
            "Seek": (message_class("SeekRequest"), self._seek),
        }

    def create(self, wanted: Proto) -> Proto:
        """Make a subscription from its definition; the start-up file uses it too."""
        definition = complete_subscription(wanted)
        settings = subscription_settings(definition)
        subscription = self._broker.create_subscription(
            definition.name, definition.topic, settings, definition.SerializeToString(deterministic=True)
        )
        self._push.refresh(subscription)
        return describe_subscription(subscription, self._broker)

    def _create(self, request: Proto) -> Proto:
        return self.create(request)

    def _update(self, request: Proto) -> Proto:
        current = _Subscription.FromString(self._broker.subscription(request.subscription.name).definition)
        return self._change(changed(current, request.subscription, request.update_mask, _FIXED))

    def _modify_push(self, request: Proto) -> Proto:
        definition = _Subscription.FromString(self._broker.subscription(request.subscription).definition)
        definition.push_config.CopyFrom(request.push_config)
        self._change(definition)
        return empty_pb2.Empty()

    def _change(self, definition: Proto) -> Proto:
        definition = complete_subscription(definition)
        settings = subscription_settings(definition)
        subscription = self._broker.change_subscription(
            definition.name, settings, definition.SerializeToString(deterministic=True)
        )
        self._push.refresh(subscription)
        return describe_subscription(subscription, self._broker)

    def _get(self, request: Proto) -> Proto:
        return describe_subscription(self._broker.subscription(request.subscription), self._broker)

    def _list(self, request: Proto) -> Proto:
        names = [name for name in self._broker.subscriptions if name.startswith(f"{request.project}/")]
        shown, token = page(names, request.page_size, request.page_token)
        described = [describe_subscription(self._broker.subscriptions[name], self._broker) for name in shown]
        return _ListSubscriptionsResponse(subscriptions=described, next_page_token=token)

    def _delete(self, request: Proto) -> Proto:
        self._broker.delete_subscription(request.subscription)
        return empty_pb2.Empty()

    def _acknowledge(self, request: Proto) -> Proto:
        subscription = self._broker.subscription(request.subscription)
        return _answer(subscription, self._broker.acknowledge(subscription, request.ack_ids))

    def _modify_deadline(self, request: Proto) -> Proto:
        subscription = self._broker.subscription(request.subscription)
        check_deadline(request.ack_deadline_seconds)
        return _answer(
            subscription, self._broker.extend(subscription, request.ack_ids, float(request.ack_deadline_seconds))
        )

    async def _pull(self, request: Proto, context: Context) -> Proto:
        subscription = attached(self._broker.subscription(request.subscription))
        if request.max_messages <= 0:
            raise invalid("max_messages must be greater than 0.")
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        consumer = Consumer(woken.set)
        patience = 0.0 if request.return_immediately else min(_LONGEST_PULL, _remaining(context) * 0.9)
        alarm = loop.call_later(patience, woken.set)
        end = loop.time() + patience
        try:
            while True:
                taken = subscription.take(
                    consumer, request.max_messages, seconds=subscription.settings.ack_deadline, max_bytes=MOST_BYTES
                )
                if taken or loop.time() >= end:
                    return pull_response(subscription, taken)
                subscription.wait(consumer)
                await woken.wait()
                woken.clear()
                attached(subscription)
        finally:
            alarm.cancel()
            subscription.leave(consumer)

    def _create_snapshot(self, request: Proto) -> Proto:
        check_name(request.name, "snapshots")
        definition = _Snapshot(name=request.name, labels=request.labels).SerializeToString(deterministic=True)
        return _describe(self._broker.create_snapshot(request.name, request.subscription, definition))

    def _update_snapshot(self, request: Proto) -> Proto:
        current = _describe(self._broker.snapshot(request.snapshot.name))
        snapshot = changed(current, request.snapshot, request.update_mask, ("name", "topic"))
        expires = snapshot.expire_time.ToNanoseconds() / NANOSECONDS
        definition = snapshot.SerializeToString(deterministic=True)
        return _describe(self._broker.change_snapshot(snapshot.name, expires, definition))

    def _get_snapshot(self, request: Proto) -> Proto:
        return _describe(self._broker.snapshot(request.snapshot))

    def _list_snapshots(self, request: Proto) -> Proto:
        names = [name for name in self._broker.snapshots if name.startswith(f"{request.project}/")]
        shown, token = page(names, request.page_size, request.page_token)
        described = [_describe(self._broker.snapshots[name]) for name in shown]
        return _ListSnapshotsResponse(snapshots=described, next_page_token=token)

    def _delete_snapshot(self, request: Proto) -> Proto:
        self._broker.delete_snapshot(request.snapshot)
        return empty_pb2.Empty()

    def _seek(self, request: Proto) -> Proto:
        match request.WhichOneof("target"):
            case "snapshot":
                self._broker.seek_to_snapshot(request.subscription, request.snapshot)
            case "time":
                self._broker.seek_to_time(request.subscription, request.time.ToNanoseconds())
            case _:
                raise invalid("A seek needs a time or a snapshot.")
        return _SeekResponse()


def attached(subscription: Subscription) -> Subscription:
    """Return the subscription if messages can be taken from it.

    Raises:
        PubSubError: it was deleted, or cut off its topic.
    """
    if subscription.deleted:
        raise PubSubError(Code.NOT_FOUND, f"Subscription was deleted (resource={subscription.name}).")
    if subscription.detached:
        raise PubSubError(Code.FAILED_PRECONDITION, f"Subscription is detached (resource={subscription.name}).")
    return subscription


def check_deadline(seconds: int) -> None:
    """Refuse a deadline that the service does not take.

    Raises:
        PubSubError: with INVALID_ARGUMENT.
    """
    if not 0 <= seconds <= _LONGEST_DEADLINE:
        raise invalid(f"Invalid ack deadline {seconds}: it is between 0 and {_LONGEST_DEADLINE} seconds.")


def _answer(subscription: Subscription, unknown: Sequence[str]) -> Proto:
    """Tell about ids that are worth nothing any more; only exactly-once delivery does."""
    if unknown and subscription.settings.exactly_once:
        raise PubSubError(
            Code.FAILED_PRECONDITION,
            "Some acknowledgement ids in the request were invalid. This could be because the ids have expired or were "
            "malformed.",
            dict.fromkeys(unknown, "PERMANENT_FAILURE_INVALID_ACK_ID"),
        )
    return empty_pb2.Empty()


def _describe(snapshot: Snapshot) -> Proto:
    described = _Snapshot.FromString(snapshot.definition)
    described.topic = snapshot.topic
    described.expire_time.FromNanoseconds(int(snapshot.expires * NANOSECONDS))
    return described


def _remaining(context: Context) -> float:
    remaining = context.time_remaining()
    return _LONGEST_PULL if remaining is None else float(remaining)
