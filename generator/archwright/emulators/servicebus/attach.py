"""What a client's attach asks for: a sender, a receiver, a session, the management node or `$cbs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import frames
from .codec import Described
from .errors import NotAllowedError, NotImplementedByEmulatorError, ServiceBusError, UnauthorizedError
from .frames import FrameError, described_fields
from .links import IncomingLink, Link, OutgoingLink, accept_messages
from .management import Requests
from .sessions import SessionLine
from .topic import Topic

if TYPE_CHECKING:
    from .frames import Fields
    from .queue import Queue
    from .session import AmqpSession

_FILTERS = 7
_SESSION_FILTER = "com.microsoft:session-filter"
_PATIENCE = "com.microsoft:timeout"
_DEFAULT_PATIENCE = 60_000
_CBS, _MANAGEMENT = "$cbs", "/$management"


def attach(session: AmqpSession, fields: Fields) -> None:
    """Make the link that a client asks for, or refuse it with the reason.

    Raises:
        FrameError: this is no attach.
    """
    receives = fields.need(2, bool)
    terminus = fields.get(5 if receives else 6, Described)
    try:
        if terminus is not None and terminus.descriptor == frames.COORDINATOR:
            raise NotImplementedByEmulatorError("Transactions are not emulated.")
        values = described_fields(terminus)
        address = values[0] if values else None
        if not isinstance(address, str):
            raise FrameError("amqp:invalid-field", "an attach must name an address")
        _attach(session, fields, address, receives=receives)
    except ServiceBusError as refusal:
        link = session.links.get(fields.need(1, int)) or Link(session, fields)
        link.refuse(refusal)


def _attach(session: AmqpSession, fields: Fields, address: str, *, receives: bool) -> None:
    server = session.connection.server
    path = address.partition("://")[2].partition("/")[2] or address if "://" in address else address
    path = path.strip("/")
    if path != _CBS and not session.connection.authorized:
        raise UnauthorizedError(f"Unauthorized access. A token for '{address}' was not given.")
    if path == _CBS or path.lower().endswith(_MANAGEMENT):
        entity = None if path == _CBS else server.broker.find(path[: -len(_MANAGEMENT)])
        _attach_requests(session, fields, entity, receives=receives)
        return
    queue = server.broker.find(path)
    if receives:
        _attach_receiver(session, fields, queue)
        return
    if queue.main is not None or "/subscriptions/" in queue.path.lower():
        raise NotAllowedError(f"'{queue.path}' takes no messages from clients.")
    sender = IncomingLink(session, fields, accept_messages(session, queue))
    sender.attach(sender.source, sender.target)
    sender.grant()


def _attach_requests(session: AmqpSession, fields: Fields, entity: Queue | None, *, receives: bool) -> None:
    """Attach one half of a pair: requests come in on one link, answers leave on the other."""
    if receives:
        answers = OutgoingLink(session, fields)
        answers.attach(answers.source, answers.target)
        return
    requests = IncomingLink(session, fields, Requests(session, entity).accept)
    requests.attach(requests.source, requests.target)
    requests.grant()


def _attach_receiver(session: AmqpSession, fields: Fields, queue: Queue) -> None:
    if isinstance(queue, Topic):
        raise NotAllowedError(f"'{queue.path}' is a topic: receive from one of its subscriptions.")
    if queue.settings.forward_to:
        raise NotAllowedError(f"'{queue.path}' forwards to '{queue.settings.forward_to}': receive from there.")
    identity = _wanted_session(fields)
    link = OutgoingLink(session, fields, queue)
    if not isinstance(queue.line, SessionLine):
        if identity is not False:
            raise NotAllowedError(f"'{queue.path}' has no sessions: set RequiresSession, or receive without a session.")
        link.attach(link.source, link.target)
        return
    if identity is False:
        raise NotAllowedError(f"'{queue.path}' has sessions: a receiver must name one, or ask for the next available.")
    patience = (fields.get(13, dict) or {}).get(_PATIENCE, _DEFAULT_PATIENCE)
    queue.line.accept(link, identity, (patience if isinstance(patience, int) else _DEFAULT_PATIENCE) / 1000)


def _wanted_session(fields: Fields) -> Any:
    """Return the session's id, None for the next available one, False where none is asked for."""
    source = described_fields(fields.get(5, Described))
    filters = source[_FILTERS] if len(source) > _FILTERS else None
    if not isinstance(filters, dict) or _SESSION_FILTER not in filters:
        return False
    value = filters[_SESSION_FILTER]
    value = value.value if isinstance(value, Described) else value
    return value if isinstance(value, str) and value else None
