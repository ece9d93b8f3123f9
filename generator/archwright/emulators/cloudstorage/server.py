"""Cloud Storage's JSON API over HTTP/1.1, one thread for each connection.

Known are buckets (create, describe, delete when empty) and objects (upload at once or in pieces, download whole or in
part, describe, change, list, delete), with generations and their conditions. All else is answered with 501.
"""

from __future__ import annotations

import contextlib
import io
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, BinaryIO, ClassVar, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from . import wire
from .errors import StorageError, invalid, not_emulated
from .uploads import Incoming, Session, as_json, check_size, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .shelf import Object, Shelf

HOST = "127.0.0.1"
_PAGE = 1000
_STEP = 1 << 20
_UNKNOWN = ("delimiter", "startOffset", "endOffset", "matchGlob", "versions", "softDeleted", "kmsKeyName")


class Server(ThreadingHTTPServer):
    """Listens on 127.0.0.1 and answers from one shelf."""

    daemon_threads = True

    def __init__(self, shelf: Shelf, port: int) -> None:
        super().__init__((HOST, port), Handler)
        self.shelf = shelf
        self.sessions: dict[str, Session] = {}
        self.lock = threading.Lock()  # for the sessions: one piece after the other

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that went away in the middle of an answer."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "storage-emulator"
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
        except StorageError as error:
            self._tell(error.status, wire.problem(error))
        self._skip_body()

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815  # the library looks for these

    def _route(self) -> None:
        if "chunked" in self._known.get("transfer-encoding", ""):
            self.close_connection = True
            raise StorageError(411, "Content-Length was not specified.")
        url = urlsplit(self.path)
        self._asked = dict(parse_qsl(url.query, keep_blank_values=True))
        for name in _UNKNOWN:
            if self._asked.get(name, "false") != "false":
                raise not_emulated(f"the parameter {name}")
        # A name has its slashes escaped, so that the address is cut before it is read.
        words = url.path.strip("/").split("/")
        door = words.pop(0) if words[0] in {"upload", "download"} else ""
        if words[:3] != ["storage", "v1", "b"] or (words[4:5] or ["o"]) != ["o"]:
            raise not_emulated(f"the address {url.path}")
        shape = "b" + "/B" * (len(words) > 3) + "/o" * (len(words) > 4) + "/O" * (len(words) > 5)  # noqa: PLR2004
        action = _ACTIONS.get((self.command, door, shape))
        if action is None or len(words) > 6:  # noqa: PLR2004
            raise not_emulated(f"{self.command} {url.path}")
        action(self, *(unquote(word) for word in (*words[3:4], *words[5:6])))

    def create_bucket(self) -> None:
        """Make a bucket."""
        name = wire.described(self._body()).get("name")
        if not isinstance(name, str) or not name:
            raise invalid("Required parameter: name")
        self._tell(200, wire.bucket(name, self.server.shelf.create_bucket(name)))

    def bucket(self, name: str) -> None:
        """Tell about a bucket."""
        self._tell(200, wire.bucket(name, self.server.shelf.bucket(name)))

    def delete_bucket(self, name: str) -> None:
        """Take an empty bucket away."""
        self.server.shelf.delete_bucket(name)
        self._answer(204)

    def list(self, bucket: str) -> None:
        """Give a page of a bucket's objects."""
        limit = min(int(self._asked.get("maxResults") or _PAGE), _PAGE)
        after = self._asked.get("pageToken", "")
        found = self.server.shelf.page(bucket, self._asked.get("prefix", ""), after, limit + 1)
        page: dict[str, Any] = {"kind": "storage#objects", "items": [wire.resource(one) for one in found[:limit]]}
        if len(found) > limit:
            page["nextPageToken"] = found[limit - 1].name
        self._tell(200, page)

    def upload(self, bucket: str) -> None:
        """Keep an object that came at once, or open a session for its pieces."""
        kind, conditions = self._asked.get("uploadType"), wire.conditions(self._asked)
        if kind == "resumable":
            self._open_session(bucket)
            return
        if kind != "multipart":
            raise not_emulated(f"uploads of the kind {kind}")
        check_size(self._left)
        head, content_type, content = parts(self._known.get("content-type", ""), self._body())
        description = wire.described(head)
        name = wire.object_name(description.get("name") or self._asked.get("name"))
        incoming = Incoming.on(self.server.shelf)
        incoming.receive(io.BytesIO(content), len(content))
        made = self.server.shelf.put(
            bucket, name, incoming.draft(description), wire.kept(description, content_type), conditions
        )
        self._tell(200, wire.resource(made))

    def _open_session(self, bucket: str) -> None:
        description, conditions = wire.described(self._body()), wire.conditions(self._asked)
        name = wire.object_name(description.get("name") or self._asked.get("name"))
        wire.kept(description)  # what is wrong with it is told at once
        self.server.shelf.may_put(bucket, name, conditions)
        session = Session(
            bucket=bucket,
            name=name,
            description=description,
            content_type=self._known.get("x-upload-content-type", ""),
            conditions=conditions,
            incoming=Incoming.on(self.server.shelf),
        )
        with self.server.lock:
            self.server.sessions[session.id] = session
        host = f"http://{HOST}:{self.server.server_address[1]}"
        place = f"{host}/upload/storage/v1/b/{bucket}/o?uploadType=resumable&upload_id={session.id}"
        self._answer(200, {"Location": place, "X-GUploader-UploadID": session.id})

    def upload_piece(self, bucket: str) -> None:
        """Add to an upload, and make it an object when all of it is there."""
        first, total = wire.chunk(self._known.get("content-range", ""))
        with self.server.lock:
            session = self._session(bucket)
            size, self._left = self._left, 0
            complete = session.add(cast("BinaryIO", self.rfile), size, first, total)
            if complete:
                del self.server.sessions[session.id]
        if not complete:
            received = session.incoming.size
            self._answer(308, {"Range": f"bytes=0-{received - 1}"} if received else {})
            return
        sums = dict(one.strip().split("=", 1) for one in self._known.get("x-goog-hash", "").split(",") if "=" in one)
        claimed = {**session.description, **({"crc32c": sums["crc32c"]} if "crc32c" in sums else {})}
        draft, kept = session.incoming.draft(claimed), wire.kept(session.description, session.content_type)
        made = self.server.shelf.put(session.bucket, session.name, draft, kept, session.conditions)
        self._tell(200, wire.resource(made))

    def drop_upload(self, bucket: str) -> None:
        """Give an upload up."""
        with self.server.lock:
            session = self._session(bucket)
            del self.server.sessions[session.id]
        self.server.shelf.drop(session.incoming.path.name)
        self._answer(499)

    def _session(self, bucket: str) -> Session:
        session = self.server.sessions.get(self._asked.get("upload_id", ""))
        if session is None or session.bucket != bucket:
            raise StorageError(404, "The upload session is not known, or has ended.")
        return session

    def get(self, bucket: str, name: str) -> None:
        """Give an object, a part of it, or what is known of it."""
        conditions = wire.conditions(self._asked)
        if self._asked.get("alt") != "media":
            self._tell(200, wire.resource(self.server.shelf.get(bucket, name, conditions)))
            return
        one, content = self.server.shelf.open(bucket, name, conditions)
        with content:
            self._send(one, content)

    def _send(self, one: Object, content: BinaryIO) -> None:
        asked = wire.span(self._known.get("range", ""), one.size)
        first, last = asked or (0, one.size - 1)
        headers = {
            "Content-Type": str(wire.resource(one)["contentType"]),
            "X-Goog-Hash": f"crc32c={one.crc32c},md5={one.md5}",
            "X-Goog-Generation": str(one.generation),
            "X-Goog-Metageneration": str(one.metageneration),
        }
        if asked:
            headers["Content-Range"] = f"bytes {first}-{last}/{one.size}"
        content.seek(first)
        self._answer(206 if asked else 200, headers, size=last - first + 1)
        left = 0 if self.command == "HEAD" else last - first + 1
        while left and (data := content.read(min(left, _STEP))):
            self.wfile.write(data)
            left -= len(data)

    def patch(self, bucket: str, name: str) -> None:
        """Change what an object's owner sets."""
        changes = wire.kept(wire.described(self._body()))
        self._tell(200, wire.resource(self.server.shelf.patch(bucket, name, changes, wire.conditions(self._asked))))

    def delete(self, bucket: str, name: str) -> None:
        """Take an object away."""
        self.server.shelf.delete(bucket, name, wire.conditions(self._asked))
        self._answer(204)

    def _body(self) -> bytes:
        size, self._left = self._left, 0
        return self.rfile.read(size)

    def _skip_body(self) -> None:
        """Read what an error left of the request, so that the connection can be used again."""
        while self._left and (data := self.rfile.read(min(self._left, _STEP))):
            self._left -= len(data)

    def _tell(self, status: int, found: dict[str, Any]) -> None:
        self._answer(status, {"Content-Type": "application/json; charset=UTF-8"}, as_json(found))

    def _answer(
        self, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"", *, size: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body) if size is None else size), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            with contextlib.suppress(ConnectionError):
                self.wfile.write(body)


_ACTIONS: dict[tuple[str, str, str], Callable[..., None]] = {
    ("POST", "", "b"): Handler.create_bucket,
    ("GET", "", "b/B"): Handler.bucket,
    ("DELETE", "", "b/B"): Handler.delete_bucket,
    ("GET", "", "b/B/o"): Handler.list,
    ("POST", "upload", "b/B/o"): Handler.upload,
    ("PUT", "upload", "b/B/o"): Handler.upload_piece,
    ("DELETE", "upload", "b/B/o"): Handler.drop_upload,
    ("GET", "", "b/B/o/O"): Handler.get,
    ("HEAD", "", "b/B/o/O"): Handler.get,
    ("GET", "download", "b/B/o/O"): Handler.get,
    ("PATCH", "", "b/B/o/O"): Handler.patch,
    ("DELETE", "", "b/B/o/O"): Handler.delete,
}
