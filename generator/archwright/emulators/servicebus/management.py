"""Requests over AMQP: `$cbs` takes tokens, `$management` renews, peeks, schedules, keeps session state and rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from .codec import Array, CodecError, Int, Symbol, Timestamp
from .errors import ArgumentError, NotAllowedError, NotImplementedByEmulatorError, ServiceBusError, SessionLockLostError
from .filters import SqlError
from .links import OutgoingLink
from .message import APPLICATION, PROPERTIES, VALUE, Message, section, section_value, split_sections
from .rules import Rule
from .sessions import SessionLine
from .settings import Verdict

if TYPE_CHECKING:
    from .queue import Queue
    from .session import AmqpSession

_MOST_PEEKED = 250
_MOST_PEEKED_BYTES = 200_000
_LONG, _TIME, _TEXT = 0x81, 0x83, 0xB1
_FAULTS = (KeyError, TypeError, ValueError, AttributeError, IndexError)


class Requests:
    """The requests of one link; `entity` is None for `$cbs`."""

    def __init__(self, session: AmqpSession, entity: Queue | None) -> None:
        self._amqp = session
        self._entity = entity

    def accept(self, raw: bytes, _message_format: int) -> None:
        """Carry out one request and answer it."""
        try:
            request = Message.parse(raw)
            sections = split_sections(raw)
            body = section_value(sections[VALUE][0]) if VALUE in sections else None
        except (CodecError, *_FAULTS) as error:
            raise ArgumentError(f"malformed request: {error}") from error
        properties = request.properties()
        refusal = None
        try:
            status, value = self._carry_out(request.application(), body)
        except ServiceBusError as error:
            status, value, refusal = error.status, None, error
        except (CodecError, SqlError, *_FAULTS) as error:
            refusal = ArgumentError(f"The request cannot be read: {type(error).__name__}: {error}")
            status, value = refusal.status, None
        self._answer(properties, status, value, refusal)

    def _carry_out(self, request: dict[str, Any], body: Any) -> tuple[int, Any]:
        operation = str(request.get("operation", "")).rpartition(":")[2]
        if self._entity is None:
            if operation != "put-token":
                raise NotImplementedByEmulatorError(f"$cbs takes put-token, not {operation!r}.")
            kind = str(request.get("type", ""))
            connection = self._amqp.connection
            connection.server.credentials.check(kind, body.decode() if isinstance(body, bytes) else str(body))
            connection.authorized = True
            return 202, None
        action = _OPERATIONS.get(operation)
        if action is None:
            raise NotImplementedByEmulatorError(f"The operation {operation!r} is not emulated.")
        return action(self._entity, body or {})  # type: ignore[no-any-return]  # the table below

    def _answer(self, request: dict[str, Any], status: int, value: Any, refusal: ServiceBusError | None) -> None:
        """Send an answer; clients differ in how they spell its properties."""
        text = refusal.description if refusal else "OK"
        application: dict[str, Any] = {
            "statusCode": Int(status),
            "status-code": Int(status),
            "statusDescription": text,
            "status-description": text,
        }
        if refusal is not None:
            application["errorCondition"] = application["error-condition"] = Symbol(refusal.condition)
        link = self._answers_to(request.get("reply_to"))
        if link is not None:
            link.send(
                section(PROPERTIES, [None, None, request.get("reply_to"), None, None, request["message_id"]])
                + section(APPLICATION, application)
                + section(VALUE, value)
            )

    def _answers_to(self, reply_to: Any) -> OutgoingLink | None:
        """Return the link that the client named, or its only one without a queue."""
        links = [link for link in self._amqp.links.values() if isinstance(link, OutgoingLink) and link.queue is None]
        named = [link for link in links if link.target is not None and reply_to in link.target.value[:1]]
        return next(iter(named or links), None)


def _tag(token: Any) -> bytes:
    if not isinstance(token, UUID):
        raise ArgumentError("A lock token must be a UUID.")
    return token.bytes_le


def _timestamp(seconds: float) -> Timestamp:
    return Timestamp(int(seconds * 1000))


def _session_line(queue: Queue) -> SessionLine:
    if not isinstance(queue.line, SessionLine):
        raise NotAllowedError(f"'{queue.path}' has no sessions.")
    return queue.line


def _renew_lock(queue: Queue, body: dict[str, Any]) -> tuple[int, Any]:
    renewed = [_timestamp(queue.renew(_tag(token))) for token in body["lock-tokens"]]
    return 200, {"expirations": Array(_TIME, renewed)}


def _renew_session_lock(queue: Queue, body: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"expiration": _timestamp(_session_line(queue).renew(body["session-id"]))}


def _get_session_state(queue: Queue, body: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"session-state": _session_line(queue).held(body["session-id"]).state}


def _set_session_state(queue: Queue, body: dict[str, Any]) -> tuple[int, Any]:
    state = body["session-state"]
    if not isinstance(state, (bytes, type(None))):
        raise ArgumentError("A session's state must be bytes.")
    _session_line(queue).set_state(body["session-id"], state)
    return 200, {}


def _get_message_sessions(queue: Queue, body: dict[str, Any]) -> tuple[int, Any]:
    skip, top = int(body.get("skip", 0)), int(body.get("top", 100))
    found = list(_session_line(queue).sessions)[skip : skip + top]
    return (200, {"skip": Int(skip + len(found)), "sessions-ids": Array(_TEXT, found)}) if found else (204, None)


def _schedule_message(queue: Queue, body: dict[str, Any]) -> tuple[int, Any]:
    batch = [Message.parse(item["message"]) for item in body["messages"]]
    numbers = [entry.sequence for entry in queue.broker.send(queue, batch)]
    numbers += [0] * (len(batch) - len(numbers))  # what was due already has gone on, or is a duplicate; nobody has it
    return 200, {"sequence-numbers": Array(_LONG, numbers)}


def _cancel_scheduled_message(queue: Queue, body: dict[str, Any]) -> tuple[int, Any]:
    queue.cancel_scheduled(list(body["sequence-numbers"]))
    return 200, {}


def _peek_message(queue: Queue, body: dict[str, Any]) -> tuple[int, Any]:
    limit = min(int(body["message-count"]), _MOST_PEEKED)
    found: list[dict[str, bytes]] = []
    size = 0
    for entry in queue.browse(int(body["from-sequence-number"]), limit, body.get("session-id")):
        raw = entry.encode()
        size += len(raw)
        if found and size > _MOST_PEEKED_BYTES:
            break
        found.append({"message": raw})
    return (200, {"messages": found}) if found else (204, None)


def _receive_by_sequence_number(queue: Queue, body: dict[str, Any]) -> tuple[int, Any]:
    identity = body.get("session-id")
    session = None
    if isinstance(queue.line, SessionLine):
        if not identity:
            raise SessionLockLostError
        session = queue.line.held(identity)
    delete = body.get("receiver-settle-mode", 1) == 0
    entries = queue.receive_deferred(list(body["sequence-numbers"]), delete=delete, session=session)
    return 200, {
        "messages": [
            {"message": entry.encode(), "lock-token": UUID(bytes_le=entry.token or bytes(16))} for entry in entries
        ]
    }


def _update_disposition(queue: Queue, body: dict[str, Any]) -> tuple[int, Any]:
    properties = body.get("properties-to-modify") or {}
    verdict = Verdict(body.get("deadletter-reason"), body.get("deadletter-description"), properties)
    for token in map(_tag, body["lock-tokens"]):
        match body["disposition-status"]:
            case "completed":
                queue.complete(token)
            case "abandoned":
                queue.abandon(token, properties)
            case "defered" | "deferred":  # the service's own spelling, and the other one
                queue.defer(token, properties)
            case "suspended":
                queue.dead_letter(token, verdict)
            case unknown:
                raise ArgumentError(f"There is no disposition {unknown!r}.")
    return 200, {}


_CORRELATION = {
    "correlation-id": "correlation_id",
    "message-id": "message_id",
    "to": "to",
    "reply-to": "reply_to",
    "label": "subject",
    "session-id": "group_id",
    "reply-to-session-id": "reply_to_group_id",
    "content-type": "content_type",
}


def _add_rule(queue: Queue, body: dict[str, Any]) -> tuple[int, Any]:
    description = body["rule-description"]
    definition: dict[str, Any] = {"action": (description.get("sql-rule-action") or {}).get("expression")}
    if "sql-filter" in description:
        definition["sql"] = description["sql-filter"]["expression"]
    else:
        wanted = description["correlation-filter"]
        definition["properties"] = {
            name: wanted[key] for key, name in _CORRELATION.items() if wanted.get(key) is not None
        }
        definition["application"] = wanted.get("properties") or {}
    queue.broker.subscription_of(queue).add_rule(Rule.define(body["rule-name"], definition))
    return 200, {}


def _remove_rule(queue: Queue, body: dict[str, Any]) -> tuple[int, Any]:
    queue.broker.subscription_of(queue).remove_rule(body["rule-name"])
    return 200, {}


_OPERATIONS: dict[str, Any] = {
    "renew-lock": _renew_lock,
    "renew-session-lock": _renew_session_lock,
    "get-session-state": _get_session_state,
    "set-session-state": _set_session_state,
    "get-message-sessions": _get_message_sessions,
    "schedule-message": _schedule_message,
    "cancel-scheduled-message": _cancel_scheduled_message,
    "peek-message": _peek_message,
    "receive-by-sequence-number": _receive_by_sequence_number,
    "update-disposition": _update_disposition,
    "add-rule": _add_rule,
    "remove-rule": _remove_rule,
}
