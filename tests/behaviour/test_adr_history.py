from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import jsonschema
import pytest

from adr_repository import new_project, record

FIRST = "docs/adr/0001-use-a-queue.md"


@pytest.fixture
def project(tmp_path):
    return new_project(tmp_path / "desk")


def kinds(project):
    return [(each["change"], each["severity"]) for each in json.loads(project.adr("audit", "--json").stdout)]


def test_audit_tells_what_each_change_was(project):
    """Every change to an accepted record in history is classified; only what the policy forbids fails the run."""
    for old, new in [
        ("recieve", "receive"),
        ("Date: 2026-01-02", "Date: 2026-01-05"),
        ("waits.\n", "waits.\n\n## Amendments\n\nThe limit is 80.\n"),
    ]:
        project.edit(FIRST, old, new)
        project.commit()
    clean = project.adr("audit")
    project.edit(FIRST, "We use a queue.", "We use a stream.")
    project.commit("Change our mind")

    done = project.adr("audit")

    assert (0, 1) == (clean.returncode, done.returncode)
    assert [("typo", None), ("metadata", None), ("addendum", None), ("substantive", "error")] == kinds(project)
    assert "“queue” → “stream”" in done.stdout
    assert "Ann: Change our mind" in done.stdout


def test_what_happens_before_acceptance_is_free(project):
    """A proposed record may change as it likes, and accepting it is metadata."""
    project.write("docs/adr/0002-x.md", record("X", number=2, status="Proposed"))
    project.commit()
    project.edit("docs/adr/0002-x.md", "We use a queue.", "We use nothing.")
    project.commit()
    project.edit("docs/adr/0002-x.md", "Proposed", "Accepted")
    project.commit()

    assert [] == kinds(project)


def test_audit_follows_renames_and_sees_deletions(project):
    """A renamed record keeps its history, and taking one away is a change of substance."""
    project.write("docs/adr/0002-x.md", record("X", number=2, status="Proposed"))
    project.git("mv", FIRST, "docs/adr/0004-use-a-queue.md")
    project.edit("docs/adr/0004-use-a-queue.md", "# 1.", "# 4.")
    project.commit("Renumber")
    project.git("rm", "-q", "docs/adr/0004-use-a-queue.md")
    project.commit("Forget")

    assert [("metadata", None), ("substantive", "error")] == kinds(project)


def test_policies_differ(project):
    """`strict` forbids a typo, `madr` only points a change of substance out, `off` says nothing."""
    project.edit(FIRST, "recieve", "receive")
    project.commit()
    project.edit(FIRST, "We use a queue.", "We use a stream.")
    project.commit()
    found = {}
    for policy in ("strict", "madr", "off"):
        project.write(".archwright.toml", f'[adr]\nimmutability = "{policy}"\n')
        found[policy] = (project.adr("audit").returncode, [severity for _, severity in kinds(project)])

    assert {"strict": (1, ["error", "error"]), "madr": (0, [None, "warning"]), "off": (0, [None, None])} == found


def test_lint_judges_a_branch_by_its_base(project):
    """On a branch, a change of substance to an accepted record is an error that says how to go on; a typo is fine."""
    project.git("switch", "-q", "-c", "feature")
    project.edit(FIRST, "recieve", "receive")
    project.commit()
    fine = project.adr("lint", "--base", "main")
    project.edit(FIRST, "We use a queue.", "We use a stream.")

    done = project.adr("lint", "--base", "main")

    assert (0, 1) == (fine.returncode, done.returncode)
    assert "AD190 error 0001: was accepted and has got a substantive change of 2 words" in done.stdout
    assert "archwright adr new TITLE --supersedes 0001" in done.stdout


def test_lint_against_a_base_sees_a_number_taken_meanwhile(project):
    """Two branches that both add record 2 merge cleanly in git; lint against the base tells before the merge."""
    project.git("switch", "-q", "-c", "feature")
    project.write("docs/adr/0002-mine.md", record("Mine", number=2))
    project.commit()
    alone = project.adr("lint", "--base", "main")
    project.git("switch", "-q", "main")
    project.write("docs/adr/0002-theirs.md", record("Theirs", number=2))
    project.commit()
    project.git("switch", "-q", "feature")

    done = project.adr("lint", "--base", "main")

    assert (0, 1) == (alone.returncode, done.returncode)
    assert "AD191 error 0002: number 2 went to `0002-theirs.md` on main meanwhile" in done.stdout


def test_lint_against_a_base_sees_a_record_taken_away(project):
    """An accepted record that the branch deletes is an error at its path."""
    project.git("switch", "-q", "-c", "feature")
    project.write("docs/adr/0002-x.md", record("X", number=2))
    project.git("rm", "-q", FIRST)
    project.commit()

    done = project.adr("lint", "--base", "main")

    assert done.returncode == 1
    assert f"{FIRST}: AD190 error 0001, accepted, was taken away" in done.stdout


def test_fix_names_the_successor_everywhere(project):
    """`lint --fix` rewrites citations of a superseded record in code and documents, and no other byte of them."""
    project.write("docs/adr/0012-use-a-stream.md", record("Use a stream", number=12))
    project.adr("supersede", "1", "--by", "12")
    project.write("src/a.py", "# adr: 0001, ADR-1 and ADR-0012\nx = 'LADR-0001'\r\n")
    project.write("notes.md", "See [ADR 0001](docs/adr/0001-use-a-queue.md#status).\n")
    before = project.adr("lint", "--fail-on", "warning")

    done = project.adr("lint", "--fix")

    assert (1, 0) == (before.returncode, done.returncode)
    assert 4 == before.stdout.count("AD171 warning")
    assert b"# adr: 0012, ADR-12 and ADR-0012\nx = 'LADR-0001'\r\n" == (project.root / "src/a.py").read_bytes()
    assert "See [ADR 0012](docs/adr/0012-use-a-stream.md#status).\n" == (project.root / "notes.md").read_text()
    assert "1 record" not in done.stdout
    assert "AD171" not in done.stdout


def test_diff_is_the_changelog_of_decisions(project):
    """Between two commits: what was accepted, superseded, proposed, edited and taken away, as Markdown and as JSON."""
    project.git("tag", "v1")
    project.write("docs/adr/0002-use-a-stream.md", record("Use a stream", number=2))
    project.write("docs/adr/0003-go-home.md", record("Go home", number=3, status="Proposed"))
    project.adr("supersede", "1", "--by", "2")
    project.commit()

    done = project.adr("diff", "v1..HEAD")
    told = json.loads(project.adr("diff", "v1..HEAD", "--format", "json").stdout)

    assert done.stdout == (
        "## Decisions, v1 to HEAD\n\n### Accepted\n\n- [0002: Use a stream](docs/adr/0002-use-a-stream.md)\n\n"
        "### Superseded\n\n- [0001: Use a queue](docs/adr/0001-use-a-queue.md); by 0002 (Use a stream)\n\n"
        "### Proposed\n\n- [0003: Go home](docs/adr/0003-go-home.md)\n"
    )
    assert [("accepted", "0002"), ("superseded", "0001"), ("proposed", "0003")] == [
        (each["kind"], each["id"]) for each in told
    ]
    assert "No decision changed." in project.adr("diff", "HEAD..HEAD").stdout


def test_diff_with_what_is_not_committed_yet(project):
    """`HEAD..` compares with the files as they are; a rename with a new number is told as one."""
    project.git("mv", FIRST, "docs/adr/0007-use-a-queue.md")
    project.edit("docs/adr/0007-use-a-queue.md", "# 1.", "# 7.")

    assert (
        "### Renumbered\n\n- [0007: Use a queue](docs/adr/0007-use-a-queue.md); was 0001"
        in project.adr("diff", "HEAD..").stdout
    )


def test_why_knows_citations_globs_and_commits(project):
    """The decisions that govern a line: those cited near it, those that affect its path, those its commit names."""
    project.write(
        "docs/adr/0002-x.md", "---\nstatus: accepted\naffects: ['src/**/*.py']\n---\n\n" + record("X", number=2)
    )
    project.write("docs/adr/0003-y.md", record("Y", number=3))
    project.write("docs/adr/0004-z.md", record("Z", number=4))
    project.write("src/a.py", "# ADR-0001\n" + "\n" * 100 + "y = 1\n")
    project.commit("Add a\n\nADR: 3")
    project.edit("src/a.py", "y = 1", "y = 1\nz = 2  # see ADR-0004")
    project.commit("Add z")

    told = json.loads(project.adr("why", "src/a.py:102", "--json").stdout)
    text = project.adr("why", "src/a.py").stdout

    assert [("0004", "citation"), ("0001", "citation"), ("0002", "affects"), ("0003", "commit")] == [
        (each["id"], each["by"]) for each in told
    ]
    assert re.search(r"0003  accepted    Y\n      commit: [0-9a-f]{10} Add a;", text)


def test_why_names_what_holds_today(project):
    """A superseded decision is told with its successor; a file that none governs is told so."""
    project.write("docs/adr/0002-x.md", record("X", number=2))
    project.write("src/a.py", "# ADR-0001\n")
    project.adr("supersede", "1", "--by", "2")

    done = project.adr("why", "a.py", cwd=project.root / "src")

    assert "superseded: 0002 X holds today" in done.stdout
    assert (
        "No decision of this log is known to govern"
        in project.adr("why", FIRST).stderr + project.adr("why", "src").stderr
    )


def test_due_evaluates_triggers_offline(project):
    """Dates, ages, versions of lock files and paths that are gone are evaluated; the exit code says overdue."""
    triggers = (
        "[{date: 2027-06-01}, {age: 6 months}, {package: 'pydantic >= 3'}, {path-gone: src/old}, {package: left-pad}]"
    )
    project.write("docs/adr/0002-x.md", f"---\nstatus: accepted\nrevisit: {triggers}\n---\n\n" + record("X", number=2))
    project.write("uv.lock", '[[package]]\nname = "pydantic"\nversion = "2.11.0"\n')
    project.write("src/old/a.py", "")

    done = project.adr("due")
    told = {each["trigger"]: each["state"] for each in json.loads(project.adr("due", "--format", "json").stdout)}
    calendar = project.adr("due", "--format", "ics").stdout

    assert done.returncode == 1
    assert {
        "2027-06-01": "pending", "6 months": "overdue", "pydantic >= 3": "pending", "src/old": "pending",
        "left-pad": "unknown",
    } == told  # fmt: skip
    assert "due since 2026-07-02, 143 days ago" in done.stdout
    assert 2 == calendar.count("BEGIN:VEVENT")
    assert "DTSTART;VALUE=DATE:20270601" in calendar
    project.write("uv.lock", '[[package]]\nname = "pydantic"\nversion = "3.0.1"\n')
    (project.root / "src/old/a.py").unlink()
    (project.root / "src/old").rmdir()
    assert 3 == project.adr("due").stdout.count("overdue ")


def test_due_has_nothing_to_say_of_closed_decisions(project):
    """A superseded record's triggers are over, and a log without any is not overdue."""
    project.write(
        "docs/adr/0002-x.md", "---\nstatus: rejected\nreview-by: 2020-01-01\n---\n\n# X\n\n## Decision\n\nNo.\n"
    )

    done = project.adr("due")

    assert (0, "") == (done.returncode, done.stdout)


def test_index_is_kept_between_marks(project):
    """`index` makes a README, then changes nothing outside its marks; `--check` tells when it is stale."""
    missing = project.adr("index", "--check")
    project.adr("index")
    page = project.log / "README.md"
    page.write_bytes(
        b"\xef\xbb\xbfIntro \xe2\x80\x94 mine\r\n\r\n" + page.read_bytes().replace(b"\n", b"\r\n") + b"\r\nOutro"
    )
    around = (
        page.read_bytes().split(b"<!-- archwright:index -->")[0],
        page.read_bytes().split(b"<!-- /archwright:index -->")[1],
    )
    project.write("docs/adr/0002-a-b.md", record("A | B [c]", number=2))
    stale = project.adr("index", "--check")

    done = project.adr("index")

    after = page.read_bytes()
    assert (1, 1, 0, 0) == (
        missing.returncode,
        stale.returncode,
        done.returncode,
        project.adr("index", "--check").returncode,
    )
    assert around == (after.split(b"<!-- archwright:index -->")[0], after.split(b"<!-- /archwright:index -->")[1])
    assert b"| 0002 | [A \\| B \\[c\\]](0002-a-b.md) | accepted | 2026-01-02 |\r\n" in after
    assert b"\n" not in after.replace(b"\r\n", b"")


def test_index_keeps_the_shape_of_adr_tools(project):
    """What `adr generate toc` wrote stays such a list, with text before and after it."""
    project.write(
        "docs/adr/README.md",
        "Hello\n\n# Architecture Decision Records\n\n* [1. Old name](0001-use-a-queue.md)\n\nBye\n",
    )
    project.write("docs/adr/0002-x.md", record("X", number=2))

    project.adr("index")

    expected = "Hello\n\n# Architecture Decision Records\n\n* [1. Use a queue](0001-use-a-queue.md)\n"
    expected += "* [2. X](0002-x.md)\n\nBye\n"
    assert expected == (project.log / "README.md").read_text()


def test_lint_speaks_to_programs_and_code_hosts(project):
    """JSON, SARIF 2.1.0 and GitHub's commands carry the same findings, with paths from the repository's root."""
    project.edit(FIRST, "Accepted", "Fancied: 100%, really")

    found = json.loads(project.adr("lint", "--format", "json").stdout)
    sarif = json.loads(project.adr("lint", "--format", "sarif", cwd=project.log).stdout)
    github = project.adr("lint", "--format", "github", cwd=project.log).stdout

    assert [("AD120", FIRST, 7)] == [(each["code"], each["path"], each["line"]) for each in found]
    result = sarif["runs"][0]["results"][0]
    assert ("AD120", "error", FIRST) == (
        result["ruleId"], result["level"], result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
    )  # fmt: skip
    schema = json.loads(Path(__file__).with_name("sarif-2.1.0.schema.json").read_text())
    jsonschema.Draft4Validator(schema).validate(sarif)
    told = "`Fancied: 100%25, really` is no status"
    assert github.startswith(f"::error file={FIRST},line=7,col=1,title=AD120::0001: {told}")
    assert 1 == github.count("\n")


def test_graph_and_exports_hold_every_record(project):
    """Mermaid, DOT and SVG show the records and their relation; JSON, Structurizr and CSV carry them."""
    project.write("docs/adr/0002-x.md", record('A "B" <c>', number=2))
    project.adr("supersede", "1", "--by", "2")

    mermaid, dot, svg = (project.adr("graph", "--format", each).stdout for each in ("mermaid", "dot", "svg"))
    exported = json.loads(project.adr("export").stdout)
    workspace = json.loads(project.adr("export", "--format", "structurizr").stdout)
    rows = list(csv.DictReader(io.StringIO(project.adr("export", "--format", "csv").stdout)))

    assert "r1 -->|supersedes| r0" in mermaid
    assert '"A "B"' not in mermaid
    assert '"0002-x.md" -> "0001-use-a-queue.md" [label="supersedes"];' in dot
    assert svg.count("<g ") >= 3
    assert "supersedes" in svg
    assert ["superseded", "accepted"] == [each["status"] for each in exported["adrs"]]
    assert "We use a queue." == exported["adrs"][0]["decision"]
    assert [{"id": "1", "description": "supersedes"}] == workspace["documentation"]["decisions"][1]["links"]
    assert ("0002", "0001") == (rows[0]["superseded_by"], rows[1]["supersedes"])
