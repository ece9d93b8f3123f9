"""Write the JSON Schemas of the catalog's YAML into `blueprints/schemas/`, where editors find them.

Usage: python dev/schemas.py [--check]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from archwright.schema import FACT_KINDS, KINDS, json_schema

FOLDER = Path(__file__).resolve().parent.parent / "blueprints" / "schemas"


def text_of(kind: str) -> str:
    """Return the file for a kind: the same bytes for the same models."""
    return json.dumps(json_schema(kind), indent=2, ensure_ascii=False) + "\n"


def stale() -> dict[Path, str]:
    """Return the files that are missing or differ from the models, with what they should hold."""
    wanted = {FOLDER / f"{kind}.schema.json": text_of(kind) for kind in (*KINDS, *FACT_KINDS)}
    return {
        path: text for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text
    }


def main(arguments: list[str]) -> int:
    """Write what is stale, or only name it with `--check`."""
    if unknown := [one for one in arguments if one != "--check"]:
        print(f"unknown argument: {unknown[0]}\n{__doc__}", file=sys.stderr)
        return 2
    files = stale()
    for path, text in files.items():
        print(path.name, "is stale" if arguments else "written")
        if not arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if arguments and files:
        print("Run `python dev/schemas.py`, and commit what it writes.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
