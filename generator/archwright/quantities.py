"""Quantities with units, as people write them in YAML: durations (`30s`, `1h30m`) and sizes (`256KiB`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1, "ms": 0.001}
_BYTES = {"GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10, "GB": 10**9, "MB": 10**6, "kB": 10**3, "B": 1}
_LONGEST, _LARGEST = 36_525 * 86_400, 1 << 60  # beyond these a number is a slip of the finger, or infinite
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[wdhms]) ?)+")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[wdhms])")
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(GiB|MiB|KiB|GB|MB|kB|B)")


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A length of time in seconds."""

    seconds: float

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `30s`, `500ms`, `5m`, `1h30m` or `7d`.

        Raises:
            ValueError: the text is no duration; the message says what one looks like.
        """
        if not _DURATION.fullmatch(text.strip()):
            raise ValueError(
                f"`{text}` is no duration; write a number and a unit, such as `30s`, `5m`, `1h30m` or `7d`"
            )
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in _DURATION_PART.findall(text))
        if seconds > _LONGEST:
            raise ValueError(f"`{text[:40]}` is longer than a century")
        return cls(seconds)

    def __str__(self) -> str:
        if self.seconds < 1 and self.seconds:
            return f"{self.seconds * 1000:g}ms"
        parts, rest = [], self.seconds
        for unit, worth in _SECONDS.items():
            if unit in {"ms", "w"} or (unit == "s" and rest != int(rest)):
                continue
            count, rest = divmod(rest, worth)
            if count:
                parts.append(f"{count:g}{unit}")
        if rest:
            parts.append(f"{rest:g}s")
        return "".join(parts) or "0s"


@dataclass(frozen=True, slots=True, order=True)
class Size:
    """An amount of data in bytes."""

    bytes: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `512B`, `64kB` (1,000) or `256KiB` (1,024).

        Raises:
            ValueError: the text is no size; the message says what one looks like.
        """
        match = _SIZE.fullmatch(text.strip())
        if not match:
            raise ValueError(f"`{text}` is no size; write a number and a unit, such as `512B`, `256KiB` or `1MiB`")
        amount = float(match[1]) * _BYTES[match[2]]
        if amount > _LARGEST:
            raise ValueError(f"`{text[:40]}` is larger than an exbibyte")
        return cls(int(amount))

    def __str__(self) -> str:
        for unit, worth in _BYTES.items():
            if self.bytes >= worth and self.bytes % worth == 0:
                return f"{self.bytes // worth}{unit}"
        return f"{self.bytes}B"
