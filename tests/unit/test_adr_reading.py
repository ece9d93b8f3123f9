from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from archwright.adr import load_log, parse_record

DATA = Path(__file__).parent.parent / "data" / "adr"

# dialect/file: number, title, status, where it stands, date
EXPECTED = {
    "nygard/0001-record-decisions.md": (1, "Record decisions", "accepted", "section:Status", "2024-01-05"),
    "nygard/0002-poll-the-table.md": (2, "Poll the table", "superseded", "section:Status", "2024-02-06"),
    "nygard/0003-keep-records-short.md": (3, "Keep records short", "proposed", "section:Status", "2024-02-07"),
    "nygard/0015-name-queues-after-tenants.md": (
        15,
        "Name queues after tenants",
        "rejected",
        "section:Status",
        "2024-03-09",
    ),
    "madr2/0001-use-postgres.md": (1, "Use Postgres", "superseded", "bullet", "2021-05-04"),
    "madr2/0002-use-sqlite.md": (2, "Use SQLite", "accepted", "bullet", "2022-07-01"),
    "madr4/0001-one-queue-per-tenant.md": (1, "One queue per tenant", "accepted", "front-matter", "2025-01-31"),
    "madr4/0002-one-queue-for-all.md": (2, "One queue for all", "superseded", "front-matter", "2024-12-01"),
    "madr4/0003-unfilled.md": (3, "Unfilled", "accepted", "inferred", None),
    "both/0001-cache-results.md": (1, "Cache results", "accepted", "front-matter", "2023-03-03"),
    "log4brains/20230101-keep-numbers-as-ids.md": (None, "Keep numbers as ids", "superseded", "bullet", "2023-01-01"),
    "log4brains/20230210-no-status-here.md": (None, "No status here", "accepted", "inferred", "2023-02-10"),
    "docusaurus/2022-01-02_002-use-nix.md": (2, "Use Nix", "accepted", "tag", "2022-01-02"),
    "docusaurus/2022-02-02_003-drop-make.mdx": (3, "Drop make", "superseded", "section:Status", "2022-02-02"),
    "table/ADR-1.md": (1, "Name the errors", "accepted", "table:7", "2022-02-22"),
    "table/ADR-12.md": (12, "Number the errors", "proposed", "table:5", "2022-03-22"),
    "bold/2023-06-01-choose-a-host.md": (None, "Choose a host", "accepted", "bullet", "2023-06-09"),
    "bold/2023-06-02-choose-a-colour.md": (None, "Choose a colour", "accepted", "line", "2023-06-02"),
    "bold/2023-06-03-choose-a-font.md": (None, "Choose a font", "rejected", "section:Status", "2023-06-03"),
    "bold/2023-06-04-choose-a-badge.md": (None, "X", "accepted", "badge", "2023-06-04"),
    "bold/2023-06-05-choose-one-line.md": (None, "X", "proposed", "line", "2024-01-02"),
    "bold/2023-06-06-choose-a-heading.md": (None, "X", "accepted", "line", "2023-06-06"),
    "rst/0003-list-the-values.rst": (3, "X", "proposed", "table:7", "2024-05-06"),
    "table/ADR-20.md": (20, "X", "accepted", "table:3", None),
    "changelog/adr-007-blocks.md": (7, "Blocks", "accepted", "section:Status", "2022-01-15"),
    "changelog/adr-101-history.md": (101, "History", "accepted", "section:Status", None),
    "directories/2024-05-06-trace-requests/README.md": (None, "Trace requests", "accepted", "inferred", "2024-05-06"),
    "rst/0001-store-times-in-utc.rst": (1, "Store times in UTC", "accepted", "section:Status", None),
    "rst/0002-show-local-times.rst": (2, "Show local times", "proposed", "attribute", "2024-05-05"),
    "asciidoc/0001-one-cluster.adoc": (1, "One cluster", "deprecated", "attribute", "2020-06-22"),
    "asciidoc/0002-two-clusters.adoc": (2, "Two clusters", "accepted", "attribute", "2021-01-01"),
    "messy/0001-nested-fences.md": (1, "Nested fences", "accepted", "section:Status", None),
    "messy/0002-invalid-front-matter.md": (2, "not", "rejected", "front-matter", None),
    "messy/0003-no-heading.md": (3, "no heading", "accepted", "line", None),
    "messy/0004-many-headings.md": (4, "Many headings", "deprecated", "section:Status", None),
    "messy/0005-empty.md": (5, "empty", "accepted", "inferred", None),
    "messy/0006-prose-status.md": (6, "Prose status", "this", "section:Status", None),
    "messy/0007-struck.md": (7, "Struck", "accepted", "section:Status", None),
    "messy/0007-same-number.md": (7, "Same number", "superseded", "section:Status", None),
    "messy/0008-toml.md": (8, "Toml", "accepted", "front-matter", "2024-01-01"),
    "messy/draft-think-about-it.md": (None, "Think about it", "draft", "front-matter", None),
}


def read(text, name="0001-x.md"):
    return parse_record(text if isinstance(text, bytes) else text.encode(), Path(name))


@pytest.mark.parametrize("name", EXPECTED)
def test_every_dialect_gives_the_same_model(name):
    """Number, title, status, date, and where the status stands, are read from each dialect's own form."""
    dialect, _, rest = name.partition("/")

    record = load_log(DATA / dialect).by_name[rest]

    day = record.day.isoformat() if record.day else None
    assert EXPECTED[name] == (record.number, record.title.text, record.status.word, record.status.source, day)


@pytest.mark.parametrize("dialect", sorted(path.name for path in DATA.iterdir()))
def test_each_file_is_a_record_or_left_out_with_a_reason(dialect):
    """Records and files left out together are all the files that there are."""
    log = load_log(DATA / dialect)

    told = {record.name for record in log} | {each.name for each in log.left_out}
    assert {
        path.relative_to(DATA / dialect).as_posix() for path in (DATA / dialect).rglob("*") if path.is_file()
    } == told
    assert all(each.reason for each in log.left_out)


@pytest.mark.parametrize("dialect", sorted(path.name for path in DATA.iterdir()))
def test_each_span_holds_the_text_that_it_says(dialect):
    """The characters of a value's span, and their bytes in the file, are the value."""
    for record in load_log(DATA / dialect):
        for place in record.status.stated:
            assert place.text == place.span.of(record.text)
            start, end = record.source.byte_span(place.span)
            assert place.text.encode() == record.path.read_bytes()[start:end]
        if record.title.span and record.title.source != "file-name":
            assert record.title.text in record.title.span.of(record.text)


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [(b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"", "latin-1")],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_encodings_and_line_endings_do_not_hide_anything(mark, encoding, ending):
    """A byte order mark, Latin-1 and each kind of line ending leave title and status readable."""
    text = "---\nstatus: accepted\n---\n\n# Über allen Gipfeln\n\n## Status\n\nAccepted\n".replace("\n", ending)

    record = read(mark + text.encode(encoding))

    assert ("Über allen Gipfeln", "accepted") == (record.title.text, record.status.word)
    assert ["front-matter", "section:Status"] == [place.source for place in record.status.stated]
    for place in record.status.stated:
        start, end = record.source.byte_span(place.span)
        assert place.text.encode(encoding) == record.source.raw[start:end]


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("Accepted", "accepted"),
        ("✅ Accepted", "accepted"),
        ("`Rejected`", "rejected"),
        ("> Deprecated", "deprecated"),
        ("Approved by the board", "accepted"),
        ("Not accepted", "rejected"),
        ("Partially superseded by [3](0003-x.md)", "accepted"),
        ("Superceded by [3. X](0003-x.md)", "superseded"),
        ("Accepted, superseded by 0003", "superseded"),
        ("Accepted\n\nSuperceded by [3. X](0003-x.md)", "superseded"),
        ("Supersedes [2. X](0002-x.md)\n\nAccepted", "accepted"),
        ("![Accepted](https://example.org/badge.svg)", "accepted"),
        ("on hold", "on hold"),
        ("Date: 2024-01-01\n\nPending", "proposed"),
        ("🤔 Incomplete", "draft"),
    ],
)
def test_status_sections_as_people_write_them(said, word):
    """Signs, quotes, code spans, badges, prose and several lines do not hide the status."""
    assert word == read(f"# 1. X\n\n## Status\n\n{said}\n\n## Decision\n\nYes.\n").status.word


@pytest.mark.parametrize(
    ("words", "number", "title"),
    [
        ("1. Use X", 1, "Use X"),
        ("ADR 1: Use X", 1, "Use X"),
        ("ADR001: Use X", 1, "Use X"),
        ("[ADR-0001] Use X", 1, "Use X"),
        ("1 - Use X", 1, "Use X"),
        ("0001 Use X", 1, "Use X"),
        ("1 Use X", 1, "Use X"),
        ("3 options for X", None, "3 options for X"),
        ("Use 3 queues", None, "Use 3 queues"),
        ("12 factor apps", None, "12 factor apps"),
        ("Architecture Decision Record: Use X", None, "Use X"),
        ("**Use X**", None, "Use X"),
        ("Use [X](https://example.org)", None, "Use X"),
        ("2024-01-02 Use X", None, "2024-01-02 Use X"),
        ("Use C#", None, "Use C#"),
    ],
)
def test_numbers_in_titles(words, number, title):
    """A number that counts the record is taken off the title; a number that is part of it stays."""
    record = read(f"# {words}\n")

    assert (number, title) == (record.title_number, record.title.text)


def test_people_and_tags_are_read_from_lists_of_every_kind():
    """Block lists, flow lists and comma lists of the front matter give the same names."""
    record = load_log(DATA / "madr4").find("1")

    assert (("Ada", "Grace"), ("Edsger", "Barbara"), ("Alan",)) == (record.deciders, record.consulted, record.informed)


def test_options_carry_their_arguments_and_the_choice():
    """Considered options, their reasons, and the chosen one are read across sections."""
    record = load_log(DATA / "madr4").find("1")

    assert [("One queue per tenant", True), ("One queue for all", False)] == [
        (each.name, each.chosen) for each in record.options
    ]
    assert [["good", "neutral"], ["bad"]] == [
        [argument.weight for argument in each.arguments] for each in record.options
    ]
    assert record.chosen_option.text == "One queue per tenant"


def test_gaps_of_a_template_are_no_options_and_no_choice():
    """What a template left to be filled is not taken for content."""
    record = load_log(DATA / "madr4").find("3")

    assert (None, ()) == (record.chosen_option, record.options)


def test_relations_resolve_in_every_dialect():
    """Supersession is found in sections, bullets, links, front matter and site paths, and leads to the record."""
    found = {}
    for dialect in ("nygard", "madr2", "madr4", "both", "log4brains", "docusaurus"):
        log = load_log(DATA / dialect)
        found[dialect] = [(each.id, other.id) for each in log for other in log.related(each, "superseded by")]

    assert found == {
        "nygard": [("0002", "0004")],
        "madr2": [("0001", "0002")],
        "madr4": [("0002", "0001")],
        "both": [],
        "log4brains": [("20230101-keep-numbers-as-ids", "20230105-keep-slugs-as-ids")],
        "docusaurus": [("003", "002")],
    }
    both = load_log(DATA / "both")
    assert [both.find("1")] == list(both.related(both.find("2"), "supersedes"))


def test_front_matter_that_is_no_yaml_is_told_and_still_read():
    """Invalid YAML does not hide a record's status, and the problem can be asked for."""
    record = load_log(DATA / "messy").find("2")

    assert record.status.word == "rejected"
    assert "no valid YAML" in record.front_matter_problem


def test_yaml_is_never_more_than_text():
    """`0008`, `no` and dates stay what is written."""
    record = read('---\nadr: 0008\ntags: [no, on]\ndate: 2024-01-02\nnumber: "08"\n---\n\n# X\n')

    assert ("0008", ("no", "on"), date(2024, 1, 2)) == (record.header["adr"][0].text, record.tags, record.day)


@pytest.mark.parametrize(
    "text",
    [
        "#" * 100_000,
        "[" * 200_000,
        "# " + " " * 200_000 + "x",
        "<!--" * 50_000,
        "| a " * 50_000,
        "`" * 100_000,
        "- " * 100_000,
        "---\n" + "a: [" * 20_000 + "\n---\n",
        "Status" + " " * 100_000 + ":" * 10,
        "~~" * 50_000,
        "{" * 50_000,
    ],
)
def test_hostile_text_is_read_in_reasonable_time(text):
    """No pattern runs away on long or deeply nested input."""
    for name in ("0001-x.md", "0001-x.rst", "0001-x.adoc"):
        record = read(f"{text}\n\n## Status\n\n{text}\n", name)
        assert record.title.text
        assert record.relations is not None
        assert record.options is not None
