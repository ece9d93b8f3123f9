"""Find a team's decision log, upwards from where one stands: settings files first, then the usual folders."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archwright.adr.vocabulary import PLAIN, Vocabulary
from archwright.errors import DecisionLogError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from archwright.adr.model import DecisionLog

USUAL = (
    "doc/adr", "docs/adr", "docs/decisions", "docs/adrs", "docs/architecture/decisions", "doc/architecture/decisions",
    "docs/architecture/adr", "docs/architecture-decisions", "docs/architecture-decision-records", "architecture/decisions",  # noqa: E501  # one pattern
    "architecture-decision-record", "architecture-decision-records", "doc/decisions", "decisions", "adr", "adrs", "ADR",
    ".archgate/adrs", ".adr",
)  # fmt: skip  # a list
"""Where logs are when no file says so, strongest first: adr-tools' own folder, then MADR's, then the others met."""


@dataclass(frozen=True, kw_only=True)
class LogPlace:
    """Where a log is, what said so, and what its settings file says."""

    folder: Path
    root: Path
    found_by: str
    settings: Mapping[str, object] = field(default_factory=dict)
    packages: Mapping[str, Path] = field(default_factory=dict)

    @property
    def vocabulary(self) -> Vocabulary:
        """The status words that the settings add, in the table `statuses`: `{"implementing": "accepted"}`."""
        words = self.settings.get("statuses")
        return Vocabulary({str(key): str(value) for key, value in words.items()}) if isinstance(words, dict) else PLAIN

    def load(self) -> DecisionLog:
        """Read the log."""
        from archwright.adr.read import load_log  # noqa: PLC0415  # `init` finds a place without reading anything

        return load_log(
            self.folder,
            found_by=self.found_by,
            settings=self.settings,
            vocabulary=self.vocabulary,
            packages=self.packages,
        )


def find_log(start: Path, folder: Path | None = None) -> LogPlace:
    """Return where the log is: `folder` if one is given, else the nearest that a file or a usual name points to.

    Raises:
        UsageError: there is none.
    """
    above = [start.resolve(), *start.resolve().parents]
    if folder is not None:
        near = [folder.resolve(), *folder.resolve().parents]
        return LogPlace(folder=folder, root=_root(near), found_by="--dir", settings=_settings(near)[0])
    for here in above:
        found = _by_file(here) or _by_name(here)
        if found:
            return found
        if (here / ".git").exists():
            break
    raise UsageError(
        f"no decision log was found in {start} or above it",
        hint="give its folder with `--dir`, or start one with `archwright adr init`.",
    )


def _by_file(here: Path) -> LogPlace | None:
    settings, origin = _settings([here])
    named = settings.get("dir")
    if isinstance(named, str):
        return LogPlace(folder=here / named, root=here, found_by=f"{origin} (dir)", settings=settings)
    if (here / ".adr-dir").is_file():
        lines = _text(here / ".adr-dir").split("\n")
        if lines[0].strip():
            return LogPlace(folder=here / lines[0].strip(), root=here, found_by=".adr-dir", settings=settings)
    if (here / ".log4brains.yml").is_file():
        return _log4brains(here, settings)
    for name, pattern in (
        ("adrs.toml", r"^\s*adr_dir\s*=\s*[\"']([^\"'\n]+)"),
        (".adrs.toml", r"^\s*adr_dir\s*=\s*[\"']([^\"'\n]+)"),
        ("adr.config.json", r"\"path\"\s*:\s*\"([^\"\n]+)\""),
        (".adr.json", r"\"(?:path|adrDir|dir)\"\s*:\s*\"([^\"\n]+)\""),
        (".adrpy.json", r"\"(?:path|dir|adr_dir|folder)\"\s*:\s*\"([^\"\n]+)\""),
        (".adr", r"^\s*records-dir\s*=\s*([^\n]+)"),
        ("catalog-info.yaml", r"backstage\.io/adr-location:\s*[\"']?([^\"'\s#]+)"),
    ):
        if (here / name).is_file() and (match := re.search(pattern, _text(here / name), re.MULTILINE)):
            return LogPlace(folder=here / match[1].strip(), root=here, found_by=name, settings=settings)
    return None


def _log4brains(here: Path, settings: Mapping[str, object]) -> LogPlace | None:
    from archwright.adr.frontmatter import parse  # noqa: PLC0415  # only where the file exists

    try:
        data = parse(_text(here / ".log4brains.yml"))
    except ValueError as error:
        raise DecisionLogError(
            f"{here / '.log4brains.yml'}: {error}", hint="correct it, or give the folder with `--dir`."
        ) from error
    project = data.get("project") if isinstance(data, dict) else None
    named = project.get("adrFolder") if isinstance(project, dict) else None
    if not isinstance(project, dict) or not isinstance(named, str):
        return None
    packages = {}
    for package in project.get("packages") or []:
        if (
            isinstance(package, dict)
            and isinstance(package.get("name"), str)
            and isinstance(package.get("adrFolder"), str)
        ):
            folder = here / package["adrFolder"]
            if folder.is_dir():
                packages[package["name"]] = folder
    return LogPlace(folder=here / named, root=here, found_by=".log4brains.yml", settings=settings, packages=packages)


def _by_name(here: Path) -> LogPlace | None:
    for name in USUAL:
        folder = here / name
        if (
            folder.is_dir()
            and _spelled_so(folder)
            and any(path.suffix in {".md", ".rst", ".adoc", ".mdx"} for path in folder.rglob("*.*"))
        ):
            return LogPlace(
                folder=folder, root=here, found_by=f"the usual folder {name}", settings=_settings([here])[0]
            )
    return None


def _spelled_so(folder: Path) -> bool:
    """Whether a folder has just this name: on some systems `ADR` finds `adr`, which is another entry of the list."""
    return any(each.name == folder.name for each in folder.parent.iterdir())


def _root(above: list[Path]) -> Path:
    return next((here for here in above if (here / ".git").exists()), above[0])


def _settings(above: list[Path]) -> tuple[Mapping[str, object], str]:
    """Return the nearest settings of archwright, and the file that they stand in."""
    for here in above:
        for name, keys in ((".archwright.toml", ("adr",)), ("pyproject.toml", ("tool", "archwright", "adr"))):
            path = here / name
            if path.is_file() and "adr" in (text := _text(path)):
                table = _table(path, text, keys)
                if table is not None:
                    return table, name
        if (here / ".git").exists():
            break
    return {}, ""


def _table(path: Path, text: str, keys: tuple[str, ...]) -> Mapping[str, object] | None:
    import tomllib  # noqa: PLC0415  # only where a file may have our table

    try:
        data: object = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        if path.name == "pyproject.toml" and "tool.archwright.adr" not in text:
            return None
        raise DecisionLogError(f"{path}: {error}", hint="correct the file; it is no valid TOML.") from error
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig", errors="replace")
    except OSError as error:
        raise DecisionLogError(f"{path} cannot be read: {error.strerror}") from error
