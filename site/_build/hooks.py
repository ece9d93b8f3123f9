"""Hooks of MkDocs: the generated pages are written first, stand in the menu, and have short addresses."""  # noqa: INP001  # MkDocs loads it by its path

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import File, Files

HOME = Path(__file__).resolve().parent.parent.parent
GENERATED = "generated/"
# Sections of the menu that are filled from a folder, written and generated: every page that the menu does not name.
SECTIONS = {"Blueprints": "blueprints", "Decisions": "decisions", "Emulators": "emulators"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Bring the generated pages up to date, so that `mkdocs build` alone works on a fresh checkout."""
    try:
        import archwright  # noqa: F401, PLC0415  # is it installed?
    except ModuleNotFoundError:
        sys.path.insert(0, str(HOME / "generator"))
    from archwright.cli.site import generate_pages  # noqa: PLC0415  # see above

    generate_pages(HOME)
    config.nav = [_filled(entry, Path(config.docs_dir)) for entry in config.nav or ()]
    config.nav += _missing_sections(config.nav, Path(config.docs_dir))
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Give a generated page the address that a reader expects: `/blueprints/…`, not `/generated/blueprints/…`."""
    for file in files:
        if file.src_uri.startswith(GENERATED):
            _move(file, config)
    return files


def _move(file: File, config: MkDocsConfig) -> None:
    file.dest_uri = file.dest_uri.removeprefix(GENERATED)
    file.abs_dest_path = str(Path(config.site_dir) / file.dest_uri)
    file.url = file._get_url(config.use_directory_urls)  # noqa: SLF001  # the one way to have it made again


def _filled(entry: Any, docs: Path) -> Any:
    """Add to a section of the menu the pages of its folder that it does not name."""
    title, pages = next(iter(entry.items())) if isinstance(entry, dict) else ("", None)
    if title not in SECTIONS or not isinstance(pages, list):
        return entry
    return {title: pages + [page for page in _pages(docs, SECTIONS[title]) if page not in pages]}


def _missing_sections(menu: list[Any], docs: Path) -> list[Any]:
    """Return sections for folders that the menu does not mention at all, such as pages that came with a new room."""
    there = {title for entry in menu if isinstance(entry, dict) for title in entry}
    return [{title: found} for title in SECTIONS if title not in there and (found := _pages(docs, SECTIONS[title]))]


def _pages(docs: Path, folder: str) -> list[str]:
    written, generated = (sorted((docs / place).glob("*.md")) for place in (folder, GENERATED + folder))
    found = sorted([*written, *generated], key=lambda page: page.name != "index.md")
    return [page.relative_to(docs).as_posix() for page in found]
