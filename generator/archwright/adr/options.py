"""The options that a record weighs, the reasons for and against each, and the one that it chose."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archwright.adr.dialects import dialect, flat
from archwright.adr.model import Argument, Option, Value
from archwright.adr.source import Span, lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archwright.adr.model import DecisionRecord, Section

_ITEM = re.compile(r"(?P<indent> {0,3})(?:[-*+]|\d+[.)])[ \t]+(?P<words>\S[^\n]*)")
_ARGUMENT = re.compile(
    r"[ \t]*(?:[-*+]|\d+[.)])[ \t]+(?:[^\w\s\[(`'\"]+[ \t]*)?\**(?P<weight>Good|Neutral|Bad|Pro|Con|Pros|Cons|Positive|Negative)\b\**[ \t]*"  # noqa: E501  # one pattern
    r"(?:,[ \t]*(?:because|as|since)?|:|-|because)[ \t]*(?P<text>[^\n]*)",
    re.IGNORECASE,
)
_WEIGHTS = {"good": "good", "pro": "good", "pros": "good", "positive": "good", "neutral": "neutral"}
_GROUP = re.compile(
    r"(?P<good>pros?|advantages?|benefits?|strengths?|good|positives?)|(?P<bad>cons?|disadvantages?|drawbacks?|weaknesses|bad|negatives?|risks?)",
    re.IGNORECASE,
)
_CHOSEN = re.compile(
    r"(?:chosen|selected|preferred)[ \t]+(?:option|solution|alternative|approach)s?[ \t]*(?:is|was)?[ \t]*[:\-–]?[ \t*_]*\n?[ \t]*"  # noqa: E501, RUF001  # a mark that people type
    r"(?:\"(?P<double>[^\"\n]+)\"|“(?P<curly>[^”\n]+)”|'(?P<single>[^'\n]+)'|\*\*(?P<bold>[^*\n]+)\*\*|(?P<plain>[^\s\"“'{][^\n]*?)(?=,[ \t]*(?:because|since|as)\b|[ \t]+because\b|[.;][ \t]|[.;]?[ \t]*$))",  # noqa: E501  # one pattern
    re.IGNORECASE | re.MULTILINE,
)
_LINKED = re.compile(r"\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])")
_MARKS = re.compile(r"[*_`\"“”]+")
_NUMBERED = re.compile(
    r"^(?:option[ \t]*)?(?:\d+|[a-z])[.:)][ \t]*|^option[ \t]+(?:\d+|[a-z])[ \t]*[-–—:][ \t]*",  # noqa: RUF001  # a mark that people type
    re.IGNORECASE,
)


def plain_name(words: str) -> str:
    """Return an option's name as two people would agree on it: no marks, links, numbering or case."""
    plain = _MARKS.sub("", _LINKED.sub(r"\1", words)).strip(" \t.:,;-–")  # noqa: RUF001  # a mark that people type
    return re.sub(r"\s+", " ", _NUMBERED.sub("", plain)).strip().lower()


def same_option(one: str, other: str) -> bool:
    """Whether two names mean one option: equal, or one the beginning of the other up to a mark or a bracket."""
    first, second = sorted((plain_name(one), plain_name(other)), key=len)
    return bool(first) and (first == second or (second.startswith(first) and not second[len(first)].isalnum()))


def chosen_of(record: DecisionRecord) -> Value | None:
    """Return the option that a record says it chose; None where it says so in no known form, or not yet."""
    masked = _masked(record)
    for section in record.sections:
        if section.role == "decision":
            match = _CHOSEN.search(masked, section.body.start, section.body.end)
            if match:
                group = next(name for name in ("double", "curly", "single", "bold", "plain") if match[name])
                words = match[group].strip()
                linked = _LINKED.fullmatch(words)
                if "{" in words or re.fullmatch(r"\[[^\]]*\]", words):
                    continue
                start = match.start(group)
                return Value(
                    linked[1] if linked else words.strip("*_` "),
                    f"section:{section.title}",
                    Span(start, start + len(words)),
                )
    return None


def options_of(record: DecisionRecord) -> tuple[Option, ...]:
    """Return the options of a record: the considered ones in order, then those that only their arguments name."""
    masked = _masked(record)
    chosen = record.chosen_option
    found: list[Option] = []
    for section in record.sections:
        if section.role == "options":
            found += _listed(masked, section) or [Option(*named) for named in _headed(record, section)]
    argued = [
        (heading, tuple(_arguments(masked, record, heading)))
        for heading in record.sections
        if _is_option(record, heading, found)
    ]
    result = []
    for option in found:
        reasons = next((reasons for heading, reasons in argued if same_option(heading.title, option.name)), ())
        result.append(option._replace(arguments=reasons, chosen=bool(chosen and same_option(chosen.text, option.name))))
    for heading, reasons in argued:
        if reasons and not any(same_option(heading.title, option.name) for option in found):
            name = _clean(heading.title)
            result.append(Option(name, heading.heading, bool(chosen and same_option(chosen.text, name)), reasons))
    return tuple(result)


def _masked(record: DecisionRecord) -> str:
    start = record.front_matter_span.end if record.front_matter_span else 0
    return dialect(record.markup).mask(flat(record.text), start)


def _clean(words: str) -> str:
    return _MARKS.sub("", _LINKED.sub(r"\1", words)).strip()


def _listed(masked: str, section: Section) -> list[Option]:
    """Return the items of the list that a section of options opens with; items below items are none of them."""
    found: list[Option] = []
    outer: int | None = None
    for offset, line in lines(masked, section.own.start, section.own.end):
        item = _ITEM.match(line)
        if not item or _ARGUMENT.match(line):
            continue
        indent = len(item["indent"])
        outer = indent if outer is None else outer
        words = item["words"].rstrip()
        if indent <= outer and not re.fullmatch(r"\{.*\}|\[[^\]]*\]|…|\.\.\.", words):
            found.append(
                Option(_clean(words), Span(offset + item.start("words"), offset + item.start("words") + len(words)))
            )
    return found


def _headed(record: DecisionRecord, section: Section) -> Iterator[tuple[str, Span]]:
    below = [each for each in record.sections if section.body.start <= each.heading.start < section.body.end]
    level = min((each.level for each in below), default=0)
    for each in below:
        if each.level == level and not each.role:
            yield _clean(each.title), each.heading


def _is_option(record: DecisionRecord, heading: Section, found: list[Option]) -> bool:
    """Whether a heading names an option: below the pros and cons, or with the name of a considered one."""
    if heading.role or heading.level == 1:
        return False
    if any(same_option(heading.title, option.name) for option in found):
        return True
    above = [each for each in record.sections if each.role in {"pros-and-cons", "options"}]
    return any(
        each.body.start <= heading.heading.start < each.body.end and heading.level == each.level + 1 for each in above
    )


def _arguments(masked: str, record: DecisionRecord, heading: Section) -> Iterator[Argument]:
    """Return the reasons below an option: `Good, because ...`, or the items under a line or heading `Pros`."""
    group = ""
    titles = {each.heading.start: each.title for each in record.sections}
    for offset, line in lines(masked, heading.own.start, heading.body.end):
        match = _ARGUMENT.match(line)
        title = titles.get(offset, line if line.strip(" *_:#\t").count(" ") <= 1 else "")
        named = _GROUP.match(title.strip(" *_:#-\t")) if title and not match else None
        if match:
            span = Span(offset + match.start("text"), offset + len(line.rstrip()))
            yield Argument(_WEIGHTS.get(match["weight"].lower(), "bad"), match["text"].strip(), span)
        elif named:
            group = "good" if named["good"] else "bad"
        elif group and (item := re.match(r"[ \t]*(?:[-*+]|\d+[.)])[ \t]+(\S[^\n]*)", line)):
            yield Argument(group, item[1].strip(), Span(offset + item.start(1), offset + len(line.rstrip())))
