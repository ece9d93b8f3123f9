"""Read a folder of records, each file once: every one becomes a record, or is left out with a reason."""

from __future__ import annotations

import gc
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from archwright.adr import frontmatter
from archwright.adr.dialects import dialect, flat
from archwright.adr.header import read_date, read_header, status_elsewhere
from archwright.adr.model import DecisionLog, DecisionRecord, LeftOut
from archwright.adr.names import FOLDER_PAGES, MARKUPS, RecordName, parse_name
from archwright.adr.outline import from_headings
from archwright.adr.source import Source
from archwright.adr.statuses import read_status
from archwright.adr.titles import read_title
from archwright.adr.vocabulary import PLAIN, Vocabulary
from archwright.errors import DecisionLogError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LARGEST = 8 * 1024 * 1024
_RESERVED = {
    "readme": "a page about the log", "index": "an index", "_index": "an index",
    "backlog": "a list of what is to be decided",
    "summary": "an index", "toc": "an index", "changelog": "a changelog", "contributing": "a page about the log",
    "license": "a licence", "agents": "instructions", "claude": "instructions", "glossary": "a glossary",
}  # fmt: skip  # a few names a line
_PRUNED = frozenset({"node_modules", "__pycache__", "templates", "template", "assets", "images", "img", "diagrams"})
_SIDE_FOLDER = "a folder of templates, pictures or programs"
_SNIFFED = 8192


def load_log(
    folder: Path | str,
    *,
    found_by: str = "",
    settings: Mapping[str, object] | None = None,
    vocabulary: Vocabulary = PLAIN,
    packages: Mapping[str, Path] | None = None,
) -> DecisionLog:
    """Read every record below a folder, sorted by name.

    `packages` are the folders of a log4brains workspace by their names; their records carry the package.

    Raises:
        DecisionLogError: the folder is none, or cannot be listed.
    """
    collecting = gc.isenabled()
    gc.disable()  # nothing that is made here is garbage; looking for some takes a tenth of the time
    try:
        return _load(Path(folder), found_by, settings or {}, vocabulary, packages or {})
    finally:
        if collecting:
            gc.enable()


def _load(
    base: Path, found_by: str, settings: Mapping[str, object], vocabulary: Vocabulary, packages: Mapping[str, Path]
) -> DecisionLog:
    records: list[DecisionRecord] = []
    left_out: list[LeftOut] = []
    for package, root in {"": base, **packages}.items():
        for path, name, problem in _files(root, base):
            outcome = (
                LeftOut(path, name, problem, harmful=problem != _SIDE_FOLDER)
                if problem
                else _read(path, name, package, vocabulary)
            )
            (records if isinstance(outcome, DecisionRecord) else left_out).append(outcome)  # type: ignore[arg-type]  # either list
    records.sort(key=lambda record: record.name)
    return DecisionLog(base, tuple(records), tuple(left_out), found_by, settings, vocabulary)


def load_record(path: Path | str, *, name: str = "", vocabulary: Vocabulary = PLAIN) -> DecisionRecord:
    """Read one file as a record.

    Raises:
        DecisionLogError: it is no record, or cannot be read; the message says why.
    """
    place = Path(path)
    outcome = _read(place, name or place.name, "", vocabulary, certain=True)
    if isinstance(outcome, LeftOut):
        raise DecisionLogError(f"{place}: {outcome.reason}")
    return outcome


def _files(root: Path, base: Path) -> Iterator[tuple[Path, str, str]]:
    """Give each file below a folder with its name; follow links, but into no folder twice."""
    seen: set[tuple[int, int]] = set()
    todo = [str(root)]
    while todo:
        folder = todo.pop()
        try:
            status = os.stat(folder)  # noqa: PTH116  # a thousand Path objects cost more than the reading
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as listing:
                found = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            if folder == str(root):
                raise _no_folder(root, error) from error
            yield Path(folder), os.path.relpath(folder, base), f"cannot be listed: {error.strerror}"
            continue
        for entry in found:
            if _is_folder(entry):
                if entry.name.lower() in _PRUNED:
                    yield Path(entry.path), _relative(entry.path, base) + "/", _SIDE_FOLDER
                elif not entry.name.startswith("."):
                    todo.append(entry.path)
            elif not entry.name.startswith("."):
                yield Path(entry.path), _relative(entry.path, base), ""


def _relative(path: str, base: Path) -> str:
    prefix = f"{base}{os.sep}"
    name = path[len(prefix) :] if path.startswith(prefix) else os.path.relpath(path, base)
    return name.replace(os.sep, "/") if os.sep != "/" else name


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _no_folder(root: Path, error: OSError) -> DecisionLogError:
    hint = "give the folder of the records with `--dir`, or start a log with `archwright adr init`."
    if isinstance(error, FileNotFoundError):
        return DecisionLogError(f"{root} does not exist", hint=hint)
    if isinstance(error, NotADirectoryError):
        return DecisionLogError(f"{root} is a file, not a folder of records", hint=hint)
    return DecisionLogError(f"{root} cannot be listed: {error.strerror}", hint=hint)


def _read(
    path: Path, name: str, package: str, vocabulary: Vocabulary, *, certain: bool = False
) -> DecisionRecord | LeftOut:
    """Read a file, or say why it is no record."""
    stem, suffix = os.path.splitext(name.rpartition("/")[2])  # noqa: PTH122  # on the hot path
    markup = MARKUPS.get(suffix.lower())
    if markup is None:
        return LeftOut(path, name, f"`{suffix}` files hold no records" if suffix else "has no suffix of a text format")
    parent = name.rpartition("/")[0].rpartition("/")[2]
    label = parse_name(stem)
    if stem.lower() in FOLDER_PAGES and (above := parse_name(parent)).speaks:
        stem, label = parent, above
    if not certain and (reason := _reserved(stem, label)):
        return LeftOut(path, name, reason)
    raw = _bytes(path)
    if isinstance(raw, str):
        return LeftOut(path, name, raw, harmful=True)
    record = parse_record(
        raw, path, name, stem=stem, label=label, package=package, markup=markup, vocabulary=vocabulary
    )
    if not certain and label.slug.lower().endswith("template") and record.status.inferred:
        return LeftOut(path, name, "a template")
    if not certain and not label.speaks and not _looks_like_record(record, in_folder="/" in name):
        return LeftOut(path, name, "its name has no number or date, and it states neither a status nor a decision")
    return record


def _reserved(stem: str, label: RecordName) -> str:
    """Say why a name is never a record's; a number makes it one, whatever the words."""
    plain = stem.lower()
    if plain in _RESERVED:
        return _RESERVED[plain]
    if "template" in plain and not label.speaks:
        return "a template"
    return ""


def _bytes(path: Path) -> bytes | str:  # noqa: PLR0911  # a reason for each way out
    """Return a file's bytes, or why it cannot be read; nothing but a regular file is ever opened."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        return "a link that leads nowhere"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return "is no regular file"
        if status.st_size > LARGEST:
            return f"is larger than {LARGEST >> 20} MiB ({status.st_size >> 20} MiB)"
        raw = os.read(descriptor, status.st_size + 1)
        while len(raw) < status.st_size and (more := os.read(descriptor, LARGEST)):
            raw += more
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    finally:
        os.close(descriptor)
    if b"\0" in raw[:_SNIFFED] and raw[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        return "is binary"
    return raw


def _looks_like_record(record: DecisionRecord, *, in_folder: bool) -> bool:
    """Judge a file whose name has no number by its status and sections; a page that links to records is none."""
    roles = {section.role for section in record.sections}
    if in_folder:
        return not record.status.inferred and "decision" in roles
    return not record.status.inferred or bool(
        roles & {"decision", "options"} and roles & {"context", "consequences", "rationale", "options"}
    )


def parse_record(  # noqa: PLR0913  # each is a thing of its own
    raw: bytes,
    path: Path,
    name: str = "",
    *,
    stem: str = "",
    label: RecordName | None = None,
    package: str = "",
    markup: str = "markdown",
    vocabulary: Vocabulary = PLAIN,
) -> DecisionRecord:
    """Read a record from its bytes; `path` need not exist, so that a record of another commit can be read too."""
    name = name or path.name
    if label is None:
        stem = stem or os.path.splitext(name.rpartition("/")[2])[0]  # noqa: PTH122  # same
        parent = name.rpartition("/")[0].rpartition("/")[2]
        if stem.lower() in FOLDER_PAGES and parse_name(parent).speaks:
            stem = parent
        label = parse_name(stem)
        markup = MARKUPS.get(os.path.splitext(name)[1].lower(), markup)  # noqa: PTH122  # same
    source = Source(raw)
    text = flat(source.text)
    span = frontmatter.locate(text)
    front_matter = frontmatter.entries(text, span)
    start = frontmatter.body_start(text, span)
    reader = dialect(markup)
    masked = reader.mask(text, start)
    sections = from_headings(masked, reader.headings(masked, start))
    header = read_header(masked, start, reader, sections, front_matter)
    status = read_status(masked, front_matter, header, sections, vocabulary)
    if status.inferred and (elsewhere := status_elsewhere(masked, start, reader, vocabulary)):
        status = read_status(masked, front_matter, {**header, **elsewhere}, sections, vocabulary)
    title, title_number = read_title(masked, front_matter, sections, label.slug, label.number)
    stated, day = read_date(masked, header, sections, stem)
    number = label.number if label.speaks or label.draft else _stated_number(header, title_number)
    record = DecisionRecord(
        path=path, name=name, id=f"{package}/{label.id}" if package else label.id, number=number,
        title=title, status=status,
        date=stated, day=day, source=source, markup=markup, slug=label.slug, header=header, package=package,
        title_number=title_number, front_matter_span=span, vocabulary=vocabulary,
    )  # fmt: skip  # sixteen names
    record.__dict__["sections"] = sections  # found already: nobody has to look for them again
    return record


def _stated_number(header: Mapping[str, tuple[object, ...]], title_number: int | None) -> int | None:
    """Return the number that a record gives itself where its file name gives none."""
    if title_number is not None:
        return title_number
    for key in ("number", "adr", "id"):
        for value in header.get(key, ()):
            digits = parse_name(str(getattr(value, "text", ""))).number
            if digits is not None:
                return digits
    return None
