"""A change to a record leaves every byte alone that it need not touch.

`ARCHWRIGHT_ADR_CORPUS=FOLDER` adds every log below a folder of real ones.
"""

from __future__ import annotations

import difflib
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archwright.adr import load_log, parse_record
from archwright.adr.actions import change_status, link, supersede
from archwright.adr.edits import Patch, patched
from archwright.adr.model import DecisionLog
from archwright.adr.source import Source, Span
from archwright.adr.transitions import with_status
from archwright.errors import DecisionLogError

DATA = Path(__file__).parent.parent / "data" / "adr"
CORPUS = os.environ.get("ARCHWRIGHT_ADR_CORPUS", "")
LOGS = sorted(path for path in DATA.iterdir() if path.is_dir())
if CORPUS:
    LOGS += sorted({path.parent for path in Path(CORPUS).rglob("0*") if path.suffix in {".md", ".rst", ".adoc"}})
    LOGS += sorted(
        {path.parent for path in Path(CORPUS).rglob("20*.md")} | {path.parent for path in Path(CORPUS).rglob("ADR*.md")}
    )
FORMS = {
    "as it is": lambda raw: raw,
    "crlf": lambda raw: raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    "bom": lambda raw: b"\xef\xbb\xbf" + raw,
}


def kept(before: bytes, after: bytes) -> float:
    """Return the share of the old lines that stand in the new file, in order."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    same = sum(block.size for block in difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks())
    return len(old) - same


def copied(source: Path, target: Path, form: str) -> Path:
    folder = target / "log"
    shutil.copytree(source, folder)
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix in {".md", ".mdx", ".rst", ".adoc"}:
            path.write_bytes(FORMS[form](path.read_bytes()))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_little_changed(before: bytes, after: bytes, places: int) -> None:
    """At most one line for each place that states something is another one; endings and mark are as they were."""
    assert kept(before, after) <= places
    assert before.startswith(b"\xef\xbb\xbf") == after.startswith(b"\xef\xbb\xbf")
    if b"\r\n" in before and before.count(b"\r\n") == before.count(b"\n"):
        assert after.count(b"\r\n") == after.count(b"\n")
    if b"\r\n" not in before:
        assert b"\r\n" not in after


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("source", LOGS, ids=lambda path: path.name)
def test_accept_changes_the_status_and_nothing_else(source, form, tmp_path):
    """Accepting each record changes its own file only, there at most the lines of its status, and all of them."""
    folder = copied(source, tmp_path, form)
    for name in [record.name for record in load_log(folder)]:
        log, before = load_log(folder), contents(folder)
        record = log.by_name[name]
        try:
            change_status(log, record, "accepted", force=True)
        except DecisionLogError as error:
            assert "cannot be changed safely" in error.message  # noqa: PT017  # a refusal is one of two sound outcomes
            assert before == contents(folder)
            continue
        after = contents(folder)
        read = load_log(folder).by_name[name]

        assert {other: raw for other, raw in before.items() if other != name} == {
            other: raw for other, raw in after.items() if other != name
        }
        assert_little_changed(before[name], after[name], len(record.status.stated) + 1)
        assert ("accepted", record.title.text, record.day) == (read.status.word, read.title.text, read.day)
        assert not read.status.inferred
        words = {parse_status(read, place) for place in read.status.stated if place.source != "tag"}
        assert words <= {"accepted"}


def parse_status(record, place):
    return record.vocabulary.meaning(place.text) or place.text.lower()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("source", LOGS, ids=lambda path: path.name)
def test_supersede_writes_both_sides_and_nothing_else(source, form, tmp_path):
    """Superseding each record by its neighbour changes two files, which then name each other."""
    folder = copied(source, tmp_path, form)
    names = [record.name for record in load_log(folder)]
    for name, by in zip(names, names[1:] + names[:1], strict=True):
        if name == by:
            continue
        log, before = load_log(folder), contents(folder)
        old, new = log.by_name[name], log.by_name[by]
        try:
            supersede(log, [old], new)
        except DecisionLogError as error:
            assert "circle" in error.message or "safely" in error.message  # noqa: PT017  # a refusal is one of two sound outcomes
            assert before == contents(folder)
            continue
        after, read = contents(folder), load_log(folder)

        assert {other: raw for other, raw in before.items() if other not in {name, by}} == {
            other: raw for other, raw in after.items() if other not in {name, by}
        }
        assert_little_changed(before[name], after[name], len(old.status.stated) + 2)
        assert_little_changed(before[by], after[by], 1)
        assert read.by_name[name].status.word == "superseded"
        assert read.by_name[by] in read.related(read.by_name[name], "superseded by")
        assert read.by_name[name] in read.related(read.by_name[by], "supersedes")
        assert new.status.word == read.by_name[by].status.word


@pytest.mark.parametrize("source", LOGS, ids=lambda path: path.name)
def test_link_adds_a_line_to_both_sides_and_removes_none(source, tmp_path):
    """Linking each record with its neighbour only adds; doing it again changes nothing."""
    folder = copied(source, tmp_path, "as it is")
    names = [record.name for record in load_log(folder)]
    for name, other in zip(names, names[1:] + names[:1], strict=True):
        if name == other:
            continue
        log, before = load_log(folder), contents(folder)
        link(log, log.by_name[name], "depends on", log.by_name[other])
        after, again = contents(folder), load_log(folder)

        for each in (name, other):
            assert kept(before[each], after[each]) <= (0 if before[each].endswith(b"\n") else 1)
        assert link(again, again.by_name[name], "depends on", again.by_name[other]) == []
        assert after == contents(folder)


@given(
    text=st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=200),
    cut=st.tuples(st.integers(0, 200), st.integers(0, 200)),
    words=st.text(alphabet="abc\n", max_size=20),
    mark=st.sampled_from([(b"", "utf-8"), (b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le")]),
)
def test_a_patch_changes_exactly_its_span(text, cut, words, mark):
    """The bytes before and after a patch are those of the file, in any encoding, whatever stands there."""
    source = Source(mark[0] + text.encode(mark[1]))
    start, end = sorted(min(place, len(source.text)) for place in cut)
    span = Span(start, end)
    first, last = source.byte_span(span)

    after = patched(source, [Patch(span, words)])

    assert source.raw[:first] == after[:first]
    assert source.raw[last:] == after[len(after) - len(source.raw) + last :]
    assert words.replace("\n", source.eol).encode(source.encoding) == after[first : len(after) - len(source.raw) + last]


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_record(raw):
    """Whatever a file holds, reading it gives a record with a title and a status."""
    for name in ("0001-x.md", "0001-x.rst", "0001-x.adoc"):
        record = parse_record(raw, Path(name))
        assert record.title.text
        assert record.status.word
        assert record.relations is not None
        assert record.sections is not None


@settings(max_examples=200)
@given(
    st.lists(
        st.sampled_from(
            [
                "---",
                "status: accepted",
                "tags: [a, b]",
                "# T",
                "## Status",
                "Accepted",
                "```",
                "<!--",
                "-->",
                "| a | b |",
                "|---|---|",
                "- Status: x",
                "> q",
                "",
                "    code",
                "===",
                "superseded by [x](y.md)",
                "+++",
                "- [x] Rejected",
            ]
        ),
        max_size=14,
    )
)
def test_any_mixture_of_forms_can_be_accepted_or_says_why_not(parts):
    """Records made of the pieces of every dialect, in any order, are accepted, or refused in words."""
    record = parse_record("\n".join(parts).encode(), Path("0001-x.md"))
    log = DecisionLog(Path(), (record,))
    try:
        after = with_status(log, record, "accepted")
    except DecisionLogError as error:
        assert "Nothing was written" in error.message  # noqa: PT017  # a refusal is one of two sound outcomes
    else:
        assert after.status.word == "accepted"
