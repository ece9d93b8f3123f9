"""Which versions of a package a repository holds: in its lock files, and installed below it; nothing is asked for."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LARGEST = 64 << 20
_PRUNED = frozenset(
    [".git", "node_modules", ".venv", "venv", "__pycache__", "build", "dist", "target", "vendor", ".tox"]
)
_DEEPEST = 4
_PINNED = re.compile(r"^[ \t]*([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?[ \t]*===?[ \t]*([\w.!+-]+)", re.MULTILINE)
_YARN = re.compile(r"^\"?(@?[^@\s\"]+)@[^\n]*:\n(?:[ \t]+[^\n]*\n)*?[ \t]+version:?[ \t]+\"?([\w.+-]+)", re.MULTILINE)
_PNPM = re.compile(r"^[ \t]+['\"]?/?(@?[\w./-]+?)[@/](\d[\w.+-]*)(?:\([^\n]*\))?['\"]?:", re.MULTILINE)
_GO = re.compile(r"^[ \t]*(?:require[ \t]+)?([\w.-]+\.[\w.-]+/[\w./~-]+)[ \t]+v(\d[\w.+-]*)", re.MULTILINE)
_GEM = re.compile(r"^ {4}([\w.-]+) \(([\w.]+)\)$", re.MULTILINE)


def plain_name(package: str) -> str:
    """Return a package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", package).lower()


def versions_of(root: Path) -> dict[str, dict[str, str]]:
    """Return, for each package below `root`, its versions, each with the file that holds it."""
    found: dict[str, dict[str, str]] = {}
    for path in _locks(root):
        for name, version in _read(path):
            found.setdefault(plain_name(name), {}).setdefault(version, path.relative_to(root).as_posix())
    for name, version, place in _installed(root):
        found.setdefault(plain_name(name), {}).setdefault(version, place)
    return found


def _locks(root: Path, depth: int = 0) -> Iterator[Path]:
    try:
        listed = sorted(root.iterdir())
    except OSError:
        return
    for path in listed:
        if path.name in _READERS or (path.name.startswith("requirements") and path.suffix == ".txt"):
            if path.is_file() and path.stat().st_size <= LARGEST:
                yield path
        elif (
            depth < _DEEPEST
            and path.is_dir()
            and not path.is_symlink()
            and path.name not in _PRUNED
            and not path.name.startswith(".")
        ):
            yield from _locks(path, depth + 1)


def _read(path: Path) -> list[tuple[str, str]]:
    reader = _READERS.get(path.name, _pinned)
    try:
        return list(reader(path.read_text("utf-8", errors="replace")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []  # a lock file that is damaged is its tool's business; the package is told as not found


def _pinned(text: str) -> Iterator[tuple[str, str]]:
    yield from _pairs(_PINNED, text)


def _toml_packages(text: str) -> Iterator[tuple[str, str]]:
    data = tomllib.loads(text)
    for each in [*data.get("package", []), *data.get("packages", [])]:
        if isinstance(each.get("version"), str):
            yield each["name"], each["version"]


def _pipenv(text: str) -> Iterator[tuple[str, str]]:
    data = json.loads(text)
    for group in ("default", "develop"):
        for name, each in data.get(group, {}).items():
            if "version" in each:
                yield name, each["version"].lstrip("=")


def _npm(text: str) -> Iterator[tuple[str, str]]:
    data = json.loads(text)
    for place, each in data.get("packages", {}).items():
        if place and "version" in each:
            yield each.get("name") or place.rpartition("node_modules/")[2], each["version"]
    yield from _npm_tree(data.get("dependencies", {}))


def _npm_tree(dependencies: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, each in dependencies.items():
        if isinstance(each, dict) and "version" in each:
            yield name, each["version"]


def _composer(text: str) -> Iterator[tuple[str, str]]:
    data = json.loads(text)
    for each in [*data.get("packages", []), *data.get("packages-dev", [])]:
        yield each["name"], each["version"]


def _pairs(pattern: re.Pattern[str], text: str) -> Iterator[tuple[str, str]]:
    for match in pattern.finditer(text):
        yield match[1], match[2]


_READERS: dict[str, Callable[[str], Iterator[tuple[str, str]]]] = {
    "uv.lock": _toml_packages, "poetry.lock": _toml_packages, "pdm.lock": _toml_packages, "pylock.toml": _toml_packages,
    "Cargo.lock": _toml_packages, "Pipfile.lock": _pipenv, "package-lock.json": _npm, "npm-shrinkwrap.json": _npm,
    "yarn.lock": lambda text: _pairs(_YARN, text), "pnpm-lock.yaml": lambda text: _pairs(_PNPM, text),
    "go.mod": lambda text: _pairs(_GO, text), "Gemfile.lock": lambda text: _pairs(_GEM, text),
    "composer.lock": _composer,
}  # fmt: skip  # a table


def _installed(root: Path) -> Iterator[tuple[str, str, str]]:
    for environment in (".venv", "venv"):
        for path in sorted((root / environment).glob("lib*/**/site-packages/*.dist-info")):
            name, _, version = path.name.removesuffix(".dist-info").rpartition("-")
            yield name, version, environment
    for path in sorted([*root.glob("node_modules/*/package.json"), *root.glob("node_modules/@*/*/package.json")]):
        try:
            data = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(data, dict) and isinstance(data.get("version"), str):
            yield path.parent.relative_to(root / "node_modules").as_posix(), data["version"], "node_modules"
