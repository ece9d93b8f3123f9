"""A headless Chromium for tests that look at pages, and Mermaid as pages load it; each says why it is not there."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from archwright.resources import checkout_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MERMAID = "mermaid@11.17.2"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--disable-domain-reliability",
    "--disable-features=OptimizationHints,MediaRouter,Translate",
]


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """Start a browser; skip the test where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the Python package `playwright` is not installed")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


def mermaid_script() -> Path:
    """Return `mermaid.min.js`, fetched from npm once; skip the test where there is no npm or no network."""
    folder = checkout_root() / "build/test-tools"
    script = folder / "package/dist/mermaid.min.js"
    if script.is_file():
        return script
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("Mermaid is not here, and there is no npm to fetch it")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(
            [npm, "pack", "--silent", MERMAID], cwd=folder, capture_output=True, text=True, timeout=90, check=True
        )
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"npm could not fetch {MERMAID}: {error}")
    with tarfile.open(folder / done.stdout.split()[-1]) as packed:
        content = packed.extractfile("package/dist/mermaid.min.js")
        assert content is not None
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_bytes(content.read())
    return script
