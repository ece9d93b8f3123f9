from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archwright.emulators.pubsub.avro import AvroError, parse_avro

EVERYTHING = {
    "type": "record",
    "name": "Everything",
    "namespace": "org.example",
    "fields": [
        {"name": "flag", "type": "boolean"},
        {"name": "count", "type": "int"},
        {"name": "big", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "ratio", "type": "double"},
        {"name": "raw", "type": "bytes"},
        {"name": "text", "type": "string"},
        {"name": "maybe", "type": ["null", "string"]},
        {"name": "colour", "type": {"type": "enum", "name": "Colour", "symbols": ["RED", "GREEN"]}},
        {"name": "tags", "type": {"type": "array", "items": "string"}},
        {"name": "counts", "type": {"type": "map", "values": "int"}},
        {"name": "id", "type": {"type": "fixed", "name": "Id", "size": 2}},
        {"name": "again", "type": ["null", "Colour"]},
        {"name": "next", "type": ["null", "Everything"]},
    ],
}
VALUE = {
    "flag": True,
    "count": -3,
    "big": 2**40,
    "ratio": 1.5,
    "raw": "\u00ff\u0000",
    "text": "é",
    "maybe": {"string": "x"},
    "colour": "GREEN",
    "tags": ["a", "b"],
    "counts": {"a": 1},
    "id": "ab",
    "again": {"org.example.Colour": "RED"},
    "next": None,
}
# The same value, but for `next`, as the specification's binary encoding lays it down, field by field.
BINARY = b"".join(
    [
        b"\x01",
        b"\x05",
        b"\x80\x80\x80\x80\x80\x40",
        b"\x00\x00\x00\x00\x00\x00\xf8\x3f",
        b"\x04\xff\x00",
        b"\x04\xc3\xa9",
        b"\x02\x02x",
        b"\x02",
        b"\x04\x02a\x02b\x00",
        b"\x02\x02a\x02\x00",
        b"ab",
        b"\x02\x00",
        b"\x00",
    ]
)


def _refused(change):
    wrong = {**VALUE, **change}
    with pytest.raises(AvroError):
        parse_avro(json.dumps(EVERYTHING)).check_json_text(json.dumps(wrong).encode())


def test_a_record_of_every_type_fits_in_both_encodings():
    """A value with each Avro type passes as JSON and as binary."""
    schema = parse_avro(json.dumps(EVERYTHING))

    schema.check_json_text(json.dumps(VALUE).encode())
    schema.check_binary(BINARY)


@pytest.mark.parametrize(
    "change",
    [
        {"flag": 1},
        {"count": 2**31},
        {"count": True},
        {"count": "3"},
        {"big": 2**63},
        {"ratio": "1.5"},
        {"raw": "\u0100"},
        {"text": None},
        {"maybe": "x"},
        {"maybe": {"int": 1}},
        {"colour": "BLUE"},
        {"tags": [1]},
        {"counts": {"a": "1"}},
        {"id": "abc"},
        {"unknown": 1},
        {"next": {"org.example.Everything": {}}},
    ],
)
def test_json_that_does_not_fit_is_refused(change):
    """One wrong field is enough."""
    _refused(change)


def test_a_missing_field_is_refused():
    """An encoded record holds every field, also one with a default."""
    schema = parse_avro('{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "default": 1}]}')

    with pytest.raises(AvroError, match="missing"):
        schema.check_json_text(b"{}")


@pytest.mark.parametrize("length", range(len(BINARY)))
def test_binary_that_is_cut_off_is_refused(length):
    """No proper beginning of a message is a message."""
    with pytest.raises(AvroError):
        parse_avro(json.dumps(EVERYTHING)).check_binary(BINARY[:length])


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_a_message_or_an_error(data):
    """Checking never crashes and never hangs, whatever the bytes are."""
    schema = parse_avro(json.dumps(EVERYTHING))
    for check in (schema.check_binary, schema.check_json_text):
        try:
            check(data)
        except AvroError:
            continue


@pytest.mark.parametrize(
    "definition",
    [
        "",
        "nonsense",
        "[" * 5000,
        '"unknown"',
        "{}",
        "[]x",
        '{"type": "record", "name": "R"}',
        '{"type": "record", "fields": []}',
        '{"type": "record", "name": "R", "fields": [{"name": "a"}]}',
        '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}, {"name": "a", "type": "int"}]}',
        '{"type": "enum", "name": "E"}',
        '{"type": "fixed", "name": "F", "size": -1}',
        '{"type": "array"}',
        '["int", "int"]',
        '["null", ["int"]]',
        '{"type": "record", "name": "bad name", "fields": []}',
    ],
)
def test_what_is_no_schema_is_refused(definition):
    """A definition that cannot be read says what is wrong with it."""
    with pytest.raises(AvroError):
        parse_avro(definition)


def test_a_claimed_number_of_items_costs_nothing():
    """A few bytes that claim a billion empty items are dealt with at once."""
    schema = parse_avro('{"type": "array", "items": "null"}')

    schema.check_binary(b"\x80\x94\xeb\xdc\x03\x00")
