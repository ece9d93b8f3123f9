"""`archwright emulator`: Service Bus and Pub/Sub on this machine, for programs that use the providers' own SDKs."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archwright.cli.terminal import say, stop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from archwright.emulators.errors import EmulatorError
    from archwright.emulators.faults import Faults

app = typer.Typer(
    no_args_is_help=True,
    help="Run Azure Service Bus or Google Pub/Sub on this machine, without Docker, Java or an account.",
)

Config = Annotated[Path | None, typer.Option(help="A file with the entities to have from the start.")]
Journal = Annotated[Path | None, typer.Option(help="Keep what was accepted in this file, so that it survives a crash.")]
FaultsPort = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Take orders for faults on this port, over HTTP; 0 takes any free one."),
]


@app.command()
def servicebus(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = 5672,
    config: Config = None,
    journal: Journal = None,
    fsync: Annotated[bool, typer.Option("--fsync", help="Let the journal survive a power failure too.")] = False,
    faults_port: FaultsPort = None,
    max_message_size: Annotated[int, typer.Option(min=1, max=102_400, help="In KiB; 256 is the Standard tier.")] = 256,
) -> None:
    """Run Azure Service Bus on 127.0.0.1, for the unmodified official SDKs.

    The configuration is the `Config.json` of Microsoft's own emulator.

    Examples:
        archwright emulator servicebus

        archwright emulator servicebus --port 0 --config Config.json --journal servicebus.journal

        archwright emulator servicebus --faults-port 5673

        curl -X POST 127.0.0.1:5673/drop-connections
    """
    from archwright.emulators.servicebus.emulator import connection_string
    from archwright.emulators.servicebus.server import Server

    async def run() -> None:
        size = max_message_size * 1024
        server = Server(config, journal=journal, port=port, fsync=fsync, max_message_size=size)
        loop = asyncio.get_running_loop()
        stopped = _stop_signal(loop)

        def drop() -> int:
            return _in_loop(loop, server.drop_connections)

        def expire(entity: str) -> int:
            return _in_loop(loop, lambda: server.expire_locks(entity))

        server.faults.connect(drop=drop, expire=expire)
        async with server, _faults(server.faults, faults_port) as listening:
            say(f"Service Bus emulator on 127.0.0.1:{server.port}")
            say(f'  export SERVICEBUS_CONNECTION_STRING="{connection_string(server.port)}"')
            if journal is not None:
                say(f"  journal {journal}: {server.recovered} messages recovered")
            _say_faults(listening)
            await stopped.wait()
        say("Stopped.")

    with _told():
        asyncio.run(run())


@app.command()
def pubsub(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = 8085,
    config: Config = None,
    journal: Journal = None,
    faults_port: FaultsPort = None,
) -> None:
    """Run Google Pub/Sub on 127.0.0.1, for the unmodified official SDKs.

    Examples:
        archwright emulator pubsub

        archwright emulator pubsub --port 0 --journal pubsub.journal
    """
    with _told():
        try:
            from archwright.emulators.pubsub import PubSubEmulator
        except ModuleNotFoundError as error:
            say(f"error: The Pub/Sub emulator needs a package that is not installed: {error.name}.", err=True)
            say('  help: pip install "archwright[pubsub]"', err=True)
            stop(1)
        with PubSubEmulator(config=config, journal=journal, port=port) as emulator:

            async def run() -> None:
                stopped = _stop_signal(asyncio.get_running_loop())
                async with _faults(emulator.faults, faults_port) as listening:
                    say(f"Pub/Sub emulator on {emulator.endpoint}")
                    say(f"  export PUBSUB_EMULATOR_HOST={emulator.endpoint}")
                    _say_faults(listening)
                    await stopped.wait()

            asyncio.run(run())
        say("Stopped.")


def _say_faults(port: int | None) -> None:
    if port is not None:
        say(
            f"  faults on 127.0.0.1:{port}: POST /drop-connections /expire-locks /delay /duplicate /lose-answers /clear"
        )
    say("Ctrl-C stops it.")


@contextlib.asynccontextmanager
async def _faults(faults: Faults, port: int | None) -> AsyncIterator[int | None]:
    """Serve the faults for the length of a block; give the port."""
    if port is None:
        yield None
        return
    from archwright.emulators.faults_control import serve_faults

    control = await serve_faults(faults, port)
    try:
        yield control.sockets[0].getsockname()[1]
    finally:
        control.close()


def _in_loop(loop: asyncio.AbstractEventLoop, function: Callable[[], int]) -> int:
    """Call a function in the emulator's loop, from another thread."""

    async def call() -> int:
        return function()

    return asyncio.run_coroutine_threadsafe(call(), loop).result()


def _stop_signal(loop: asyncio.AbstractEventLoop) -> asyncio.Event:
    """Return what Ctrl-C and a request to terminate set; made before the address is printed, so that none is missed."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stopped.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopped.set))
    return stopped


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn what keeps an emulator from starting into words and exit code 1."""
    from archwright.emulators.errors import EmulatorError

    try:
        yield
    except EmulatorError as error:
        for problem in (*getattr(error, "problems", ()), error):
            _say_problem(problem)
        stop(1)


def _say_problem(problem: EmulatorError) -> None:
    where = f"{problem.where}: " if problem.where else ""
    say(f"{where}{typer.style('error', fg=typer.colors.RED)}: {problem.message}", err=True)
    if problem.hint:
        say(f"  help: {problem.hint}", err=True)
