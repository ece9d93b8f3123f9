"""What a catalog of somebody else's can try: each ends in words, soon, and with nothing written or read elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archwright import generate
from archwright.catalog import load_catalog
from archwright.errors import ArchwrightError, CatalogError, TemplateError
from made_up import BLUEPRINT, LIMITS, PLATFORM, write_catalog

LAYER = "blueprints/pigeon-post/layer"


def layer(folder, template=None, *, spec=""):
    """The made-up catalog with a layer of the blueprint's own, and perhaps one template in it."""
    write_catalog(folder)
    place = folder / LAYER
    (place / "files").mkdir(parents=True)
    (place / "layer.yaml").write_text(f"schema: 1\ntitle: t\n{spec}")
    if template is not None:
        (place / "files/x.txt.jinja").write_bytes(template)
    return folder


def generated(folder):
    return generate(load_catalog([folder]), "pigeon-post", folder / "my-post", platform="mountain")


def told(folder):
    """The findings in `folder`, each as a line."""
    with pytest.raises(CatalogError) as caught:
        load_catalog([folder])
    return [f"{one.location} {one.code} {one.subject}: {one.message}" for one in caught.value.findings]


def test_the_twin_of_these_tests_generates(tmp_path):
    """A template that asks for nothing odd is rendered."""
    files = {one.path: one.file for one in generated(layer(tmp_path, b"{{ 6 * 7 }} {{ 'ab' * 2 }} {{ 2 ** 3 }}")).files}

    assert files["x.txt"].content.endswith(b"42 abab 8")


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("template", "words"),
    [
        (b"{{ 'x' * 10**9 }}", "a product of that size"),
        (b"{{ 10**9 * [0] }}", "a product of that size"),
        (b"{{ 9 ** 9999999 }}", "a power of that size"),
        (b"{{ '%99999999d' % 1 }}", "fills in no text here"),
        (b"{% for i in range(10**9) %}x{% endfor %}", "Range too big"),
        (
            b"{% for i in range(99999) %}{% for j in range(99999) %}0123456789{% endfor %}{% endfor %}",
            "gives more than 10,000,000 characters",
        ),
        (b"{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", "nested too deeply, or calls itself"),
        (b"{% for a in [1] %}" * 30 + b"{% endfor %}" * 30, "nested too deeply, or calls itself"),
        (b"{{ " + b"(" * 500 + b"1" + b")" * 500 + b" }}", "nested too deeply, or calls itself"),
        (b"{{ ''.__class__.__mro__ }}", "is unsafe"),
        (b"{{ architecture.parameters.update({}) }}", "is unsafe"),
        (b"\xe9", "can't decode"),
    ],
)
def test_a_template_that_asks_for_too_much_is_stopped(tmp_path, template, words):
    """Neither memory nor patience runs out, no traceback is shown, and the template is named."""
    with pytest.raises(TemplateError) as caught:
        generated(layer(tmp_path, template))

    assert words in str(caught.value)
    assert "x.txt.jinja" in str(caught.value.location)


@pytest.mark.parametrize("asks", ["include", "import", "extends"])
def test_a_template_reads_no_other_file(tmp_path, asks):
    """Otherwise a catalog could carry any file of this machine into a repository that is then published."""
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    words = f'{{% {asks} "{secret}" {"as x " if asks == "import" else ""}%}}'

    with pytest.raises(TemplateError, match="a template stands alone"):
        generated(layer(tmp_path / "catalog", words.encode()))


@pytest.mark.skipif(os.name == "nt", reason="no links without privileges, no FIFOs")
@pytest.mark.parametrize("what", ["file", "folder", "files", "fifo"])
def test_a_layer_holds_files_and_folders_only(tmp_path, what):
    """A link would copy what stands elsewhere; a FIFO would be waited on for ever."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "secret").write_text("s3cret")
    files = layer(tmp_path / "catalog") / LAYER / "files"
    if what == "fifo":
        os.mkfifo(files / "x")
    elif what == "files":
        files.rmdir()
        files.symlink_to(elsewhere)
    else:
        (files / "x").symlink_to(elsewhere / "secret" if what == "file" else elsewhere)

    with pytest.raises(TemplateError, match="A layer holds"):
        generated(tmp_path / "catalog")


@pytest.mark.parametrize("name", [".git/hooks/pre-commit.jinja", ".GIT/config", "aux.py", "a:b"])
def test_a_layers_file_stays_where_a_starter_may_have_it(tmp_path, name):
    """No hook of git is planted, and no name that another system cannot hold."""
    target = layer(tmp_path) / LAYER / "files" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("x")

    with pytest.raises(ArchwrightError, match="no path that may be written below a destination"):
        generated(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("default: 3\n", f"default: {'9' * 5000}\n", "has a number of 5000 characters"),
        ("default: 3\n", "default: many\n", "its default will not do: `many` is no whole number"),
        ("default: 3\n", "default: 0\n", "its default will not do: 0 is out of range"),
        ("minimum: 1\n", "minimum: few\n", "its minimum will not do: `few` is no whole number"),
        ("maximum: 1h", f"maximum: {'9' * 200}d", "is longer than a century"),
        ("help: How often", "pattern: '(['\n    help: How often", "its pattern is no regular expression"),
        ("type: integer", "type: choice", "`type: choice` and a list of `choices` belong together"),
        ("last_reviewed: 2026-11-22", "last_reviewed: 2026-02-30", "`2026-02-30` is no day of the calendar"),
    ],
)
def test_a_parameter_or_day_that_cannot_hold_is_found_by_who_wrote_it(tmp_path, old, new, words):
    """Not by the first user of the blueprint, and not as a bug of ours."""
    assert old in BLUEPRINT

    found = told(write_catalog(tmp_path, blueprint=BLUEPRINT.replace(old, new, 1)))

    assert any(words in line and "blueprint.yaml:" in line for line in found), found


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("emulator: nosuch\n", "emulator: unknown emulator `nosuch`"),
        ("requires: [platforms/local/layer]\n", "requires.0: `platforms/local/layer` does not match"),
        ('compose: {version: "3"}\n', "compose.version: must be a mapping, not text"),
        ("dependencies: [nosuch]\n", "unknown package in templates/pins.yaml `nosuch`"),
    ],
)
def test_a_layer_that_cannot_be_laid_is_told(tmp_path, spec, words):
    """With the file, line and key."""
    assert any(words in line and "layer.yaml:3:" in line for line in told(layer(tmp_path, spec=spec)))


def test_bindings_in_a_circle_are_told(tmp_path):
    """A circle through `bindings/…` is one of the platform's, and is not followed for ever."""
    for name, required in {"work-queue": "nest", "nest": "work-queue"}.items():
        folder = write_catalog(tmp_path) / "templates/platforms/mountain/bindings" / name
        folder.mkdir(parents=True)
        (folder / "layer.yaml").write_text(f"schema: 1\ntitle: t\nrequires: [bindings/{required}]\n")

    assert 2 == sum("AW106" in line and "mountain/bindings/nest" in line for line in told(tmp_path))


def test_bindings_of_two_platforms_make_no_circle(tmp_path):
    """What is one way here and the other way there is no circle on either."""
    for platform, name, required in (("mountain", "work-queue", "nest"), ("valley", "nest", "work-queue")):
        folder = write_catalog(tmp_path) / "templates/platforms" / platform
        (folder / "bindings" / name).mkdir(parents=True)
        (folder / "bindings" / name / "layer.yaml").write_text(
            f"schema: 1\ntitle: t\nrequires: [bindings/{required}]\n"
        )
        (folder / "platform.yaml").write_text(PLATFORM.replace("id: mountain", f"id: {platform}"))

    assert load_catalog([tmp_path]).findings == []


def test_a_knob_is_held_against_a_limit_and_not_a_price(tmp_path):
    """A price has no maximum."""
    write_catalog(tmp_path, platform=PLATFORM.replace("mountain.loft.rest", "mountain.loft.price"))
    price = LIMITS.replace("loft.rest", "loft.price").replace("  value: at most 10 minutes\n  maximum: 10m\n", "")
    (tmp_path / "blueprints/facts/prices.yaml").write_text(f"{price}  unit: a year\n  usd: 1\n")

    assert any("lease.limit: unknown limit `mountain.loft.price`" in line for line in told(tmp_path))


def test_a_pin_that_requires_an_unknown_one_is_told(tmp_path):
    """A lock made from it would miss a package."""
    (write_catalog(tmp_path) / "templates/pins.yaml").write_text('aa: {version: "1", hashes: [], requires: [bb]}\n')

    assert any("AW104 aa.requires.0" in line and "`bb`" in line for line in told(tmp_path))


@pytest.mark.parametrize("broken", ["blueprint", "limit", "entry"])
def test_what_is_wrong_is_not_told_to_be_missing_too(tmp_path, broken):
    """One mistake, one finding: what names the broken thing is not wrong itself."""
    if broken == "limit":
        found = told(write_catalog(tmp_path, limits=LIMITS.replace("10m", "10 parsecs")))
    elif broken == "entry":
        found = told(write_catalog(tmp_path, limits=LIMITS.replace("  confidence: A\n", "")))
    else:
        (tmp_path / "blueprints/owl-post").mkdir(parents=True)
        write_catalog(tmp_path, blueprint=BLUEPRINT + "related: [{id: owl-post, why: at night}]\n")
        (tmp_path / "blueprints/owl-post/blueprint.yaml").write_text(
            BLUEPRINT.replace("pigeon-post", "owl-post").replace("ring: assess", "ring: x")
        )
        found = told(tmp_path)

    assert len(found) == 1, found


@pytest.mark.parametrize("given", [".", "../pigeon-post"])
def test_a_blueprints_folder_may_be_where_one_stands(tmp_path, monkeypatch, given):
    """`--catalog .` inside it has a name all the same."""
    write_catalog(tmp_path, platform="", limits="")
    monkeypatch.chdir(tmp_path / "blueprints/pigeon-post")

    assert "pigeon-post" in load_catalog([Path(given)]).blueprints
