"""Which files a starter has, and whose they are: read a change of these lists as its owner would.

Write them anew with ARCHWRIGHT_UPDATE_GOLDEN=1 after reading the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archwright.catalog import load_catalog
from archwright.pipeline import generate
from archwright.resolve import platforms_of

CATALOG = load_catalog()
CELLS = {(blueprint, "local") for blueprint in CATALOG.blueprints}
CELLS |= {("work-queue", platform) for platform in platforms_of(CATALOG, "work-queue")}


@pytest.mark.parametrize(("blueprint", "platform"), sorted(CELLS))
def test_a_starter_has_these_files(blueprint, platform):
    """One blueprint on all platforms, and all blueprints on one: the whole list of files with their owners."""
    plan = generate(CATALOG, blueprint, Path("/nowhere/order-desk"), platform=platform)
    listed = "".join(f"{one.file.ownership} {one.path}\n" for one in plan.files)
    golden = Path(__file__).with_name(f"{blueprint}-{platform}.txt")
    if os.environ.get("ARCHWRIGHT_UPDATE_GOLDEN"):
        golden.write_text(listed, encoding="utf-8")

    assert golden.read_text(encoding="utf-8") == listed
