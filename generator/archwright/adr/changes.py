"""Tell what a change to a record is: metadata, a link repaired, a typo, an addendum, or one of substance."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from archwright.adr.dialects import flat
from archwright.adr.frontmatter import body_start
from archwright.adr.policy import Change

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archwright.adr.model import DecisionRecord

TYPO_WORDS = 8
_SHORTEST, _LONG = 3, 6  # letters of a word that may be misspelt at all, and by two of them
_METADATA = frozenset({"status", "date", "deciders", "links", "changelog"})
_APPENDED = frozenset({"amendments", "more-information"})
_APPENDIX = re.compile(
    r"(?:amend|addend|update|erratum|errata|postscript|appendix|follow[- ]?up|retrospective|review|lessons|note|history"
    r"|\d{4}-\d\d-\d\d)",
    re.IGNORECASE,
)
_TARGET = re.compile(
    r"(\]\()[^()\s]*(?:\([^()\s]*\)[^()\s]*)?((?:[ \t]+\"[^\"\n]*\")?\))|(?<=[\s(<])(?:https?|ftp)://[^\s)>\]]+"
    r"|^(\[[^\]\n]+\]:)[ \t]*\S+|(?:xref|link):[^\[\s]+|`[^`<\n]*<[^>\n]+>`_{0,2}",
    re.MULTILINE,
)
_CITED = re.compile(r"\b(?:ADR|RFC|SDD)[-_ #]?\d+\b|\[\d{1,5}(?=[.:\]])|\b\d{3,6}-[a-z0-9-]+(?:\.\w+)?", re.IGNORECASE)
_TITLE_NUMBER = re.compile(r"^(#\s*)(?:\[?ADR[-_ #]?)?\d+\]?[.:)\s\u2013-]+", re.IGNORECASE)
_ABOVE = re.compile(r"(?:bullet|line|table|attribute)\b")
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*|[^\w\s]", re.UNICODE)
_SMALL = frozenset(
    ["a", "an", "the", "of", "to", "in", "on", "at", "is", "are", "was", "were", "be", "been", "it", "its",
     "this", "that", "these", "those", "and", "or", "for", "by", "as", "with", "from", "which", "who", "we", "our",
     "i", "so", "then", "also", "very", "just", "has", "have", "had", "do", "does", "there", "here", "s"]
)  # fmt: skip  # words that carry no meaning of their own
_HEAVY = frozenset(
    ["not", "no", "never", "none", "must", "should", "shall", "may", "only", "always", "cannot", "without", "except",
     "nor", "neither", "unless", "all", "any"]
)  # fmt: skip  # words that bind
_OPPOSITES = frozenset(["a", "un", "in", "im", "ir", "il", "de", "non"])  # `asynchronous` is no misspelling
_MARKS = frozenset(".,;:!?'\"`*_-()[]{}<>|/\\#~+=&\u2013\u2014\u2018\u2019\u201c\u201d\u2026")


class Classified(NamedTuple):
    """What a change is, how many words it touches, and its telling part."""

    change: Change
    words: int = 0
    excerpt: str = ""


def classify(before: DecisionRecord, after: DecisionRecord) -> Classified:
    """Return what turns one version of a record into the next."""
    old, new = _substance(before), _substance(after)
    if old.split() == new.split():
        return Classified(Change.METADATA)
    old, new = _without_targets(old), _without_targets(new)
    if _words(old) == _words(new):
        return Classified(Change.LINK_REPAIR)
    changed = _differences(_words(old), _words(new))
    count = sum(max(len(gone), len(come)) for gone, come, _ in changed)
    excerpt = _excerpt(changed)
    if count <= TYPO_WORDS and all(_slip(gone, come) for gone, come, _ in changed):
        return Classified(Change.TYPO, count, excerpt)
    if _only_added(before, after, old, new):
        return Classified(Change.ADDENDUM, count, excerpt)
    return Classified(Change.SUBSTANTIVE, count, excerpt)


def _substance(record: DecisionRecord) -> str:
    """Return what a record decides and why: its text without status, people, dates, links to others and history."""
    text = flat(record.text)
    start = body_start(text, record.front_matter_span)
    away = [
        (section.heading.start, section.body.end)
        for section in record.sections
        if section.role in _METADATA and section.level > 1
    ]
    stated = [value for values in record.header.values() for value in values if _ABOVE.match(value.source)]
    stated += [place for place in record.status.stated if not place.source.startswith("section")]
    away += [
        (text.rfind("\n", 0, value.span.start) + 1, _line_end(text, value.span.end))
        for value in stated
        if value.span and value.span.start >= start
    ]
    kept, at = [], start
    for begin, end in sorted(away):
        if end > at:
            kept.append(text[at : max(at, begin)])
            at = end
    body = "".join([*kept, text[at:]])
    return _TITLE_NUMBER.sub(r"\1", re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL).lstrip())


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _without_targets(text: str) -> str:
    return _CITED.sub("RECORD", _TARGET.sub(lambda match: f"{match[1] or match[3] or ''}LINK{match[2] or ''}", text))


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


_Difference = tuple[list[str], list[str], int]


def _differences(old: Sequence[str], new: Sequence[str]) -> list[_Difference]:
    """Return each stretch of words that differs; what both share at either end, mostly nearly all, is cut off first."""
    first = 0
    while first < min(len(old), len(new)) and old[first] == new[first]:
        first += 1
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last] == new[-1 - last]:
        last += 1
    gone, come = old[first : len(old) - last], new[first : len(new) - last]
    if len(gone) * len(come) > 4_000_000:  # noqa: PLR2004  # a text written anew; a diff of it would take minutes
        return [(list(gone), list(come), first)]
    matcher = SequenceMatcher(None, gone, come, autojunk=False)
    return [
        (list(gone[a:b]), list(come[c:d]), first + a) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"
    ]


def _slip(gone: list[str], come: list[str]) -> bool:
    """Whether a difference can change no meaning: marks, letter case, a misspelt word, a small word more or less."""
    old, new = ([word for word in words if word not in _MARKS] for words in (gone, come))
    if [word.lower() for word in old] == [word.lower() for word in new]:
        return True
    if "".join(old).lower() == "".join(new).lower():
        return not any(word.isdigit() for word in [*old, *new])
    if _all_misspelt(old, new):
        return True
    old, new = ([word for word in words if word.lower() not in _SMALL] for words in (old, new))
    return _all_misspelt(old, new)


def _all_misspelt(old: list[str], new: list[str]) -> bool:
    return len(old) == len(new) and all(_misspelt(one, other) for one, other in zip(old, new, strict=True))


def _misspelt(one: str, other: str) -> bool:
    """Whether two words are one with a slip of the pen: alike, neither a name, a number nor a word that binds."""
    if one.lower() == other.lower():
        return True
    if {one.lower(), other.lower()} <= _SMALL:
        return True
    for word in (one, other):
        if (
            word.lower() in _HEAVY
            or any(letter.isdigit() for letter in word)
            or (word.isupper() and len(word) > 1)
            or any(letter.isupper() for letter in word[1:])
        ):
            return False
    first, second = sorted((one.lower(), other.lower()), key=len)
    if second.endswith(first) and second.removesuffix(first) in _OPPOSITES:
        return False
    shorter = min(len(one), len(other))
    return shorter >= _SHORTEST and _distance(one.lower(), other.lower()) <= (1 if shorter < _LONG else 2)


def _distance(one: str, other: str) -> int:
    """Return how many letters to put in, take out, change or swap turn one word into the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _only_added(before: DecisionRecord, after: DecisionRecord, old: str, new: str) -> bool:
    """Whether all that stood still stands, and what came is at the end, or in sections meant for additions."""
    old_words, new_words = _words(old), _words(new)
    if new_words[: len(old_words)] == old_words:
        known = {section.title.lower() for section in before.sections}
        return any(section.title.lower() not in known for section in after.sections) or _ends_in_appendix(after)
    kept_old, kept_new = (_words(_without_targets(_without_appendices(record))) for record in (before, after))
    return kept_old == kept_new


def _ends_in_appendix(record: DecisionRecord) -> bool:
    last = next((section for section in reversed(record.sections) if section.level > 1), None)
    return bool(last and _is_appendix(last.role, last.title))


def _is_appendix(role: str, title: str) -> bool:
    return role in _APPENDED or (not role and bool(_APPENDIX.match(title.strip())))


def _without_appendices(record: DecisionRecord) -> str:
    """Return the substance of a record as if its sections for later additions were not there."""
    from archwright.adr.edits import Patch, edited  # noqa: PLC0415  # only for a change that may be an addendum

    patches, at = [], 0
    for section in record.sections:
        if section.level > 1 and section.heading.start >= at and _is_appendix(section.role, section.title):
            at = section.body.end
            patches.append(Patch(section.heading._replace(end=at), ""))
    return _substance(edited(record, patches)) if patches else _substance(record)


def _excerpt(changed: Sequence[_Difference], longest: int = 60) -> str:
    """Return the first difference in words: `“at most once” → “at least once”`."""
    gone, come, _ = max(changed, key=lambda each: len(each[0]) + len(each[1]), default=([], [], 0))
    sides = [" ".join(words)[:longest] + ("…" if len(" ".join(words)) > longest else "") for words in (gone, come)]
    if not sides[0]:
        return f"added “{sides[1]}”"
    return f"removed “{sides[0]}”" if not sides[1] else f"“{sides[0]}” → “{sides[1]}”"
