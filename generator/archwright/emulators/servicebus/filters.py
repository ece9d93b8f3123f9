"""SQL filters and actions of subscriptions: text compiled once, evaluated per message with three-valued logic.

`None` is the unknown of SQL: a missing property, or a comparison of things that do not compare. A filter lets a message
through if it is true, not if it is unknown. Grammar: "Subscription rule SQL filter syntax" and "… action syntax" of the
Service Bus documentation.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from .sql_tokens import SqlError, Token, tokenize
from .sql_values import arithmetic, compare, like

if TYPE_CHECKING:
    from collections.abc import Callable

    from .message import Message

    Expression = Callable[["Subject"], Any]

__all__ = ["SYSTEM_PROPERTIES", "SqlError", "Subject", "compile_action", "compile_filter"]

SYSTEM_PROPERTIES = {
    "label": "subject",
    "subject": "subject",
    "correlationid": "correlation_id",
    "messageid": "message_id",
    "to": "to",
    "replyto": "reply_to",
    "contenttype": "content_type",
    "sessionid": "group_id",
    "replytosessionid": "reply_to_group_id",
}
_COMPARISONS = ("=", "<>", "!=", "<", "<=", ">", ">=")
_SYSTEM, _USER = "sys", "user"


class Subject:
    """A message as filters see it: its properties, decoded once for all rules of a topic."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self.properties = message.properties()
        self.application = message.application()
        self._folded: dict[str, Any] | None = None

    def get(self, scope: str, name: str) -> Any:
        """Return a property; the names of user properties do not tell capitals from small letters."""
        if scope == _SYSTEM:
            return self.properties.get(SYSTEM_PROPERTIES.get(name.lower(), ""))
        value = self.application.get(name)
        if value is None and self.application:
            if self._folded is None:
                self._folded = {str(key).lower(): x for key, x in self.application.items()}
            value = self._folded.get(name.lower())
        return value


def compile_filter(text: str) -> Callable[[Subject], bool]:
    """Return the test that a filter's text describes.

    Raises:
        SqlError: the text is not a filter.
    """
    parser = _Parser(text)
    try:
        expression = parser.disjunction()
    except RecursionError as error:
        raise SqlError("the expression is nested too deeply") from error
    parser.expect_end()
    return lambda subject: expression(subject) is True


def compile_action(text: str) -> Callable[[Subject], Message]:
    """Return what an action does: it gives a changed copy of the message.

    Raises:
        SqlError: the text is not an action.
    """
    parser = _Parser(text)
    steps: list[tuple[str, str, Expression | None]] = []
    while not parser.at_end():
        word = parser.take_word("SET", "REMOVE")
        if word is None:
            raise parser.error("SET or REMOVE was expected")
        scope, name = parser.property_name()
        if scope == _SYSTEM and name.lower() not in SYSTEM_PROPERTIES:
            raise parser.error(f"sys.{name} cannot be changed")
        value = None
        if word == "SET":
            parser.expect("=")
            value = parser.sum()
        steps.append((scope, name, value))
        parser.take(";")

    def act(subject: Subject) -> Message:
        changed = Subject(subject.message)
        for scope, name, expression in steps:
            where = changed.properties if scope == _SYSTEM else changed.application
            key = SYSTEM_PROPERTIES[name.lower()] if scope == _SYSTEM else name
            value = expression(changed) if expression else None
            if value is None:
                where.pop(key, None)
            else:
                where[key] = value
        return subject.message.changed(properties=changed.properties, application=changed.application)

    return act


class _Parser:
    """Recursive descent: each method reads one level of precedence and returns its evaluation."""

    def __init__(self, text: str) -> None:
        self._tokens = tokenize(text)
        self._at = 0

    # Words.

    def at_end(self) -> bool:
        return self._at >= len(self._tokens)

    def _look(self) -> Token:
        if self.at_end():
            raise SqlError("the expression ends too early")
        return self._tokens[self._at]

    def error(self, what: str) -> SqlError:
        if self.at_end():
            return SqlError(f"{what} at the end")
        token = self._tokens[self._at]
        return SqlError(f"{what} at column {token.column}, where {token.value!r} stands")

    def take(self, *operators: str) -> str | None:
        if self.at_end() or self._look().kind != "operator" or self._look().value not in operators:
            return None
        self._at += 1
        return str(self._tokens[self._at - 1].value)

    def take_word(self, *words: str) -> str | None:
        if self.at_end() or self._look().kind != "word" or self._look().value.upper() not in words:
            return None
        self._at += 1
        return str(self._tokens[self._at - 1].value.upper())

    def expect(self, operator: str) -> None:
        if self.take(operator) is None:
            raise self.error(f"{operator!r} was expected")

    def expect_end(self) -> None:
        if not self.at_end():
            raise self.error("the end was expected")

    def property_name(self) -> tuple[str, str]:
        token = self._look()
        if token.kind not in ("word", "name"):
            raise self.error("a property name was expected")
        self._at += 1
        scope = token.value.lower()
        if token.kind == "word" and scope in (_SYSTEM, _USER) and self.take("."):
            return scope, self.property_name()[1]
        return _USER, token.value

    # Logic.

    def disjunction(self) -> Expression:
        terms = [self.conjunction()]
        while self.take_word("OR"):
            terms.append(self.conjunction())
        return terms[0] if len(terms) == 1 else _any(terms)

    def conjunction(self) -> Expression:
        terms = [self.negation()]
        while self.take_word("AND"):
            terms.append(self.negation())
        return terms[0] if len(terms) == 1 else _all(terms)

    def negation(self) -> Expression:
        if not self.take_word("NOT"):
            return self.predicate()
        inner = self.negation()
        return lambda subject: None if (value := inner(subject)) is None else not value

    def predicate(self) -> Expression:
        if self.take_word("EXISTS"):
            self.expect("(")
            scope, name = self.property_name()
            self.expect(")")
            return lambda subject: subject.get(scope, name) is not None
        left = self.sum()
        operator = self.take(*_COMPARISONS)
        if operator:
            right = self.sum()
            return lambda subject: compare(operator, left(subject), right(subject))
        if self.take_word("IS"):
            negated = self.take_word("NOT") is not None
            if not self.take_word("NULL"):
                raise self.error("NULL was expected")
            return lambda subject: (left(subject) is None) != negated
        return self._set_or_pattern(left)

    def _set_or_pattern(self, left: Expression) -> Expression:
        negated = self.take_word("NOT") is not None
        if self.take_word("IN"):
            self.expect("(")
            members = [self.sum()]
            while self.take(","):
                members.append(self.sum())
            self.expect(")")
            test = _any([_equals(left, member) for member in members])
        elif self.take_word("LIKE"):
            pattern = self.sum()
            escape = self.sum() if self.take_word("ESCAPE") else _constant(None)
            test = lambda subject: like(left(subject), pattern(subject), escape(subject))  # noqa: E731  # as above
        elif negated:
            raise self.error("IN or LIKE was expected after NOT")
        else:
            return left
        if not negated:
            return test
        return lambda subject: None if (value := test(subject)) is None else not value

    # Values.

    def sum(self) -> Expression:
        return self._chain(self.product, "+", "-")

    def product(self) -> Expression:
        return self._chain(self.atom, "*", "/", "%")

    def _chain(self, part: Callable[[], Expression], *operators: str) -> Expression:
        expression = part()
        while operator := self.take(*operators):
            expression = _binary(operator, expression, part())
        return expression

    def atom(self) -> Expression:
        if self.take("("):
            inner = self.disjunction()
            self.expect(")")
            return inner
        if sign := self.take("-", "+"):
            return _binary(sign, _constant(0), self.atom())
        token = self._look()
        if token.kind == "constant":
            self._at += 1
            return _constant(token.value)
        word = self.take_word("TRUE", "FALSE", "NULL")
        if word:
            return _constant({"TRUE": True, "FALSE": False, "NULL": None}[word])
        scope, name = self.property_name()
        if token.kind == "word" and self.take("("):
            return self._call(name)
        return lambda subject: subject.get(scope, name)

    def _call(self, name: str) -> Expression:
        if name.lower() == "newid":
            self.expect(")")
            return lambda _subject: uuid.uuid4()
        if name.lower() in ("property", "p"):
            argument = self.sum()
            self.expect(")")
            return lambda subject: subject.get(_USER, str(argument(subject)))
        raise SqlError(f"there is no function {name!r}; newid() and property(name) are known")


def _constant(value: Any) -> Expression:
    return lambda _subject: value


def _binary(operator: str, left: Expression, right: Expression) -> Expression:
    return lambda subject: arithmetic(operator, left(subject), right(subject))


def _equals(left: Expression, right: Expression) -> Expression:
    return lambda subject: compare("=", left(subject), right(subject))


def _any(terms: list[Expression]) -> Expression:
    def test(subject: Subject) -> bool | None:
        unknown = False
        for term in terms:
            value = term(subject)
            if value is True:
                return True
            unknown = unknown or value is None
        return None if unknown else False

    return test


def _all(terms: list[Expression]) -> Expression:
    def test(subject: Subject) -> bool | None:
        unknown = False
        for term in terms:
            value = term(subject)
            if value is None:
                unknown = True
            elif value is not True:
                return False
        return None if unknown else True

    return test
