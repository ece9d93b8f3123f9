"""The filter language of subscriptions: attribute tests joined by AND, OR and NOT.

    attributes:kind                              the attribute is there
    attributes.kind = "order"                    it has this value
    attributes.kind != "order"                   it is absent or has another value
    hasPrefix(attributes.region, "eu-")          its value begins so
    NOT attributes:kind, -attributes:kind        the opposite
    (a OR b) AND c                               AND and OR together need brackets

Names that are not plain identifiers stand in quotation marks: attributes."iana.org/language_tag".
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from .errors import PubSubError, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 256
"""The service's limit on a filter, in bytes."""

_DEEPEST = 50  # brackets and NOTs inside each other: past what 256 bytes can sensibly hold, before Python's own limit
_TOKEN = re.compile(r'\s*(?:(?P<symbol>!=|[()=:.,-])|(?P<string>"(?:[^"\\]|\\.)*")|(?P<word>[A-Za-z_][A-Za-z0-9_]*))')


class Filter(Protocol):
    """A test of a message's attributes."""

    def matches(self, attributes: Mapping[str, str]) -> bool:
        """Return whether a message with these attributes is delivered."""
        ...


@dataclass(frozen=True, slots=True)
class Has:
    """The attribute is there."""

    name: str

    def matches(self, attributes: Mapping[str, str]) -> bool:
        """See `Filter`."""
        return self.name in attributes


@dataclass(frozen=True, slots=True)
class Equals:
    """The attribute has this value."""

    name: str
    value: str

    def matches(self, attributes: Mapping[str, str]) -> bool:
        """See `Filter`."""
        return attributes.get(self.name) == self.value


@dataclass(frozen=True, slots=True)
class HasPrefix:
    """The attribute is there and its value begins so."""

    name: str
    prefix: str

    def matches(self, attributes: Mapping[str, str]) -> bool:
        """See `Filter`."""
        value = attributes.get(self.name)
        return value is not None and value.startswith(self.prefix)


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    operand: Filter

    def matches(self, attributes: Mapping[str, str]) -> bool:
        """See `Filter`."""
        return not self.operand.matches(attributes)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of these holds."""

    operands: tuple[Filter, ...]

    def matches(self, attributes: Mapping[str, str]) -> bool:
        """See `Filter`."""
        return all(operand.matches(attributes) for operand in self.operands)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of these holds."""

    operands: tuple[Filter, ...]

    def matches(self, attributes: Mapping[str, str]) -> bool:
        """See `Filter`."""
        return any(operand.matches(attributes) for operand in self.operands)


def parse_filter(text: str) -> Filter | None:
    """Return the filter that `text` describes; None for an empty one, which lets everything through.

    Raises:
        PubSubError: `text` is no filter.
    """
    if not text.strip():
        return None
    if len(text.encode()) > LONGEST:
        raise invalid(f"Invalid filter: it is longer than {LONGEST} bytes.")
    return _Parser(text).parse()


class _Parser:
    """Recursive descent, one method a rule of the grammar."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._tokenise()
        self._position = 0
        self._depth = 0

    def parse(self) -> Filter:
        found = self._expression()
        if self._next_token() is not None:
            raise self._wrong("the end")
        return found

    def _tokenise(self) -> list[str]:
        tokens, position = [], 0
        text = self._text.rstrip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise invalid(f"Invalid filter at character {position + 1}: {self._text!r}.")
            tokens.append(match.group().strip())
            position = match.end()
        return tokens

    def _expression(self) -> Filter:
        operands, joint = [self._term()], ""
        while (word := self._next_token()) in {"AND", "OR"}:
            if joint and word != joint:
                raise invalid(f"Invalid filter {self._text!r}: put brackets around AND and OR that are mixed.")
            joint = self._expect()
            operands.append(self._term())
        if not joint:
            return operands[0]
        return AllOf(tuple(operands)) if joint == "AND" else AnyOf(tuple(operands))

    def _term(self) -> Filter:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise invalid(f"Invalid filter {self._text!r}: it is nested too deeply.")
        try:
            word = self._expect()
            if word in {"NOT", "-"}:
                return Not(self._term())
            if word == "(":
                found = self._expression()
                self._expect(")")
                return found
            if word == "hasPrefix":
                return self._prefix()
            if word == "attributes":
                return self._comparison()
        finally:
            self._depth -= 1
        self._position -= 1
        raise self._wrong("`attributes`, `hasPrefix`, `NOT` or `(`")

    def _prefix(self) -> Filter:
        for token in ("(", "attributes", "."):
            self._expect(token)
        name = self._name()
        self._expect(",")
        prefix = self._string()
        self._expect(")")
        return HasPrefix(name, prefix)

    def _comparison(self) -> Filter:
        if self._next_token() == ":":
            self._expect(":")
            return Has(self._name())
        self._expect(".")
        name = self._name()
        if self._next_token() == "!=":
            self._expect("!=")
            return Not(Equals(name, self._string()))
        self._expect("=")
        return Equals(name, self._string())

    def _name(self) -> str:
        token = self._next_token() or ""
        if token.startswith('"'):
            return self._string()
        if not re.fullmatch(r"\w+", token):
            raise self._wrong("the name of an attribute")
        return self._expect()

    def _string(self) -> str:
        token = self._next_token() or ""
        if not token.startswith('"'):
            raise self._wrong("a string in quotation marks")
        self._position += 1
        try:
            return str(json.loads(token, strict=False))
        except ValueError:
            raise invalid(f"Invalid filter {self._text!r}: {token} has an unknown escape.") from None

    def _next_token(self) -> str | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _expect(self, wanted: str = "") -> str:
        token = self._next_token()
        if token is None or (wanted and token != wanted):
            raise self._wrong(f"`{wanted}`" if wanted else "more")
        self._position += 1
        return token

    def _wrong(self, expected: str) -> PubSubError:
        found = self._next_token()
        got = f"`{found}`" if found is not None else "the end"
        return invalid(f"Invalid filter {self._text!r}: expected {expected}, found {got}.")
