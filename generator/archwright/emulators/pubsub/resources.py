"""Topics and subscriptions as the API describes them: checked, completed, and turned into settings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .errors import Code, PubSubError, invalid
from .filters import parse_filter
from .settings import (
    DAY,
    DeadLetterPolicy,
    PushTarget,
    RetryPolicy,
    SchemaUse,
    SubscriptionSettings,
    TopicSettings,
)
from .wire import message_class

if TYPE_CHECKING:
    from collections.abc import Collection

    from .broker import Broker
    from .subscription import Subscription
    from .topic import Topic
    from .wire import Proto

ENCODINGS = {1: "JSON", 2: "BINARY"}
_ID = re.compile(r"(?!goog)[A-Za-z][A-Za-z0-9\-_.~+%]{2,254}")
_RETENTION = (600, 31 * DAY)
_DEADLINE = (10, 600)
_ATTEMPTS = (5, 100)
_BACK_OFF = (0, 600)
_ACTIVE = 1
_Topic = message_class("Topic")
_Subscription = message_class("Subscription")


def check_name(name: str, kind: str) -> None:
    """Refuse a name that is not `projects/PROJECT/<kind>/ID` with an id that the service takes.

    Raises:
        PubSubError: with INVALID_ARGUMENT.
    """
    parts = name.split("/")
    if len(parts) != 4 or parts[0] != "projects" or not parts[1] or parts[2] != kind or not _ID.fullmatch(parts[3]):  # noqa: PLR2004  # the four parts named above
        raise invalid(
            f"Invalid resource name given (name={name}): expected projects/PROJECT/{kind}/ID, where ID has 3 to 255 "
            "characters, begins with a letter and not with goog, and holds letters, digits and -_.~+% only."
        )


def seconds(duration: Proto) -> float:
    """Return a duration in seconds."""
    return float(duration.seconds + duration.nanos / 1e9)


def topic_settings(topic: Proto) -> TopicSettings:
    """Return what a topic's definition asks for.

    Raises:
        PubSubError: it asks for what the service refuses, or for what this emulator does not do.
    """
    check_name(topic.name, "topics")
    _refuse_unsupported(topic, ("ingestion_data_source_settings",))
    retention = 0.0
    if topic.HasField("message_retention_duration"):
        retention = seconds(topic.message_retention_duration)
        _within("message_retention_duration", retention, _RETENTION)
    schema = None
    if topic.schema_settings.schema:
        schema = SchemaUse(
            schema=topic.schema_settings.schema,
            encoding=ENCODINGS.get(topic.schema_settings.encoding, "JSON"),
            first_revision=topic.schema_settings.first_revision_id,
            last_revision=topic.schema_settings.last_revision_id,
        )
    return TopicSettings(retention=retention, schema=schema)


def complete_subscription(subscription: Proto) -> Proto:
    """Return a copy of a subscription's definition in which the service's defaults are filled in."""
    complete = _Subscription()
    complete.CopyFrom(subscription)
    complete.ack_deadline_seconds = complete.ack_deadline_seconds or _DEADLINE[0]
    complete.state = _ACTIVE
    if not complete.HasField("message_retention_duration"):
        complete.message_retention_duration.seconds = int(7 * DAY)
    if not complete.HasField("expiration_policy"):
        complete.expiration_policy.ttl.seconds = int(31 * DAY)
    if complete.HasField("dead_letter_policy"):
        policy = complete.dead_letter_policy
        policy.max_delivery_attempts = policy.max_delivery_attempts or _ATTEMPTS[0]
    if complete.HasField("retry_policy"):
        policy = complete.retry_policy
        if not policy.HasField("minimum_backoff"):
            policy.minimum_backoff.seconds = 10
        if not policy.HasField("maximum_backoff"):
            policy.maximum_backoff.seconds = 600
    return complete


def subscription_settings(subscription: Proto) -> SubscriptionSettings:
    """Return what a completed definition asks for.

    Raises:
        PubSubError: it asks for what the service refuses, or for what this emulator does not do.
    """
    check_name(subscription.name, "subscriptions")
    _refuse_unsupported(subscription, ("bigquery_config", "cloud_storage_config", "bigtable_config"))
    _within("ack_deadline_seconds", subscription.ack_deadline_seconds, _DEADLINE)
    retention = seconds(subscription.message_retention_duration)
    _within("message_retention_duration", retention, _RETENTION)
    life = subscription.expiration_policy.ttl
    if subscription.expiration_policy.HasField("ttl") and seconds(life) < DAY:
        raise invalid("Invalid expiration_policy.ttl: it must be one day or more.")
    parse_filter(subscription.filter)
    push = _push_target(subscription.push_config)
    if push and subscription.enable_exactly_once_delivery:
        raise invalid("Exactly-once delivery is not supported for push subscriptions.")
    return SubscriptionSettings(
        ack_deadline=float(subscription.ack_deadline_seconds),
        retention=retention,
        retain_acknowledged=subscription.retain_acked_messages,
        ordered=subscription.enable_message_ordering,
        exactly_once=subscription.enable_exactly_once_delivery,
        filter=subscription.filter,
        retry=_retry(subscription),
        dead_letter=_dead_letter(subscription),
        push=push,
    )


def describe_topic(topic: Topic) -> Proto:
    """Return a topic as the API tells it."""
    return _Topic.FromString(topic.definition)


def describe_subscription(subscription: Subscription, broker: Broker) -> Proto:
    """Return a subscription as the API tells it, with what became of its topic."""
    described = _Subscription.FromString(subscription.definition)
    described.topic = subscription.topic
    described.detached = subscription.detached
    topic = broker.topics.get(subscription.topic)
    if topic is not None and topic.settings.retention:
        described.topic_message_retention_duration.seconds = int(topic.settings.retention)
    return described


def changed(current: Proto, wanted: Proto, mask: Proto, fixed: Collection[str]) -> Proto:
    """Return a copy of `current` in which the fields of `mask` are as in `wanted`.

    Raises:
        PubSubError: the mask is empty or names a field that does not exist or cannot change.
    """
    if not mask.paths:
        raise invalid("The update_mask in the request must be set and not empty.")
    if not mask.IsValidForDescriptor(current.DESCRIPTOR):
        raise invalid(f"Invalid update_mask: {', '.join(mask.paths)} names a field that does not exist.")
    for path in mask.paths:
        if path.split(".")[0] in fixed:
            raise invalid(f"Invalid update_mask: {path} cannot be changed.")
    copy = type(current)()
    copy.CopyFrom(current)
    mask.MergeMessage(wanted, copy, replace_message_field=True, replace_repeated_field=True)
    return copy


def _push_target(config: Proto) -> PushTarget | None:
    if not config.push_endpoint:
        return None
    if not config.push_endpoint.startswith(("http://", "https://")):
        raise invalid(f"Invalid push endpoint given (endpoint={config.push_endpoint}): it must be an HTTP URL.")
    return PushTarget(
        endpoint=config.push_endpoint,
        wrapped=not config.HasField("no_wrapper"),
        metadata_headers=config.no_wrapper.write_metadata,
    )


def _retry(subscription: Proto) -> RetryPolicy | None:
    if not subscription.HasField("retry_policy"):
        return None
    least = seconds(subscription.retry_policy.minimum_backoff)
    most = seconds(subscription.retry_policy.maximum_backoff)
    _within("retry_policy.minimum_backoff", least, _BACK_OFF)
    _within("retry_policy.maximum_backoff", most, _BACK_OFF)
    if least > most:
        raise invalid("Invalid retry_policy: minimum_backoff is longer than maximum_backoff.")
    return RetryPolicy(minimum=least, maximum=most)


def _dead_letter(subscription: Proto) -> DeadLetterPolicy | None:
    policy = subscription.dead_letter_policy
    if not policy.dead_letter_topic:
        return None
    _within("dead_letter_policy.max_delivery_attempts", policy.max_delivery_attempts, _ATTEMPTS)
    return DeadLetterPolicy(topic=policy.dead_letter_topic, max_attempts=policy.max_delivery_attempts)


def _refuse_unsupported(resource: Proto, fields: Collection[str]) -> None:
    """Say what this emulator does not do, rather than take it and quietly not do it."""
    for name in fields:
        if resource.HasField(name):
            raise PubSubError(Code.UNIMPLEMENTED, f"This emulator does not support {name}.")
    if any(not transform.disabled for transform in resource.message_transforms):
        raise PubSubError(Code.UNIMPLEMENTED, "This emulator does not run message_transforms (they are JavaScript).")


def _within(what: str, value: float, bounds: tuple[float, float]) -> None:
    least, most = bounds
    if not least <= value <= most:
        raise invalid(f"Invalid {what}: {value:g} is not between {least:g} and {most:g}.")
