"""The Blob service's REST API over HTTP/1.1, one thread for each connection.

Known are containers (create, properties, delete, list their blobs) and block blobs (put whole or in blocks, get whole
or in part, properties, metadata, delete), with `If-Match` and `If-None-Match`. All else is answered with 501.
"""

from __future__ import annotations

import contextlib
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, BinaryIO, ClassVar, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from . import wire
from .credentials import ACCOUNT, KEY, is_signed
from .errors import BlobError, not_emulated
from .shelf import Conditions, Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HOST = "127.0.0.1"
_PAGE = 5000
_STEP = 1 << 20
_LARGEST_LIST = 4 << 20
_BINARY = "application/octet-stream"


class Server(ThreadingHTTPServer):
    """Listens on 127.0.0.1 and answers from one shelf."""

    daemon_threads = True

    def __init__(self, shelf: Shelf, port: int, key: str = KEY) -> None:
        super().__init__((HOST, port), Handler)
        self.shelf = shelf
        self.key = key

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that went away in the middle of an answer."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "blob-emulator"
    timeout = 60
    disable_nagle_algorithm: ClassVar[bool] = True
    server: Server

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def _serve(self) -> None:
        self._left = int(self.headers.get("Content-Length") or 0)
        self._known = {name.lower(): value for name, value in self.headers.items()}
        try:
            self._route()
        except BlobError as error:
            self._answer(error.status, {"x-ms-error-code": error.code}, wire.problem(error))
        self._skip_body()

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = _serve  # noqa: N815  # the names that the library looks for

    def _route(self) -> None:
        if "chunked" in self._known.get("transfer-encoding", ""):
            self.close_connection = True
            raise BlobError(411, "MissingContentLengthHeader", "Content-Length was not specified.")
        if not is_signed(self.command, self.path, self._known, self.server.key):
            words = "Server failed to authenticate the request."
            raise BlobError(403, "AuthenticationFailed", words)
        url = urlsplit(self.path)
        self._asked = dict(parse_qsl(url.query, keep_blank_values=True))
        account, _, rest = unquote(url.path).lstrip("/").partition("/")
        container, _, name = rest.partition("/")
        if account != ACCOUNT or not container:
            raise not_emulated(f"the address {url.path}")
        what = (self.command, "container" if self._asked.get("restype") == "container" else "", self._asked.get("comp"))
        action = _ACTIONS.get(what)
        if action is None or bool(name) == (what[1] == "container"):
            raise not_emulated(f"{self.command} {self.path}")
        action(self, container, name)

    def create_container(self, container: str, _: str) -> None:
        """Make a container."""
        self.server.shelf.create_container(container)
        self._container_told(container, 201)

    def container(self, container: str, _: str) -> None:
        """Tell about a container."""
        self._container_told(container, 200)

    def _container_told(self, container: str, status: int) -> None:
        etag, modified = self.server.shelf.container(container)
        self._answer(status, {"ETag": etag, "Last-Modified": wire.date(modified)})

    def delete_container(self, container: str, _: str) -> None:
        """Take a container away."""
        self.server.shelf.delete_container(container)
        self._answer(202)

    def list(self, container: str, _: str) -> None:
        """Give a page of a container's blobs."""
        if self._asked.get("delimiter"):
            raise not_emulated("a delimiter")
        limit = min(int(self._asked.get("maxresults") or _PAGE), _PAGE)
        found = self.server.shelf.page(
            container, self._asked.get("prefix", ""), self._asked.get("marker", ""), limit + 1
        )
        following = found[limit].name if len(found) > limit else ""
        page = wire.listing(container, self._asked, found[:limit], following)
        self._answer(200, {"Content-Type": "application/xml"}, page)

    def put_blob(self, container: str, name: str) -> None:
        """Keep a blob that came whole."""
        if self._known.get("x-ms-blob-type") != "BlockBlob":
            raise not_emulated("blobs of this kind")
        size = self._left
        self._keep(container, name, self._receive(), size)

    def put_block(self, container: str, name: str) -> None:
        """Keep a block until it is committed."""
        size = self._left
        self.server.shelf.put_block(container, name, self._asked["blockid"], self._receive(), size)
        self._answer(201)

    def put_block_list(self, container: str, name: str) -> None:
        """Make a blob of its blocks."""
        if self._left > _LARGEST_LIST:
            raise BlobError(413, "RequestBodyTooLarge", "The request body is too large.")
        body, self._left = self.rfile.read(self._left), 0
        file, size = self.server.shelf.joined(container, name, wire.block_list(body))
        self._keep(container, name, file, size)

    def _keep(self, container: str, name: str, file: str, size: int) -> None:
        kind = self._known.get("x-ms-blob-content-type", _BINARY)
        blob = self.server.shelf.put(
            container, name, file, size, self._conditions(), content_type=kind, metadata=wire.metadata_of(self._known)
        )
        self._answer(201, {"ETag": blob.etag, "Last-Modified": wire.date(blob.modified)})

    def set_metadata(self, container: str, name: str) -> None:
        """Replace a blob's metadata."""
        blob = self.server.shelf.set_metadata(container, name, wire.metadata_of(self._known), self._conditions())
        self._answer(200, {"ETag": blob.etag, "Last-Modified": wire.date(blob.modified)})

    def get(self, container: str, name: str) -> None:
        """Give a blob, a part of it, or what is known of it."""
        blob, content = self.server.shelf.open(container, name, self._conditions())
        with content:
            asked = wire.span(self._known.get("x-ms-range") or self._known.get("range", ""), blob.size)
            first, last = asked or (0, blob.size - 1)
            headers = wire.describe(blob)
            if asked:
                headers["Content-Range"] = f"bytes {first}-{last}/{blob.size}"
            content.seek(first)
            self._answer(206 if asked else 200, headers, size=last - first + 1)
            left = 0 if self.command == "HEAD" else last - first + 1
            while left and (data := content.read(min(left, _STEP))):
                self.wfile.write(data)
                left -= len(data)

    def delete(self, container: str, name: str) -> None:
        """Take a blob away."""
        self.server.shelf.delete(container, name, self._conditions())
        self._answer(202)

    def _conditions(self) -> Conditions:
        for name in ("if-modified-since", "if-unmodified-since", "x-ms-if-tags", "x-ms-lease-id"):
            if name in self._known:
                raise not_emulated(f"the condition {name}")
        return Conditions(self._known.get("if-match", ""), self._known.get("if-none-match", ""))

    def _receive(self) -> str:
        size, self._left = self._left, 0
        return self.server.shelf.receive(cast("BinaryIO", self.rfile), size)

    def _skip_body(self) -> None:
        """Read what an error left of the request, so that the connection can be used again."""
        while self._left and (data := self.rfile.read(min(self._left, _STEP))):
            self._left -= len(data)

    def _answer(
        self, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"", *, size: int | None = None
    ) -> None:
        self.send_response(status)
        every = {
            "Content-Length": str(len(body) if size is None else size),
            "x-ms-request-id": str(uuid.uuid4()),
            "x-ms-version": self._known.get("x-ms-version", "2025-01-05"),
            **(headers or {}),
        }
        for name, value in every.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            with contextlib.suppress(ConnectionError):
                self.wfile.write(body)


_ACTIONS: dict[tuple[str, str, str | None], Callable[[Handler, str, str], None]] = {
    ("PUT", "container", None): Handler.create_container,
    ("GET", "container", None): Handler.container,
    ("HEAD", "container", None): Handler.container,
    ("DELETE", "container", None): Handler.delete_container,
    ("GET", "container", "list"): Handler.list,
    ("PUT", "", None): Handler.put_blob,
    ("PUT", "", "block"): Handler.put_block,
    ("PUT", "", "blocklist"): Handler.put_block_list,
    ("PUT", "", "metadata"): Handler.set_metadata,
    ("GET", "", None): Handler.get,
    ("HEAD", "", None): Handler.get,
    ("DELETE", "", None): Handler.delete,
}
