"""One client's connection: headers, SASL, frames in, frames out, and an end that disturbs nobody else."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING

from . import frames
from .codec import Array, CodecError, UByte, UInt, UShort
from .frames import FrameError, performative, read_performative
from .session import AmqpSession

if TYPE_CHECKING:
    from .frames import Fields
    from .server import Server

_log = logging.getLogger(__name__)

_SASL_HEADER, _AMQP_HEADER = b"AMQP\x03\x01\x00\x00", b"AMQP\x00\x01\x00\x00"
_MECHANISMS = ["MSSBCBS", "ANONYMOUS", "PLAIN", "EXTERNAL"]
_MOST_SESSIONS = 1024
_IDLE_TIMEOUT = 240.0
_LAST_WORDS = 2.0
_AT_HEADER, _AT_SASL, _AT_OPEN, _OPENED, _ENDED = range(5)


class Connection(asyncio.Protocol):
    """The transport's side of one client."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.authorized = False
        self.largest_frame = frames.LARGEST_FRAME
        self.sessions: dict[int, AmqpSession] = {}
        self.heard = self.spoke = server.loop.time()
        self._transport: asyncio.Transport | None = None
        self._stage = _AT_HEADER
        self._input = bytearray()
        self._output: list[bytes] = []
        self._client_timeout = 0.0

    # The event loop's calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        assert isinstance(transport, asyncio.Transport), "created for TCP"
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.connections[self] = None

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # whether it said goodbye matters not
        """The client has gone: what it held goes back."""
        self._stage, self._transport = _ENDED, None
        self._output.clear()
        self.server.connections.pop(self, None)
        for session in list(self.sessions.values()):
            session.end()
        self.sessions.clear()
        self.server.settle()

    def pause_writing(self) -> None:
        """The client does not read: do not listen to it either."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        if self._transport is not None:
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        self.heard = self.server.loop.time()
        self._input += data
        try:
            self._read()
        except FrameError as fault:
            self.fail(fault.condition, fault.description)
        except CodecError as fault:
            self.fail("amqp:decode-error", str(fault))
        except Exception:  # noqa: BLE001  # a bug of ours costs this client its connection and nobody else anything
            _log.exception("the Service Bus emulator could not handle a frame")
            self.fail("amqp:internal-error", "The emulator failed on this frame; its log has the trace.")
        self.server.settle()

    # Input.

    def _read(self) -> None:
        data, position = self._input, 0
        while self._stage != _ENDED and len(data) - position >= frames.HEADER.size:
            if self._stage == _AT_HEADER:
                self._meet_header(bytes(data[position : position + 8]))
                position += 8
                continue
            size, offset, kind, channel = frames.HEADER.unpack_from(data, position)
            if not frames.HEADER.size <= offset * 4 <= size <= frames.LARGEST_FRAME:
                raise FrameError(
                    "amqp:connection:framing-error", f"a frame of {size} bytes with its body at {offset * 4}"
                )
            if len(data) - position < size:
                break
            if size > offset * 4:
                frame = bytes(data[position : position + size])
                position += size
                self._meet(kind, channel, frame, offset * 4)
            else:
                position += size
        del data[:position]

    def _meet_header(self, header: bytes) -> None:
        if header == _SASL_HEADER and not self.authorized:
            self._stage = _AT_SASL
            self._write(header)
            self.send(0, performative(frames.SASL_MECHANISMS, Array(0xA3, _MECHANISMS)), frames.SASL_FRAME)
        elif header == _AMQP_HEADER:
            self._stage = _AT_OPEN
            self._write(header)
        else:  # AMQP 1.0, 2.2: answer with the header that would be accepted, and close
            self._write(_SASL_HEADER)
            self._end()

    def _meet(self, kind: int, channel: int, frame: bytes, start: int) -> None:
        code, fields, payload = read_performative(frame, start)
        if self._stage == _AT_SASL:
            if kind != frames.SASL_FRAME or code != frames.SASL_INIT:
                raise FrameError("amqp:not-allowed", "SASL was expected")
            self._authenticate(fields)
        elif kind != frames.AMQP_FRAME:
            raise FrameError("amqp:not-allowed", "SASL is over")
        elif self._stage == _AT_OPEN:
            if code != frames.OPEN:
                raise FrameError("amqp:not-allowed", "open was expected")
            self._open(fields)
        else:
            self._meet_performative(channel, code, fields, frame[payload:])

    def _authenticate(self, fields: Fields) -> None:
        mechanism = fields.need(0, str)
        if mechanism == "PLAIN":
            _, _, rest = (fields.get(1, bytes) or b"").partition(b"\0")
            name, _, key = rest.decode("utf-8", "replace").partition("\0")
            self.authorized = self.server.credentials.knows(name, key)
        refused = mechanism not in _MECHANISMS or (mechanism == "PLAIN" and not self.authorized)
        self.send(0, performative(frames.SASL_OUTCOME, UByte(1 if refused else 0)), frames.SASL_FRAME)
        if refused:
            self._end()
        else:
            self._stage = _AT_HEADER

    def _open(self, fields: Fields) -> None:
        self.largest_frame = min(frames.LARGEST_FRAME, max(512, fields.get(2, int) or frames.LARGEST_FRAME))
        self._client_timeout = (fields.get(4, int) or 0) / 1000
        self._stage = _OPENED
        self.send(0, performative(
            frames.OPEN, "servicebus-emulator", fields.get(1, str), UInt(frames.LARGEST_FRAME),
            UShort(_MOST_SESSIONS - 1), UInt(int(_IDLE_TIMEOUT * 1000)),
        ))  # fmt: skip

    def _meet_performative(self, channel: int, code: int, fields: Fields, payload: bytes) -> None:
        session = self.sessions.get(channel)
        if code == frames.BEGIN:
            if session is not None or channel >= _MOST_SESSIONS:
                raise FrameError("amqp:not-allowed", f"channel {channel} is in use, or beyond the highest")
            self.sessions[channel] = AmqpSession(self, channel, fields)
        elif code == frames.CLOSE:
            self.send(0, performative(frames.CLOSE))
            self._end()
        elif code == frames.END:
            if self.sessions.pop(channel, None) is not None and session is not None:
                session.end()
                self.send(channel, performative(frames.END))
        elif session is not None:
            session.meet(code, fields, payload)
        elif code in (frames.ATTACH, frames.TRANSFER):
            raise FrameError("amqp:not-allowed", f"there is no session on channel {channel}")
        # Anything else concerns a session that has just ended: clients detach after the end.

    # Output.

    def send(self, channel: int, body: bytes, kind: int = frames.AMQP_FRAME) -> None:
        """Send a frame: it leaves with the others of this turn, after the journal has what they confirm."""
        if self._transport is None:
            return
        if not self._output:
            self.server.loop.call_soon(self._flush)
        self._output.append(frames.HEADER.pack(len(body) + 8, 2, kind, channel))
        self._output.append(body)

    def _write(self, raw: bytes) -> None:
        if self._transport is not None:
            self._flush()
            self._transport.write(raw)

    def _flush(self) -> None:
        if self._transport is None or not self._output:
            return
        if not self.server.commit():
            self.abort()
            return
        self.spoke = self.server.loop.time()
        self._transport.write(b"".join(self._output))
        self._output.clear()

    def fail(self, condition: str, description: str) -> None:
        """Close the connection and say why."""
        if self._stage in (_AT_OPEN, _OPENED):
            if self._stage == _AT_OPEN:
                self.send(0, performative(frames.OPEN, "servicebus-emulator"))
            self.send(0, performative(frames.CLOSE, frames.error(condition, description)))
        self._end()

    def _end(self) -> None:
        """Listen no more; what was said still leaves."""
        self._stage = _ENDED
        self._input.clear()
        transport = self._transport
        if transport is not None:
            self._flush()
            transport.close()
            self.server.loop.call_later(_LAST_WORDS, transport.abort)  # if the client never reads them

    def abort(self) -> None:
        """Cut the connection without a word."""
        self._output.clear()
        self._stage = _ENDED
        if self._transport is not None:
            self._transport.abort()

    def keep_alive(self, now: float) -> None:
        """Show a sign of life where the client wants one; part with a client that gives none."""
        if now - self.heard > 2 * _IDLE_TIMEOUT:
            self.fail("amqp:connection:forced", "The connection was idle for too long.")
        elif self._stage == _OPENED and self._client_timeout and now - self.spoke > self._client_timeout / 3:
            self.spoke = now
            self._write(frames.EMPTY)
