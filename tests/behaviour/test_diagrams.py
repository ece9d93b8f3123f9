from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from PIL import Image

from archwright.cli import app
from archwright.cli.terminal import guard
from archwright.diagrams import engine, export
from archwright.diagrams.icons import glyph_names, icon_exists, load_icon
from archwright.diagrams.metrics import text_width
from archwright.errors import CatalogError, InstallationError, UsageError
from archwright.model import Route
from archwright.resources import checkout_root
from archwright.views import container_view
from behaviour.browser import chromium, mermaid_script
from unit.architectures import ALL, HOSTILE, NINE_NODES, WORK_QUEUE, WORK_QUEUE_ON_AZURE, service

SVG = "{http://www.w3.org/2000/svg}"
ENGINES = [name for name in ("graphviz-pure", "dot") if engine.program(name)]
EACH = pytest.mark.parametrize("name", ALL)


@pytest.fixture(params=ENGINES)
def any_engine(request, monkeypatch):
    """Each layout engine of this machine in turn."""
    path = engine.program(request.param)
    monkeypatch.setattr("archwright.diagrams.engine.find_engine", lambda: path)
    return request.param


def draw(architecture):
    return export(container_view(architecture), "svg").decode()


def picture(view):
    return ET.fromstring(export(view, "svg"))  # noqa: S314  # written by us


def parts(root, name):
    return [group for group in root.iter(f"{SVG}g") if group.get("class") == name]


def words(element):
    return " ".join(line.text for line in element.iter(f"{SVG}tspan"))


def plain(text):
    return "".join(re.sub("[\x00\ufffd]", "", text).split())


@EACH
def test_picture_holds_what_the_view_holds(name, any_engine):
    """Every node, arrow, group and label of the view is in the SVG, whichever engine placed it."""
    view = container_view(ALL[name])
    root = picture(view)

    nodes = sorted(plain(words(node)) for node in parts(root, "node"))
    labels = sorted(plain(words(edge)) for edge in parts(root, "edge"))
    assert nodes == sorted(plain(node.label + node.detail) for node in view.nodes)
    assert labels == sorted(plain(edge.label) for edge in view.edges)
    assert sorted(words(group) for group in parts(root, "cluster")) == sorted(group.label for group in view.groups)


@EACH
def test_every_text_is_readable_on_a_page(name, any_engine):
    """Shown 900 pixels wide, no text is smaller than 13 pixels and no icon than 48; nothing leaves the picture."""
    root = picture(container_view(ALL[name]))
    width, height = float(root.get("width")), float(root.get("height"))

    scale = min(1, 900 / width)
    sizes = [float(text.get("font-size")) for text in root.iter(f"{SVG}text")]
    icons = [float(use.get("width")) for use in root.iter(f"{SVG}use")]
    assert min(sizes) * scale >= 13
    assert 48 <= min(icons) * scale <= max(icons) <= 64
    for node in parts(root, "node"):
        frame = node.find(f"{SVG}rect")
        x, y, w, h = (float(frame.get(key)) for key in ("x", "y", "width", "height"))
        assert 0 <= x <= x + w <= width
        assert 0 <= y <= y + h <= height


@EACH
def test_no_text_leaves_its_card_and_no_card_lies_on_another(name, any_engine):
    """Names fit their boxes; boxes keep apart."""
    frames = []
    for node in parts(picture(container_view(ALL[name])), "node"):
        frame = node.find(f"{SVG}rect")
        x, y, w, h = (float(frame.get(key)) for key in ("x", "y", "width", "height"))
        for text in node.iter(f"{SVG}text"):
            bold = text.get("font-weight") == "bold"
            for line in text.iter(f"{SVG}tspan"):
                wide = text_width(line.text, float(text.get("font-size")), bold=bold)
                left = float(line.get("x")) - (wide / 2 if text.get("text-anchor") == "middle" else 0)
                assert x <= left <= left + wide <= x + w
                assert y <= float(line.get("y")) <= y + h
        assert not any(x < x2 + w2 and x2 < x + w and y < y2 + h2 and y2 < y + h for x2, y2, w2, h2 in frames)
        frames.append((x, y, w, h))


@EACH
def test_picture_is_self_contained_and_small(name):
    """No path, no foreign address, no old link syntax; it parses, and fits a page that is loaded over a slow line."""
    text = draw(ALL[name])
    root = picture(container_view(ALL[name]))

    icons = list(root.iter(f"{SVG}symbol"))
    links = [value for element in root.iter() for key, value in element.attrib.items() if key.endswith("href")]
    assert len(text.encode()) < 80_000
    assert "xlink" not in text
    assert re.findall(r"(?:https?|file)://[^\s\"<]*", text) == ["http://www.w3.org/2000/svg"]
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in links)
    assert len(icons) == len({symbol.get("id") for symbol in icons})
    assert str(checkout_root()) not in text
    assert "site-packages" not in text


def test_failure_path_is_apart():
    """Dead letters differ from the main path by colour and by dashes, not by colour alone."""
    view = container_view(WORK_QUEUE)
    lines = [edge.find(f"{SVG}path") for edge in parts(picture(view), "edge")]

    drawn = {
        (edge.route, line.get("stroke"), line.get("stroke-dasharray"))
        for edge, line in zip(view.edges, lines, strict=True)
    }
    main, failing = (next(one for one in drawn if one[0] is route) for route in (Route.MAIN, Route.FAILURE))
    assert len(drawn) == 2
    assert main[1] != failing[1]
    assert main[2] != failing[2]


def test_legend_explains_the_arrows_that_there_are():
    """Each kind of arrow in the picture is in the legend, and no other."""
    legend = [words(entry) for entry in parts(picture(container_view(NINE_NODES)), "legend")]
    without_calls = [words(entry) for entry in parts(picture(container_view(WORK_QUEUE)), "legend")]

    assert legend == ["synchronous", "asynchronous", "failure path"]
    assert without_calls == ["asynchronous", "failure path"]


def test_pictures_side_by_side_share_no_id():
    """Several pictures may stand inline in one page, and no rule of one reaches the other."""
    pictures = [picture(container_view(architecture)) for architecture in ALL.values()]

    ids = [element.get("id") for one in pictures for element in one.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for one in pictures:
        rules = re.findall(r"(?<=[{}])[^{}@]+(?={)", one.find(f"{SVG}style").text)
        assert rules
        assert all(rule.startswith(f"#{one.get('id')} ") for rule in rules)


@EACH
def test_screen_readers_get_the_arrows_in_words(name):
    """Title and description are there, named by the root, and the description tells every arrow."""
    view = container_view(ALL[name])
    root = picture(view)

    title, description = (
        next(one for one in root if one.get("id") == key) for key in root.get("aria-labelledby").split()
    )
    assert root.get("role") == "img"
    assert plain(title.text) == plain(view.title)
    assert all(plain(sentence) in plain(description.text) for sentence in view.sentences)


def digest():
    return hashlib.sha256("".join(map(draw, ALL.values())).encode()).hexdigest()


def test_same_bytes_in_every_process_and_thread():
    """Neither hash seed, nor process, nor neighbours in other threads change a byte."""
    code = "import sys; sys.path.insert(0, 'tests'); from behaviour.test_diagrams import digest; print(digest())"
    elsewhere = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=checkout_root(),
            env={**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": "C", "TZ": "Asia/Tokyo"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("0", "7")
    }
    with ThreadPoolExecutor(4) as pool:
        threads = set(pool.map(lambda _: digest(), range(8)))

    assert elsewhere == threads == {digest()}


@EACH
def test_png_is_drawn_from_the_same_picture(name):
    """A PNG shows the SVG at two pixels for one, on white, with its texts."""
    pytest.importorskip("resvg_py", reason="the extra `png` is not installed")

    root = picture(container_view(ALL[name]))
    image = Image.open(io.BytesIO(export(container_view(ALL[name]), "png"))).convert("RGB")

    assert image.size == (2 * int(root.get("width")), 2 * int(root.get("height")))
    assert image.getpixel((0, 0)) == (255, 255, 255)
    assert (0x1F, 0x23, 0x28) in {colour for _, colour in image.getcolors(1 << 24)}


def test_icons_are_known_without_loading_the_library():
    """Names are checked by reading: one module's text, and no import of it."""
    names = "azure.integration.ServiceBus aws.integration.SQS glyph.queue aws.integration.Nope nope.nope.Nope"
    odd = "ServiceBus glyph.nope ../../etc.passwd.X aws.integration.re"
    code = (
        "import sys; from archwright.diagrams.icons import icon_exists\n"
        "print([name for name in sys.argv if icon_exists(name)], 'diagrams' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *f"{names} {odd}".split(), ""], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "['azure.integration.ServiceBus', 'aws.integration.SQS', 'glyph.queue'] False"


def test_unknown_icon_says_what_would_do():
    """A platform that names an icon which is not there is told so, with the names of our own glyphs."""
    broken = replace(WORK_QUEUE.channels[0], service=service("Queue", "aws.integration.Nope"))

    with pytest.raises(CatalogError, match=r"`aws\.integration\.Nope` is no icon") as caught:
        draw(replace(WORK_QUEUE, channels=(broken,)))
    assert "glyph.queue" in caught.value.hint


@pytest.mark.parametrize("name", sorted(glyph_names()))
def test_every_glyph_loads(name):
    """Our own glyphs are pictures without a raster image."""
    assert icon_exists(f"glyph.{name}")
    assert "<image" not in load_icon(f"glyph.{name}").markup


def test_missing_engine_is_named_with_its_remedy(monkeypatch):
    """Without a layout engine the error says what to install, and Mermaid still works."""
    monkeypatch.setattr("archwright.diagrams.engine.program", lambda _name: None)
    engine.find_engine.cache_clear()

    with pytest.raises(InstallationError, match="no layout engine") as caught:
        draw(WORK_QUEUE)
    assert "pip install graphviz-pure" in caught.value.hint
    assert export(container_view(WORK_QUEUE), "mermaid").startswith(b"flowchart LR")


def test_unknown_format_is_a_usage_error():
    """The formats that there are stand in the hint."""
    with pytest.raises(UsageError) as caught:
        export(container_view(WORK_QUEUE), "gif")
    assert caught.value.hint == "choose one of svg, png, mermaid."


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["archwright", *arguments])
    return guard(app)


@pytest.mark.parametrize("format_name", ["svg", "mermaid", "png"])
def test_command_writes_the_picture_of_a_blueprint(tmp_path, monkeypatch, format_name):
    """`archwright diagram` writes the file that it was asked for, and nothing beside it."""
    target = tmp_path / "picture"

    code = run(monkeypatch, "diagram", "work-queue", "--format", format_name, "-o", str(target))

    starts = {"svg": b"<svg ", "mermaid": b"flowchart ", "png": b"\x89PNG"}
    assert code == 0
    assert target.read_bytes().startswith(starts[format_name])
    assert list(tmp_path.iterdir()) == [target]


def test_command_refuses_a_folder_that_is_not_there(tmp_path, monkeypatch, capsys):
    """A place that cannot be written is told with what to do, and nothing is left behind."""
    code = run(monkeypatch, "diagram", "work-queue", "-o", str(tmp_path / "gone/picture.svg"))

    assert code == 1
    assert "Nothing was written." in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.browser
def test_mermaid_itself_draws_every_flowchart():
    """The real Mermaid parses and renders each source, hostile labels included, and shows their very words."""
    script = mermaid_script()
    with chromium() as browser:
        page = browser.new_page()
        page.route("**/*", lambda route: route.abort())
        page.set_content("<body></body>")
        page.add_script_tag(path=str(script))
        page.evaluate("mermaid.initialize({startOnLoad: false, securityLevel: 'strict', suppressErrorRendering: true})")
        for name, architecture in ALL.items():
            view = container_view(architecture)
            shown = page.evaluate(
                """async ([name, source]) => {
                  const {svg} = await mermaid.render(name, source);
                  const box = document.createElement('div'); box.innerHTML = svg;
                  const texts = (css) => [...box.querySelectorAll(css)].map((one) => one.textContent);
                  return {nodes: texts('.node .nodeLabel'), edges: texts('.edgeLabel .edgeLabel'),
                          paths: box.querySelectorAll('path.flowchart-link').length, title: texts('title')};
                }""",
                [name, export(view, "mermaid").decode()],
            )
            assert sorted(map(plain, shown["nodes"])) == sorted(plain(node.label + node.detail) for node in view.nodes)
            assert shown["paths"] == len(view.edges)
            assert sorted(plain(text) for text in shown["edges"] if text.strip()) == sorted(
                plain(edge.label) for edge in view.edges if edge.label
            )


@pytest.mark.browser
@pytest.mark.parametrize("architecture", [WORK_QUEUE_ON_AZURE, HOSTILE], ids=["azure", "hostile"])
def test_one_file_serves_light_and_dark(tmp_path, architecture):
    """In an `<img>` the picture follows the page's colour scheme, and no script of a label runs."""
    (tmp_path / "picture.svg").write_text(draw(architecture))
    page_file = tmp_path / "page.html"
    with chromium() as browser:
        grounds = {}
        for scheme in ("light", "dark"):
            page = browser.new_page()
            asked = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page_file.write_text(f"<html style='color-scheme:{scheme}'><body style='margin:0'><img src='picture.svg'>")
            page.goto(page_file.as_uri())
            width = page.evaluate("document.images[0].naturalWidth")

            shot = Image.open(
                io.BytesIO(page.screenshot(clip={"x": 0, "y": 0, "width": width, "height": 200}))
            ).convert("RGB")
            grounds[scheme] = {colour for _, colour in shot.getcolors(1 << 24)}
            assert len(asked) == 2
        assert (255, 255, 255) in grounds["light"]
        assert (0x28, 0x2E, 0x38) in grounds["dark"]
        assert (0x28, 0x2E, 0x38) not in grounds["light"]


@pytest.mark.browser
def test_texts_fit_their_cards_in_a_browser():
    """What was measured without a font holds with one: no line is wider than its card."""
    with chromium() as browser:
        page = browser.new_page()
        for name in ALL.keys() - {"hostile"}:  # whose signs no common font has
            page.set_content(draw(ALL[name]))
            spare = page.evaluate(
                """() => [...document.querySelectorAll('.node')].flatMap((node) => {
                  const card = node.querySelector('rect').getBBox();
                  return [...node.querySelectorAll('text')].map((text) => text.getBBox()).map((box) =>
                    Math.min(box.x - card.x, card.x + card.width - box.x - box.width,
                             box.y - card.y, card.y + card.height - box.y - box.height));
                })"""
            )
            assert min(spare) >= 4, name
