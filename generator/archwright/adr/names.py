"""What a record's file name says: number, date, slug and id; and how a title becomes a slug."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

MARKUPS = {
    ".md": "markdown", ".markdown": "markdown", ".mdx": "markdown", ".mkd": "markdown", ".mdown": "markdown",
    ".rst": "restructuredtext", ".rest": "restructuredtext",
    ".adoc": "asciidoc", ".asciidoc": "asciidoc", ".asc": "asciidoc",
}  # fmt: skip  # one markup a line
FOLDER_PAGES = frozenset({"readme", "index", "_index", "adr", "decision", "record"})
_SERIES = frozenset(
    [
        "adr",
        "adrs",
        "ad",
        "dr",
        "rfc",
        "sdd",
        "kep",
        "oep",
        "edr",
        "tdr",
        "ddr",
        "pdr",
        "mdr",
        "lep",
        "pep",
        "nep",
        "decision",
    ]
)
DRAFT = "draft-"
_DAY = re.compile(
    r"(\d{4})[-_.]?(\d{2})[-_.]?(\d{2})(?=$|[-_. ]|[^\d])[-_. ]*(?:(?<=_)(\d{2,4})(?=$|[-_. ])[-_. ]*)?(.*)$"
)
_PREFIXED = re.compile(r"([A-Za-z]{2,12}[-_ ]?)(\d{1,5})(?=$|[-_. :])[-_. ]*(.*)$")
_NUMBERED = re.compile(r"(\d{1,6})(?=$|[-_. ])[-_. ]*(.*)$")


@dataclass(frozen=True, slots=True)
class RecordName:
    """A file name taken apart; `numbered` is the text that carries the number, as written."""

    id: str
    number: int | None = None
    day: date | None = None
    slug: str = ""
    numbered: str = ""
    draft: bool = False

    @property
    def speaks(self) -> bool:
        """Whether the name alone says that this is a record."""
        return self.number is not None or self.day is not None or self.draft


def parse_name(stem: str) -> RecordName:
    """Take a file name without its suffix apart (or a folder's name, where each record has one)."""
    dated = _DAY.match(stem)
    if dated and (day := _as_day(dated[1], dated[2], dated[3])):
        number = dated[4]
        return RecordName(number or stem, int(number) if number else None, day, dated[5] or stem, number or "")
    if stem.lower().startswith(DRAFT):
        return RecordName(stem[len(DRAFT) :], None, None, stem[len(DRAFT) :], draft=True)
    numbered = _NUMBERED.match(stem)
    if numbered:
        return RecordName(numbered[1], int(numbered[1]), None, numbered[2], numbered[1])
    prefixed = _PREFIXED.match(stem)
    if prefixed and (prefixed[1].rstrip("-_ ").lower() in _SERIES or prefixed[1].isupper() or len(prefixed[2]) > 2):  # noqa: PLR2004  # three digits are a series, `use-2-queues` is not
        label = prefixed[1] + prefixed[2]
        return RecordName(label, int(prefixed[2]), None, prefixed[3], label)
    return RecordName(stem, None, None, stem)


def _as_day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def slugify(title: str, *, longest: int = 80) -> str:
    """Return a title as a file name: lower-case words joined by dashes, cut at a word; empty if nothing is left.

    ASCII where the title has any; a title in another script keeps its own letters.
    """
    plain = unicodedata.normalize(
        "NFKD", title.replace("ß", "ss").replace("ø", "o").replace("Ø", "O").replace("ł", "l")
    )
    ascii_only = plain.encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")
    if not slug:
        slug = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", title).lower()).strip("-")
    if len(slug) <= longest:
        return slug
    return slug[: longest + 1].rpartition("-")[0] or slug[:longest]


_DATE = re.compile(
    r"(?<![\d/-])(?:(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})|(?P<d2>\d{1,2})[/.-](?P<m2>\d{1,2})[/.-](?P<y2>\d{4})|(?P<c>\d{8}))(?![\d/])"
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        ["jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"],
        start=1,
    )
    for name in names.split()
}  # fmt: skip  # a table
_LONG = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th)?[ \t-]+)?([A-Za-z]{3,9})\.?[ \t-]+(?:(\d{1,2})(?:st|nd|rd|th)?,?[ \t]+)?(\d{4})\b"
)


def find_day(text: str) -> tuple[date, int, int] | None:
    """Find the first date in a text: ISO, `DD/MM/YYYY` or with a month's name; give its start and end too."""
    for match in _DATE.finditer(text):
        if match["y"]:
            day = _as_day(match["y"], match["m"], match["d"])
        elif match["y2"]:
            day = _as_day(match["y2"], match["m2"], match["d2"]) or _as_day(match["y2"], match["d2"], match["m2"])
        else:
            day = _as_day(match["c"][:4], match["c"][4:6], match["c"][6:])
        if day:
            return day, match.start(), match.end()
    for match in _LONG.finditer(text):
        month, number = _MONTHS.get(match[2].lower()), match[1] or match[3]
        if month and number and (day := _as_day(match[4], str(month), number)):
            return day, match.start(), match.end()
    return None
