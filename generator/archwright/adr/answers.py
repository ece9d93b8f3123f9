"""Turn answers, from flags, a file or a blueprint, into what is said about a new record."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from archwright.adr.drafting import Draft, OptionDraft
from archwright.adr.frontmatter import parse
from archwright.adr.names import find_day
from archwright.adr.vocabulary import LIFECYCLE
from archwright.errors import DecisionLogError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_TEXTS = frozenset({"title", "status", "context", "chosen", "because", "confirmation", "more"})
_LISTS = frozenset({"deciders", "consulted", "informed", "tags", "drivers", "good", "bad"})
_OTHER_NAMES = {
    "decider": "deciders", "decision-makers": "deciders", "driver": "drivers", "tag": "tags", "option": "options",
    "outcome": "chosen", "decision": "chosen", "reason": "because", "day": "date", "pros": "good", "cons": "bad",
    "positive": "good", "negative": "bad", "considered-options": "options", "decision-drivers": "drivers",
}  # fmt: skip  # a few names a line
_ABOUT_OPTION = re.compile(r"(good|neutral|bad)\[(.+)\]$")
_LARGEST = 1 << 20


def known_fields() -> list[str]:
    """Return the fields that a record may be given, for help and errors."""
    return [name.name for name in fields(Draft) if name.name not in {"day", "extra", "title"}] + ["date"]


def with_settings(draft: Draft, settings: Iterable[str]) -> Draft:
    """Return the draft with `field=value` pairs; a list's field may come several times, `good[Option]=...` argues.

    Raises:
        UsageError: a pair has no equals sign.
    """
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise UsageError(f"`{setting}` is no field=value", hint=f"fields are {', '.join(known_fields())}.")
        about = _ABOUT_OPTION.match(name.strip())
        if about:
            draft = _argued(draft, about[1], about[2], value.strip())
        else:
            draft = _with(draft, name.strip(), value.strip())
    return draft


def with_answers(draft: Draft, path: Path) -> Draft:
    """Return the draft with the answers of a YAML or JSON file.

    Raises:
        DecisionLogError: the file cannot be read, or is no mapping of fields to values.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise DecisionLogError(f"{path} is larger than 1 MiB")
        data = parse(path.read_text("utf-8-sig"))
    except OSError as error:
        raise DecisionLogError(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, ValueError) as error:
        raise DecisionLogError(
            f"{path} is no valid YAML or JSON: {error}", hint="write it as `field: value` lines."
        ) from error
    if not isinstance(data, dict):
        raise DecisionLogError(
            f"{path} is no mapping of fields to values", hint=f"fields are {', '.join(['title', *known_fields()])}."
        )
    for name, value in data.items():
        draft = _with(draft, str(name), value)
    return draft


def _with(draft: Draft, name: str, value: object) -> Draft:
    plain = re.sub(r"[\s_]+", "-", name.lower())
    key = _OTHER_NAMES.get(plain, plain)
    if key == "date":
        found = find_day(str(value))
        if found is None:
            raise UsageError(f"the date `{value}` is none", hint="write it as 2026-11-22.")
        return replace(draft, day=found[0])
    if key == "options":
        return replace(draft, options=(*draft.options, *_options(value)))
    if key in _LISTS:
        return _changed(draft, key, (*getattr(draft, key), *_texts(value)))
    if key in _TEXTS:
        text = "\n\n".join(_texts(value))
        if key == "status" and text.lower() not in LIFECYCLE:
            raise UsageError(f"the status `{text}` is not known", hint=f"use one of {', '.join(LIFECYCLE)}.")
        return _changed(draft, key, text.lower() if key == "status" else text)
    return replace(draft, extra={**draft.extra, name: "\n".join(_texts(value))})


def _changed(draft: Draft, name: str, value: object) -> Draft:
    return replace(draft, **{name: value})  # type: ignore[arg-type]  # the name and its type come from one table


def _texts(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, list):
        return tuple(text for each in value for text in _texts(each))
    return (str(value).strip(),) if str(value).strip() else ()


def _options(value: object) -> tuple[OptionDraft, ...]:
    if isinstance(value, list):
        return tuple(option for each in value for option in _options(each))
    if isinstance(value, dict) and "name" in value:
        return (_option(str(value["name"]), value),)
    if isinstance(value, dict):
        return tuple(_option(str(name), about if isinstance(about, dict) else {}) for name, about in value.items())
    return tuple(OptionDraft(name=name) for name in _texts(value))


def _option(name: str, about: Mapping[object, object]) -> OptionDraft:
    def reasons(*keys: str) -> tuple[str, ...]:
        return tuple(text for key in keys for text in _texts(about.get(key)))

    return OptionDraft(
        name=str(about.get("name", name)),
        good=reasons("good", "pros", "gains"),
        neutral=reasons("neutral"),
        bad=reasons("bad", "cons", "costs"),
    )


def _argued(draft: Draft, weight: str, name: str, reason: str) -> Draft:
    options = list(draft.options)
    at = next((place for place, option in enumerate(options) if option.name.lower() == name.lower()), None)
    if at is None:
        options.append(OptionDraft(name=name))
        at = len(options) - 1
    reasons = (*getattr(options[at], weight), reason)
    options[at] = replace(options[at], **{weight: reasons})  # type: ignore[arg-type]  # one of three fields, all alike
    return replace(draft, options=tuple(options))
