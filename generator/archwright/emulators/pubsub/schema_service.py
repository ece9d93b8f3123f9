"""The API's SchemaService."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf import empty_pb2

from .agenda import NANOSECONDS
from .errors import invalid
from .paging import page
from .resources import ENCODINGS, check_name
from .schemas import check_definition, check_message
from .wire import message_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .broker import Broker
    from .calls import Method
    from .schemas import Revision
    from .wire import Proto

_KINDS = {1: "PROTOCOL_BUFFER", 2: "AVRO"}
_NUMBERS = {kind: number for number, kind in _KINDS.items()}
_BASIC = 1  # SchemaView.BASIC: everything but the definition
_Schema = message_class("Schema")
_ListSchemasResponse = message_class("ListSchemasResponse")
_ListSchemaRevisionsResponse = message_class("ListSchemaRevisionsResponse")
_ValidateSchemaResponse = message_class("ValidateSchemaResponse")
_ValidateMessageResponse = message_class("ValidateMessageResponse")


class SchemaService:
    """Schemas and their revisions."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def methods(self) -> Mapping[str, Method]:
        """Return the calls of this service by name."""
        return {
            "CreateSchema": (message_class("CreateSchemaRequest"), self._create),
            "GetSchema": (message_class("GetSchemaRequest"), self._get),
            "ListSchemas": (message_class("ListSchemasRequest"), self._list),
            "ListSchemaRevisions": (message_class("ListSchemaRevisionsRequest"), self._list_revisions),
            "CommitSchema": (message_class("CommitSchemaRequest"), self._commit),
            "RollbackSchema": (message_class("RollbackSchemaRequest"), self._roll_back),
            "DeleteSchemaRevision": (message_class("DeleteSchemaRevisionRequest"), self._delete_revision),
            "DeleteSchema": (message_class("DeleteSchemaRequest"), self._delete),
            "ValidateSchema": (message_class("ValidateSchemaRequest"), self._validate),
            "ValidateMessage": (message_class("ValidateMessageRequest"), self._validate_message),
        }

    def create(self, name: str, schema: Proto) -> Proto:
        """Make a schema from its definition; the start-up file uses it too."""
        check_name(name, "schemas")
        return self._keep(self._broker.schemas.create(name, _kind(schema), schema.definition, self._now()))

    def _create(self, request: Proto) -> Proto:
        return self.create(f"{request.parent}/schemas/{request.schema_id}", request.schema)

    def _commit(self, request: Proto) -> Proto:
        schema = request.schema
        return self._keep(self._broker.schemas.commit(request.name, _kind(schema), schema.definition, self._now()))

    def _roll_back(self, request: Proto) -> Proto:
        """Make a copy of an old revision the newest."""
        old = self._broker.schemas.get(f"{request.name}@{request.revision_id}")
        return self._keep(self._broker.schemas.commit(request.name, old.kind, old.definition, self._now()))

    def _get(self, request: Proto) -> Proto:
        return _describe(self._broker.schemas.get(request.name), request.view)

    def _list(self, request: Proto) -> Proto:
        latest = {r.name: r for r in self._broker.schemas.all() if r.name.startswith(f"{request.parent}/")}
        shown, token = page(latest, request.page_size, request.page_token)
        return _ListSchemasResponse(
            schemas=[_describe(latest[name], request.view) for name in shown], next_page_token=token
        )

    def _list_revisions(self, request: Proto) -> Proto:
        newest_first = reversed(self._broker.schemas.revisions(request.name))
        return _ListSchemaRevisionsResponse(schemas=[_describe(revision, request.view) for revision in newest_first])

    def _delete_revision(self, request: Proto) -> Proto:
        revision = self._broker.schemas.get(request.name)
        if len(self._broker.schemas.revisions(revision.name)) == 1:
            raise invalid("The only revision of a schema cannot be deleted.")
        self._broker.ledger.schema_revision_deleted(revision.name, revision.id)
        self._broker.schemas.delete_revision(revision.name, revision.id)
        return _describe(self._broker.schemas.get(revision.name))

    def _delete(self, request: Proto) -> Proto:
        self._broker.schemas.revisions(request.name)
        self._broker.ledger.deleted("schema", request.name)
        self._broker.schemas.delete(request.name)
        return empty_pb2.Empty()

    def _validate(self, request: Proto) -> Proto:
        check_definition(_kind(request.schema), request.schema.definition)
        return _ValidateSchemaResponse()

    def _validate_message(self, request: Proto) -> Proto:
        schema = request.schema
        kind, definition = _kind(schema) if not request.name else "", schema.definition
        if request.name:
            kept = self._broker.schemas.get(request.name)
            kind, definition = kept.kind, kept.definition
        check_message(kind, definition, request.message, ENCODINGS.get(request.encoding, "JSON"))
        return _ValidateMessageResponse()

    def _keep(self, revision: Revision) -> Proto:
        self._broker.ledger.schema_revised(revision)
        self._broker.schemas.add(revision)
        return _describe(revision)

    def _now(self) -> int:
        return int(self._broker.clock() * NANOSECONDS)


def _kind(schema: Proto) -> str:
    if schema.type_ not in _KINDS:
        raise invalid("Invalid schema: its type must be AVRO or PROTOCOL_BUFFER.")
    return _KINDS[schema.type_]


def _describe(revision: Revision, view: int = 0) -> Proto:
    schema = _Schema(name=revision.name, type_=_NUMBERS[revision.kind], revision_id=revision.id)
    if view != _BASIC:
        schema.definition = revision.definition
    schema.revision_create_time.FromNanoseconds(revision.created)
    return schema
