"""The service's own message classes, as the installed client library carries them, and how ours become theirs."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias

from .agenda import NANOSECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .message import Delivery
    from .subscription import Subscription

Proto: TypeAlias = Any
"""A protobuf message or message class: the protobuf runtime makes them as it goes, so that no checker knows them."""

_PACKAGE = "google.pubsub_v1"
_loading = threading.Lock()


def _load_types() -> ModuleType:
    """Import the message classes without the client library around them.

    The package's `__init__` imports every client, authentication and HTTP library: two thirds of the emulator's
    start-up. The message classes need none of it, so they are imported below a stand-in for the package, which is taken
    away again: whoever imports the real package later gets it whole, with these same classes in it.
    """
    with _loading:
        if _PACKAGE not in sys.modules and (spec := importlib.util.find_spec(_PACKAGE)) is not None:
            stand_in = ModuleType(_PACKAGE)
            stand_in.__path__ = list(spec.submodule_search_locations or ())
            sys.modules[_PACKAGE] = stand_in
            try:
                return importlib.import_module(f"{_PACKAGE}.types")
            finally:
                del sys.modules[_PACKAGE]
        return importlib.import_module(f"{_PACKAGE}.types")


_types: Any = _load_types()


def message_class(name: str) -> Proto:
    """Return a message class by its name in the API.

    It is the plain protobuf class; the wrapper that users of the client library see is several times slower.
    """
    return getattr(_types, name).pb()


_PullResponse = message_class("PullResponse")
_StreamingPullResponse = message_class("StreamingPullResponse")


def pull_response(subscription: Subscription, deliveries: Iterable[Delivery]) -> Proto:
    """Return deliveries as the answer to a single pull."""
    response = _PullResponse()
    _fill(response.received_messages, subscription, deliveries)
    return response


def stream_response(subscription: Subscription, deliveries: Iterable[Delivery] = ()) -> Proto:
    """Return deliveries as one answer on a stream; it always tells how the subscription delivers."""
    response = _StreamingPullResponse()
    response.subscription_properties.exactly_once_delivery_enabled = subscription.settings.exactly_once
    response.subscription_properties.message_ordering_enabled = subscription.settings.ordered
    _fill(response.received_messages, subscription, deliveries)
    return response


def _fill(received: Proto, subscription: Subscription, deliveries: Iterable[Delivery]) -> None:
    count_attempts = subscription.settings.dead_letter is not None  # the service counts only then
    for delivery in deliveries:
        source = delivery.message
        entry = received.add()
        entry.ack_id = delivery.ack_id
        if count_attempts:
            entry.delivery_attempt = delivery.attempts
        message = entry.message
        message.data = source.data
        message.message_id = str(source.sequence)
        message.publish_time.seconds, message.publish_time.nanos = divmod(source.published, NANOSECONDS)
        if source.attributes:
            message.attributes.update(source.attributes)
        if source.ordering_key:
            message.ordering_key = source.ordering_key
