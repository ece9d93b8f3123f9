"""Building blocks of the pages: tables, cells, lists and folded parts in the Markdown that MkDocs reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MARKUP = re.compile(r"([`\\*_\[\]<>&#|~^])")
_ADDRESS = re.compile(r"(https?://[^\s;,|<>\"]+)")
_CODE = re.compile(r"(`[^`]*`)")


def prose(text: str) -> str:
    """Text of the catalog as Markdown: code between backticks stays code, nothing else is markup."""
    parts = _CODE.split(" ".join(text.split()))
    return "".join(part if _CODE.fullmatch(part) else _escape(part) for part in parts)


def _escape(text: str) -> str:
    return _MARKUP.sub(lambda found: f"&#{ord(found[1])};", text)


def cell(text: str) -> str:
    """Text for a table: one line, no bar that would end the cell."""
    parts = _CODE.split(" ".join(text.split()))
    return "".join(_code_in_cell(part) if _CODE.fullmatch(part) else _escape(part) for part in parts)


def _code_in_cell(part: str) -> str:
    return code(part.strip("`")) if "|" in part else part


def linked(text: str) -> str:
    """Text for a table whose addresses are links, shown by their host alone."""
    parts = _ADDRESS.split(text)
    addresses = [
        f'<a href="{part}">{part.split("/")[2]}</a>' if at % 2 else cell(part) for at, part in enumerate(parts)
    ]
    return " ".join(filter(None, addresses)).replace(" ,", ",").replace(" ;", ";")


def code(text: str) -> str:
    """Text as code in a line or a cell."""
    return f"<code>{_escape(text)}</code>" if text else ""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of ready cells; without rows there is none."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}", *lines])


def bullets(items: Iterable[str]) -> str:
    """Return a list of ready items."""
    return "\n".join(f"- {item}" for item in items)


def numbered(items: Iterable[str]) -> str:
    """Return a list of steps."""
    return "\n".join(f"{number}. {item}" for number, item in enumerate(items, 1))


def folded(title: str, body: str, kind: str = "note") -> str:
    """Return a part that opens on a click."""
    quoted = title.replace('"', "&quot;")
    return f'??? {kind} "{quoted}"\n\n{indented(body)}'


def indented(text: str) -> str:
    """Move text one level in, as tabs and folded parts want their content."""
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())


def fence(text: str, language: str = "text") -> str:
    """Return a block of code."""
    return f"```{language}\n{text.rstrip()}\n```"


def chips(words: Iterable[str]) -> str:
    """Return words as small labels in one line."""
    return " ".join(f'<span class="chip">{_escape(word)}</span>' for word in words)


def page(*parts: str, front: str = "") -> str:
    """Join the parts of a page, empty ones left out."""
    head = f"---\n{front.strip()}\n---\n\n" if front else ""
    return head + "\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n"


def anchor(fact_id: str) -> str:
    """Return the fragment under which a limit or a price stands on its page."""
    return fact_id.replace(".", "-").replace("_", "-")
