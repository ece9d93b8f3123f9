"""The words that the YAML is made of: identifiers, quantities, references to parameters; and its strictness."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictFloat,
    StrictInt,
    StrictStr,
    StringConstraints,
    WithJsonSchema,
)

from archwright.quantities import Duration, Size

PARAMETER = re.compile(r"\$\{([a-z][a-z0-9_]*)\}")

# What an editor holds a value against while it is typed; the validators below decide.
_REFERENCE = r"\$\{[a-z][a-z0-9_]*\}"
_DURATION = rf"^({_REFERENCE}|(\d+(\.\d+)?(ms|[wdhms]) ?)+)$"
_SIZE = rf"^({_REFERENCE}|\d+(\.\d+)? ?(GiB|MiB|KiB|GB|MB|kB|B))$"


class Strict(BaseModel):
    """Unknown keys are errors, and no value is silently turned into another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


def _duration(text: str) -> str:
    if not PARAMETER.fullmatch(text):
        Duration.parse(text)
    return text


def _size(text: str) -> str:
    if not PARAMETER.fullmatch(text):
        Size.parse(text)
    return text


def _parameter(text: str) -> str:
    if not PARAMETER.fullmatch(text):
        raise ValueError("must be a number or a parameter such as `${max_deliveries}`")
    return text


def _day(text: str) -> str:
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"`{text}` is no day of the calendar") from None


def _written(pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": list(examples)})


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
LayerName = Annotated[str, StringConstraints(pattern=r"^(features|bindings)/[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
TypeName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9]*$")]
FactId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(\.[a-z0-9_:-]+)+$")]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_day)]
Text = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
Hop = Annotated[str, StringConstraints(pattern=r"^\S+ → \S+$")]
Drill = Annotated[str, StringConstraints(pattern=r"^(test_[a-z0-9_]+|none, because \S.*)$")]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]
DurationText = Annotated[str, AfterValidator(_duration), _written(_DURATION, "30s", "5m", "1h30m", "${lease}")]
SizeText = Annotated[str, AfterValidator(_size), _written(_SIZE, "64KiB", "1MiB", "${payload}")]
ParameterText = Annotated[str, AfterValidator(_parameter), _written(rf"^{_REFERENCE}$", "${max_deliveries}")]
Count = Annotated[int, Field(ge=1)] | ParameterText
Flag = bool | ParameterText
Scalar = StrictStr | StrictInt | StrictFloat
