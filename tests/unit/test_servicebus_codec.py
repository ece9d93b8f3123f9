"""AMQP types: what is written is read back, and nothing a client sends can do more than be refused."""

from __future__ import annotations

import uuid

import pytest
from azure.servicebus._pyamqp._decode import decode_payload
from azure.servicebus._pyamqp._encode import encode_payload
from azure.servicebus._pyamqp.message import Message as SdkMessage
from hypothesis import given
from hypothesis import strategies as st

from archwright.emulators.servicebus.codec import (
    Array,
    CodecError,
    Described,
    Encoded,
    Int,
    Symbol,
    Timestamp,
    UByte,
    UInt,
    ULong,
    UShort,
    decode,
    encode,
    skip,
)
from archwright.emulators.servicebus.message import Message, split_sections, unpack_transfer

LONG = st.integers(-(2**63), 2**63 - 1)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    LONG,
    st.floats(allow_nan=False),
    st.text(max_size=300),
    st.binary(max_size=300),
    st.uuids(),
    st.integers(0, 255).map(UByte),
    st.integers(0, 2**16 - 1).map(UShort),
    st.integers(0, 2**32 - 1).map(UInt),
    st.integers(0, 2**64 - 1).map(ULong),
    st.integers(-(2**31), 2**31 - 1).map(Int),
    LONG.map(Timestamp),
    st.text("abc:-", max_size=300).map(Symbol),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=300) | st.dictionaries(st.text(), inner, max_size=5), max_leaves=20
)


@given(VALUES)
def test_what_is_written_is_read_back(value):
    """Decoding gives value and type back; skipping ends where decoding does."""
    raw = encode(value)
    found, end = decode(raw + b"x")

    assert (value, type(value), len(raw)) == (found, type(found), end)
    assert skip(raw, 0) == end


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_refused(raw):
    """Decoding arbitrary bytes raises nothing but CodecError."""
    for read in (decode, lambda data: skip(data, 0), Message.parse, lambda data: unpack_transfer(data, 0x80013700)):
        try:
            read(raw)
        except CodecError:
            continue


@given(VALUES, st.data())
def test_a_cut_value_is_refused(value, data):
    """A value without its end is an error, never a shorter value."""
    raw = encode(value)
    cut = data.draw(st.integers(0, len(raw) - 1))

    with pytest.raises(CodecError):
        decode(raw[:cut])


def test_a_few_bytes_cannot_claim_all_memory():
    """An array of four billion empty elements is refused; so are nested lists without end."""
    for raw in (b"\xf0\x00\x00\x00\x05\xff\xff\xff\xff\x40", b"\xc0\xff\x01" * 5000, b"\x00" * 5000):
        with pytest.raises(CodecError):
            decode(raw)


def test_arrays_and_described_values():
    """Arrays of the kinds that answers hold, and described values, come back."""
    identity = uuid.uuid4()
    for array in (Array(0x81, [1, 2**40]), Array(0x83, [5]), Array(0x98, [identity]), Array(0xB1, ["a", "ä"])):
        found, _ = decode(encode(array))
        assert (array.constructor, list(array)) == (found.constructor, list(found))
    found, _ = decode(encode(Described(ULong(0x24), [])))
    assert (0x24, []) == (found.descriptor, found.value)


def test_decimals_and_characters_pass_through():
    """Types that nothing here computes with are kept byte for byte."""
    for raw in (b"\x73\x00\x00\x00A", b"\x74abcd", b"\x84abcdefgh", b"\x94" + bytes(16)):
        value, _ = decode(raw)
        assert isinstance(value, Encoded)
        assert encode(value) == raw


def test_the_sdks_own_encoder_is_understood():
    """A message as the official SDK encodes it keeps its parts, and the SDK reads ours."""
    raw = bytearray()
    encode_payload(raw, SdkMessage(data=[b"body"], application_properties={"k": 1}, message_annotations={"n": "v"}))
    message = Message.parse(bytes(raw))

    assert ({"k": 1}, {"n": "v"}) == (message.application(), message.annotations)
    again = decode_payload(memoryview(message.changed(application={"k": 2}).encode()))
    assert ({b"k": 2}, [b"body"]) == (again.application_properties, list(again.data))


def test_a_body_is_never_encoded_again():
    """Body and footer leave byte for byte as they came, in whatever encoding the sender chose."""
    odd = b"\x00\x53\x75\xb0\x00\x00\x00\x03abc"  # a long form where a short one would do
    message = Message.parse(odd)

    assert split_sections(message.encode())[0x75] == [odd]
