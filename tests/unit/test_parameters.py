from __future__ import annotations

import pytest

from archwright import schema
from archwright.errors import UsageError
from archwright.parameters import read_answers, read_value, starter_named, substitute
from archwright.quantities import Duration


def spec(**fields):
    return schema.Parameter.model_validate({"type": "integer", "default": 5, "help": "How many.", **fields})


def test_answers_are_read_in_the_type_of_their_parameter():
    """Text from the command line and values from YAML give the same."""
    specs = {"lease": spec(type="duration", default="30s"), "count": spec(), "on": spec(type="boolean", default=False)}

    typed = read_answers(specs, {"lease": "1m", "count": "7", "on": "yes"}, "b")
    from_yaml = read_answers(specs, {"lease": "1m", "count": 7, "on": True}, "b")

    assert [Duration(60), 7, True] == [one.value for one in typed.values()] == [one.value for one in from_yaml.values()]


def test_a_default_stands_where_there_is_no_answer():
    """Every parameter has a value."""
    assert read_answers({"count": spec()}, {}, "b")["count"].value == 5


def test_an_unknown_parameter_names_the_nearest():
    """A typo is answered with what was probably meant."""
    with pytest.raises(UsageError) as caught:
        read_answers({"max_deliveries": spec()}, {"max_delivery": "3"}, "b")

    assert caught.value.hint == 'did you mean "max_deliveries"?'


@pytest.mark.parametrize(
    ("fields", "given", "message"),
    [
        ({}, "many", "no whole number"),
        ({}, "1.5", "no whole number"),
        ({"minimum": 1}, "0", "out of range"),
        ({"maximum": 9}, "10", "out of range"),
        ({"type": "duration", "default": "30s", "maximum": "5m"}, "10m", "out of range"),
        ({"type": "duration", "default": "30s"}, "30", "no duration"),
        ({"type": "boolean", "default": True}, "maybe", "neither true nor false"),
        ({"type": "choice", "default": "a", "choices": ["a", "b"]}, "c", "no choice"),
        ({"type": "string", "default": "@a", "pattern": "@.+"}, "a", "does not look right"),
        ({"type": "size", "default": "1MiB"}, "1 megabyte", "no size"),
        ({"type": "size", "default": "1MiB"}, "9" * 300 + "GiB", "larger than an exbibyte"),
        ({"type": "number", "default": 1.5}, "nan", "no number"),
        ({"type": "number", "default": 1.5}, "1e999", "no number"),
        ({"type": "string", "default": "a"}, "a" * 1001, "a value of 1001 characters is too long"),
    ],
)
def test_values_that_will_not_do_are_explained(fields, given, message):
    """Each refusal names the parameter, what is wrong, and what would do."""
    with pytest.raises(UsageError, match=message) as caught:
        read_value("knob", spec(**fields), given)

    assert "`knob`" in str(caught.value)
    assert caught.value.hint


def test_a_parameter_alone_keeps_its_type_and_within_text_becomes_text():
    """`${count}` is a number; `twice ${count}` is text."""
    parameters = read_answers({"count": spec(), "lease": spec(type="duration", default="90s")}, {}, "b")

    filled = substitute({"a": "${count}", "b": ["up to ${count}", "${lease}"], "c": 1}, parameters)

    assert filled == {"a": 5, "b": ["up to 5", "1m30s"], "c": 1}


def owned():
    values = {"owner": "@a/b", "license": "MIT", "date": "2026-11-22"}
    specs = {name: spec(type="string", default=value) for name, value in values.items()}
    return read_answers(specs, {}, "b")


def test_a_folder_name_gives_name_package_and_title():
    """`order-desk` is the package `order_desk`, `Order desk` in prose."""
    starter = starter_named("order-desk", owned())

    assert (starter.name, starter.package, starter.title) == ("order-desk", "order_desk", "Order desk")


@pytest.mark.parametrize("name", ["1 2 ☃", "1desk", "", "a b", "order.desk", "-desk", "class", "json", "sqlite3", "é"])
def test_a_name_that_is_no_package_is_refused(name):
    """Keywords, standard modules and characters that Python cannot import are refused."""
    with pytest.raises(UsageError):
        starter_named(name, owned())
