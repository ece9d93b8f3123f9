"""Find what a record says of its status, in every place that says it, and the very characters that say it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from archwright.adr.model import Status, Value
from archwright.adr.names import find_day
from archwright.adr.source import Span, lines
from archwright.adr.vocabulary import LIFECYCLE, SUPERSEDED_BY, relation_kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from archwright.adr.model import FrontMatterEntry, Section
    from archwright.adr.vocabulary import Vocabulary

KEYS = ("status", "state", "decision-status", "adr-status", "statut", "estado")
INFERRED = Status("accepted", "", "inferred")
_TAGS = frozenset([*LIFECYCLE, "implemented", "approved", "obsolete", "superceded", "replaced"])
_TARGET = re.compile(
    r"[ \t]*(?:and[ \t]+|,[ \t]*|&[ \t]*)?(?:(?:the|decision|record)[ \t]+)?(?:"
    r"\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)?\)|\[[^\[\]\n]*\])?"
    r"|`[^`<\n]*<[^>\n]+>`_{0,2}|:\w+:`[^`\n]+`|(?:xref|link):[^\[\s]+\[[^\]\n]*\]|<<[^>\n]+>>"
    r"|[\w./-]+\.(?:md|mdx|rst|adoc|html)\b|(?:ADR|RFC|SDD|DR)[-_ #]?\d+|#?\d+\b(?!-\d\d-)|\d{4}-?\d\d-?\d\d-[\w-]+|[A-Za-z]{2,8}-\d+\b|[\w-]+/[\w-]+)",  # noqa: E501  # one pattern
    re.IGNORECASE,
)
_NAKED = re.compile(r"[ \t]*([a-z0-9]+(?:-[a-z0-9]+)+)")
_STRUCK = re.compile(r"~~[^~\n]*~~")
_CHECKBOX = re.compile(r"[ \t]*[-*+][ \t]+\[([ xX])\][ \t]+")
_EDGES = " \t>*_`~\"'!.;:-–—"  # noqa: RUF001  # a mark that people type
_DECORATED = re.compile(r"^(?:[ \t>*_`~\"'(\[{|+-]|[^\w\s\[\]()<>{}|])*")
_WORD = re.compile(r"[^\W\d_][\w'-]*")
_SHORT = 4
_LEGEND = 2  # a section that names more statuses explains them
_HEADED = re.compile(r"(?:\d+[.)]?[ \t]+)?\**(?:status|state)\**[ \t]*[:：-]+\**[ \t]*", re.IGNORECASE)  # noqa: RUF001  # a mark that people type
_SAID = re.compile(r"[a-z -]+?(?=[ :]*(?:\[|`|xref:|adr[- ]?\d|#?\d|:|$))")
_IMAGE = re.compile(r"^[ \t]*\[?!\[([^\]\n]*)\]\([^)\n]*\)(?:\]\([^)\n]*\))?[ \t]*$")


class Phrase(NamedTuple):
    """A status as it stands in a line: the word it stands for, and the characters to replace."""

    word: str
    start: int
    end: int
    known: bool = True
    prose: bool = False


_Place = tuple[Phrase, str]


def read_phrase(text: str, start: int, end: int, vocabulary: Vocabulary) -> Phrase | None:
    """Read one line's status; None for an empty line or a choice that nobody has made yet (`{proposed | accepted}`)."""
    line = text[start:end]
    if not line.strip() or _unmade_choice(line, vocabulary):
        return None
    if "~~" in line:
        line = _STRUCK.sub(lambda match: " " * len(match[0]), line)
        text = text[:start] + line + text[end:]
    first = vocabulary.first(text, start, end)
    replaced = SUPERSEDED_BY.search(text, start, end)
    if replaced and "partial" not in text[max(start, replaced.start() - 12) : replaced.start()].lower():
        return Phrase("superseded", replaced.start(), _target_end(text, replaced.end(), end))
    if first:
        return Phrase(*first)
    lead = _DECORATED.match(line)
    begin = start + (lead.end() if lead else 0)
    words = list(_WORD.finditer(text, begin, end))
    if not words:
        return None
    prose = len(words) > _SHORT
    last = words[0] if prose else words[-1]
    return Phrase(text[words[0].start() : last.end()].lower(), words[0].start(), last.end(), known=False, prose=prose)


def _target_end(text: str, at: int, end: int) -> int:
    target = _TARGET.match(text, at, end) or _NAKED.match(text, at, end)
    while target:
        at = target.end()
        target = (
            _TARGET.match(text, at, end)
            if text[at : at + 5].lstrip(" \t,&").startswith(("and", "[", "ADR", "`", "xref"))
            else None
        )
    return len(text[:at].rstrip(" \t:"))


def _unmade_choice(line: str, vocabulary: Vocabulary) -> bool:
    plain = line.strip(" \t\"'")
    braced = plain[:1] + plain[-1:] in {"{}", "[]"}
    if not braced and "|" not in line:
        return False
    parts = re.split(r"\||,|/|\bor\b", plain) if braced else plain.strip("|").split("|")
    meant = sum(vocabulary.first(part, 0, len(part)) is not None for part in parts)
    return meant != 1 if braced else meant > 2 and all(part.strip() for part in parts)  # noqa: PLR2004  # a table's row may hold two


def read_status(
    masked: str,
    front_matter: Mapping[str, FrontMatterEntry],
    header: Mapping[str, tuple[Value, ...]],
    sections: Sequence[Section],
    vocabulary: Vocabulary,
) -> Status:
    """Return the status with every place that states it, strongest first."""
    places = [
        *_from_front_matter(masked, front_matter, vocabulary),
        *_from_sections(masked, sections, vocabulary),
        *_from_header(masked, header, vocabulary),
        *_from_tags(front_matter, header, vocabulary),
    ]
    if len(places) > 1:  # prose about the status is no second statement of it, and a word that is known speaks first
        places = [place for place in places if not place[0].prose] or places[:1]
        places.sort(key=lambda place: not place[0].known)
    if not places:
        return INFERRED
    places = [
        place for at, place in enumerate(places) if not any(_same_words(place[0], each[0]) for each in places[:at])
    ]
    phrase, source = places[0]
    stated = tuple(
        Value(masked[found.start : found.end], where, Span(found.start, found.end)) for found, where in places
    )
    return Status(phrase.word, stated[0].text, source, stated, phrase.known)


def _same_words(one: Phrase, other: Phrase) -> bool:
    """Whether two readings are of the same characters: an underlined `Status: accepted` is a heading and a line."""
    return one.start < other.end and other.start < one.end


def _from_front_matter(
    text: str, front_matter: Mapping[str, FrontMatterEntry], vocabulary: Vocabulary
) -> Iterable[_Place]:
    for key in KEYS:
        entry = front_matter.get(key)
        if entry and entry.values and entry.values[0].span:
            span = entry.values[0].span
            phrase = read_phrase(text, span.start, span.end, vocabulary)
            if phrase:
                source = "front-matter" if key == "status" else f"front-matter:{key}"
                yield phrase, source
                return
    nested = front_matter.get("adr")
    match = re.search(r"^[ \t]+status:[ \t]*([^\n#]+)", nested.entry.of(text), re.MULTILINE) if nested else None
    if nested and match:
        start = nested.entry.start
        phrase = read_phrase(text, start + match.start(1), start + match.end(1), vocabulary)
        if phrase:
            yield phrase, "front-matter:adr"


def _from_sections(text: str, sections: Sequence[Section], vocabulary: Vocabulary) -> Iterable[_Place]:
    for at, section in enumerate(sections):
        if section.role == "status":
            phrase = _in_section(text, section.own, vocabulary)
            following = sections[at + 1] if at + 1 < len(sections) else None
            if not phrase and following and following.level > section.level and not section.own.of(text).strip():
                phrase = read_phrase(text, following.heading.start, following.heading.end, vocabulary)
                phrase = phrase if phrase and phrase.known else None
            if phrase:
                yield phrase, f"section:{section.title.strip(' :')}"
                return
        elif not section.role and "stat" in section.title.lower():
            match = _HEADED.match(section.title)
            if match and section.title[match.end() :].strip():
                start = text.index(section.title, section.heading.start) + match.end()
                phrase = read_phrase(text, start, start + len(section.title) - match.end(), vocabulary)
                if phrase:
                    yield phrase, "heading"
                    return


def _in_section(text: str, own: Span, vocabulary: Vocabulary) -> Phrase | None:
    """Read a status section: a supersession, else the latest of a dated history, else the first that is known."""
    found: list[Phrase] = []
    items = True
    dated: list[tuple[object, int, Phrase]] = []
    for offset, raw in lines(text, own.start, own.end):
        begin, line = _without_checkbox(offset, raw)
        if begin is None or not line.strip() or _says_something_else(line):
            continue
        phrase = _badge(begin, line, vocabulary) or read_phrase(text, begin, begin + len(line), vocabulary)
        if not phrase:
            continue
        lead = line[decorated.end() :] if (decorated := _DECORATED.match(line)) else line
        if phrase.word == "superseded" and SUPERSEDED_BY.match(lead):
            return phrase
        found.append(phrase)
        items = items and line.lstrip()[:2] in {"* ", "- "}
        day = find_day(line) if phrase.known and lead[:1].isdigit() else None
        if day:
            dated.append((day[0], len(dated), phrase))
    if len(dated) > 1:
        return max(dated, key=lambda entry: (entry[0], entry[1]))[2]
    if items and len({phrase.word for phrase in found if phrase.known}) > _LEGEND:
        return None
    return next((phrase for phrase in found if phrase.known), found[0] if found else None)


def _without_checkbox(offset: int, line: str) -> tuple[int | None, str]:
    box = _CHECKBOX.match(line)
    if not box:
        return offset, line
    return (offset + box.end(), line[box.end() :]) if box[1] in "xX" else (None, "")


def _says_something_else(line: str) -> bool:
    """Whether a line of a status section is a relation, a date or another field rather than a status."""
    plain = line.strip(_EDGES).lower()
    if plain.startswith(("date:", "date ", "updated:", "deciders:", "last modified", "---", "|--", "|:-")):
        return True
    words = _SAID.match(plain)
    return bool(words) and relation_kind(words[0]) not in {None, "superseded by"}  # type: ignore[index]  # matched


def _badge(offset: int, line: str, vocabulary: Vocabulary) -> Phrase | None:
    image = _IMAGE.match(line)
    if not image:
        return None
    found = vocabulary.first(line, image.start(1), image.end(1)) or vocabulary.first(line, 0, len(line))
    return Phrase(found[0], offset + found[1], offset + found[2]) if found else None


def _from_header(text: str, header: Mapping[str, tuple[Value, ...]], vocabulary: Vocabulary) -> Iterable[_Place]:
    seen: set[str] = set()
    for key in KEYS:
        for value in header.get(key, ()):
            kind = value.source.partition(":")[0]
            if value.span is None or kind in seen or kind == "front-matter":
                continue
            phrase = read_phrase(text, value.span.start, value.span.end, vocabulary)
            if phrase:
                seen.add(kind)
                yield phrase, value.source


def _from_tags(
    front_matter: Mapping[str, FrontMatterEntry], header: Mapping[str, tuple[Value, ...]], vocabulary: Vocabulary
) -> Iterable[_Place]:
    entry = front_matter.get("tags")
    for value in entry.values if entry else header.get("tags", ()):
        if value.span and value.text.strip().lower() in _TAGS:
            yield Phrase(vocabulary.meaning(value.text) or "", value.span.start, value.span.end), "tag"
            return
