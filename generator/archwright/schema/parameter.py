"""The shape of a parameter: something that the user may set, of a blueprint, a platform or every starter."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, model_validator

from archwright.schema import values
from archwright.schema.words import Strict, Text


class Parameter(Strict):
    """Something that the user may set; asked for with its help and default."""

    type: Literal["string", "integer", "number", "boolean", "duration", "size", "choice"] = Field(
        description="What a value has to be; a duration reads `30s`, a size `256KiB`."
    )
    default: str | int | float | bool = Field(description="The value where the user gives none.")
    help: Text = Field(description="What it does, in one sentence that is shown beside the question.")
    choices: list[Text] = Field(default=[], description="The values of a `choice`.")
    minimum: str | int | float | None = Field(default=None, description="The least value, in the parameter's type.")
    maximum: str | int | float | None = Field(default=None, description="The greatest value, in the parameter's type.")
    pattern: str | None = Field(default=None, description="A regular expression that a string has to match as a whole.")

    @model_validator(mode="after")
    def _fits_itself(self) -> Self:
        """A parameter that its own default does not satisfy would only be found by its first user."""
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("`type: choice` and a list of `choices` belong together")
        try:
            re.compile(self.pattern or "")
        except re.error as error:
            raise ValueError(f"its pattern is no regular expression: {error}") from None
        for key in ("minimum", "maximum", "default"):
            given = getattr(self, key)
            try:
                if given is not None:
                    values.read(given, self) if key == "default" else values.typed(given, self.type)
            except ValueError as error:
                raise ValueError(f"its {key} will not do: {error}") from None
        return self
