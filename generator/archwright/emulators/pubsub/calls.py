"""How calls reach the services over gRPC: messages in and out, refusals as gRPC statuses, injected faults."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any, TypeAlias

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

from .errors import Code, PubSubError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from .wire import Proto

Context: TypeAlias = Any
"""What grpcio passes along with a call; it comes without types."""

Handler: TypeAlias = Any
"""What grpcio serves; it comes without types."""

Method: TypeAlias = "tuple[Proto, Callable[..., Any]]"
"""The class of a call's request, and what answers it: a function of the request, or a coroutine of it and a context."""


class Calls:
    """Every call that is under way, and how it is answered."""

    def __init__(self) -> None:
        self._open: set[asyncio.Task[Any]] = set()
        self._broken: set[asyncio.Task[Any]] = set()

    def handler(self, service: str, methods: Mapping[str, Method], stream: tuple[str, Method] | None = None) -> Handler:
        """Return the gRPC handler of one service: unary calls, and at most one stream in both directions."""
        table = {name: self._unary(request, function) for name, (request, function) in methods.items()}
        if stream:
            name, (request, function) = stream
            table[name] = self._streaming(request, function)
        return grpc.method_handlers_generic_handler(service, table)

    def break_off(self) -> int:
        """End every call as a lost connection would; return how many there were."""
        self._broken |= self._open
        for task in self._open:
            task.cancel()
        return len(self._open)

    def _unary(self, request_class: Proto, function: Callable[..., Any]) -> Handler:
        waits = inspect.iscoroutinefunction(function)

        async def call(request: Proto, context: Context) -> Proto:
            if waits:
                return await self._answer(function(request, context), context)
            try:
                return function(request)
            except PubSubError as error:
                await _refuse(context, error)

        return grpc.unary_unary_rpc_method_handler(call, request_class.FromString, _serialize)

    def _streaming(self, request_class: Proto, function: Callable[..., Any]) -> Handler:
        async def call(requests: AsyncIterator[Proto], context: Context) -> None:
            await self._answer(function(requests, context), context)

        return grpc.stream_stream_rpc_method_handler(call, request_class.FromString, _serialize)

    async def _answer(self, answering: Awaitable[Any], context: Context) -> Any:
        task = asyncio.current_task()
        assert task is not None, "gRPC runs each call in a task"
        self._open.add(task)
        try:
            return await answering
        except PubSubError as error:
            await _refuse(context, error)
        except asyncio.CancelledError:
            if task not in self._broken:
                raise
            task.uncancel()
            await _refuse(context, PubSubError(Code.UNAVAILABLE, "The connection was dropped: a fault was injected."))
        finally:
            self._open.discard(task)
            self._broken.discard(task)


def _serialize(message: Proto) -> bytes:
    return bytes(message.SerializeToString())


async def _refuse(context: Context, error: PubSubError) -> None:
    """End a call with a status; what became of single acknowledgements travels in the status details."""
    status = grpc.StatusCode[error.code]
    if error.acknowledgements:
        details = any_pb2.Any()
        details.Pack(
            error_details_pb2.ErrorInfo(
                reason="EXACTLY_ONCE_ACKID_FAILURE",
                domain="pubsub.googleapis.com",
                metadata=error.acknowledgements,
            )
        )
        message = status_pb2.Status(code=status.value[0], message=error.message, details=[details])
        context.set_trailing_metadata((("grpc-status-details-bin", message.SerializeToString()),))
    await context.abort(status, error.message)
