"""Where archwright's own data folders are: inside the installed package, or in the checkout beside it."""

from __future__ import annotations

import re
from pathlib import Path

from archwright.errors import InstallationError

DEFAULT_PLATFORM = "local"  # a default, not a case: what is meant where no platform is named

_NEIGHBOUR = re.compile(r"^ *from (\.+)(\w+) import ", re.MULTILINE)


def data_root() -> Path:
    """Return the folder that holds `blueprints/` and `templates/`.

    Raises:
        InstallationError: neither the package nor a checkout around it has them.
    """
    package = Path(__file__).resolve().parent
    for root in (package / "_data", package.parent.parent):
        if (root / "blueprints").is_dir() and (root / "templates").is_dir():
            return root
    raise InstallationError(
        "The folders `blueprints` and `templates` are missing from this installation.",
        hint="install archwright again; if you built it yourself, its source distribution has to carry both.",
    )


def checkout_root() -> Path | None:
    """Return the root of the checkout that this code runs from, or None for an installed package."""
    root = Path(__file__).resolve().parent.parent.parent
    return root if (root / "pyproject.toml").is_file() and (root / "generator").is_dir() else None


def emulators() -> frozenset[str]:
    """Return the names of the emulators that a layer may bring into its starters."""
    root = Path(__file__).resolve().parent / "emulators"
    return frozenset(file.parent.name for file in root.glob("*/__init__.py"))


def emulator_files(name: str) -> dict[str, Path]:
    """Return the source files of an emulator, by their path below `emulators/`, and of what they import beside it.

    Raises:
        InstallationError: this installation has no such emulator.
    """
    root = Path(__file__).resolve().parent / "emulators"
    if not (root / name / "__init__.py").is_file():
        raise InstallationError(f"This installation has no emulator `{name}`.", hint="install archwright again.")
    waiting = [root / "__init__.py", *(root / name).glob("*.py")]
    found: dict[str, Path] = {}
    while waiting:
        path = waiting.pop()
        found[path.relative_to(root).as_posix()] = path
        depth = len(path.relative_to(root).parts)  # from here so many dots lead to the folder of all emulators
        for dots, module in _NEIGHBOUR.findall(path.read_text(encoding="utf-8")):
            if len(dots) == depth and f"{module}.py" not in found:
                waiting.append(root / f"{module}.py")
    return dict(sorted(found.items()))
