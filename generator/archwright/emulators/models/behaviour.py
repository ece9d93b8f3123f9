"""What the provider is to do with a request: behave, or fail in one of the ways in which providers fail.

A test arms a behaviour for requests to come. A prompt may ask for one as well, by `[[overloaded]]` or `[[slow:2]]`
anywhere in its last message; what was armed comes first. That a model does what any text in its prompt says is also
how an injected instruction shows.
"""

from __future__ import annotations

import re
import threading
from dataclasses import asdict, dataclass
from typing import Any

KINDS = {
    "ok": "answer as usual",
    "say": "answer with this text",
    "words": "answer with so many words",
    "tool": "ask for a call of this tool; `NAME {json}` gives it an input",
    "cached": "say that so many tokens of the prompt came from the provider's cache",
    "truncate": "stop after this word because of max_tokens",
    "overflow": "stop after this word because the context is full",
    "pause": "pause the turn after this word, and go on when asked to",
    "refuse": "stop because of a refusal",
    "slow": "wait so many seconds before the first word",
    "drip": "wait so many seconds before each word",
    "ping": "stream nothing but a sign of life each so many seconds, without an end",
    "cut": "cut the connection after so many words",
    "fail": "tell of an error in the stream after so many words",
    "silent": "take the request and never answer",
    "garbage": "answer with something that is no JSON",
    "rate_limit": "refuse with 429, and ask for so many seconds",
    "overloaded": "refuse with 529 (503 where the provider has no 529)",
    "error": "fail with this status",
    "missing": "say that there is no such model",
}
_ASKED = re.compile(r"\[\[([a-z_]+)(?::(.*?))?\]\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One way to answer; `value` is what its kind makes of it, empty for what is usual."""

    kind: str = "ok"
    value: str = ""

    def number(self, usual: float) -> float:
        """Return the value as a number, or the usual one where there is none."""
        return float(self.value) if self.value else usual


@dataclass(slots=True)
class Armed:
    """A behaviour that waits for requests: for `model` (any, if empty), for `remaining` of them (always, if None)."""

    kind: str
    value: str
    model: str
    remaining: int | None


class Script:
    """The behaviours that are armed; safe to use from any thread."""

    def __init__(self) -> None:
        self._armed: list[Armed] = []
        self._lock = threading.Lock()

    def arm(self, kind: str, value: str = "", *, model: str = "", times: int | None = None) -> None:
        """Let the next `times` requests for `model`, or all, be answered in this way.

        Raises:
            ValueError: there is no such behaviour.
        """
        if kind not in KINDS:
            raise ValueError(f"there is no behaviour `{kind}`; there is {', '.join(KINDS)}")
        with self._lock:
            self._armed.append(Armed(kind, value, model, times))

    def clear(self) -> None:
        """Disarm everything."""
        with self._lock:
            self._armed.clear()

    def armed(self) -> list[dict[str, Any]]:
        """Tell what is armed."""
        with self._lock:
            return [asdict(one) for one in self._armed]

    def take(self, model: str, prompt: str) -> Behaviour:
        """Return how to answer, using up one of the armed number."""
        with self._lock:
            for one in self._armed:
                if one.model in ("", model):
                    if one.remaining is not None:
                        one.remaining -= 1
                    self._armed = [other for other in self._armed if other.remaining != 0]
                    return Behaviour(one.kind, one.value)
        for kind, value in _ASKED.findall(prompt):
            if kind in KINDS:
                return Behaviour(kind, value.strip())
        return Behaviour()
