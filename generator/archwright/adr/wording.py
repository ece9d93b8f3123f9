"""Say things the way a log says them: its own status words, their case and signs, and how one record cites another."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from typing import TYPE_CHECKING

from archwright.adr.dialects import dialect, flat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archwright.adr.model import DecisionLog, DecisionRecord, Span

_OWN = {
    "accepted": {"accepted", "approved", "active", "adopted", "agreed", "ratified"},
    "rejected": {"rejected", "declined"},
    "deprecated": {"deprecated", "obsolete", "retired"},
    "superseded": {"superseded", "replaced"},
    "proposed": {"proposed", "pending", "in review", "under review"},
}
_SIGN = re.compile(r"(?P<sign>[^\x00-\x7f\w\s]+️?)[ \t]*[*_`]*$")


def own_word(log: DecisionLog, word: str) -> str:
    """Return the word that this log uses most for a status of the lifecycle, in lower case."""
    allowed = _OWN.get(word, {word})
    used = Counter(text for record in log for place in record.status.stated if (text := place.text.lower()) in allowed)
    best = max(used.values(), default=0)
    return word if used[word] == best else next(text for text, count in sorted(used.items()) if count == best)


def in_case_of(words: str, model: str) -> str:
    """Return words in the case of what stands there: `ACCEPTED`, `Accepted` or `accepted`."""
    letters = [letter for letter in model if letter.isalpha()]
    if len(letters) > 1 and all(letter.isupper() for letter in letters):
        return words.upper()
    return words[:1].upper() + words[1:] if letters and letters[0].isupper() else words


def sign_before(text: str, span: Span) -> tuple[int, int, str] | None:
    """Return the sign (an emoji) that stands before a status in its line, with its place up to the status."""
    start = max(text.rfind("\n", 0, span.start), text.rfind("\r", 0, span.start)) + 1
    match = _SIGN.search(text, start, span.start)
    return (match.start("sign"), match.end("sign"), match["sign"]) if match else None


def own_sign(log: DecisionLog, word: str) -> str:
    """Return the sign that this log puts before a status most often, or nothing."""
    used: Counter[str] = Counter()
    for record in log:
        if record.status.word == word and record.status.stated and (span := record.status.stated[0].span):
            found = sign_before(record.text, span)
            used[found[2] if found else ""] += 1
    return used.most_common(1)[0][0] if used else ""


def number_words(record: DecisionRecord) -> str:
    """Return how running text names a record: `ADR-0007`, or its slug where it has no number."""
    if record.number is None:
        return record.id
    return f"ADR-{record.id}" if record.id.isdigit() else record.id


def citation(record: DecisionRecord, other: DecisionRecord) -> str:
    """Return a link from one record to another, in the first one's markup."""
    if other.number is None:
        words = other.id if other.id[:8].isdigit() else other.title.text
    elif other.title_number is None:
        words = number_words(other)
    else:
        words = f"{other.title_number}. {other.title.text}" if other.id.isdigit() else f"{other.id}: {other.title.text}"
    return dialect(record.markup).link(words, path_between(record, other))


def path_between(record: DecisionRecord, other: DecisionRecord) -> str:
    """Return the path that leads from one record's file to another's."""
    return posixpath.relpath(other.name, posixpath.dirname(record.name) or ".")


def joined(parts: Sequence[str]) -> str:
    """Return words as a list in a sentence: `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def heading_like(record: DecisionRecord, words: str, level: int) -> str:
    """Return a heading in the style that the record uses at a level."""
    text = record.text
    model = next((each for each in record.sections if each.level == level), None)
    if model:
        written = model.heading.of(flat(text)).split("\n")
        underline = written[-1].strip()
        if len(written) > 1 and underline:
            rule = underline[0] * max(3, len(words))
            return f"{rule}\n{words}\n{rule}" if len(written) > 2 else f"{words}\n{rule}"  # noqa: PLR2004  # a line above, too
        return f"{written[0].lstrip()[0] * level} {words}"
    mark = {"asciidoc": "=", "markdown": "#"}.get(record.markup)
    return f"{mark * level} {words}" if mark else f"{words}\n{'-' * len(words)}"
