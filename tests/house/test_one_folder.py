"""A new pattern is one new folder, a new platform is one new folder: no list of either stands in code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from archwright.catalog import load_catalog
from archwright.pipeline import generate
from archwright.resolve import platforms_of
from archwright.resources import checkout_root, data_root
from made_up import ADAPTER, LIMITS, write_catalog

if TYPE_CHECKING:
    from pathlib import Path

ROOT = checkout_root()
CATALOG = load_catalog()


def write_platform(folder: Path) -> None:
    """Write a platform that binds every capability which any platform of the catalog binds."""
    capabilities = sorted({name for entry in CATALOG.platforms.values() for name in entry.spec.bindings})
    bindings = "".join(f"  {name}:\n    service: Loft of {name}\n" for name in capabilities)
    platform = f"schema: 1\nid: mountain\nname: The mountain\nsummary: Where pigeons fly.\nbindings:\n{bindings}"
    write_catalog(folder, blueprint="", platform=platform, limits=LIMITS)
    home = folder / "templates/platforms/mountain"
    for place, module in (("layer", "loft"), *((f"bindings/{name}", name.replace("-", "_")) for name in capabilities)):
        files = home / place / "files/src/__package__/messaging"
        files.mkdir(parents=True)
        (files / f"mountain_{module}.py.jinja").write_text(ADAPTER)
        (home / place / "layer.yaml").write_text("schema: 1\ntitle: Pigeons\n")


@pytest.mark.parametrize("blueprint", sorted(CATALOG.blueprints))
def test_a_new_platform_is_one_new_folder(tmp_path, blueprint):
    """Every blueprint of the catalog generates on a platform that nobody has heard of."""
    write_platform(tmp_path)
    catalog = load_catalog([tmp_path])

    planned = generate(catalog, blueprint, tmp_path / "desk", platform="mountain")

    paths = [one.path for one in planned.files]
    assert "mountain" in platforms_of(catalog, blueprint)
    assert "src/desk/messaging/mountain_loft.py" in paths
    assert "README.md" in paths
    readme = next(one.file.content.decode() for one in planned.files if one.path == "README.md")
    assert "The mountain" in readme


@pytest.mark.parametrize("platform", sorted(CATALOG.platforms))
def test_a_new_blueprint_is_one_new_folder(tmp_path, platform):
    """A blueprint that nobody has heard of generates on every platform that can hold what it asks for."""
    write_catalog(tmp_path)
    catalog = load_catalog([tmp_path])

    planned = generate(catalog, "pigeon-post", tmp_path / "desk", platform=platform, answers={"flights": 5})

    paths = [one.path for one in planned.files]
    assert platform in platforms_of(catalog, "pigeon-post")
    assert {"README.md", "docs/architecture.svg", ".archwright/manifest.json"} <= set(paths)
    assert any((path.startswith("docs/adr/") and "carrier" in path) or "pigeon" in path for path in paths)


def test_no_code_names_a_platform_or_blueprint():
    """No module, base template or feature compares or lists the name of a platform or of a blueprint."""
    names = [*CATALOG.platforms, *CATALOG.blueprints]
    quoted = re.compile(rf"""["']({"|".join(map(re.escape, names))})["']""")
    sources = [*(ROOT / "generator/archwright").rglob("*.py")]
    sources += [
        *(data_root() / "templates/base").rglob("*.jinja"),
        *(data_root() / "templates/features").rglob("*.jinja"),
    ]
    sources += [*(data_root() / "templates/docs").rglob("*.jinja")]
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sources
        if "emulators" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if quoted.search(line) and not line.endswith((", not a platform", "where no platform is named"))
    ]

    assert found == []


@pytest.mark.parametrize(
    "file", sorted(data_root().glob("blueprints/*/blueprint.yaml")), ids=lambda path: path.parent.name
)
def test_no_blueprint_names_a_platform_as_a_key(file):
    """A blueprint asks for capabilities; which platforms it runs on is computed."""
    keys = re.findall(r"(?m)^\s*([a-z_-]+):", file.read_text(encoding="utf-8"))

    assert not set(keys) & (set(CATALOG.platforms) | {"platforms", "aws", "gcp", "azure"})
