from __future__ import annotations

import pytest

from archwright.catalog import load_catalog
from archwright.comparison import compare, review_on
from archwright.errors import Severity
from archwright.resolve import platforms_of

CATALOG = load_catalog()
CELLS = [
    (blueprint, platform) for blueprint in sorted(CATALOG.blueprints) for platform in platforms_of(CATALOG, blueprint)
]


@pytest.mark.parametrize(("blueprint", "platform"), CELLS)
def test_every_blueprint_holds_wherever_it_runs(blueprint, platform):
    """With the defaults no rule finds anything, not even a warning; a note tells what a platform cannot give."""
    findings = review_on(CATALOG, blueprint, platform, {}).findings

    assert [one for one in findings if one.severity is not Severity.NOTE] == []


@pytest.mark.parametrize("blueprint", sorted(CATALOG.blueprints))
def test_every_blueprint_can_be_compared(blueprint):
    """Each row has a cell for every platform, those on which the blueprint does not run too."""
    columns = [review_on(CATALOG, blueprint, platform, {}) for platform in sorted(CATALOG.platforms)]

    rows = compare(columns)

    assert {len(row.cells) for row in rows} == {len(columns)}
    assert {"Holds", "Service", "Guarantee", "Decision", "Price"} <= {row.section for row in rows}


def test_what_is_not_held_is_told_once_for_all_channels_alike():
    """Channels of one service share a row, with the same words and the same limit; none of them is left out."""
    rows = compare([review_on(CATALOG, "async-llm-job", platform, {}) for platform in ("aws", "gcp")])
    told = {row.label: row.cells for row in rows if row.section == "Not held"}

    assert "twice" in told["steps, callbacks: exactly-once"][0]
    assert {"jobs", "steps", "callbacks"} == set(
        next(label for label in told if label.endswith(": exactly-once with push")).partition(":")[0].split(", ")
    )
    assert len({(label.partition(": ")[2], cells) for label, cells in told.items()}) == len(told)


REFUSED = [  # blueprint, platform, answers, code, subject, the nearest value that works
    ("work-queue", "azure", {"lease": "6m"}, "AW204", "tasks.lease", "5m"),
    ("publish-subscribe", "azure", {"tier": "basic"}, "AW206", "orders.capability", ""),
    ("work-queue", "gcp", {"lease": "5s"}, "AW204", "tasks.lease", "10s"),
    ("work-queue", "gcp", {"lease": "11m"}, "AW204", "tasks.lease", "10m"),
    ("work-queue", "gcp", {"max_deliveries": 4}, "AW201", "tasks.max_deliveries", "5"),
    ("work-queue", "aws", {"max_deliveries": 4, "lease": "12h"}, "", "", ""),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case[0]}-on-{case[1]}-{case[2]}")
def test_what_a_provider_does_not_allow_is_refused(case):
    """The limits are the providers' own; with the nearest value that works nothing is found."""
    blueprint, platform, answers, code, subject, nearest = case
    if (blueprint, platform) not in CELLS:
        pytest.skip(f"{blueprint} does not run on {platform}")

    found = review_on(CATALOG, blueprint, platform, answers).findings

    assert [(one.code, one.subject, one.nearest) for one in found] == ([(code, subject, nearest)] if code else [])
    if nearest:
        assert review_on(CATALOG, blueprint, platform, dict.fromkeys(answers, nearest)).findings == ()
