"""Push: messages posted to an HTTP endpoint, acknowledged by its answer."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import ssl
import urllib.parse
from typing import TYPE_CHECKING

from .agenda import rfc3339
from .consumer import Consumer
from .errors import NotRecordedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .broker import Broker
    from .message import Delivery
    from .settings import PushTarget
    from .subscription import Subscription

_AT_ONCE = 16  # requests under way for one subscription
_ACCEPTED = {102, 200, 201, 202, 204}  # the answers that the service takes for an acknowledgement


class PushOffice:
    """One task for each subscription that pushes."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def refresh(self, subscription: Subscription) -> None:
        """Begin to push, if the subscription asks for it and nobody does yet."""
        if subscription.settings.push and subscription.name not in self._tasks:
            task = asyncio.create_task(_Pusher(self._broker, subscription).run())
            self._tasks[subscription.name] = task
            task.add_done_callback(lambda _: self._tasks.pop(subscription.name, None))

    async def close(self) -> None:
        """Stop every task; what is under way is delivered again after a restart."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Pusher:
    """Posts the messages of one subscription as long as it has an endpoint."""

    def __init__(self, broker: Broker, subscription: Subscription) -> None:
        self._broker = broker
        self._subscription = subscription
        self._woken = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        subscription = self._subscription
        consumer = Consumer(self._woken.set, max_messages=_AT_ONCE)
        try:
            while not subscription.deleted and (target := subscription.settings.push):
                taken = subscription.take(consumer, _AT_ONCE, seconds=subscription.settings.ack_deadline)
                for delivery in taken:
                    task = asyncio.create_task(self._deliver(delivery, target))
                    self._under_way.add(task)
                    task.add_done_callback(self._under_way.discard)
                if not taken:
                    if consumer.room:
                        subscription.wait(consumer)
                    await self._woken.wait()
                    self._woken.clear()
        finally:
            subscription.leave(consumer)
            for task in self._under_way:
                task.cancel()

    async def _deliver(self, delivery: Delivery, target: PushTarget) -> None:
        subscription, ack_id = self._subscription, delivery.ack_id
        try:
            async with asyncio.timeout(subscription.settings.ack_deadline):
                status = await _post(target.endpoint, *_envelope(subscription, delivery, target))
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            status = 0
        if status in _ACCEPTED:
            with contextlib.suppress(NotRecordedError):  # the journal is full: posted again when the lease is over
                self._broker.acknowledge(subscription, [ack_id])
        else:
            self._broker.extend(subscription, [ack_id], 0)


def _envelope(subscription: Subscription, delivery: Delivery, target: PushTarget) -> tuple[bytes, Mapping[str, str]]:
    """Return the body and the headers of a request, wrapped in the service's JSON or bare."""
    message = delivery.message
    published = rfc3339(message.published)
    if not target.wrapped:
        headers = {f"x-goog-pubsub-{name}": value for name, value in message.attributes.items()}
        headers["x-goog-pubsub-message-id"] = str(message.sequence)
        headers["x-goog-pubsub-publish-time"] = published
        headers["x-goog-pubsub-subscription-name"] = subscription.name
        if message.ordering_key:
            headers["x-goog-pubsub-ordering-key"] = message.ordering_key
        return message.data, headers if target.metadata_headers else {}
    inner: dict[str, object] = {
        "attributes": dict(message.attributes),
        "data": base64.b64encode(message.data).decode(),
        "messageId": str(message.sequence),
        "message_id": str(message.sequence),
        "publishTime": published,
        "publish_time": published,
    }
    if message.ordering_key:
        inner["orderingKey"] = message.ordering_key
    outer: dict[str, object] = {"message": inner, "subscription": subscription.name}
    if subscription.settings.dead_letter:
        outer["deliveryAttempt"] = delivery.attempts
    return json.dumps(outer).encode(), {"Content-Type": "application/json"}


async def _post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Post once, without following redirects; return the status of the answer."""
    parts = urllib.parse.urlsplit(url)
    secure = parts.scheme == "https"
    reader, writer = await asyncio.open_connection(
        parts.hostname, parts.port or (443 if secure else 80), ssl=ssl.create_default_context() if secure else None
    )
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"POST {target} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
        lines += ["User-Agent: CloudPubSub-Google", "Connection: close"]
        lines += [f"{name}: {_one_line(value)}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body)
        await writer.drain()
        return int((await reader.readline()).split()[1])
    except IndexError:
        return 0  # no HTTP answer
    finally:
        writer.close()


def _one_line(value: str) -> str:
    return value.replace("\r", " ").replace("\n", " ")
