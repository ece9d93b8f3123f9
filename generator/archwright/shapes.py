"""Hold a YAML document against its schema; every misfit becomes a finding with line, column and a remedy."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from archwright.errors import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pydantic_core import ErrorDetails

    from archwright.yamlfile import Document, Place

Shape = TypeVar("Shape", bound=BaseModel)

_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "`true` or `false`",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def check_shape(model: type[Shape], document: Document, at: Place = ()) -> tuple[Shape | None, list[Finding]]:
    """Return what `document` says in the shape of `model`, or None and what is wrong with it.

    `at` is the place in the document that is to have this shape; () is the whole of it.
    """
    value = document.value
    for part in at:
        value = value[part]
    if not isinstance(value, dict):
        what = "is empty" if value is None else f"is {_name_of(value)}, not a mapping"
        hint = f"it starts with keys such as {_examples(model)}."
        return None, [_finding("AW102", document, at, what, hint)]
    try:
        return model.model_validate(value), []
    except ValidationError as error:
        return None, list(_findings(error, model, document, at))


def nearest(word: str, words: Iterable[str], otherwise: str = "") -> str:
    """Return a hint that names what was probably meant, or `otherwise`."""
    close = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f'did you mean "{close[0]}"?' if close else otherwise


def _findings(error: ValidationError, model: type[BaseModel], document: Document, at: Place) -> Iterator[Finding]:
    problems: dict[Place, dict[str, str]] = {}  # place → words → hint; branches of a union meet at one place
    for detail in error.errors(include_url=False):
        place, missing = _place(detail, document.value, at)
        words, hint = _explain(detail, model, place[len(at) :], missing)
        problems.setdefault((*place, missing) if missing else place, {}).setdefault(words, hint)
    for place, told in problems.items():
        yield _finding("AW102", document, place, " or ".join(told), next(filter(None, told.values()), ""))


def _finding(code: str, document: Document, place: Place, message: str, hint: str) -> Finding:
    return Finding(
        code=code,
        severity=Severity.ERROR,
        location=document.location(place),
        subject=".".join(map(str, place)),
        message=message,
        hint=hint,
    )


def _place(detail: ErrorDetails, value: Any, at: Place) -> tuple[Place, str]:
    """Return where in the document an error stands, without the tags of unions, and the key that is missing."""
    for part in at:
        value = value[part]
    place = at
    for part in detail["loc"]:
        if isinstance(value, dict) and part in value:
            value = value[str(part)]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        elif detail["type"] == "missing" and part == detail["loc"][-1]:
            return place, str(part)
        else:
            continue  # the name of one branch of a union
        place = (*place, part)
    return place, ""


def _explain(detail: ErrorDetails, model: type[BaseModel], place: Place, missing: str) -> tuple[str, str]:
    kind, context, given = detail["type"], detail.get("ctx", {}), detail["input"]
    hint = ""
    if missing:
        words = "is missing"
    elif kind == "extra_forbidden":
        keys = _keys(model, place[:-1])
        words, hint = "unknown key", nearest(str(place[-1]), keys, f"known here: {_list(keys)}.")
    elif kind == "literal_error":
        choices = [word.strip("' ") for word in str(context["expected"]).replace(" or ", ", ").split(", ")]
        words, hint = f"`{given}` is none of {_list(choices)}", nearest(str(given), choices)
    elif kind in _KINDS:
        words, hint = f"must be {_KINDS[kind]}, not {_name_of(given)}", _quote_hint(kind, given)
    elif kind == "value_error":
        words = str(context["error"])
    elif kind == "string_pattern_mismatch":
        words = f"`{given}` does not match {context['pattern']}"
    elif kind in {"too_short", "string_too_short"}:
        words = f"needs at least {context['min_length']}"
    else:
        words = detail["msg"][0].lower() + detail["msg"][1:]
    return words, hint


def _quote_hint(kind: str, value: object) -> str:
    return f'put it in quotes: "{value}".' if kind == "string_type" and isinstance(value, (int, float)) else ""


def _keys(model: type[BaseModel], place: Place) -> list[str]:
    """Return the keys that a mapping at `place` may have."""
    current = [model]
    for part in place:
        inner = [
            found
            for one in current
            for name, field in one.model_fields.items()
            if part in {name, field.alias}
            for found in _models(field.annotation)
        ]
        current = inner or current
    return [field.alias or name for one in current for name, field in one.model_fields.items()]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _examples(model: type[BaseModel]) -> str:
    return _list([field.alias or name for name, field in model.model_fields.items() if field.is_required()][:3])


def _list(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _name_of(value: object) -> str:
    names: Mapping[type, str] = {
        str: "text",
        bool: "a boolean",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a mapping",
    }
    return "nothing" if value is None else names.get(type(value), "something else")
