"""The page of archwright's own architecture, made from module docstrings and import contracts."""

from __future__ import annotations

import ast
import tomllib
from typing import TYPE_CHECKING, Any

from archwright.sitepages.markdown import cell, code, page, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def house_page(checkout: Path) -> str:
    """Return the rooms, layer by layer from the top, each with the first line of its docstring."""
    settings = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    package = checkout / "generator/archwright"
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    rows = [
        [code(room), cell(_says(package, room))] for layer in layers for room in _rooms(layer) if _file(package, room)
    ]
    return page(
        "# Architecture",
        "archwright is one flow: YAML becomes one frozen model, the `Architecture`; every generator reads that "
        "model and gives files in memory; one room alone writes them.",
        "## Rooms",
        "From top to bottom. A room may import what stands below it, never what stands above or beside it. "
        "The import contracts in `pyproject.toml` are checked on every change, and this page is made from them and "
        "from the first line of each module.",
        table(["Room", "What it is for"], rows),
        "## Doors",
        "Each heavy library has one door: no other room imports it.",
        table(["Contract"], [[cell(contract["name"])] for contract in _doors(contracts)]),
        *(_inside(package, room) for layer in layers for room in _rooms(layer) if (package / room).is_dir()),
    )


def _rooms(layer: str) -> list[str]:
    return [room.strip(" ()") for room in layer.split("|")]


def _file(package: Path, room: str) -> Path | None:
    places = (package / f"{room}.py", package / room / "__init__.py")
    return next((place for place in places if place.is_file()), None)


def _says(package: Path, room: str) -> str:
    file = _file(package, room)
    return _first_line(file) if file else ""


def _first_line(file: Path) -> str:
    told = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return told.partition("\n")[0]


def _doors(contracts: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (contract for contract in contracts if contract["type"] == "forbidden")


def _inside(package: Path, room: str) -> str:
    files = sorted(file for file in (package / room).rglob("*.py") if file.name != "__init__.py")
    rows = [[code(file.relative_to(package / room).as_posix()), cell(_first_line(file))] for file in files]
    return f"### {room}\n\n{table(['Module', 'What it is for'], rows)}" if rows else ""
