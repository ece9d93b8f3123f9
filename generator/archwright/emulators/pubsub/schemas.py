"""Schemas and their revisions: Avro messages are checked, Protocol Buffers definitions are kept but not enforced."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .avro import AvroError, parse_avro
from .errors import already_exists, invalid, not_found

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .avro import AvroType
    from .settings import SchemaUse

AVRO = "AVRO"
JSON = "JSON"
_LONGEST = 300_000  # characters of a definition, the service's limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One state of a schema."""

    name: str
    kind: str  # AVRO or PROTOCOL_BUFFER
    definition: str
    id: str
    created: int  # nanoseconds since 1970

    def record(self) -> dict[str, Any]:
        """Return the revision as plain values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "definition": self.definition,
            "id": self.id,
            "created": self.created,
        }


class Schemas:
    """Every schema, each with its revisions, oldest first."""

    def __init__(self) -> None:
        self._revisions: dict[str, list[Revision]] = {}
        self._parsed: dict[tuple[str, str], AvroType | None] = {}

    def create(self, name: str, kind: str, definition: str, created: int) -> Revision:
        """Return the first revision of a new schema; `add` makes it one."""
        if name in self._revisions:
            raise already_exists(name)
        return _revise(name, kind, definition, created)

    def commit(self, name: str, kind: str, definition: str, created: int) -> Revision:
        """Return a further revision of a schema; `add` makes it one."""
        latest = self.get(name)
        if kind != latest.kind:
            raise invalid(f"Invalid schema: a revision cannot change the type from {latest.kind} to {kind}.")
        return _revise(latest.name, kind, definition, created)

    def add(self, revision: Revision) -> None:
        """Put a revision in its place."""
        self._revisions.setdefault(revision.name, []).append(revision)
        self._parsed[revision.name, revision.id] = _parse(revision.kind, revision.definition)

    def get(self, name: str) -> Revision:
        """Return a schema's latest revision, or the one named after an `@`."""
        bare, _, wanted = name.partition("@")
        for revision in reversed(self.revisions(bare)):
            if wanted in ("", revision.id):
                return revision
        raise not_found(name)

    def revisions(self, name: str) -> Sequence[Revision]:
        """Return a schema's revisions, oldest first."""
        if name not in self._revisions:
            raise not_found(name)
        return self._revisions[name]

    def all(self) -> Sequence[Revision]:
        """Return the latest revision of every schema, by name."""
        return [revisions[-1] for _, revisions in sorted(self._revisions.items())]

    def delete(self, name: str) -> None:
        """Forget a schema."""
        for revision in self.revisions(name):
            self._parsed.pop((name, revision.id), None)
        del self._revisions[name]

    def delete_revision(self, name: str, revision_id: str) -> None:
        """Forget one revision; the last one of a schema stays."""
        if len(self.revisions(name)) == 1:
            raise invalid("The only revision of a schema cannot be deleted.")
        self._revisions[name] = [revision for revision in self._revisions[name] if revision.id != revision_id]
        self._parsed.pop((name, revision_id), None)

    def check(self, use: SchemaUse, data: bytes) -> Mapping[str, str]:
        """Hold a message to a topic's schema; return the attributes by which the service tells which revision it met.

        Raises:
            PubSubError: no revision that the topic allows fits.
        """
        problem: AvroError | None = None
        for revision in self._allowed(use):
            try:
                _check(self._parsed[revision.name, revision.id], data, use.encoding)
            except AvroError as error:
                problem = problem or error
                continue
            return {
                "googclient_schemaname": revision.name,
                "googclient_schemaencoding": use.encoding,
                "googclient_schemarevisionid": revision.id,
            }
        raise invalid(f"Invalid data in message: Message failed schema validation: {problem or 'no revision fits'}.")

    def _allowed(self, use: SchemaUse) -> Sequence[Revision]:
        """Return the revisions from the topic's last to its first, which is the order in which they are tried."""
        revisions = list(self.revisions(use.schema))
        ids = [revision.id for revision in revisions]
        first = ids.index(use.first_revision) if use.first_revision in ids else 0
        last = ids.index(use.last_revision) if use.last_revision in ids else len(ids) - 1
        return revisions[first : last + 1][::-1]


def check_message(kind: str, definition: str, data: bytes, encoding: str) -> None:
    """Hold a message to a schema that need not be kept.

    Raises:
        PubSubError: the schema is wrong, or the message does not fit it.
    """
    try:
        _check(_parse(kind, definition), data, encoding)
    except AvroError as error:
        raise invalid(f"Invalid data in message: Message failed schema validation: {error}.") from error


def check_definition(kind: str, definition: str) -> None:
    """Refuse a schema that is none.

    Raises:
        PubSubError: the definition cannot be read.
    """
    if not definition:
        raise invalid("Invalid schema: the definition is empty.")
    if len(definition) > _LONGEST:
        raise invalid(f"Invalid schema: the definition is longer than {_LONGEST} characters.")
    _parse(kind, definition)


def _revise(name: str, kind: str, definition: str, created: int) -> Revision:
    check_definition(kind, definition)
    return Revision(name=name, kind=kind, definition=definition, id=secrets.token_hex(4), created=created)


def _parse(kind: str, definition: str) -> AvroType | None:
    if kind != AVRO:
        return None
    try:
        return parse_avro(definition)
    except AvroError as error:
        raise invalid(f"Invalid schema: {error}.") from error


def _check(avro: AvroType | None, data: bytes, encoding: str) -> None:
    if avro is None:
        return
    if encoding == JSON:
        avro.check_json_text(data)
    else:
        avro.check_binary(data)
