"""Streaming pull: one task that sends what is there, one that reads acknowledgements."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from .consumer import Consumer
from .errors import PubSubError, invalid
from .subscriber import MOST_BYTES, attached, check_deadline
from .wire import message_class, stream_response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from .broker import Broker
    from .calls import Context, Method
    from .wire import Proto

_MOST_MESSAGES = 1000  # in one answer
_SHORTEST_DEADLINE = 10


class Streams:
    """The streams of all consumers."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def method(self) -> tuple[str, Method]:
        """Return the streaming call and its name."""
        return "StreamingPull", (message_class("StreamingPullRequest"), self._serve)

    async def _serve(self, requests: AsyncIterator[Proto], context: Context) -> None:
        first = await anext(aiter(requests), None)
        if first is not None:
            await _Stream(self._broker, first, requests, context).run()


class _Stream:
    """One consumer's stream."""

    def __init__(self, broker: Broker, first: Proto, requests: AsyncIterator[Proto], context: Context) -> None:
        self._broker = broker
        self._subscription = attached(broker.subscription(first.subscription))
        self._seconds = _deadline(first.stream_ack_deadline_seconds)
        self._first = first
        self._requests = requests
        self._context = context
        self._woken = asyncio.Event()
        self._consumer = Consumer(
            self._woken.set, max_messages=first.max_outstanding_messages, max_bytes=first.max_outstanding_bytes
        )

    async def run(self) -> None:
        """Serve the stream until its client closes it, or its subscription goes."""
        reader = asyncio.create_task(self._read())
        reader.add_done_callback(lambda _: self._woken.set())
        try:
            await self._context.write(stream_response(self._subscription))
            while not reader.done():
                await self._send_next()
            if not reader.cancelled() and (problem := reader.exception()) is not None:
                raise problem
        finally:
            self._subscription.leave(self._consumer)
            reader.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await reader

    async def _send_next(self) -> None:
        subscription = attached(self._subscription)
        taken = subscription.take(self._consumer, _MOST_MESSAGES, seconds=self._seconds, max_bytes=MOST_BYTES)
        if taken:
            await self._context.write(stream_response(subscription, taken))
            return
        if self._consumer.room:
            subscription.wait(self._consumer)
        await self._woken.wait()
        self._woken.clear()

    async def _read(self) -> None:
        await self._accept(self._first)
        async for request in self._requests:
            if request.subscription:
                raise invalid("The subscription can be named in the first request of a stream only.")
            if request.stream_ack_deadline_seconds:
                self._seconds = _deadline(request.stream_ack_deadline_seconds)
            await self._accept(request)

    async def _accept(self, request: Proto) -> None:
        """Carry out a request's acknowledgements and changed deadlines; confirm them if delivery is exactly once."""
        if len(request.modify_deadline_ack_ids) != len(request.modify_deadline_seconds):
            raise invalid("modify_deadline_ack_ids and modify_deadline_seconds differ in length.")
        if not request.ack_ids and not request.modify_deadline_ack_ids:
            return
        subscription = self._subscription
        refused = self._acknowledge(request.ack_ids)
        invalid_ids: list[str] = []
        for ack_id, seconds in zip(request.modify_deadline_ack_ids, request.modify_deadline_seconds, strict=True):
            check_deadline(seconds)
            invalid_ids += self._broker.extend(subscription, [ack_id], float(seconds))
        if subscription.settings.exactly_once:
            response = stream_response(subscription)
            _confirm(response.acknowledge_confirmation, request.ack_ids, refused)
            _confirm(response.modify_ack_deadline_confirmation, request.modify_deadline_ack_ids, invalid_ids)
            await self._context.write(response)

    def _acknowledge(self, ack_ids: Sequence[str]) -> Sequence[str]:
        try:
            return self._broker.acknowledge(self._subscription, ack_ids)
        except PubSubError:  # the journal is full: not acknowledged, so delivered again; the stream lives on
            return list(ack_ids)


def _confirm(confirmation: Proto, asked: Sequence[str], refused: Sequence[str]) -> None:
    confirmation.ack_ids.extend(set(asked) - set(refused))
    confirmation.invalid_ack_ids.extend(refused)


def _deadline(seconds: int) -> float:
    check_deadline(seconds)
    return float(max(seconds, _SHORTEST_DEADLINE))
