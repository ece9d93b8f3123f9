from __future__ import annotations

import itertools

import pytest

from archwright import yamlfile
from archwright.yamlfile import YamlProblem


def test_scalars_that_look_like_something_else_stay_text():
    """`no`, `0008`, dates and versions are text, as their author meant them."""
    document = yamlfile.parse("a: no\nb: 0008\nc: 2026-11-22\nd: 1.10.0\ne: 0x1f\nf: on\ng: '5'\n", "f.yaml")

    assert document.value == {
        "a": "no",
        "b": "0008",
        "c": "2026-11-22",
        "d": "1.10.0",
        "e": "0x1f",
        "f": "on",
        "g": "5",
    }


def test_numbers_booleans_and_null_are_read():
    """What YAML 1.2 calls a number, a boolean or null is one."""
    document = yamlfile.parse("a: 5\nb: 1.5\nc: true\nd: false\ne: null\nf:\ng: -3\n", "f.yaml")

    assert document.value == {"a": 5, "b": 1.5, "c": True, "d": False, "e": None, "f": None, "g": -3}


def test_every_place_knows_its_line_and_column():
    """A finding can point at any key or list entry."""
    document = yamlfile.parse("a:\n  b:\n    - x\n    - y: 1\n", "f.yaml")

    assert str(document.location(("a", "b", 1))) == "f.yaml:4:7"
    assert str(document.location(("a", "b", 1, "y"))) == "f.yaml:4:7"
    assert str(document.location(("a", "b", "nothing", "there"))) == "f.yaml:2:3"


def test_dump_and_parse_are_inverse():
    """What is written is read back equal, long lines and multi-line text too."""
    value = {"a": ["x", {"b": "no"}], "c": "two\nlines\n", "d": "5", "e": 5, "f": "word " * 60, "g": None, "h": True}

    assert value == yamlfile.parse(yamlfile.dump(value), "f.yaml").value


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a: [1\nb: 2\n", "no YAML", 2),
        ("a:\n\t- 1\n", "no YAML", 2),
        ("a: 1\na: 2\n", "the key `a` twice", 2),
        ("a: !!python/object/apply:os.system ['x']\n", "asks for an object", 1),
        ("a: &x [*x]\n", "deeper", 1),
        ("? [a]\n: b\n", "a key that is no text", 1),
        ("a: &b {c: 1}\nd:\n  <<: *b\n", "merge key", 3),
        ("[" * 100 + "]" * 100, "nested deeper", 1),
    ],
)
def test_problems_tell_where_and_what(text, message, line):
    """Each way to be unreadable is told with its line."""
    with pytest.raises(YamlProblem) as caught:
        yamlfile.parse(text, "f.yaml")

    assert message in caught.value.finding.message
    assert line == caught.value.finding.location.line


def test_exploding_aliases_are_refused():
    """Nine levels of nine aliases would make hundreds of millions of values; reading stops early."""
    levels = "abcdefgh"
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    bomb += "".join(f"{c}: &{c} [{','.join(['*' + p] * 9)}]\n" for p, c in itertools.pairwise(levels))

    with pytest.raises(YamlProblem, match="expands to more than"):
        yamlfile.parse(bomb, "f.yaml")


def test_a_huge_file_is_refused_unread(tmp_path):
    """A 50 MB file is refused by its size, without holding it all in memory."""
    file = tmp_path / "big.yaml"
    with file.open("wb") as out:
        out.truncate(50_000_000)

    with pytest.raises(YamlProblem, match="larger than"):
        yamlfile.load(file, "big.yaml")


@pytest.mark.parametrize(("content", "message"), [(b"id: caf\xe9\n", "not UTF-8"), (b"id: a\0b\n", "NUL")])
def test_bytes_that_are_no_text_are_told(tmp_path, content, message):
    """Another encoding or a NUL byte is named, with its line."""
    file = tmp_path / "f.yaml"
    file.write_bytes(content)

    with pytest.raises(YamlProblem, match=message):
        yamlfile.load(file, "f.yaml")


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path):
    """A file saved with a BOM reads as one without."""
    file = tmp_path / "f.yaml"
    file.write_bytes(b"\xef\xbb\xbfid: a\n")

    assert yamlfile.load(file, "f.yaml").value == {"id": "a"}


@pytest.mark.parametrize("text", ["[" * 5000 + "]" * 5000, "a: " + "[" * 61 + "]" * 61])
def test_deep_nesting_is_refused_where_it_gets_too_deep(text):
    """The text is measured before anything recurses into it."""
    with pytest.raises(yamlfile.YamlProblem) as caught:
        yamlfile.parse(text, "deep.yaml")

    assert caught.value.finding.message == "is nested deeper than 60 levels"
    assert caught.value.finding.location.column > 60
