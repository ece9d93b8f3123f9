from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from adr_command import adr, git
from archwright.adr import load_log
from archwright.adr.drafting import Draft, OptionDraft, write_new
from archwright.cli.adr.drafts import built_in, render
from archwright.cli.adr.from_blueprint import drafted

DAY = date(2026, 11, 22)


def write(folder, title="Use X", **more):
    said = {key: more.pop(key) for key in list(more) if key in Draft.__dataclass_fields__}
    return write_new(folder, Draft(title=title, day=DAY, **said), render, built_in=built_in, **more).record


@pytest.mark.parametrize(
    ("before", "name"),
    [
        ("0007-x.md", "0008-use-x.md"),
        ("7-x.md", "8-use-x.md"),
        ("007-x.md", "008-use-x.md"),
        ("ADR-7.md", "ADR-8.md"),
        ("ADR007-x.md", "ADR008-use-x.md"),
        ("adr-099-x.md", "adr-100-use-x.md"),
        ("20250102-x.md", "20261122-use-x.md"),
        ("2025-01-02-x.md", "2026-11-22-use-x.md"),
        ("2025-01-02_007-x.md", "2026-11-22_008-use-x.md"),
        ("2025-01-02-x/README.md", "2026-11-22-use-x/README.md"),
        ("0007-x.rst", "0008-use-x.rst"),
        ("0007-x.adoc", "0008-use-x.adoc"),
    ],
)
def test_a_new_record_is_named_as_its_neighbours_are(tmp_path, before, name):
    """Prefix, width, date, folder and suffix of the file name follow the log."""
    (tmp_path / before).parent.mkdir(exist_ok=True)
    (tmp_path / before).write_text(
        "X\n=\n\nStatus\n------\n\nAccepted\n"
        if before.endswith("rst")
        else "= X\n\n== Status\n\nAccepted\n"
        if before.endswith("adoc")
        else "# X\n\n## Status\n\nAccepted\n"
    )

    record = write(tmp_path)

    assert name == record.name
    assert ("Use X", "proposed") == (record.title.text, record.status.word)
    assert 2 == len(load_log(tmp_path))


@pytest.mark.parametrize(
    ("neighbour", "place"),
    [
        ("# 1. X\n\nDate: 2024-01-01\n\n## Status\n\nAccepted\n\n## Context\n", "section:Status"),
        ("---\nstatus: accepted\n---\n\n# X\n\n## Considered Options\n\n* a\n", "front-matter"),
        ("# X\n\n* Status: accepted\n\n## Considered Options\n\n* a\n", "bullet"),
    ],
)
def test_a_new_record_is_formed_as_its_neighbours_are(tmp_path, neighbour, place):
    """Without a template of its own, the log's commonest form is taken."""
    (tmp_path / "0001-x.md").write_text(neighbour)

    assert place == write(tmp_path).status.source


@pytest.mark.parametrize("template", ["madr", "madr-minimal", "nygard", "y-statement"])
def test_each_template_reads_back_what_was_said(tmp_path, template):
    """Title, status, date, options and choice come out of a record as they went in, whatever the template."""
    options = (OptionDraft(name="SQS", good=("nobody runs it",), bad=("lock-in",)), OptionDraft(name="RabbitMQ"))

    record = write(
        tmp_path,
        template=template,
        context="Down weekly.",
        drivers=("cost",),
        options=options,
        chosen="SQS",
        because="it is there",
        good=("sleep",),
        bad=("a bill",),
        deciders=("Ada: CTO", "Grace"),
    )

    assert ("Use X", "proposed", DAY) == (record.title.text, record.status.word, record.day)
    assert "{" not in record.text
    assert record.text.endswith("\n")
    assert "\n\n\n" not in record.text
    assert "" == record.front_matter_problem
    if template != "nygard":
        assert "SQS" == record.chosen_option.text
        assert ["SQS", "RabbitMQ"] == [option.name for option in record.options]


@pytest.mark.parametrize("template", ["madr", "madr-minimal", "nygard", "y-statement"])
def test_an_unsaid_part_is_a_gap_and_no_content(tmp_path, template):
    """Gaps to be filled are not read as options, a choice or a status."""
    record = write(tmp_path, template=template)

    assert "{" in record.text
    assert (None, ()) == (record.chosen_option, record.options)
    assert "\n\n\n" not in record.text


@pytest.mark.parametrize(
    ("name", "template", "words"),
    [
        (
            "templates/template.md",
            "# NUMBER. TITLE\n\nDate: DATE\n\n## Status\n\nSTATUS\n",
            "# 1. Use X\n\nDate: 2026-11-22\n\n## Status\n\nProposed\n",
        ),
        (
            "template.md",
            "# {{ title }}\n\nStatus: {{ status }} ({{ date }})\n",
            "# Use X\n\nStatus: proposed (2026-11-22)\n",
        ),
        (
            "template.md",
            "# [short title]\n\n- Status: [draft | proposed | accepted]\n- Date: [YYYY-MM-DD when]\n",
            "# Use X\n\n- Status: proposed\n- Date: 2026-11-22\n",
        ),
        (
            "adr-template.md",
            '---\nstatus: "{proposed | accepted}"\ndate: {YYYY-MM-DD}\n---\n\n# {title}\n\n## Context\n\n{why}\n',
            '---\nstatus: "proposed"\ndate: 2026-11-22\n---\n\n# Use X\n\n## Context\n\n{why}\n',
        ),
    ],
)
def test_a_team_template_is_honoured(tmp_path, name, template, words):
    """adr-tools' placeholders, Jinja, and the records with gaps of log4brains and MADR are filled in."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(template)

    assert words == write(tmp_path).text


def test_a_title_with_signs_goes_through_placeholders_unharmed(tmp_path):
    """`|`, `&` and backslashes, which break a substitution by sed, are only text."""
    (tmp_path / "template.md").write_text("# NUMBER. TITLE\n\n## Status\n\nSTATUS\n")

    assert r"a | b & c \1" == write(tmp_path, title=r"a | b & c \1").title.text


def test_a_blueprint_decision_fills_options_gains_and_costs(tmp_path):
    """A record drafted from a blueprint weighs the options that the blueprint knows, and leaves the choice open."""
    draft = drafted(Draft(title="", day=DAY), "work-queue:broker-choice")

    record = write_new(tmp_path, draft, render, built_in=built_in).record

    assert len(record.options) > 1
    assert all({argument.weight for argument in option.arguments} == {"good", "bad"} for option in record.options)
    assert record.chosen_option is None


def test_adr_date_answers_and_flags_meet(tmp_path):
    """A file of answers, flags over it, and `ADR_DATE` make one record; `--json` tells where it is."""
    (tmp_path / "docs" / "adr").mkdir(parents=True)
    (tmp_path / "docs" / "adr" / "0001-x.md").write_text(
        "---\nstatus: accepted\n---\n\n# X\n\n## Considered Options\n\n* a\n"
    )
    (tmp_path / "a.yaml").write_text("title: From a file\noptions:\n  - name: A\n    good: [fast]\n  - B\nchosen: B\n")

    done = adr(
        "new",
        "--answers",
        "a.yaml",
        "--set",
        "chosen=A",
        "--set",
        "bad[B]=slow",
        "--json",
        cwd=tmp_path,
        ADR_DATE="2020-02-02",
    )

    assert 0 == done.returncode, done.stderr
    record = load_log(tmp_path / "docs" / "adr").find("2")
    assert ("From a file", date(2020, 2, 2), "A") == (record.title.text, record.day, record.chosen_option.text)
    assert [["good"], ["bad"]] == [[argument.weight for argument in option.arguments] for option in record.options]
    assert '"number": 2' in done.stdout


def test_new_supersedes_both_sides_in_one_go(tmp_path):
    """`--supersedes` writes the new record and the old one together."""
    write(tmp_path, "Use A", template="nygard")
    write(tmp_path, "Use B", template="nygard")

    done = adr("new", "Use C", "--supersedes", "1", "--supersedes", "2", "--no-input", "--dir", tmp_path, cwd=tmp_path)

    assert 0 == done.returncode, done.stderr
    log = load_log(tmp_path)
    assert ["superseded", "superseded", "proposed"] == [record.status.word for record in log]
    assert ["0001", "0002"] == [record.id for record in log.related(log.find("3"), "supersedes")]


def test_init_makes_a_log_that_later_records_take_after(tmp_path):
    """The first record decides template and numbering of the next; an unusual folder is written into `.adr-dir`."""
    assert (
        0
        == adr(
            "init", "notes/why", "--template", "nygard", "--numbering", "date", cwd=tmp_path, ADR_DATE="2026-11-22"
        ).returncode
    )
    assert 0 == adr("new", "Use X", "--no-input", cwd=tmp_path, ADR_DATE="2026-11-23").returncode

    log = load_log(tmp_path / "notes" / "why")

    assert "notes/why\n" == (tmp_path / ".adr-dir").read_text()
    assert ["20261122-record-architecture-decisions.md", "20261123-use-x.md"] == [record.name for record in log]
    assert {"section:Status"} == {record.status.source for record in log}


@pytest.fixture
def project(tmp_path):
    """A repository with three records and code that cites them."""
    folder = tmp_path / "docs" / "adr"
    folder.mkdir(parents=True)
    for title in ("Use A", "Use B", "Use C"):
        write(folder, title, template="nygard")
    (folder / "0003-use-c.md").write_text(
        (folder / "0003-use-c.md").read_text().replace("Proposed", "Proposed\n\nAmends [2. Use B](0002-use-b.md)")
    )
    (tmp_path / "code.py").write_bytes(
        b"# adr: 0002\r\n# ADR-2, ADR-0002, not ADR-20, ADR-0021, v0002\r\n# docs/adr/0002-use-b.md\r\n"
    )
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    return tmp_path


def test_renumber_rewrites_every_citation_and_keeps_an_alias(project):
    """File, heading, links and comments follow the new number; near misses and endings stay; the old one resolves."""
    done = adr("renumber", "2", "12", cwd=project)

    assert 0 == done.returncode, done.stderr
    log = load_log(project / "docs" / "adr")
    record = log.find("12")
    assert ("0012-use-b.md", 12, "Use B", ("2",)) == (
        record.name,
        record.title_number,
        record.title.text,
        record.aliases,
    )
    assert record is log.find("2") is log.find("ADR-0002")
    assert "Amends [12. Use B](0012-use-b.md)" in log.find("3").text
    assert (
        project / "code.py"
    ).read_bytes() == b"# adr: 0012\r\n# ADR-12, ADR-0012, not ADR-20, ADR-0021, v0002\r\n# docs/adr/0012-use-b.md\r\n"
    assert "0013-use-x.md" in adr("new", "Use X", "--no-input", cwd=project).stdout


def test_renumber_refuses_a_number_that_is_taken(project):
    """Two records never get one number, and a dry run changes nothing."""
    before = (project / "code.py").read_bytes()

    done = adr("renumber", "2", "3", cwd=project)
    assert 1 == done.returncode
    assert "taken by 0003-use-c.md" in done.stderr
    assert 0 == adr("renumber", "2", "9", "--dry-run", cwd=project).returncode
    assert before == (project / "code.py").read_bytes()
    assert (project / "docs" / "adr" / "0002-use-b.md").exists()


def test_citations_that_may_mean_another_record_are_left_and_listed(project):
    """Where two records share the number, only citations by file name follow; the others are told."""
    other = project / "docs" / "adr" / "0002-use-z.md"
    other.write_text("# 2. Use Z\n\n## Status\n\nAccepted\n")

    done = adr("renumber", "0002-use-b.md", "12", cwd=project)

    assert 0 == done.returncode, done.stderr
    assert "code.py:1: 0002" in done.stderr
    assert (
        project / "code.py"
    ).read_bytes() == b"# adr: 0002\r\n# ADR-2, ADR-0002, not ADR-20, ADR-0021, v0002\r\n# docs/adr/0012-use-b.md\r\n"
    assert "0002-use-z.md" == load_log(project / "docs" / "adr").find("2").name


def test_drafts_and_collisions_get_numbers_at_merge(project):
    """A draft is numbered after the other branch's records, and a record that collides with one is renumbered."""
    git(project, "checkout", "-qb", "feature")
    assert "draft-an-idea.md" in adr("new", "An idea", "--draft", cwd=project).stdout
    (project / "docs" / "adr" / "0004-mine.md").write_text("# 4. Mine\n\n## Status\n\nProposed\n")
    (project / "notes.md").write_text("[idea](docs/adr/draft-an-idea.md) and ADR-0004\n")
    git(project, "add", ".")
    git(project, "commit", "-qm", "two")
    git(project, "checkout", "-q", "main")
    (project / "docs" / "adr" / "0004-theirs.md").write_text("# 4. Theirs\n\n## Status\n\nAccepted\n")
    git(project, "add", ".")
    git(project, "commit", "-qm", "theirs")
    git(project, "checkout", "-q", "feature")

    done = adr("number", "--onto", "main", cwd=project)

    assert 0 == done.returncode, done.stderr
    names = {record.name: record.title_number for record in load_log(project / "docs" / "adr")}
    assert {"0005-mine.md": 5, "0006-an-idea.md": 6}.items() <= names.items()
    assert "[idea](docs/adr/0006-an-idea.md) and ADR-0005\n" == (project / "notes.md").read_text()
    assert "Nothing to number" in adr("number", "--onto", "main", cwd=project).stdout
    assert 2 == adr("number", "--onto", "nowhere", cwd=project).returncode


def test_a_path_outside_the_log_is_never_written(tmp_path):
    """A slug cannot leave the folder, whatever the title."""
    (tmp_path / "log").mkdir()

    record = write(tmp_path / "log", "../../x/y")

    assert Path(tmp_path / "log") == record.path.parent
