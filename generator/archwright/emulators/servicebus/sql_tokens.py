"""Words of the SQL filter language: text to tokens, with the column of each for messages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

LONGEST_EXPRESSION = 1024
"""Characters in a filter or an action: "Maximum length of filter condition string", Service Bus quotas."""

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<decimal>\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+|\d+[eE][+-]?\d+)
    | (?P<integer>\d+)
    | [nN]?'(?P<string>(?:[^']|'')*)'
    | (?P<operator><>|!=|<=|>=|[=<>(),;+\-*/%.])
    | \[(?P<bracketed>[^\]]+)\]
    | "(?P<quoted>(?:[^"]|"")+)"
    | (?P<word>@?[^\W\d]\w*)
    )""",
    re.VERBOSE,
)


class SqlError(ValueError):
    """An expression that is not in the language; the message names the place."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word: `kind` is constant, operator, name (quoted) or word."""

    kind: str
    value: Any
    column: int


def tokenize(text: str) -> list[Token]:
    """Return the words of an expression.

    Raises:
        SqlError: a character that starts no word, or too long a text.
    """
    if len(text) > LONGEST_EXPRESSION:
        raise SqlError(f"{len(text)} characters; an expression may have {LONGEST_EXPRESSION}")
    tokens, position, end = [], 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            rest = text[position:].lstrip()
            raise SqlError(f"cannot read {rest[:20]!r} at column {len(text) - len(rest) + 1}")
        kind = str(match.lastgroup)
        tokens.append(_token(kind, match[kind], match.start(kind) + 1))
        position = match.end()
    return tokens


def _token(kind: str, text: str, column: int) -> Token:
    match kind:
        case "integer":
            return Token("constant", int(text), column)
        case "decimal":
            return Token("constant", float(text), column)
        case "string":
            return Token("constant", text.replace("''", "'"), column)
        case "operator":
            return Token("operator", text, column)
        case "word":
            return Token("word", text, column)
        case _:
            return Token("name", text.replace('""', '"'), column)
