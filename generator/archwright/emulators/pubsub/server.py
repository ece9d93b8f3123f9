"""The emulator as a program runs it: a gRPC server on a thread of its own, bound to this machine alone."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Any

import grpc.aio

from ..errors import PortTakenError  # noqa: TID252  # copied whole under other names
from ..journal import Journal, JournalError  # noqa: TID252  # copied whole under other names
from .background import BackgroundLoop
from .broker import Broker, short_name
from .calls import Calls
from .config import StartUp
from .errors import NotRecordedError
from .iam import IamPolicy
from .ledger import JournalLedger
from .publisher import LARGEST_REQUEST, Publisher
from .push import PushOffice
from .recovery import Recovery, state_records
from .schema_service import SchemaService
from .streaming import Streams
from .subscriber import Subscriber

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Self

    from ..faults import Faults  # noqa: TID252  # copied whole under other names

HOST = "127.0.0.1"
_HOUSEKEEPING = 1.0  # seconds between two looks for what is too old
_GRACE = 0.2  # seconds for calls under way when the emulator stops
_OPTIONS = (
    ("grpc.so_reuseport", 0),  # a port that is taken is an error, not something to share
    ("grpc.max_receive_message_length", LARGEST_REQUEST + 2_000_000),  # the service's limit is told by us, not by gRPC
    ("grpc.max_send_message_length", -1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),  # clients that ping idle streams are not thrown out
    ("grpc.keepalive_permit_without_calls", 1),
)


class PubSubEmulator:
    """Google Pub/Sub on this machine, for the unmodified client libraries.

        with PubSubEmulator() as emulator:
            os.environ["PUBSUB_EMULATOR_HOST"] = emulator.endpoint

    Args:
        config: a start-up file, or the same as a mapping; see `config`.
        journal: a file in which everything accepted outlives the process; None keeps it in memory.
        port: 0 takes any free one.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | Path | str | None = None,
        journal: Journal | Path | str | None = None,
        port: int = 0,
    ) -> None:
        self.port = port
        self._config = config
        self._journal_given = journal
        self._journal: Journal | None = None
        self._stack = contextlib.ExitStack()
        self.broker = Broker()

    @property
    def faults(self) -> Faults:
        """What a test may break on purpose; topics and subscriptions are named by the last part of their name."""
        return self.broker.faults

    @property
    def endpoint(self) -> str:
        """What `PUBSUB_EMULATOR_HOST` is set to."""
        return f"{HOST}:{self.port}"

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            start_up = StartUp(self._config) if self._config is not None else None
            self._recover(stack)
            loop = stack.enter_context(BackgroundLoop())
            loop.run(self._start(start_up))
            self.faults.connect(
                drop=lambda: loop.run(self._drop_calls()), expire=lambda entity: loop.run(self._end_leases(entity))
            )
            stack.callback(lambda: loop.run(self._stop()))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _recover(self, stack: contextlib.ExitStack) -> None:
        """Read the journal back; from here on every change is written to it."""
        given = self._journal_given
        if given is None:
            return
        self._journal = given if isinstance(given, Journal) else stack.enter_context(Journal(given))
        Recovery(self.broker).run(self._journal.replay())
        self.broker.ledger = JournalLedger(self._journal)

    async def _start(self, start_up: StartUp | None) -> None:
        self._push = PushOffice(self.broker)
        publisher = Publisher(self.broker)
        subscriber = Subscriber(self.broker, self._push)
        schemas = SchemaService(self.broker)
        if start_up is not None:
            start_up.apply(
                {
                    "topics": publisher.create,
                    "subscriptions": subscriber.create,
                    "schemas": lambda schema: schemas.create(schema.name, schema),
                }
            )
        for subscription in self.broker.subscriptions.values():
            self._push.refresh(subscription)
        calls = Calls()
        self._calls = calls
        self._server = grpc.aio.server(options=_OPTIONS)
        self._server.add_generic_rpc_handlers(
            (
                calls.handler("google.pubsub.v1.Publisher", publisher.methods()),
                calls.handler("google.pubsub.v1.Subscriber", subscriber.methods(), Streams(self.broker).method()),
                calls.handler("google.pubsub.v1.SchemaService", schemas.methods()),
                calls.handler("google.iam.v1.IAMPolicy", IamPolicy(self.broker).methods()),
            )
        )
        self.port = self._bind(self.port)
        await self._server.start()
        self._tasks = [asyncio.create_task(self._keep_time()), asyncio.create_task(self._keep_house())]

    def _bind(self, port: int) -> int:
        try:
            with socket.socket() as probe:  # gRPC does not tell why it could not bind
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((HOST, port))
            return int(self._server.add_insecure_port(f"{HOST}:{port}"))
        except (OSError, RuntimeError) as error:
            raise PortTakenError(port) from error

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await self._push.close()
        await self._server.stop(_GRACE)

    async def _drop_calls(self) -> int:
        return self._calls.break_off()

    async def _end_leases(self, entity: str) -> int:
        subscriptions = [s for s in self.broker.subscriptions.values() if entity in ("", s.name, short_name(s.name))]
        return sum(subscription.end_leases() for subscription in subscriptions)

    async def _keep_time(self) -> None:
        """Carry out what falls due, and sleep until the next thing does."""
        agenda = self.broker.agenda
        woken = asyncio.Event()
        agenda.on_sooner = woken.set
        loop = asyncio.get_running_loop()
        while True:
            agenda.run()
            woken.clear()
            due = agenda.next_due()
            alarm = loop.call_later(max(0.0, due - self.broker.clock()), woken.set) if due is not None else None
            await woken.wait()
            if alarm is not None:
                alarm.cancel()

    async def _keep_house(self) -> None:
        """Forget what is too old, and shorten a journal that has grown long."""
        while True:
            await asyncio.sleep(_HOUSEKEEPING)
            with contextlib.suppress(NotRecordedError, JournalError):  # the disk is full: tried again in a second
                self.broker.housekeep()
                if self._journal is not None and self._journal.overgrown:
                    self._journal.rewrite(state_records(self.broker))
