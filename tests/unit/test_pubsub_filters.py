from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archwright.emulators.pubsub.errors import Code, PubSubError
from archwright.emulators.pubsub.filters import parse_filter

ORDER = {"kind": "order", "region": "eu-west", "iana.org/language": "de"}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("attributes:kind", True),
        ("attributes:other", False),
        ('attributes.kind = "order"', True),
        ('attributes.kind="other"', False),
        ('attributes.kind != "other"', True),
        ('attributes.absent != "other"', True),
        ('hasPrefix(attributes.region, "eu")', True),
        ('hasPrefix(attributes.region, "us")', False),
        ('hasPrefix(attributes.absent, "")', False),
        ("NOT attributes:other", True),
        ("-attributes:other", True),
        ("NOT NOT attributes:kind", True),
        ('attributes:kind AND attributes.region = "eu-west"', True),
        ("attributes:kind AND attributes:other", False),
        ("attributes:other OR attributes:kind", True),
        ("(attributes:other OR attributes:kind) AND NOT attributes:other", True),
        ('attributes."iana.org/language" = "de"', True),
        ('attributes:"iana.org/language"', True),
        (r'attributes.kind = "\u006frder"', True),
    ],
)
def test_a_filter_holds_as_documented(text, matches):
    """Each form of the documented language selects as described."""
    found = parse_filter(text)

    assert found is not None
    assert matches is found.matches(ORDER)


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_filter_is_none(text):
    """Without a filter everything is delivered."""
    assert parse_filter(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "nonsense (((",
        "attributes",
        "attributes.",
        "attributes.kind",
        "attributes.kind =",
        "attributes.kind = order",
        'attributes.kind < "a"',
        'kind = "order"',
        "attributes:a AND attributes:b OR attributes:c",
        "(attributes:a",
        "attributes:a)",
        "AND attributes:a",
        'hasPrefix(attributes.a "x")',
        'attributes.kind = "\\q"',
        'attributes.kind = "open',
        "(" * 200,
        "NOT " * 60 + "attributes:a",
        'attributes.a = "' + "x" * 300 + '"',
        "attributes:é\x00",
    ],
)
def test_what_is_no_filter_is_refused(text):
    """A filter that cannot be read is an invalid argument, never a crash."""
    with pytest.raises(PubSubError) as refusal:
        parse_filter(text)

    assert Code.INVALID_ARGUMENT is refusal.value.code


@settings(deadline=None)
@given(st.text(alphabet='attributes.:"=!() ANDORNThasPrefix,-\\xé', max_size=60))
def test_any_text_is_a_filter_or_an_error(text):
    """Whatever is typed, parsing ends with a filter or with an invalid argument."""
    try:
        found = parse_filter(text)
    except PubSubError:
        return
    assert found is None or found.matches(ORDER) in (True, False)
