"""The API's Publisher service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf import empty_pb2

from .broker import short_name
from .errors import Code, PubSubError, invalid
from .message import Draft
from .paging import page
from .resources import changed, describe_topic, topic_settings
from .wire import message_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .broker import Broker
    from .calls import Method
    from .wire import Proto

MOST_MESSAGES = 1000
LARGEST_REQUEST = 10_000_000
_MOST_ATTRIBUTES = 100
_LONGEST_KEY = 256
_LONGEST_VALUE = 1024
_LONGEST_ORDERING_KEY = 1024
_Topic = message_class("Topic")
_PublishResponse = message_class("PublishResponse")
_ListTopicsResponse = message_class("ListTopicsResponse")
_ListTopicSubscriptionsResponse = message_class("ListTopicSubscriptionsResponse")
_ListTopicSnapshotsResponse = message_class("ListTopicSnapshotsResponse")
_DetachSubscriptionResponse = message_class("DetachSubscriptionResponse")


class Publisher:
    """Topics, and publishing to them."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def methods(self) -> Mapping[str, Method]:
        """Return the calls of this service by name."""
        return {
            "CreateTopic": (_Topic, self._create),
            "UpdateTopic": (message_class("UpdateTopicRequest"), self._update),
            "GetTopic": (message_class("GetTopicRequest"), self._get),
            "ListTopics": (message_class("ListTopicsRequest"), self._list),
            "ListTopicSubscriptions": (message_class("ListTopicSubscriptionsRequest"), self._list_subscriptions),
            "ListTopicSnapshots": (message_class("ListTopicSnapshotsRequest"), self._list_snapshots),
            "DeleteTopic": (message_class("DeleteTopicRequest"), self._delete),
            "Publish": (message_class("PublishRequest"), self._publish),
            "DetachSubscription": (message_class("DetachSubscriptionRequest"), self._detach),
        }

    def create(self, topic: Proto) -> Proto:
        """Make a topic from its definition; the start-up file uses it too."""
        return describe_topic(
            self._broker.create_topic(topic.name, topic_settings(topic), topic.SerializeToString(deterministic=True))
        )

    def _create(self, request: Proto) -> Proto:
        return self.create(request)

    def _update(self, request: Proto) -> Proto:
        current = describe_topic(self._broker.topic(request.topic.name))
        topic = changed(current, request.topic, request.update_mask, ("name", "kms_key_name"))
        definition = topic.SerializeToString(deterministic=True)
        return describe_topic(self._broker.change_topic(topic.name, topic_settings(topic), definition))

    def _get(self, request: Proto) -> Proto:
        return describe_topic(self._broker.topic(request.topic))

    def _list(self, request: Proto) -> Proto:
        names = [name for name in self._broker.topics if name.startswith(f"{request.project}/")]
        shown, token = page(names, request.page_size, request.page_token)
        topics = [describe_topic(self._broker.topics[name]) for name in shown]
        return _ListTopicsResponse(topics=topics, next_page_token=token)

    def _list_subscriptions(self, request: Proto) -> Proto:
        names = self._broker.topic(request.topic).subscriptions
        shown, token = page(names, request.page_size, request.page_token)
        return _ListTopicSubscriptionsResponse(subscriptions=shown, next_page_token=token)

    def _list_snapshots(self, request: Proto) -> Proto:
        names = self._broker.topic(request.topic).snapshots
        shown, token = page(names, request.page_size, request.page_token)
        return _ListTopicSnapshotsResponse(snapshots=shown, next_page_token=token)

    def _delete(self, request: Proto) -> Proto:
        self._broker.delete_topic(request.topic)
        return empty_pb2.Empty()

    def _publish(self, request: Proto) -> Proto:
        if request.ByteSize() > LARGEST_REQUEST:
            raise invalid(f"The request is larger than {LARGEST_REQUEST} bytes.")
        if not 0 < len(request.messages) <= MOST_MESSAGES:
            raise invalid(f"A publish request holds 1 to {MOST_MESSAGES} messages, this one {len(request.messages)}.")
        drafts = [_draft(message) for message in request.messages]
        accepted = self._broker.publish(request.topic, drafts)
        faults = self._broker.faults
        if not faults.quiet:
            lost = [faults.take_lost_answer(short_name(request.topic)) for _ in drafts]
            if any(lost):
                raise PubSubError(Code.UNAVAILABLE, "The answer was lost: a fault was injected.")
        return _PublishResponse(message_ids=[str(message.sequence) for message in accepted])

    def _detach(self, request: Proto) -> Proto:
        self._broker.detach(request.subscription)
        return _DetachSubscriptionResponse()


def _draft(message: Proto) -> Draft:
    """Return a message to publish, held to the service's limits."""
    attributes = dict(message.attributes)
    if not message.data and not attributes:
        raise invalid(
            "One or more messages in the publish request is empty. Each message must contain either non-empty data, "
            "or at least one attribute."
        )
    if attributes:
        _check_attributes(attributes)
    if len(message.ordering_key.encode()) > _LONGEST_ORDERING_KEY:
        raise invalid(f"An ordering key is longer than {_LONGEST_ORDERING_KEY} bytes.")
    return Draft(data=message.data, attributes=attributes, ordering_key=message.ordering_key)


def _check_attributes(attributes: Mapping[str, str]) -> None:
    if len(attributes) > _MOST_ATTRIBUTES:
        raise invalid(f"A message has {len(attributes)} attributes; {_MOST_ATTRIBUTES} are allowed.")
    for key, value in attributes.items():
        if not key or len(key.encode()) > _LONGEST_KEY:
            raise invalid(f"The key of an attribute has 1 to {_LONGEST_KEY} bytes: {key[:40]!r}.")
        if len(value.encode()) > _LONGEST_VALUE:
            raise invalid(f"The value of the attribute {key!r} is longer than {_LONGEST_VALUE} bytes.")
        if key.startswith("goog"):
            raise invalid(f"The key of an attribute must not begin with goog: {key!r}.")
