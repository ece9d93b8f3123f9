"""Front matter, YAML or TOML: its keys with their places, readable even where the whole is not valid."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archwright.adr.model import FrontMatterEntry, Value
from archwright.adr.source import Span, lines

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPEN = re.compile(r"(?:[ \t]*(?:\r\n|\n|\r)|<!--.*?-->)*(---|\+\+\+)[ \t]*(?:\r\n|\n|\r)", re.DOTALL)
_CLOSE = {
    "---": re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE),
    "+++": re.compile(r"^\+\+\+[ \t]*$", re.MULTILINE),
}
_KEY = re.compile(r"""(?:"([^"]+)"|'([^']+)'|([A-Za-z_@$][\w.@$/ -]*?))[ \t]*(?::(?=[ \t]|$)|=)[ \t]*""")
_QUOTED = re.compile(r""""((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'""")
_ITEM = re.compile(r"[ \t]*-(?:[ \t]+|$)")
_FLOW = re.compile(r"""\s*(?:"([^"\\]*)"|'([^']*)'|([^\s,\[\]{}"'#][^,\[\]{}"']*?))\s*(?:,|$)""")
_COMMENT = re.compile(r"(?:^|[ \t]+)#.*$")
_EMPTY = frozenset({"", "~", "null", "Null", "NULL"})


def locate(text: str) -> Span | None:
    """Return what stands between the two rulers at the top, or None when there is no front matter."""
    if not text.lstrip()[:3].startswith(("---", "+++", "<!-")):
        return None
    opened = _OPEN.match(text)
    if opened is None:
        return None
    closed = _CLOSE[opened[1]].search(text.replace("\r", "\n") if "\r" in text else text, opened.end())
    return Span(opened.end(), closed.start()) if closed else None


def body_start(text: str, span: Span | None) -> int:
    """Return where the text proper begins, below the front matter."""
    if span is None:
        return 0
    end = next(lines(text, span.end))
    return min(len(text), end[0] + len(end[1]) + 1)


def normal(key: str) -> str:
    """Return a key in lower case with dashes, so that `Decision_Makers` and `decision-makers` are one."""
    return re.sub(r"[\s_-]+", "-", key.strip().lower())


def entries(text: str, span: Span | None) -> Mapping[str, FrontMatterEntry]:
    """Return each top-level key with its place and value; of a key that stands twice the last counts, as in YAML."""
    if span is None:
        return {}
    found: dict[str, FrontMatterEntry] = {}
    rows = list(lines(text, span.start, span.end))
    at = 0
    while at < len(rows):
        match = _KEY.match(rows[at][1])
        last = at + 1
        if match:
            while last < len(rows) and _continues(rows[last][1]):
                last += 1
            while last > at + 1 and not rows[last - 1][1].strip():
                last -= 1
            key = normal(next(group for group in match.groups() if group))
            found[key] = _entry(text, key, rows[at:last], rows[at][0] + match.end())
        at = last
    return found


def _continues(line: str) -> bool:
    return not line.strip() or line[0] in " \t-"


def _entry(text: str, key: str, rows: list[tuple[int, str]], start: int) -> FrontMatterEntry:
    end = rows[-1][0] + len(rows[-1][1])
    place, value = Span(rows[0][0], end), Span(start, end)
    first = text[start : rows[0][0] + len(rows[0][1])]
    if _COMMENT.sub("", first).strip():
        values = _inline(first, start, [line for _, line in rows[1:]], end)
    else:
        values = _block(rows[1:])
    if values is None:
        data = _structure(text, place)
        return FrontMatterEntry(key, place, value, tuple(Value(plain, "front-matter") for plain in _leaves(data)), data)
    return FrontMatterEntry(key, place, value, tuple(values), None)


def _inline(first: str, start: int, rest: list[str], end: int) -> list[Value] | None:
    """Read what stands right of the colon; None asks for a YAML parser."""
    quoted = _QUOTED.match(first)
    if quoted and not rest:
        group = 1 if quoted[1] is not None else 2
        plain = quoted[group].replace("''", "'") if group == 2 else re.sub(r"\\(.)", r"\1", quoted[2 - 1])  # noqa: PLR2004  # the group of single quotes
        return [Value(plain, "front-matter", Span(start + quoted.start(group), start + quoted.end(group)))]
    plain = _COMMENT.sub("", first).strip()
    if plain[0] == "[" and plain[-1] == "]":
        return _flow(first, start) if not rest else None
    if plain[0] in "|>":
        return [_trimmed(line, end - len(line)) for line in rest[-1:]] if len(rest) == 1 else None
    if plain[0] in "{&!*\"'" or (plain[0] == "[" and rest):
        return None if plain[0] != "{" else [Value(plain, "front-matter", Span(start, start + len(plain)))]
    if any(line.strip() for line in rest):
        return None
    return [] if plain in _EMPTY else [Value(plain, "front-matter", Span(start, start + len(plain)))]


def _trimmed(line: str, start: int) -> Value:
    lead = len(line) - len(line.lstrip())
    return Value(line.strip(), "front-matter", Span(start + lead, start + len(line.rstrip())))


def _flow(first: str, start: int) -> list[Value] | None:
    inside = first.index("[") + 1
    close = first.rindex("]")
    found, at = [], inside
    while at < close and first[at:close].strip():
        match = _FLOW.match(first[:close], at)
        if not match:
            return None
        group = next(number for number in (1, 2, 3) if match[number] is not None)
        found.append(Value(match[group], "front-matter", Span(start + match.start(group), start + match.end(group))))
        at = match.end()
    return found


def _block(rows: list[tuple[int, str]]) -> list[Value] | None:
    """Read a block sequence of plain words; None asks for a YAML parser."""
    found: list[Value] = []
    for offset, line in rows:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        item = _ITEM.match(line)
        if not item:
            return None
        rest = line[item.end() :]
        quoted = _QUOTED.match(rest)
        if quoted:
            group = 1 if quoted[1] is not None else 2
            start = offset + item.end() + quoted.start(group)
            found.append(Value(quoted[group], "front-matter", Span(start, start + len(quoted[group]))))
            continue
        plain = _COMMENT.sub("", rest).strip()
        if re.search(r":(?:\s|$)", plain) or plain[:1] in {"{", "[", "&", "!", "*", "|", ">"}:
            return None
        if plain:
            found.append(Value(plain, "front-matter", Span(offset + item.end(), offset + item.end() + len(plain))))
    return found


def parse(text: str) -> object:
    """Parse YAML in which every scalar stays the text that it is: `0008`, `no` and dates too.

    Raises:
        ValueError: it is no valid YAML; the message says where, without a stop-gap.
    """
    import yaml  # noqa: PLC0415  # most records never need it

    base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader = type("_TextLoader", (base,), {"yaml_implicit_resolvers": {}})
    try:
        return yaml.load(text.replace("\t", "    "), Loader=loader)  # noqa: S506  # a safe loader, with its resolvers taken out
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise ValueError(f"{where}{error.problem}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ValueError(str(error).splitlines()[0]) from error


def problem(text: str, span: Span | None) -> str:
    """Say what is wrong with the front matter, or nothing."""
    if span is None or text[: span.start].rstrip().endswith("+++"):
        return ""
    try:
        data = parse(span.of(text))
    except ValueError as error:
        return f"is no valid YAML: {error}"
    if data is not None and not isinstance(data, dict):
        return "is no mapping of keys to values"
    keys = [
        normal(match[3]) for _, line in lines(text, span.start, span.end) if (match := _KEY.match(line)) and match[3]
    ]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    return f"has `{twice[0]}` more than once" if twice else ""


def _structure(text: str, place: Span) -> object:
    try:
        data = parse(place.of(text))
    except ValueError:
        return None
    return next(iter(data.values()), None) if isinstance(data, dict) else None


def _leaves(data: object) -> list[str]:
    if isinstance(data, str):
        return [data.strip()] if data.strip() not in _EMPTY else []
    if isinstance(data, list):
        return [leaf for item in data if isinstance(item, str) for leaf in _leaves(item)]
    return []
