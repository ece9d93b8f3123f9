from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from archwright import resources, yamlfile
from archwright.quantities import Duration, Size
from archwright.schema import PARAMETER, Blueprint
from archwright.shapes import check_shape

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = resources.data_root() / "blueprints"
FILES = sorted([*ROOT.glob("*/blueprint.yaml"), *ROOT.glob("facts/*.yaml")])
BLUEPRINTS = [path for path in FILES if path.name == "blueprint.yaml"]
BANNED = re.compile(
    r"\b(simply|just|leverag\w*|robust\w*|seamless\w*|powerful|easily|obviously|utili[sz]e\w*|blazing\w*|"
    r"best[- ]in[- ]class|world[- ]class|cutting[- ]edge|state[- ]of[- ]the[- ]art|game[- ]chang\w*|in order to|etc)\b",
    re.IGNORECASE,
)
# Places that hold whole sentences; the rest are names, labels and fragments of a list.
SENTENCES = re.compile(
    r"summary|problem\.(question|forces\.\d+)|use_when\.\d+|avoid_when\.\d+\.text|parameters\.\w+\.help|"
    r"messages\.\w+\.description|messages\.\w+\.schema\.properties\.\w+\.description|containers\.[\w-]+\.description|"
    r"channels\.[\w-]+\.description|guarantees\.\d+\.note|failure_modes\.\d+\.(mode|handled_by|runbook\.\d+)|"
    r"decisions\.\d+\.(question|context|drivers\.\d+|consequences\.\d+|revisit_when\.\d+|options\.[\w-]+\.because)|"
    r"related\.\d+\.why|.+\.note"
)
FRAGMENTS = re.compile(
    r"decisions\.\d+\.options\.[\w-]+\.(gains|costs)\.\d+|decisions\.\d+\.title|flows\.\d+\.says|name"
)


def texts(value: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield from texts(child, (*place, key.replace(".", "-")))
    elif isinstance(value, list):
        for number, child in enumerate(value):
            yield from texts(child, (*place, str(number)))
    elif isinstance(value, str):
        yield ".".join(place), value


def read(path: Any) -> dict[str, str]:
    return dict(texts(yamlfile.load(path, path.name).value))


def name_of(path: Any) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_line_ends_in_space(path):
    """No line ends in a space or holds a tab, and the file ends in one newline."""
    text = path.read_text(encoding="utf-8")

    assert [number for number, line in enumerate(text.splitlines(), 1) if line != line.rstrip() or "\t" in line] == []
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_sentences_end(path):
    """A sentence starts with a capital or a code word and ends with a full stop; a question with its mark."""
    sentences = {place: text for place, text in read(path).items() if SENTENCES.fullmatch(place)}

    assert sentences
    ends = {place: "?" if place.endswith("question") else "." for place in sentences}
    assert [text for place, text in sentences.items() if not text.rstrip('"').endswith(ends[place])] == []
    assert [text for text in sentences.values() if text[0].islower() and not re.match(r"[a-z]+_", text)] == []


@pytest.mark.parametrize("path", BLUEPRINTS, ids=name_of)
def test_fragments_do_not_end(path):
    """Gains, costs, titles and labels are fragments: no full stop, nothing empty."""
    fragments = {place: text for place, text in read(path).items() if FRAGMENTS.fullmatch(place)}

    assert fragments
    assert [text for text in fragments.values() if text.endswith((".", ";", ":", ",")) or not text.strip()] == []


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_banned_words(path):
    """The prose argues; it does not advertise, and it does not call anything simple."""
    found = {place: BANNED.findall(text) for place, text in read(path).items() if "://" not in text}

    assert {place: words for place, words in found.items() if words} == {}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_doubled_words_or_spaces(path):
    """No word stands twice in a row, no space doubles, and quotation marks are straight."""
    doubled = re.compile(r"\b(\w+) \1\b|  |[\u2018-\u201d]", re.IGNORECASE)
    found = [text for place, text in read(path).items() if not place.startswith("story.") and doubled.search(text)]

    assert found == []


@pytest.mark.parametrize("path", BLUEPRINTS, ids=name_of)
def test_examples_satisfy_their_schemas(path):
    """A message's schema is valid JSON Schema 2020-12, its example satisfies it; key and attributes are its fields."""
    spec, _ = check_shape(Blueprint, yamlfile.load(path, path.name))

    assert spec
    assert spec.messages or not spec.channels
    for message in spec.messages.values():
        jsonschema.Draft202012Validator.check_schema(message.schema_)
        checker = jsonschema.FormatChecker()
        jsonschema.Draft202012Validator(message.schema_, format_checker=checker).validate(message.example)
        assert message.key in message.schema_["required"]
        assert set(message.attributes) <= set(message.schema_["properties"])


@pytest.mark.parametrize("path", BLUEPRINTS, ids=name_of)
def test_schemas_refuse_what_is_incomplete(path):
    """Without any one of its required fields, an example no longer satisfies its schema."""
    spec, _ = check_shape(Blueprint, yamlfile.load(path, path.name))

    for message in spec.messages.values():
        validator = jsonschema.Draft202012Validator(message.schema_)
        for field in message.schema_["required"]:
            assert not validator.is_valid({key: value for key, value in message.example.items() if key != field})


# The starter's settings take these as their defaults, so that no channel names them.
IN_SETTINGS = {"max_redrives", "redrive_rate", "alarm_age", "largest_mib", "remembered"}
IN_SETTINGS |= {"hop", "breaker_failures", "cache_keep"}


@pytest.mark.parametrize("path", BLUEPRINTS, ids=name_of)
def test_parameters_are_used_and_their_defaults_hold(path):
    """Every parameter sets a knob or a setting, its default lies in its range, and its help is one sentence."""
    value = yamlfile.load(path, path.name).value
    parts = [value.get("channels", {}), value["containers"], value.get("workflows", {})]
    in_parts = {name for _, text in texts(parts) for name in PARAMETER.findall(text)}

    for name, parameter in value["parameters"].items():
        assert name in in_parts | IN_SETTINGS
        low, default, high = (measured(parameter, parameter.get(key)) for key in ("minimum", "default", "maximum"))
        assert low <= default <= high, name


def measured(parameter: dict[str, Any], value: Any) -> float:
    if parameter["type"] == "duration":
        return Duration.parse(value).seconds
    return Size.parse(value).bytes if parameter["type"] == "size" else value


@pytest.mark.parametrize("path", BLUEPRINTS, ids=name_of)
def test_options_are_told_apart_and_honest(path):
    """Each option has a reason to be taken, three gains and costs together, and a name of its own."""
    spec, _ = check_shape(Blueprint, yamlfile.load(path, path.name))

    for decision in spec.decisions:
        assert len({option.name for option in decision.options.values()}) == len(decision.options)
        for key, option in decision.options.items():
            assert option.because, f"{decision.id}.{key}"
            assert len(option.gains) + len(option.costs) >= 3, f"{decision.id}.{key}"
