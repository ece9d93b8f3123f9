from __future__ import annotations

from typing import Literal

import pytest
from pydantic import Field

from archwright import yamlfile
from archwright.schema import Strict
from archwright.shapes import check_shape, nearest


class Egg(Strict):
    colour: Literal["white", "blue"]
    spots: int = Field(default=0, ge=0)


class Nest(Strict):
    name: str
    from_: str = Field(default="", alias="from")
    eggs: list[Egg] = Field(default=[])
    keeper: str | list[str] = Field(default=[])
    flags: dict[str, bool] = Field(default={})


def lines(text, at=()):
    spec, findings = check_shape(Nest, yamlfile.parse(text, "nest.yaml"), at)
    assert (spec is None) == bool(findings)
    return [f"{one.location} {one.subject}: {one.message} | {one.hint}" for one in findings]


def test_what_fits_is_given_in_its_shape():
    """The twin of the tests below: no finding, and the values are there."""
    spec, findings = check_shape(Nest, yamlfile.parse("name: a\neggs: [{colour: blue}]\n", "nest.yaml"))

    assert (findings, spec.eggs[0].colour) == ([], "blue")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "nest.yaml:1:1 : is empty | it starts with keys such as `name`."),
        ("- a\n", "nest.yaml:1:1 : is a list, not a mapping | it starts with keys such as `name`."),
        ("from: a\n", "nest.yaml:1:1 name: is missing | "),
        ("name: 5\n", 'nest.yaml:1:1 name: must be text, not a number | put it in quotes: "5".'),
        ("name: a\nfrmo: x\n", 'nest.yaml:2:1 frmo: unknown key | did you mean "from"?'),
        (
            "name: a\nzzz: x\n",
            "nest.yaml:2:1 zzz: unknown key | known here: `name`, `from`, `eggs`, `keeper`, `flags`.",
        ),
        (
            "name: a\neggs:\n  - {colour: bleu}\n",
            'nest.yaml:3:6 eggs.0.colour: `bleu` is none of `white`, `blue` | did you mean "blue"?',
        ),
        ("name: a\neggs:\n  - {spots: 1}\n", "nest.yaml:3:5 eggs.0.colour: is missing | "),
        (
            "name: a\neggs:\n  - {colour: blue, spot: 1}\n",
            'nest.yaml:3:20 eggs.0.spot: unknown key | did you mean "spots"?',
        ),
        (
            "name: a\neggs:\n  - {colour: blue, spots: many}\n",
            "nest.yaml:3:20 eggs.0.spots: must be a whole number, not text | ",
        ),
        ("name: a\neggs: blue\n", "nest.yaml:2:1 eggs: must be a list, not text | "),
        (
            "name: a\nkeeper: {}\n",
            "nest.yaml:2:1 keeper: must be text, not a mapping or must be a list, not a mapping | ",
        ),
        ("name: a\nflags: {wet: 'yes'}\n", "nest.yaml:2:9 flags.wet: must be `true` or `false`, not text | "),
    ],
)  # fmt: skip
def test_a_misfit_is_told_with_its_place_and_remedy(text, expected):
    """File, line, column, key, what is wrong, what would do; an alias is called what people write."""
    assert lines(text) == [expected]


def test_every_misfit_is_told_at_once():
    """In the order of the file's keys or not, but all of them."""
    assert len(lines("nam: a\neggs: [{colour: red}, {colour: blue, spots: x}]\n")) == 4


def test_one_place_of_a_document_can_be_held_against_a_shape():
    """Its line, column and keys are those of the whole document."""
    assert lines("b: {name: a}\na:\n  nmae: x\n", ("a",)) == [
        "nest.yaml:2:1 a.name: is missing | ",
        'nest.yaml:3:3 a.nmae: unknown key | did you mean "name"?',
    ]


@pytest.mark.parametrize(
    ("word", "expected"), [("colur", 'did you mean "colour"?'), ("zzz", "ask somebody."), ("", "ask somebody.")]
)
def test_the_nearest_word_is_offered_where_one_is_near(word, expected):
    """A far-fetched guess helps nobody."""
    assert nearest(word, ["colour", "spots"], "ask somebody.") == expected
