"""The providers' HTTP APIs, one thread for each connection, and a door for tests.

POST /v1/messages, /v1/messages/count_tokens   as Anthropic's SDK asks
POST /v1/chat/completions                      as OpenAI's SDK asks
POST /model/ID/converse, /converse-stream      as AWS's SDK asks Bedrock
POST /control/arm?kind=overloaded&times=2      arm a behaviour (`value`, `model`); POST /control/clear disarms all
GET  /control/calls                            what was asked so far, bodies included
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from . import chat, converse, messages
from .answer import answer, tokens
from .behaviour import Script
from .dialect import BadRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .answer import Asked, Said
    from .behaviour import Behaviour
    from .dialect import Dialect

HOST = "127.0.0.1"
_OWN = {HOST, "localhost"}
_LARGEST = 64 << 20
_REFUSALS = {
    "rate_limit": (429, "This request would exceed your rate limit."),
    "overloaded": (529, "Overloaded"),
    "error": (500, "Internal server error"),
    "missing": (404, "There is no such model."),
}


@dataclass(frozen=True, slots=True)
class Call:
    """A request that came: when, where, which model, how it was answered, and all that it said."""

    at: float
    path: str
    model: str
    behaviour: str
    headers: dict[str, str]
    body: dict[str, Any]


class Server(ThreadingHTTPServer):
    """Listens on 127.0.0.1; remembers what it was asked."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int) -> None:
        self.script = Script()
        self.calls: list[Call] = []
        self.over = threading.Event()
        """Set when the emulator stops: whoever waits then ends."""
        super().__init__((HOST, port), Handler)

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that went away in the middle of an answer."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "model-emulator"
    timeout = 60
    wbufsize = 0
    disable_nagle_algorithm: ClassVar[bool] = True
    server: Server

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:  # the name that the library looks for
        """Tell what came, or what is armed."""
        told = {"/control/calls": self._calls, "/control/armed": self.server.script.armed}
        path = urlsplit(self.path).path
        if path not in told or not self._is_ours():
            self._json(404, {"error": f"GET one of {', '.join(told)}"})
            return
        self._json(200, {path.rpartition("/")[2]: told[path]()})

    def do_POST(self) -> None:  # same
        """Answer a request, or take an order."""
        path = urlsplit(self.path).path
        length = int(self.headers.get("Content-Length") or 0)
        if length > _LARGEST:
            self.close_connection = True
            self._json(413, {"type": "error", "error": {"type": "request_too_large", "message": "too large"}})
            return
        body = self.rfile.read(length)
        if path.startswith("/control/"):
            self._order(path)
        elif path == "/v1/messages/count_tokens":
            asked = messages.read({"max_tokens": 1, **json.loads(body)}, path)
            self._json(200, {"input_tokens": tokens(asked.prompt)})
        elif dialect := _dialect(path):
            self._answer(dialect, path, body)
        else:
            self._json(404, {"error": {"message": f"nothing is emulated at {path}", "type": "not_found_error"}})

    def _answer(self, dialect: Dialect, path: str, body: bytes) -> None:
        if not any(self.headers.get(name) for name in ("x-api-key", "authorization")):
            self._refuse(dialect, "authentication", 401, "x-api-key header is required")
            return
        try:
            said = json.loads(body)
            asked = dialect.read(said if isinstance(said, dict) else {}, path)
            behaviour = self.server.script.take(asked.model, asked.last)
            spoken = answer(asked, behaviour)
        except (BadRequest, ValueError) as error:
            self._refuse(dialect, "invalid_request", 400, str(error))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.calls.append(Call(time.time(), path, asked.model, behaviour.kind, headers, said))
        self._act(dialect, asked, behaviour, spoken)

    def _act(self, dialect: Dialect, asked: Asked, behaviour: Behaviour, said: Said) -> None:
        if behaviour.kind in _REFUSALS:
            status, words = _REFUSALS[behaviour.kind]
            status = int(behaviour.number(status)) if behaviour.kind == "error" else status
            wait = {"retry-after": behaviour.value or "1"} if behaviour.kind == "rate_limit" else {}
            self._refuse(dialect, behaviour.kind, status, words, wait)
        elif behaviour.kind == "silent":
            self.close_connection = True
            self.server.over.wait()
        elif behaviour.kind == "garbage":
            self._send(200, {"Content-Type": "application/json"}, b"<html>a proxy speaks</html>")
        elif asked.streamed:
            self._stream(dialect, behaviour, said)
        else:
            if behaviour.kind in {"slow", "drip"}:
                each = behaviour.number(1)
                self.server.over.wait(each if behaviour.kind == "slow" else each * len(said.words))
            self._json(200, dialect.whole(said))

    def _stream(self, dialect: Dialect, behaviour: Behaviour, said: Said) -> None:
        self.send_response(200)
        self.send_header("Content-Type", dialect.STREAM)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        words = 0
        if behaviour.kind == "ping":
            while not self.server.over.wait(behaviour.number(0.1)):
                self._chunk(dialect.ping())
        if behaviour.kind == "slow":
            self.server.over.wait(behaviour.number(1))
        for frame, is_word in dialect.frames(said):
            if is_word and behaviour.kind == "drip":
                self.server.over.wait(behaviour.number(0.1))
            if is_word and behaviour.kind in {"cut", "fail"} and words >= int(behaviour.number(3)):
                self.close_connection = True
                if behaviour.kind == "fail":
                    self._chunk(dialect.broken())
                    self._chunk(b"")
                return
            words += is_word
            self._chunk(frame)
        self._chunk(b"")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def _order(self, path: str) -> None:
        known = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        try:
            if path == "/control/clear" and self._is_ours():
                self.server.script.clear()
            elif path == "/control/arm" and self._is_ours():
                times = int(known["times"]) if known.get("times") else None
                self.server.script.arm(known["kind"], known.get("value", ""), model=known.get("model", ""), times=times)
            else:
                self._json(404, {"error": "POST /control/arm or /control/clear"})
                return
        except (KeyError, ValueError) as error:
            self._json(400, {"error": f"arguments are kind, value, model and times: {error}"})
            return
        self._json(200, {"armed": self.server.script.armed()})

    def _is_ours(self) -> bool:
        """Whether a program on this machine asks, and not a web page from elsewhere by way of a browser."""
        return self.headers.get("host", HOST).rpartition(":")[0] in _OWN

    def _calls(self) -> list[dict[str, Any]]:
        names = ("at", "path", "model", "behaviour", "body")  # without headers: keys are in them
        return [{name: getattr(call, name) for name in names} for call in list(self.server.calls)]

    def _refuse(
        self, dialect: Dialect, kind: str, status: int, message: str, more: Mapping[str, str] | None = None
    ) -> None:
        status, headers, body = dialect.problem(kind, status, message)
        self._json(status, body, {**headers, **(more or {})})

    def _json(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        kind = {"Content-Type": "application/json", "request-id": "req_emulated"}
        self._send(status, {**kind, **(headers or {})}, json.dumps(body).encode())

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _dialect(path: str) -> Dialect | None:
    if path == "/v1/messages":
        return messages
    if path == "/v1/chat/completions":
        return chat
    if path.startswith("/model/") and path.endswith(("/converse", "/converse-stream")):
        return converse
    return None
