"""What templates may do to a value: names, literals of other languages, prose in lines."""

from __future__ import annotations

import json
import pprint
import re
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archwright.quantities import Duration, Size


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", text).lower()).strip("-")


def _anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _snake(text: str) -> str:
    return _slug(text).replace("-", "_")


def _pascal(text: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", text))


def _python(value: object) -> str:
    """Write a Python literal as the formatter would: double quotes."""
    if isinstance(value, str):
        if '"' in value and "'" not in value and value.isprintable():
            return repr(value)
        text = json.dumps(value, ensure_ascii=False)
        return text if "\\u" not in text else repr(value)
    if isinstance(value, (dict, list, tuple)):
        return pprint.pformat(value, sort_dicts=False, width=90)
    return repr(value)


def _json(value: object, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=False, default=dict)


def _seconds(duration: Duration) -> float | int:
    return int(duration.seconds) if duration.seconds == int(duration.seconds) else duration.seconds


def _bytes(size: Size) -> int:
    return size.bytes


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", ":")) else ".")


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def _wrap(text: str, width: int = 100, indent: str = "", first: str | None = None) -> str:
    return textwrap.fill(
        text,
        width=width,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _blocks(value: object) -> str:
    """Write YAML in block style."""
    from archwright import yamlfile  # noqa: PLC0415  # a quarter of this room's start-up, and few templates ask for it

    return yamlfile.dump(value)


FILTERS = {
    "anchor": _anchor,
    "snake": _snake,
    "pascal": _pascal,
    "py": _python,
    "json": _json,
    "yaml": _json,  # a JSON scalar is a YAML flow scalar
    "toml": lambda value: _json(str(value)),
    "seconds": _seconds,
    "bytes": _bytes,
    "sentence": _sentence,
    "blocks": _blocks,
    "cell": _cell,
    "wrap": _wrap,
}
