"""The faults of a running emulator, over HTTP on 127.0.0.1: one POST per fault, for programs in another process.

    curl -X POST '127.0.0.1:5673/duplicate?entity=orders&messages=2'

`GET /` tells what is armed. `POST` to `/drop-connections`, `/expire-locks`, `/delay`, `/duplicate`, `/lose-answers` and
`/clear` do what the methods of `Faults` do; arguments stand in the query. Answers are JSON.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from .errors import PortTakenError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .faults import Faults

_HOSTS = {"127.0.0.1", "localhost"}
_PATIENCE = 5.0
_ARGUMENTS: dict[str, Callable[[str], Any]] = {"entity": str, "messages": int, "seconds": float}


async def serve_faults(faults: Faults, port: int) -> asyncio.Server:
    """Listen on 127.0.0.1; port 0 takes any free one.

    Raises:
        PortTakenError: somebody else listens there.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _PATIENCE)
            status, value = await asyncio.to_thread(_respond, faults, head.decode("latin-1"))
            body = json.dumps(value).encode() + b"\n"
            line = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            writer.write(line.encode() + b"Connection: close\r\n\r\n" + body)
            await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, ConnectionError):
            pass  # whoever asked has gone, or never spoke HTTP
        finally:
            writer.close()

    try:
        return await asyncio.start_server(answer, "127.0.0.1", port)
    except OSError as error:
        raise PortTakenError(port) from error


def _respond(faults: Faults, head: str) -> tuple[str, object]:
    request, *lines = head.split("\r\n")
    method, _, rest = request.partition(" ")
    target = urlsplit(rest.rpartition(" ")[0])
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("host", "127.0.0.1").rpartition(":")[0] not in _HOSTS and headers.get("host") not in _HOSTS:
        return "403 Forbidden", {"error": "only 127.0.0.1 and localhost are answered"}  # a web page elsewhere asks
    if method == "GET" and target.path == "/":
        return "200 OK", {"armed": faults.armed()}
    actions: dict[str, Callable[..., int | None]] = {
        "/drop-connections": faults.drop_connections,
        "/expire-locks": faults.expire_locks,
        "/delay": faults.delay,
        "/duplicate": faults.duplicate,
        "/lose-answers": faults.lose_answers,
        "/clear": faults.clear,
    }
    action = actions.get(target.path)
    if action is None or method != "POST":
        return "404 Not Found", {"error": f"POST one of {', '.join(actions)}"}
    try:
        arguments = {name: _ARGUMENTS[name](value) for name, value in parse_qsl(target.query)}
        return "200 OK", {"struck": action(**arguments), "armed": faults.armed()}
    except (KeyError, TypeError, ValueError) as error:
        return "400 Bad Request", {
            "error": f"arguments are entity, messages and seconds as the fault takes them: {error}"
        }
