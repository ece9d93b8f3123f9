from __future__ import annotations

import json
import uuid

import pytest
from google.api_core import exceptions
from google.pubsub_v1.types import Encoding, Schema

from pubsub_clients import PROJECT

pytest_plugins = ["pubsub_fixtures"]

ORDER = {"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}, {"name": "n", "type": "int"}]}
ORDER_LONG = json.dumps(ORDER).replace('"int"', '"long"')


def _schema(bus, definition=None, kind=Schema.Type.AVRO):
    schema_id = f"sc{uuid.uuid4().hex[:12]}"
    schema = Schema(name=f"{PROJECT}/schemas/{schema_id}", type_=kind, definition=definition or json.dumps(ORDER))
    return bus.schemas.create_schema(parent=PROJECT, schema=schema, schema_id=schema_id)


def test_a_topic_with_an_avro_schema_takes_only_messages_that_fit(bus):
    """A JSON message that fits is delivered with the schema's attributes; one that does not is refused."""
    schema = _schema(bus)
    topic = bus.topic(schema_settings={"schema": schema.name, "encoding": Encoding.JSON})
    subscription = bus.subscription(topic)

    bus.publish(topic, b'{"id": "1", "n": 2}')
    with pytest.raises(exceptions.InvalidArgument):
        bus.publish(topic, b'{"id": 1}')

    (received,) = bus.pull(subscription, 2, within=1.0)
    attributes = dict(received.message.attributes)
    assert schema.name == attributes["googclient_schemaname"]
    assert "JSON" == attributes["googclient_schemaencoding"]
    assert schema.revision_id == attributes["googclient_schemarevisionid"]


def test_binary_messages_are_checked_too(bus):
    """With binary encoding the Avro bytes must be one whole record."""
    topic = bus.topic(schema_settings={"schema": _schema(bus).name, "encoding": Encoding.BINARY})
    subscription = bus.subscription(topic)

    bus.publish(topic, b"\x02a\x04")
    with pytest.raises(exceptions.InvalidArgument):
        bus.publish(topic, b"\x02a\x04\x00")

    assert [b"\x02a\x04"] == bus.bodies(subscription, 2, within=1.0)


def test_a_schema_has_revisions(bus):
    """A committed revision is the latest; the list tells the newest first; a rollback makes a copy of an old one."""
    first = _schema(bus)
    second = bus.schemas.commit_schema(
        name=first.name, schema=Schema(name=first.name, type_=Schema.Type.AVRO, definition=ORDER_LONG)
    )

    assert first.revision_id != second.revision_id
    assert second.revision_id == bus.schemas.get_schema(name=first.name).revision_id
    listed = [revision.revision_id for revision in bus.schemas.list_schema_revisions(name=first.name)]
    assert [second.revision_id, first.revision_id] == listed

    third = bus.schemas.rollback_schema(request={"name": first.name, "revision_id": first.revision_id})
    assert first.definition == third.definition


def test_a_message_may_fit_an_older_revision(bus):
    """A topic without revision bounds takes messages of any revision (documented)."""
    first = _schema(bus)
    wider = '{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}]}'
    bus.schemas.commit_schema(name=first.name, schema=Schema(name=first.name, type_=Schema.Type.AVRO, definition=wider))
    topic = bus.topic(schema_settings={"schema": first.name, "encoding": Encoding.JSON})

    assert bus.publish(topic, b'{"id": "1", "n": 2}', b'{"id": "1"}')


def test_schemas_and_messages_can_be_validated_beforehand(bus):
    """ValidateSchema and ValidateMessage refuse what would be refused later."""
    schema = Schema(type_=Schema.Type.AVRO, definition='{"type": "record"}')
    with pytest.raises(exceptions.InvalidArgument):
        bus.schemas.validate_schema(parent=PROJECT, schema=schema)

    kept = _schema(bus)
    bus.schemas.validate_message(
        request={"parent": PROJECT, "name": kept.name, "message": b'{"id": "1", "n": 2}', "encoding": Encoding.JSON}
    )
    with pytest.raises(exceptions.InvalidArgument):
        bus.schemas.validate_message(
            request={"parent": PROJECT, "name": kept.name, "message": b"{}", "encoding": Encoding.JSON}
        )


def test_an_unreadable_schema_is_not_made(bus):
    """A definition that is no Avro schema is refused."""
    with pytest.raises(exceptions.InvalidArgument):
        _schema(bus, definition='{"type": "nonsense"}')


def test_a_topic_needs_a_schema_that_exists(bus):
    """A topic that names an unknown schema is not made."""
    with pytest.raises(exceptions.NotFound):
        bus.topic(schema_settings={"schema": f"{PROJECT}/schemas/nowhere", "encoding": Encoding.JSON})


def test_a_deleted_schema_is_gone(bus):
    """After a deletion the schema is no longer found or listed."""
    schema = _schema(bus)

    bus.schemas.delete_schema(name=schema.name)

    with pytest.raises(exceptions.NotFound):
        bus.schemas.get_schema(name=schema.name)
    assert schema.name not in [found.name for found in bus.schemas.list_schemas(parent=PROJECT)]
