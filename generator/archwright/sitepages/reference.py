"""The reference of errors and of rules: every code with what it means and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archwright import errors
from archwright.adr.rules import all_rules
from archwright.review import RULES
from archwright.sitepages.markdown import cell, page, table

if TYPE_CHECKING:
    from pathlib import Path

# What is wrong in a file of the catalog. The code is the class of the mistake; its message names the very place.
_MISTAKES = {
    "AW101": ("The file cannot be read as YAML, or holds what no catalog may hold.", "Mend the line that it names."),
    "AW102": ("A key is missing, unknown or of the wrong type.", "The hint names the nearest key or the values."),
    "AW103": ("Two things have one name.", "Give one of them another."),
    "AW104": ("Something is named that does not exist.", "The hint names the nearest that does."),
    "AW105": ("An id differs from the name of its folder.", "Rename one of them."),
    "AW106": ("Template layers require each other in a circle.", "Remove one of the requirements."),
    "AW107": ("No step of a workflow leads to this one.", "Let one go on to it, or take it out."),
    "AW108": ("A workflow cannot end once it is at this step.", "Let a step that follows go on to one that ends."),
    "AW109": ("A step reads what is not in the data on every way to it.", "Put it there, or read something else."),
    "AW110": ("`any` stands beside or before other errors and hides them.", "Give it an entry of its own, the last."),
    "AW111": ("The platform does not give a capability that the blueprint asks for.", "Choose another, or bind it."),
}
_CODE = re.compile(r"\bAW[1-9]\d\d\b")


def errors_page(checkout: Path) -> str:
    """Return every error that stops the work, and every mistake that is found in a file."""
    kinds = sorted(_kinds(errors.ArchwrightError), key=lambda kind: kind.code)
    stops = [[kind.code, kind.__name__, cell(_first_line(kind)), str(kind.exit_code)] for kind in kinds]
    known = dict(_MISTAKES)
    for code in sorted(_codes(checkout / "generator/archwright") - known.keys() - {rule.code for rule in RULES}):
        known[code] = ("See its message.", "See its hint.")
    return page(
        "# Errors",
        "A message says where, what, and what to do. Nothing is half-written when one appears.",
        "## What stops the work",
        table(["Code", "Name", "Meaning", "Exit code"], stops),
        "## What is wrong in a catalog's files",
        "All of them are told at once, each with file, line and column.",
        table(["Code", "Meaning", "What to do"], [[code, *map(cell, told)] for code, told in sorted(known.items())]),
    )


def rules_page() -> str:
    """Return every rule that an architecture, or a decision log, is held to."""
    log = [[one.code, one.name, str(one.weight or "off"), cell(one.claim)] for _, one in sorted(all_rules().items())]
    rows = [[rule.code, str(rule.severity), cell(rule.claim)] for rule in sorted(RULES, key=lambda rule: rule.code)]
    return page(
        "# Rules",
        "Before anything is written, the architecture is held against these rules. An `error` stops the work; "
        "a `warning` or a `note` is told and does not. Each finding names the limit that it rests on, and the "
        "nearest value that works.",
        "## Rules of an architecture",
        table(["Code", "Severity", "What holds where nothing is found"], rows),
        "## Rules of a decision log",
        "`archwright adr lint` holds a log against these. A rule that is `off` is one that a team may turn on.",
        table(["Code", "Name", "Severity", "What a clean log is held to"], log),
    )


def _kinds(kind: type[errors.ArchwrightError]) -> list[type[errors.ArchwrightError]]:
    return [found for child in kind.__subclasses__() for found in (child, *_kinds(child)) if "code" in vars(found)]


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


def _codes(package: Path) -> set[str]:
    return {code for file in package.rglob("*.py") for code in _CODE.findall(file.read_text(encoding="utf-8"))}
