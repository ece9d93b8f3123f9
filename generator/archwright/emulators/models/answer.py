"""What the model says: words that follow from the request alone, with the tokens that they count as."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .behaviour import Behaviour

_USUAL = 24  # words of an answer
_CHARACTERS = 4  # of a token, about
_CUT_SHORT = {"truncate": "length", "overflow": "full", "pause": "pause"}
_WORDS = [
    "the",
    "a",
    "this",
    "each",
    "one",
    "queue",
    "message",
    "worker",
    "ledger",
    "budget",
    "answer",
    "model",
    "token",
    "report",
    "order",
    "page",
    "line",
    "part",
    "result",
    "holds",
    "keeps",
    "gives",
    "takes",
    "counts",
    "names",
    "shows",
    "ends",
    "begins",
    "waits",
    "follows",
    "proves",
    "small",
    "clear",
    "plain",
    "early",
    "late",
    "whole",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, whichever way it was written."""

    model: str
    prompt: str
    """All of its text, with system prompt, tools and earlier turns."""
    last: str
    """The text of the last message."""
    most: int
    """The most tokens that the answer may have."""
    streamed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer: its words, each with the space before it, or a call of a tool, and why it ended."""

    id: str
    model: str
    words: tuple[str, ...]
    stop: str  # end | length | full | pause | refusal | tool
    tool: str = ""
    tool_input: dict[str, Any] = field(default_factory=dict)
    input_tokens: int
    cached_tokens: int = 0

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.words)

    @property
    def output_tokens(self) -> int:
        """One for each word, or what a call of a tool is counted as."""
        return tokens(self.tool + json.dumps(self.tool_input)) if self.tool else len(self.words)


def tokens(text: str) -> int:
    """Return how many tokens a text is counted as."""
    return max(1, -(-len(text) // _CHARACTERS))


def answer(asked: Asked, behaviour: Behaviour) -> Said:
    """Return what the model says; the same request has the same answer, on every machine."""
    seed = hashlib.sha256(f"{asked.model}\n{asked.prompt}".encode()).hexdigest()
    words, stop, tool, given = _words(seed, asked, behaviour), "end", "", {}
    if behaviour.kind == "tool":
        name, _, text = behaviour.value.partition(" ")
        words, stop, tool, given = (), "tool", name, json.loads(text or "{}")
    elif behaviour.kind == "refuse":
        words, stop = (), "refusal"
    elif behaviour.kind in _CUT_SHORT:
        words, stop = words[: int(behaviour.number(5))], _CUT_SHORT[behaviour.kind]
    if len(words) > asked.most:
        words, stop = words[: asked.most], "length"
    cached = min(int(behaviour.number(0)), tokens(asked.prompt)) if behaviour.kind == "cached" else 0
    return Said(
        id=seed[:24],
        model=asked.model,
        words=words,
        stop=stop,
        tool=tool,
        tool_input=given,
        input_tokens=tokens(asked.prompt) - cached,
        cached_tokens=cached,
    )


def _words(seed: str, asked: Asked, behaviour: Behaviour) -> tuple[str, ...]:
    if behaviour.kind == "say":
        first, *others = behaviour.value.split(" ")
        return (first, *(f" {word}" for word in others))
    count = int(behaviour.number(_USUAL)) if behaviour.kind == "words" else min(_USUAL, asked.most)
    found = []
    for number in range(count):
        digest = hashlib.sha256(f"{seed}{number}".encode()).digest()
        word = _WORDS[int.from_bytes(digest[:4]) % len(_WORDS)]
        found.append(f" {word}" if number else word.capitalize())
    return (*found[:-1], f"{found[-1]}.") if found else ()
