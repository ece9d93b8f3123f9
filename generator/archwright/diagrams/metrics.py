"""How wide text is: Helvetica's published widths, so that a picture needs no font to be laid out."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_WIDTHS = {
    191: "'",
    222: "ijl",
    260: "|",
    278: " !,./:;I[\\]ft",
    333: "()-`r",
    334: "{}",
    355: '"',
    389: "*",
    469: "^",
    500: "Jcksvxyz",
    556: "#$0123456789?L_abdeghnopqu",
    584: "+<=>~",
    611: "FTZ",
    667: "&ABEKPSVXY",
    722: "CDHNRUw",
    778: "GOQ",
    833: "Mm",
    889: "%",
    944: "W",
    1015: "@",
}
_THOUSANDTHS = {character: width for width, characters in _WIDTHS.items() for character in characters}
_OTHER, _WIDE = 600, 1050
BOLD = 1.08
OVERHANG = 1.6  # a word that is this much longer than a line may stay whole
SLACK = 1.04  # a reader's font may run a little wider than Helvetica


@lru_cache(maxsize=16_384)
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of one line in pixels at `size` pixels."""
    thousandths = sum(_character(character) for character in text)
    return thousandths / 1000 * size * SLACK * (BOLD if bold else 1)


def _character(character: str) -> int:
    if character in _THOUSANDTHS:
        return _THOUSANDTHS[character]
    if unicodedata.combining(character) or unicodedata.category(character) in {"Cf", "Mn"}:
        return 0
    if unicodedata.east_asian_width(character) in {"W", "F"}:
        return _WIDE
    plain = unicodedata.normalize("NFD", character)[0]
    return _THOUSANDTHS.get(plain, _OTHER)


@lru_cache(maxsize=4096)
def wrap(text: str, size: float, limit: float, *, bold: bool = False) -> tuple[str, ...]:
    """Break `text` at spaces into lines of at most `limit` pixels and of like length; only much longer words break."""
    words = [part for word in text.split() for part in _parts(word, size, limit * OVERHANG, bold=bold)]
    if not words or text_width(" ".join(words), size, bold=bold) <= limit:
        return tuple(filter(None, [" ".join(words)]))
    longest = max(text_width(word, size, bold=bold) for word in words)
    limit = max(limit, longest)
    count = len(_fill(words, size, limit, bold=bold))
    narrow, wide = longest, limit
    while wide - narrow > 1:  # the narrowest limit that needs no further line gives lines of like length
        middle = (narrow + wide) / 2
        if len(_fill(words, size, middle, bold=bold)) > count:
            narrow = middle
        else:
            wide = middle
    return tuple(_fill(words, size, wide, bold=bold))


def _fill(words: list[str], size: float, limit: float, *, bold: bool) -> list[str]:
    lines = [words[0]]
    for word in words[1:]:
        longer = f"{lines[-1]} {word}"
        if text_width(longer, size, bold=bold) <= limit:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _parts(word: str, size: float, limit: float, *, bold: bool) -> list[str]:
    parts = [""]
    for character in word:
        if parts[-1] and text_width(parts[-1] + character, size, bold=bold) > limit:
            parts.append("")
        parts[-1] += character
    return parts
