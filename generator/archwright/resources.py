"""Where archwright's own data folders are: inside the installed package, or in the checkout beside it."""

from __future__ import annotations

from pathlib import Path

from archwright.errors import InstallationError

DEFAULT_PLATFORM = "local"  # a default, not a case: what is meant where no platform is named


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
