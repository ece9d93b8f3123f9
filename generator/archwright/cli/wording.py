"""Help texts as they should read on a plain terminal: examples keep their lines, one line says what a command does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERBATIM = "\b"  # the command-line library's mark for a paragraph that is not to be wrapped


def reword(command: Any) -> None:
    """Prepare the help of `command` and of everything below it."""
    for one in _with_children(command):
        text = one.help or ""
        one.short_help = " ".join(text.split("\n\n", maxsplit=1)[0].split())
        one.help = _keep_examples(text)


def _with_children(command: Any) -> Iterator[Any]:
    yield command
    for child in getattr(command, "commands", {}).values():
        yield from _with_children(child)


def _keep_examples(text: str) -> str:
    """Mark each run of indented paragraphs, so that what can be typed stays on lines of its own."""
    parts: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text.strip("\n")):
        indented = all(line.startswith("  ") for line in paragraph.splitlines())
        if indented and parts and parts[-1].startswith(_VERBATIM):
            parts[-1] += f"\n{_two(paragraph)}"
        elif indented:
            parts.append(f"{_VERBATIM}\n{_two(paragraph)}")
        elif re.search(r"\n {2,}\S", paragraph):  # a heading with its lines right below
            head, _, rest = paragraph.partition("\n")
            parts.append(f"{_VERBATIM}\n{head}\n{_two(rest)}")
        else:
            parts.append(paragraph)
    return "\n\n".join(parts)


def _two(paragraph: str) -> str:
    return "\n".join(f"  {line.strip()}" for line in paragraph.splitlines())
