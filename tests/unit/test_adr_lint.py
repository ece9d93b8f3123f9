from __future__ import annotations

import datetime as dt

import pytest

from archwright.adr.lint import inspect, lint
from archwright.adr.read import load_log
from archwright.adr.rules import all_rules
from archwright.errors import Severity

TODAY = dt.date(2026, 11, 22)


def nygard(number, title="Use a queue", *, status="Accepted", date="2026-01-02", more=""):
    return (
        f"# {number}. {title}\n\nDate: {date}\n\n## Status\n\n{status}\n\n## Context\n\nWork comes in bursts.\n\n"
        f"## Decision\n\nWe use a queue.\n\n## Consequences\n\nIt waits.\n{more}"
    )


def madr(
    *,
    front="status: accepted\ndate: 2026-01-02",
    options=("Kafka", "SQS"),
    chosen="SQS",
    context="Work comes in bursts.",
):
    listed = "".join(f"* {option}\n" for option in options)
    return (
        f"---\n{front}\n---\n\n# Use a queue\n\n## Context and Problem Statement\n\n{context}\n\n"
        f'## Considered Options\n\n{listed}\n## Decision Outcome\n\nChosen option: "{chosen}", because it is there.\n'
    )


PAIR = {
    "0001-old.md": nygard(1, status="Superseded by [2. New](0002-new.md)"),
    "0002-new.md": nygard(2, status="Accepted\n\nSupersedes [1. Old](0001-old.md)"),
}
ONE_WAY = {"0001-old.md": PAIR["0001-old.md"], "0002-new.md": nygard(2)}

CASES = {
    "AD101": ({"0001-a.md": nygard(1), "0001-b.md": nygard(1)}, {"0001-a.md": nygard(1), "0002-b.md": nygard(2)}),
    "AD102": ({"0001-a.md": nygard(1), "0003-b.md": nygard(3)}, {"0001-a.md": nygard(1), "0002-b.md": nygard(2)}),
    "AD103": ({"0001-a.md": b"\0\1\2binary"}, {"0001-a.md": nygard(1), "logo.png": b"\0\1\2binary"}),
    "AD110": ({"0002-a.md": nygard(3)}, {"0002-a.md": nygard(2)}),
    "AD111": ({"0001-a.md": nygard(1).partition("\n")[2]}, {"0001-a.md": nygard(1)}),
    "AD112": ({"0001-a.md": madr(front="status: a: b: [\ndate: x")}, {"0001-a.md": madr()}),
    "AD113": ({"0001-a.md": nygard(1, "Café").encode("latin-1")}, {"0001-a.md": nygard(1, "Café").encode()}),
    "AD114": ({"0001-a.md": nygard(1, date="2026-13-45")}, {"0001-a.md": nygard(1, date="01/02/2026")}),
    "AD115": ({"0001-a.md": nygard(1, date="2027-01-01")}, {"0001-a.md": nygard(1, date="2026-11-22")}),
    "AD116": ({"0001-a.md": nygard(1).replace("Date: 2026-01-02\n\n", "")}, {"0001-a.md": nygard(1)}),
    "AD120": ({"0001-a.md": nygard(1, status="Fancied")}, {"0001-a.md": nygard(1, status="Approved")}),
    "AD121": ({"0001-a.md": nygard(1).replace("## Status\n\nAccepted\n\n", "")}, {"0001-a.md": nygard(1)}),
    "AD122": (
        {"0001-a.md": "---\nstatus: proposed\n---\n" + nygard(1)},
        {"0001-a.md": "---\nstatus: implemented\n---\n" + nygard(1)},
    ),
    "AD123": ({"0001-a.md": nygard(1, status="Superseded")}, PAIR),
    "AD130": ({"0001-a.md": nygard(1, status="Superseded by [9. New](0009-new.md)")}, PAIR),
    "AD131": (ONE_WAY, PAIR),
    "AD132": (
        {
            "0001-a.md": nygard(1, status="Superseded by [2](0002-b.md)\n\nSupersedes [2](0002-b.md)"),
            "0002-b.md": nygard(2, status="Superseded by [1](0001-a.md)\n\nSupersedes [1](0001-a.md)"),
        },
        PAIR,
    ),
    "AD133": (
        {"0001-a.md": madr(front="status: accepted\nsuperseded-by: ADR-0002"), "0002-b.md": nygard(2)},
        PAIR,
    ),
    "AD134": (
        {"0001-a.md": nygard(1, status="Accepted\n\nAmends ADR-0044")},
        {"0001-a.md": nygard(1), "0002-b.md": nygard(2, status="Accepted\n\nAmends ADR-0001")},
    ),
    "AD135": (
        {
            "0001-a.md": nygard(1),
            "0001-b.md": nygard(1),
            "0002-c.md": nygard(2, status="Accepted\n\nSupersedes ADR-0001"),
        },
        PAIR,
    ),
    "AD140": (
        {"0001-a.md": nygard(1, more="\nSee [the map](../map.md) and `[no link](x.md)`.\n")},
        {"0001-a.md": nygard(1, more="\nSee [the map](map.txt), [us](https://example.org/x.md).\n"), "map.txt": "map"},
    ),
    "AD150": (
        {"0001-a.md": nygard(1).replace("## Decision\n\nWe use a queue.\n\n", "")},
        {"0001-a.md": nygard(1)},
    ),
    "AD151": ({"0001-a.md": nygard(1).replace("We use a queue.", "")}, {"0001-a.md": nygard(1)}),
    "AD152": ({"0001-a.md": madr(chosen="RabbitMQ")}, {"0001-a.md": madr(chosen="sqs")}),
    "AD153": ({"0001-a.md": madr(options=("SQS",))}, {"0001-a.md": madr()}),
    "AD154": (
        {"0001-a.md": madr(context="{Describe the context and problem statement, e.g., in free form.}")},
        {"0001-a.md": madr(context="It reads `{title}` and ${HOME}, and JSON such as {a: 1}, [e.g.](x.txt).")},
    ),
    "AD181": (
        {"0001-a.md": madr(front="status: accepted\nrevisit: [{moon: full}]")},
        {"0001-a.md": madr(front="status: accepted\nrevisit: [{date: 2027-01-01}]")},
    ),
    "AD180": (
        {"0001-a.md": madr(front="status: accepted\nrevisit: [{date: 2026-01-01}]")},
        {"0001-a.md": madr(front="status: accepted\nrevisit: [{date: 2027-01-01}]")},
    ),
    "AD182": (
        {"0001-a.md": madr(front="status: accepted\naffects: [src/gone/**]")},
        {"0001-a.md": madr(front="status: accepted\naffects: [docs/**/*.md]")},
    ),
}
OUTSIDE = {
    "AD170": ("# ADR-0009 says so", "# ADR-0002 says so"),
    "AD171": ("# ADR-0001 says so", "# ADR-0002 says so"),
    "AD172": ("# ADR-0003 says so", "# ADR-0002 says so"),
}


def findings(root, files, *, on="", base=""):
    folder = root / "docs" / "adr"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    log = load_log(folder, settings={"rules": {on: "warning"}} if on else {})
    return lint(inspect(log, root, today=TODAY, base=base, git=False)).findings


def codes(found):
    return [finding.code for finding in found]


@pytest.mark.parametrize("code", CASES)
def test_each_rule_finds_what_it_is_for(tmp_path, code):
    """A log that breaks a rule's claim gets its finding, and a log that keeps it does not."""
    broken, sound = CASES[code]

    found = findings(tmp_path / "broken", broken, on=code)

    assert code in codes(found)
    assert code not in codes(findings(tmp_path / "sound", sound, on=code))
    assert all(finding.message and finding.location for finding in found)


@pytest.mark.parametrize("code", OUTSIDE)
def test_each_rule_on_citations_finds_what_it_is_for(tmp_path, code):
    """Code that names a missing, replaced or ambiguous record gets a finding; code that names one in force none."""
    broken, sound = OUTSIDE[code]
    log = {**PAIR, "0003-x.md": nygard(3), "0003-y.md": nygard(3)}
    for name, text in (("broken", broken), ("sound", sound)):
        (tmp_path / name / "src").mkdir(parents=True)
        (tmp_path / name / "src" / "worker.py").write_text(f"import os\n\n{text}\n")

    found = [finding for finding in findings(tmp_path / "broken", log) if finding.code == code]

    assert [("src/worker.py", 3, 3)] == [
        (each.location.path, each.location.line, each.location.column) for each in found
    ]
    assert code not in codes(findings(tmp_path / "sound", log))


def test_every_rule_has_a_test_of_its_own():
    """No rule is added without an example that it finds and a twin; those on a branch have theirs in git."""
    assert sorted(all_rules()) == sorted([*CASES, *OUTSIDE, "AD190", "AD191"])


def test_a_sound_log_has_no_finding(tmp_path):
    """Sound records of two dialects get none, not even a note."""
    assert () == findings(tmp_path, {**PAIR, "0003-c.md": madr()})


def test_findings_name_the_line(tmp_path):
    """A finding points to the very line that is wrong."""
    found = findings(tmp_path, {"0001-a.md": nygard(1, status="Fancied")})

    assert [("docs/adr/0001-a.md", 7, 1)] == [(f.location.path, f.location.line, f.location.column) for f in found]


def test_a_gap_is_no_finding_unless_a_team_wants_it(tmp_path):
    """Records 1 and 3 without a 2 are fine by default."""
    assert () == findings(tmp_path, CASES["AD102"][0])


def test_settings_weigh_each_rule(tmp_path):
    """A team turns a rule off, or makes a warning an error, by code or by name."""
    folder = tmp_path / "docs" / "adr"
    folder.mkdir(parents=True)
    (folder / "0002-a.md").write_text(nygard(3, status="Fancied"))
    settings = {"rules": {"unknown-status": "off", "AD110": "error"}}

    found = lint(inspect(load_log(folder, settings=settings), tmp_path, today=TODAY, git=False)).findings

    assert [("AD110", Severity.ERROR)] == [(finding.code, finding.severity) for finding in found]


def test_a_record_can_say_that_a_finding_is_meant(tmp_path):
    """A comment `archwright: ignore AD120` in the record silences that rule there, and no other."""
    text = nygard(3, status="Fancied", more="\n<!-- archwright: ignore AD120 -->\n")

    assert ["AD110"] == codes(findings(tmp_path, {"0002-a.md": text}))


def test_citations_of_another_log_are_left_alone(tmp_path):
    """Numbers below a folder with a log of its own mean that log."""
    other = tmp_path / "services" / "billing"
    (other / "docs" / "adr").mkdir(parents=True)
    (other / "docs" / "adr" / "0007-x.md").write_text(nygard(7))
    (other / "main.py").write_text("# ADR-0007\n")

    assert () == findings(tmp_path, PAIR)


def test_what_is_no_citation_is_left_alone(tmp_path):
    """Words that only look like a citation are none: radio, addresses, version numbers, another path's files."""
    (tmp_path / "a.py").write_text(
        "x = 'ADR-2.5, quadr-12, adrs/4, LADR-12, 0099-x.md, other/adr/notes.md, data/0042-rows.md'\n"
    )
    (tmp_path / "CHANGELOG.md").write_text("- ADR-0001 was superseded\n")
    (tmp_path / "b.py").write_text("# ADR-0099 of another team  (archwright: ignore AD170)\n")

    assert () == findings(tmp_path, PAIR)


def test_no_record_crashes_a_rule(tmp_path):
    """Empty files, lone marks and unfinished records get findings or none, never an exception."""
    odd = [
        "",
        "\n",
        "---\n",
        "---\n---\n",
        "# \n",
        "#",
        "## Status\n",
        "- Status:\n",
        "```\n# x",
        "\ufeff",
        "[a](",
        "|||\n",
    ]

    found = findings(tmp_path, {f"{number:04}-x.md": text for number, text in enumerate(odd, 1)})

    assert len(odd) == len(list((tmp_path / "docs" / "adr").iterdir()))
    assert "AD151" in codes(found)
