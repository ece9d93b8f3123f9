"""Every link of a built site: MkDocs checks those in Markdown, this checks what stands in the HTML."""

from __future__ import annotations

import urllib.parse
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LOADS = {"script", "img", "link", "iframe", "source", "video", "audio", "embed", "object"}


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and name in {"id", "name"}:
                self.ids.add(value)
            elif value and name in {"href", "src"}:
                self.links.append((tag, value))


def check_links(root: Path) -> tuple[list[str], list[str]]:
    """Return the broken links of a site, and what its pages load from other hosts."""
    pages: dict[Path, _Page] = {}
    for file in sorted(root.rglob("*.html")):
        pages[file] = _Page()
        pages[file].feed(file.read_text(encoding="utf-8"))
    broken, foreign = [], []
    for file, page in pages.items():
        if file.name == "404.html":  # served from anywhere: its links are absolute
            continue
        for tag, link in page.links:
            where = f"{file.relative_to(root)}: {link}"
            split = urllib.parse.urlsplit(link)
            if split.scheme or split.netloc:
                foreign += [where] if tag in LOADS and split.scheme != "data" else []
                continue
            target = (file.parent / urllib.parse.unquote(split.path)).resolve() if split.path else file
            target = target / "index.html" if target.is_dir() else target
            if not target.exists() or (target in pages and split.fragment and split.fragment not in pages[target].ids):
                broken.append(where)
    return broken, foreign
