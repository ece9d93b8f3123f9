"""The page of `async-llm-job` in a real browser: by keyboard, reloaded, cut off, and with hostile text."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import pytest

from archwright import resolve
from archwright.catalog import load_catalog
from behaviour.browser import chromium
from rendered import write_starter

pytestmark = pytest.mark.early  # it starts a whole starter and a browser

RUN = """
import json, sys, tempfile
from pathlib import Path
import plant, stagecraft
with tempfile.TemporaryDirectory() as folder, stagecraft.open_stage(Path(folder)) as stage:
    with plant.plant(stage, "relay", "work") as started:
        print(json.dumps({"page": started.url, "provider": stage.environment["ANTHROPIC_BASE_URL"]}), flush=True)
        sys.stdin.read()
"""
HOSTILE = "<img src=x onerror=\"document.title='hit'\"><script>document.title='hit'</script> </textarea> & \u202eend"
LATER = 40_000  # milliseconds: the first call imports a large SDK


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Run a starter, and give where its page and the emulated provider of models are."""
    pytest.importorskip("playwright.sync_api", reason="the Python package `playwright` is not installed")
    folder = tmp_path_factory.mktemp("page") / "desk"
    architecture = resolve.resolve(load_catalog(), "async-llm-job", "local", "desk", {})
    write_starter(architecture, folder)
    path = os.pathsep.join([str(folder / "src"), str(folder / "dev")])
    command = [sys.executable, "-c", RUN]
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": path}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield json.loads(process.stdout.readline())
        process.stdin.close()
        process.wait(20)


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser, places):
    """Give a page that has been opened; in the end, nothing was reported on its console but what a test expects."""
    context = browser.new_context(viewport={"width": 1000, "height": 800})
    page = context.new_page()
    page.reports = []
    page.on("console", lambda one: page.reports.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda one: page.reports.append(str(one)))
    page.goto(places["page"])
    yield page
    context.close()


def arm(places, kind, value="", times=1):
    query = urlencode({"kind": kind, "value": value, "times": times})
    ask("POST", f"{places['provider']}/control/arm?{query}")


def ask(method, url):
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname, parts.port, timeout=10)
    connection.request(method, f"{parts.path}?{parts.query}")
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status == 200, text
    return text


def comes_to(page, words):
    from playwright.sync_api import expect  # noqa: PLC0415  # a machine may lack it

    expect(page.locator("#state")).to_have_text(re.compile(words), timeout=LATER)


def result_of(places, page):
    job = page.locator("#id").inner_text()
    return ask("GET", f"{places['page']}/v1/jobs/{job}/result")


def send(page, text="A text about a lighthouse."):
    page.fill("#document", text)
    page.click("#send")


def test_a_document_is_summarised_by_keyboard_alone(page, places):
    """From the top of the page by Tab and keys: fill in, send, and be at the job; the text that came is the result."""
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "document":
            break
    page.keyboard.type("A text about a lighthouse.")
    page.keyboard.press("Control+Enter")

    comes_to(page, "^done$")

    assert page.evaluate("document.activeElement.id") == "job-title"
    assert page.locator("#summary-text").inner_text() == result_of(places, page)
    assert page.locator("#said").inner_text() == "The job has ended: done."
    assert "USD" in page.locator("#cost").inner_text()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "another"
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'document'", timeout=LATER)
    assert page.reports == []


def test_a_reload_goes_on_with_the_job(page, places):
    """Whoever reloads in the middle of the text sees all of it in the end, and no word twice."""
    arm(places, "drip", "0.08", times=2)
    send(page)
    page.locator("#list .text").first.get_by_text(re.compile(".+")).wait_for(state="attached", timeout=LATER)

    page.reload()
    comes_to(page, "^done$")

    assert page.locator("#summary-text").inner_text() == result_of(places, page)
    assert page.reports == []


def test_a_lost_connection_is_resumed_after_the_last_event(page, places):
    """Without a network the page says so; with it, it names the last event that it has seen and misses none."""
    asked = []
    page.on("request", lambda one: asked.append(one.headers) if one.url.endswith("/events") else None)
    arm(places, "drip", "0.15", times=2)
    send(page)
    page.locator("#list .text").first.get_by_text(re.compile(".+")).wait_for(state="attached", timeout=LATER)
    page.context.set_offline(True)
    page.locator("#line").get_by_text("offline").wait_for(timeout=LATER)

    page.context.set_offline(False)
    comes_to(page, "^done$")

    assert page.locator("#summary-text").inner_text() == result_of(places, page)
    assert "last-event-id" not in asked[0]
    assert int(asked[-1]["last-event-id"]) > 1


def test_a_job_is_cancelled_by_keyboard(page, places):
    """One Tab from the job's heading is the button that ends it."""
    arm(places, "drip", "0.4")
    send(page)
    comes_to(page, "at work")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "cancel"
    page.keyboard.press("Enter")

    comes_to(page, "^cancelled$")
    assert page.locator("#cancel").is_hidden()


def test_a_script_in_an_answer_is_inert(page, places):
    """Markup that a model writes is letters on the page: no element comes of it, and nothing of it runs."""
    arm(places, "say", HOSTILE, times=2)
    send(page)

    comes_to(page, "^done$")

    assert HOSTILE in page.locator("#summary-text").inner_text()
    assert page.locator("#job img, #job script").count() == 0
    assert "hit" not in page.title()
    assert page.reports == []


def test_a_result_waits_for_approval_and_a_failure_says_why(page, places):
    """A result that was to be asked for is let out by the button; a failure has a title and what to do."""
    page.check("#approval")
    send(page)
    comes_to(page, "waits for your approval")
    page.click("#grant")
    comes_to(page, "^done$")
    page.click("#another")
    arm(places, "refuse")

    send(page, "Another text.")

    comes_to(page, "^failed$")
    assert page.locator("#problem-title").inner_text() == "The model declined to answer."


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1000, 360])
def test_the_page_has_no_barrier(browser, places, scheme, width):
    """Light and dark, wide and narrow, empty, at the end and refused: no finding of axe, and nothing is cut off."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    context = browser.new_context(viewport={"width": width, "height": 760}, color_scheme=scheme)
    page = context.new_page()
    page.goto(places["page"])

    def looked_at():
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        return [one["id"] for one in axe.run(page).response["violations"]]

    page.click("#send")
    assert page.locator("#refused-title").inner_text() == "There is no document yet."
    assert looked_at() == []
    send(page, "\n\n".join("A chapter of some words. " * 300 for _ in range(2)))
    comes_to(page, "^done$")
    page.locator("details summary").first.click()
    assert looked_at() == []
    context.close()
