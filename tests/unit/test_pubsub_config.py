from __future__ import annotations

import json

import pytest

from archwright.emulators.pubsub.broker import Broker
from archwright.emulators.pubsub.config import ConfigError, StartUp, value_places
from archwright.emulators.pubsub.publisher import Publisher
from archwright.emulators.pubsub.push import PushOffice
from archwright.emulators.pubsub.schema_service import SchemaService
from archwright.emulators.pubsub.subscriber import Subscriber


def _apply(source):
    broker = Broker()
    schemas = SchemaService(broker)
    StartUp(source).apply(
        {
            "topics": Publisher(broker).create,
            "subscriptions": Subscriber(broker, PushOffice(broker)).create,
            "schemas": lambda schema: schemas.create(schema.name, schema),
        }
    )
    return broker


def _problems(tmp_path, text):
    path = tmp_path / "pubsub.json"
    path.write_text(text)
    with pytest.raises(ConfigError) as refusal:
        _apply(path)
    return str(refusal.value).replace(str(tmp_path) + "/", "")


def test_everything_named_is_made():
    """Schemas, topics and subscriptions are there afterwards; short names belong to the project."""
    broker = _apply(
        {
            "project": "demo",
            "subscriptions": [
                {
                    "name": "billing",
                    "topic": "orders",
                    "ackDeadlineSeconds": 20,
                    "retryPolicy": {"minimumBackoff": "1s", "maximumBackoff": "8s"},
                    "deadLetterPolicy": {"deadLetterTopic": "dead-orders", "maxDeliveryAttempts": 7},
                }
            ],
            "topics": [
                {"name": "orders", "schemaSettings": {"schema": "order", "encoding": "JSON"}},
                {"name": "projects/other/topics/full"},
                {"name": "dead-orders"},
            ],
            "schemas": [{"name": "order", "type": "AVRO", "definition": '"string"'}],
        }
    )

    settings = broker.subscription("projects/demo/subscriptions/billing").settings
    assert (settings.ack_deadline, settings.dead_letter.max_attempts) == (20.0, 7)
    assert "projects/demo/schemas/order" == broker.topic("projects/demo/topics/orders").settings.schema.schema
    assert "projects/other/topics/full" in broker.topics


def test_every_problem_is_told_with_its_line(tmp_path):
    """All mistakes of a file are told at once, each with the line of the entry."""
    told = _problems(
        tmp_path,
        """{
  "project": "demo",
  "topcs": [],
  "topics": [
    {"name": "orders"},
    {"name": "x"}
  ],
  "subscriptions": [
    {"name": "billing", "topic": "nowhere"},
    {"name": "billing", "topic": "orders", "ackDeadline": 10}
  ]
}""",
    )

    assert "pubsub.json:3: unknown key `topcs`" in told
    assert "pubsub.json:6: Invalid resource name" in told
    assert "pubsub.json:9: Resource not found" in told
    assert "pubsub.json:10:" in told
    assert "ackDeadline" in told


def test_a_syntax_error_is_told_with_line_and_column(tmp_path):
    """A file that is no JSON names the place."""
    assert "pubsub.json:2:3: is not JSON" in _problems(tmp_path, "{\n  nope\n}")


@pytest.mark.parametrize(
    "text", ["", "[]", "42", "[" * 5000 + "]" * 5000, '{"topics": 1}', '{"topics": [1]}', "\ufeff{"]
)
def test_a_file_of_the_wrong_shape_is_told_so(tmp_path, text):
    """Whatever the file holds, the answer is a message with its name."""
    assert _problems(tmp_path, text).startswith("pubsub.json")


def test_a_file_that_is_not_there_is_told_so(tmp_path):
    """The path and the system's reason are named."""
    with pytest.raises(ConfigError, match=r"gone\.json: cannot be read: No such file"):
        _apply(tmp_path / "gone.json")


def test_places_of_values():
    """Each value of a JSON text is found by the keys and indexes that lead to it."""
    text = '{"a": [1, {"b": "x,}"}], "c": {}}'
    places = value_places(text)

    assert {path: text[at] for path, at in places.items()} == {
        (): "{",
        ("a",): "[",
        ("a", 0): "1",
        ("a", 1): "{",
        ("a", 1, "b"): '"',
        ("c",): "{",
    }
    assert json.loads(text)
