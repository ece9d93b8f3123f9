from __future__ import annotations

import pytest

from archwright.quantities import Duration, Size


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("500ms", 0.5), ("5m", 300), ("1h30m", 5400), ("7d", 604_800), ("1.5s", 1.5)]
)
def test_duration_reads_what_people_write(text, seconds):
    """A duration is a number with a unit, or several of them."""
    assert seconds == Duration.parse(text).seconds


@pytest.mark.parametrize("text", ["", "30", "s", "30 parsecs", "-5s", "1h 30"])
def test_duration_refuses_what_has_no_unit(text):
    """A number alone is no duration: nobody could tell seconds from minutes."""
    with pytest.raises(ValueError, match="no duration"):
        Duration.parse(text)


@pytest.mark.parametrize("text", ["30s", "5m", "1h30m", "7d", "250ms", "1d12h", "0s", "1.5s", "1m0.5s"])
def test_duration_prints_what_it_reads(text):
    """Reading what was printed gives the same duration."""
    assert Duration.parse(text) == Duration.parse(str(Duration.parse(text)))


def test_duration_prints_the_largest_units():
    """Ninety minutes are 1h30m, and a week is 7d."""
    assert str(Duration(5400)) == "1h30m"
    assert str(Duration(604_800)) == "7d"


@pytest.mark.parametrize(("text", "count"), [("512B", 512), ("256KiB", 262_144), ("64kB", 64_000), ("1 MiB", 1 << 20)])
def test_size_tells_binary_from_decimal(text, count):
    """KiB is 1,024 bytes and kB is 1,000."""
    assert count == Size.parse(text).bytes
    assert Size.parse(text) == Size.parse(str(Size.parse(text)))


def test_size_refuses_an_unknown_unit():
    """A size without a known unit is none."""
    with pytest.raises(ValueError, match="no size"):
        Size.parse("12 bits")
