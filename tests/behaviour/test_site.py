from __future__ import annotations

import contextlib
import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from html import unescape
from typing import TYPE_CHECKING

import markdown
import pytest

from archwright import errors
from archwright.adr.rules import all_rules
from archwright.catalog import load_catalog
from archwright.cli import app
from archwright.cli.site import describe_commands, generate_pages
from archwright.cli.terminal import guard
from archwright.resolve import platforms_of
from archwright.resources import checkout_root
from archwright.review import RULES
from archwright.sitepages import render_pages
from archwright.sitepages.log import log_pages
from archwright.sitepages.markdown import anchor, cell, prose, table
from behaviour.browser import chromium
from behaviour.linkcheck import check_links

if TYPE_CHECKING:
    from pathlib import Path

ROOT = checkout_root()
CATALOG = load_catalog()
KEPT = ("adr", "blueprints", "generator", "site", "templates", "mkdocs.yml", "pyproject.toml")


@pytest.fixture(scope="module")
def pages():
    return render_pages(CATALOG, tuple(describe_commands()), ROOT)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built by MkDocs alone from a copy that nobody has generated anything in."""
    pytest.importorskip("material", reason="the extra `site` is not installed")
    copy = tmp_path_factory.mktemp("checkout")
    skip = shutil.ignore_patterns("generated", "__pycache__")
    for name in KEPT:
        source = ROOT / name
        shutil.copytree(source, copy / name, ignore=skip) if source.is_dir() else shutil.copy(source, copy / name)
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"],
        cwd=copy,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return copy / "build/site"


def text(pages, path):
    return pages[path].content.decode()


@pytest.mark.parametrize("blueprint", sorted(CATALOG.blueprints))
def test_every_blueprint_has_a_page_with_everything(pages, blueprint):
    """Problem, use, promises, failures, decisions, knobs and facts of the YAML stand on the page, and the picture."""
    spec, page = CATALOG.blueprints[blueprint].spec, text(pages, f"blueprints/{blueprint}.md")

    said = [spec.problem.question, *spec.problem.forces, *spec.use_when, *(one.text for one in spec.avoid_when)]
    said += [mode.mode for mode in spec.failure_modes] + [one.why for one in spec.related]
    said += [decision.question for decision in spec.decisions] + [one.name for one in spec.known_as]
    said += [option.name for decision in spec.decisions for option in decision.options.values()]
    missing = [one for one in said if "${" not in one and prose(one) not in page]
    assert missing == []
    for guarantee in spec.guarantees:
        assert (
            guarantee.drill.startswith("none, because")
            or prose(guarantee.drill).replace("_", "&#95;") in page
            or (guarantee.drill in page.replace("&#95;", "_"))
        )
    for platform in platforms_of(CATALOG, blueprint):
        assert f"({blueprint}-{platform}.svg)" in page
        assert pages[f"blueprints/{blueprint}-{platform}.svg"].content.startswith(b"<svg ")
    assert f"]({blueprint}.md)" in text(pages, "blueprints/index.md")


def test_every_limit_and_price_stands_with_its_source(pages):
    """No figure is shown without where it comes from, when it was read and how sure it is."""
    limits, prices = text(pages, "facts/limits.md"), text(pages, "facts/prices.md")

    for found, shown in ((CATALOG.facts.limits, limits), (CATALOG.facts.prices, prices)):
        rows = [line for line in shown.splitlines() if line.startswith('| <span id="')]
        assert len(rows) == len(found)
        for fact, row in ((fact, row) for fact in found.values() for row in rows if f'id="{anchor(fact.id)}"' in row):
            assert cell(fact.what) in row
            assert f"read {fact.read}" in row
            assert row.endswith(f"| {fact.confidence} |")


def test_every_command_rule_and_error_has_its_place(pages):
    """The reference is made from the program: nothing that it can say or do is missing."""
    commands, rules, mistakes = (text(pages, f"reference/{name}.md") for name in ("commands", "rules", "errors"))
    sources = "".join(file.read_text() for file in (ROOT / "generator/archwright").rglob("*.py"))

    words = [command.words for command in describe_commands()]
    assert "archwright site build" in words
    assert [one for one in words if f"## {one}\n" not in commands] == []
    assert [rule.code for rule in RULES if f"| {rule.code} |" not in rules] == []
    assert [code for code in all_rules() if f"| {code} |" not in rules] == []
    assert [
        kind for kind in errors.ArchwrightError.__subclasses__() if f"| {kind.code} | {kind.__name__} |" not in mistakes
    ] == []
    codes = set(re.findall(r'"(AW\d{3})"', sources)) - {"AW000"}
    assert sorted(code for code in codes if code not in mistakes + rules) == []


def test_no_code_of_a_mistake_is_left_unexplained(pages):
    """A new code gets its words in the reference; until then this fails."""
    assert "See its message." not in text(pages, "reference/errors.md")


def test_architecture_page_tells_every_room(pages):
    """The page is made of the contracts and docstrings, so that it cannot go stale."""
    page = text(pages, "reference/architecture.md")
    rooms = {file.stem if file.is_file() else file.name for file in (ROOT / "generator/archwright").iterdir()}

    assert (
        sorted(
            room
            for room in rooms - {"__init__", "__pycache__", "py", "_data"}
            if f"<code>{prose(room)}</code>" not in page
        )
        == []
    )
    assert "Where everything stands: the view is built with the" in page


def test_pages_are_the_same_bytes_every_time(pages):
    """Equal input gives equal pages."""
    assert render_pages(load_catalog(), tuple(describe_commands()), ROOT) == pages


def test_generating_again_changes_nothing_and_removes_what_is_gone(tmp_path):
    """A server that watches sees only real changes, and a page of yesterday does not stay."""
    for name in ("adr", "generator", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    stale = tmp_path / "site/generated/blueprints/gone.md"
    stale.parent.mkdir(parents=True)
    stale.write_text("# Gone\n")

    first, second = generate_pages(tmp_path), generate_pages(tmp_path)

    assert first[0] > 10
    assert first[2] == 1
    assert second == (0, first[0], 0)
    assert not stale.exists()


def test_decision_log_is_told_with_status_and_links(tmp_path):
    """Records keep their words and their links to each other; a link that leads out of the log keeps its words."""
    (tmp_path / "0001-use-one-model.md").write_text(
        "---\nstatus: superseded by [ADR-0002](0002-use-two.md)\ndate: 2026-11-20\n---\n\n# Use one model\n\n"
        "## Context\n\nSee [the plan](../docs/plan.md) and [the next](0002-use-two.md).\n"
    )
    (tmp_path / "0002-use-two.md").write_text(
        "---\nstatus: accepted\ndate: 2026-11-21\n---\n\n# Use two\n\n## Context\n\nWhy.\n"
    )

    found = log_pages(tmp_path)

    index, record = found["decisions/index.md"], found["decisions/0001-use-one-model.md"]
    assert index.index("[Use two](0002-use-two.md)") < index.index("[Use one model](0001-use-one-model.md)")
    assert 'status-superseded">superseded' in index
    assert record.startswith("# Use one model\n")
    assert "See the plan and [the next](0002-use-two.md)." in record


@pytest.mark.parametrize(
    "text",
    [
        "<b>bold</b> <script>alert(1)</script> &amp; &",
        "[a link](https://example.org) ![x](y) <https://example.org>",
        "*stars* and __lines__ and a_b_c ~~gone~~ ^up^",
        "a | b || c, # no heading, \\ backslash",
        "`code with <b> and |` stays",
        "<code>not ours</code> and one lone ` sign",
    ],
)
def test_text_of_the_catalog_is_no_markup(text):
    """What somebody writes in a YAML file is shown as it was written, in a line and in a cell of a table."""

    def shown(html):
        return unescape(re.sub(r"<[^>]*>", "", html)).strip()

    def read(words):
        return re.sub("`([^`]*)`", r"\1", words)

    extensions = ["tables", "attr_list", "md_in_html"]
    assert shown(markdown.markdown(prose(text), extensions=extensions)) == read(text)
    row = markdown.markdown(table(["One", "Two"], [[cell(text), "end"]]), extensions=extensions)
    assert [shown(one) for one in re.findall("<td>(.*?)</td>", row)] == [read(text), "end"]


def test_site_needs_a_checkout(tmp_path, monkeypatch, capsys):
    """An installed package does not carry the site's sources, and says what to do."""
    monkeypatch.setattr("archwright.resources.checkout_root", lambda: None)
    monkeypatch.setattr(sys, "argv", ["archwright", "site", "build"])

    assert guard(app) == 1
    assert "run the command from a checkout" in capsys.readouterr().err


def test_site_has_every_page_and_no_broken_link(site):
    """MkDocs alone, strict, on a fresh checkout: every page is there, and every link of the HTML leads somewhere."""
    broken, foreign = check_links(site)

    for blueprint in CATALOG.blueprints:
        assert (site / "blueprints" / blueprint / "index.html").is_file()
    for page in (
        "getting-started",
        "facts/limits",
        "facts/prices",
        "decisions",
        "reference/commands",
        "reference/errors",
    ):
        assert (site / page / "index.html").is_file()
    assert broken == []
    assert foreign == []
    assert not list(site.rglob("*hooks*"))
    assert not (site / "generated").exists()


def test_broken_link_in_markdown_stops_the_build(tmp_path, monkeypatch, capsys):
    """A page that links to one which is not there is named, and the exit code is 1."""
    pytest.importorskip("material", reason="the extra `site` is not installed")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("# Home\n\n[gone](gone.md)\n")
    (tmp_path / "mkdocs.yml").write_text("site_name: small\n")
    monkeypatch.setattr("archwright.cli.site.checkout", lambda: tmp_path)
    monkeypatch.setattr("archwright.cli.site.generate_pages", lambda _home: (0, 0, 0))
    monkeypatch.setattr(sys, "argv", ["archwright", "site", "build", "--into", str(tmp_path / "built")])

    assert guard(app) == 1
    assert "'gone.md'" in capsys.readouterr().err


def test_link_check_has_teeth(tmp_path):
    """The check above finds a page, a fragment and a foreign picture that are not there."""
    (tmp_path / "index.html").write_text(
        '<a href="gone/">a</a><a href="#nowhere">b</a><img src="https://example.org/a.png">'
        '<a href="#here" id="here">c</a>'
    )

    broken, foreign = check_links(tmp_path)

    assert broken == ["index.html: gone/", "index.html: #nowhere"]
    assert foreign == ["index.html: https://example.org/a.png"]


WINDOWS = [
    ("light", 1280),
    ("dark", 400),
    pytest.param("dark", 1280, marks=pytest.mark.slow),
    pytest.param("light", 400, marks=pytest.mark.slow),
]


@contextlib.contextmanager
def served(folder: Path):
    """Serve a folder on this machine."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def visit(site, **options):
    """Open pages that may ask only for what the site holds; give (page, base, foreign requests, console errors)."""
    with served(site) as base, chromium() as browser:
        context = browser.new_context(**options)
        foreign, complaints = [], []

        def check(route):
            if route.request.url.startswith((base, "data:")):
                route.continue_()
            else:
                foreign.append(route.request.url)
                route.abort()

        context.route("**/*", check)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page, base, foreign, complaints
        context.close()


def addresses(site):
    """Return the pages of a site; of the decision records, which are of one kind, the first."""
    found = sorted(file.parent.relative_to(site).as_posix() for file in site.rglob("index.html"))
    records = [one for one in found if one.startswith("decisions/")]
    return ["" if one == "." else f"{one}/" for one in found if one not in records[1:]]


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), WINDOWS)
def test_every_page_is_accessible_and_stays_at_home(site, scheme, width):
    """Light and dark, wide and narrow: no finding of axe, no request to another host, no error, nothing cut off."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    with visit(site, color_scheme=scheme, viewport={"width": width, "height": 900}) as (
        page,
        base,
        foreign,
        complaints,
    ):
        found = {}
        for address in addresses(site):
            page.goto(base + address)
            page.wait_for_load_state("networkidle")
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            violations = axe.run(page, options=rules).response["violations"]
            if violations:
                found[address] = [(one["id"], one["nodes"][0]["target"], len(one["nodes"])) for one in violations]
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{address} is {wide} pixels wide"
        assert found == {}
        assert foreign == []
        assert complaints == []


@pytest.mark.browser
def test_axe_has_teeth(site):
    """The check above finds a contrast that is too low."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    with visit(site) as (page, base, _, _):
        page.goto(base)
        page.add_style_tag(content=".hero p { color: #ddd !important; background: #fff !important; }")
        assert "color-contrast" in {one["id"] for one in axe.run(page).response["violations"]}


@pytest.mark.browser
def test_tables_can_be_narrowed_down(site):
    """Typing words leaves the rows that hold all of them; the count is told to screen readers."""
    with visit(site) as (page, base, _, _):
        page.goto(f"{base}facts/limits/")
        field = page.locator(".filter input").first
        total = page.locator(".filterable").first.locator("tbody tr").count()
        field.fill("sqs visibility")

        shown = page.locator(".filterable").first.locator("tbody tr:visible")
        assert 0 < shown.count() < total
        assert all("visibility" in row.lower() and "sqs" in row.lower() for row in shown.all_inner_texts())
        assert page.locator(".filter [role=status]").first.inner_text() == f"{shown.count()} of {total}"
        field.fill("nothing holds this")
        assert shown.count() == 0


@pytest.mark.browser
def test_pictures_follow_the_switch_of_the_page(site):
    """The reader's choice of light or dark holds for the diagrams, whatever the system prefers."""
    with visit(site, color_scheme="light") as (page, base, _, _):
        page.goto(f"{base}blueprints/work-queue/")
        picture = page.locator("img.diagram").first
        light = picture.screenshot()
        page.locator("label[title='Switch to dark']").click()
        page.wait_for_function("document.body.dataset.mdColorScheme === 'slate'")
        page.wait_for_timeout(300)

        assert picture.evaluate("(one) => getComputedStyle(one).colorScheme") == "dark"
        assert picture.screenshot() != light


def test_search_index_holds_the_catalog(site):
    """The search knows every blueprint by name."""
    index = json.loads((site / "search/search_index.json").read_text())

    titles = {entry["title"] for entry in index["docs"]}
    assert {entry.spec.name for entry in CATALOG.blueprints.values()} <= titles
