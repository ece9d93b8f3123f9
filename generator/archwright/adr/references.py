"""Resolve what people write for a record: a number, an id, a path, a slug or an old name, each exactly."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from archwright.errors import DecisionLogError

if TYPE_CHECKING:
    from archwright.adr.model import DecisionLog, DecisionRecord

_NUMBER = re.compile(r"(?:[A-Za-z]{1,12}[-_ ]?)?#?0*(\d{1,6})$")
_SUFFIX = re.compile(r"\.(?:md|mdx|markdown|rst|adoc|asciidoc|html?)$", re.IGNORECASE)
_INDEXES = frozenset({"readme", "index"})


def find(log: DecisionLog, reference: str) -> DecisionRecord:
    """Return the one record that a reference names.

    Raises:
        DecisionLogError: none or several answer to it.
    """
    wanted = reference.strip()
    found = candidates(log, wanted)
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(record.name for record in found)
        raise DecisionLogError(
            f"`{wanted}` is ambiguous: {len(found)} records answer to it: {names}",
            hint=f"give the file name, such as `{found[0].name}`, or use `archwright adr renumber`.",
        )
    raise DecisionLogError(f"no record answers to `{wanted}` in {log.folder}", hint=_suggestion(log, wanted))


def resolve(log: DecisionLog, record: DecisionRecord, target: str) -> DecisionRecord | None:
    """Return what a reference inside `record` points to: its path from there first, then its name or number."""
    found = resolve_all(log, record, target)
    return found[0] if len(found) == 1 else None


def resolve_all(log: DecisionLog, record: DecisionRecord, target: str) -> tuple[DecisionRecord, ...]:
    """Return every record that a reference inside `record` may mean; more than one where it is ambiguous."""
    plain = unquote(target.strip().partition("#")[0].strip())
    if not plain:
        return ()
    if "/" in plain or "." in plain:
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(record.name), plain))
        exact = log.by_name.get(beside) or log.by_name.get(posixpath.join(beside, "README.md"))
        if exact:
            return (exact,)
    return candidates(log, plain)


def candidates(log: DecisionLog, reference: str) -> tuple[DecisionRecord, ...]:
    """Return every record that a reference names: by file, id or slug; else by number; else by an old name."""
    plain = reference.strip().strip("/").removeprefix("./")
    if not plain:
        return ()
    names = _names(log)
    stem = _SUFFIX.sub("", plain)
    if posixpath.basename(stem).lower() in _INDEXES and "/" in stem:
        stem = posixpath.dirname(stem)
    for key in (plain.lower(), stem.lower(), posixpath.basename(stem).lower()):
        if key in names:
            return names[key]
    number = _NUMBER.match(posixpath.basename(stem))
    if number and (found := log.by_number.get(int(number[1]))):
        return found
    return _former(log).get(str(int(number[1])) if number else stem.lower(), ())


def _names(log: DecisionLog) -> dict[str, tuple[DecisionRecord, ...]]:
    """Index a log once by everything that names a record exactly; kept with the log."""
    cached: dict[str, tuple[DecisionRecord, ...]] | None = log.__dict__.get("_reference_names")
    if cached is None:
        levels: list[dict[str, list[DecisionRecord]]] = [{}, {}, {}]
        for record in log.records:
            stem = _SUFFIX.sub("", record.name)
            if posixpath.basename(stem).lower() in _INDEXES and "/" in stem:
                stem = posixpath.dirname(stem)
            for level, keys in enumerate(
                (
                    {record.name, stem},
                    {posixpath.basename(record.name), posixpath.basename(stem)},
                    {record.id, record.slug},
                )
            ):
                for key in keys:
                    if key and not (level == 2 and key.isdigit()):  # noqa: PLR2004  # a bare number is looked up as one
                        levels[level].setdefault(key.lower(), []).append(record)
        merged: dict[str, tuple[DecisionRecord, ...]] = {}
        for level_names in reversed(levels):
            merged.update({key: tuple(dict.fromkeys(records)) for key, records in level_names.items()})
        cached = log.__dict__["_reference_names"] = merged
    return cached


def _former(log: DecisionLog) -> dict[str, tuple[DecisionRecord, ...]]:
    """Index a log once by the numbers and ids that its records had before; kept with the log."""
    cached: dict[str, tuple[DecisionRecord, ...]] | None = log.__dict__.get("_former_names")
    if cached is None:
        found: dict[str, list[DecisionRecord]] = {}
        for record in log.records:
            for alias in record.aliases:
                number = _NUMBER.match(alias)
                found.setdefault(str(int(number[1])) if number else alias.lower(), []).append(record)
        cached = log.__dict__["_former_names"] = {alias: tuple(records) for alias, records in found.items()}
    return cached


def _suggestion(log: DecisionLog, wanted: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  # only when somebody mistyped

    if not log.records:
        return "the log is empty; `archwright adr new TITLE` writes the first record."
    known = {record.id.lower(): record.id for record in log.records} | {
        record.slug.lower(): record.id for record in log.records
    }
    near = [record.id for record in log.records if len(wanted) > 3 and wanted.lower() in record.slug.lower()]  # noqa: PLR2004  # shorter texts are in everything
    near += [known[match] for match in get_close_matches(wanted.lower(), known, n=3)]
    if near:
        return f"did you mean {' or '.join(f'`{name}`' for name in dict.fromkeys(near[:3]))}?"
    return "`archwright adr list` shows every record with its id."
