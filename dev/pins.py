"""Make `templates/pins.yaml`, the one set of locked packages that every starter's lock is composed from.

    python dev/pins.py              write it; packages that are pinned already keep their version
    python dev/pins.py --upgrade    write it with the newest version of everything
    python dev/pins.py --check      say whether it is stale, without a network; exit 1 if so

The versions, hashes and markers are uv's, from one resolution for every platform and Python that starters support.
Who needs whom is what uv notes beside each package.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from archwright import yamlfile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "templates" / "pins.yaml"
OLDEST_PYTHON = "3.11"
HEADER = "# Written by dev/pins.py; do not edit. `python dev/pins.py --upgrade` takes newer versions.\n"
_PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[^\s;]+)(?: ; (?P<marker>.+?))?(?: \\)?$")


def wanted(root: Path = ROOT) -> set[str]:
    """Return the packages that the layers name."""
    names: set[str] = set()
    for path in [*root.glob("templates/**/layer.yaml"), *root.glob("blueprints/*/layer/layer.yaml")]:
        layer = yaml.safe_load(path.read_text(encoding="utf-8"))
        names.update(layer.get("dependencies", []), layer.get("dev_dependencies", []))
    return names


def parse_lock(text: str) -> dict[str, dict[str, Any]]:
    """Return uv's annotated lock as pins: version, marker, hashes, and what each package requires."""
    pins: dict[str, dict[str, Any]] = {}
    needs: dict[str, set[str]] = {}
    name = ""
    for line in text.splitlines():
        if match := _PIN.match(line):
            name = match["name"]
            pins[name] = {"version": match["version"], "requires": [], "marker": match["marker"] or "", "hashes": []}
        elif "--hash=" in line:
            pins[name]["hashes"].append(line.split("--hash=")[1].split()[0])
        elif line.startswith("    #"):
            parent = line.strip("# ").removeprefix("via").strip()
            if parent and not parent.startswith("-r "):
                needs.setdefault(parent, set()).add(name)
    for parent, names in needs.items():
        pins[parent]["requires"] = sorted(names)
    return pins


def stale(pins: Mapping[str, Mapping[str, Any]], names: Iterable[str]) -> list[str]:
    """Return what is wrong with `pins` for layers that name `names`; nothing if it is whole and has nothing over."""
    reached, waiting = set[str](), list(names)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += pins.get(name, {}).get("requires", [])
    missing = [f"{name}: needed, but not pinned" for name in sorted(reached - set(pins))]
    left_over = [f"{name}: pinned, but no layer needs it" for name in sorted(set(pins) - reached)]
    bare = [f"{name}: pinned without a hash" for name in sorted(pins) if not pins[name].get("hashes")]
    return missing + left_over + bare


def resolve(names: Iterable[str], keep: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the pins of `names` as uv resolves them, with the versions of `keep` where they fit."""
    with tempfile.TemporaryDirectory() as folder:
        asked, lock = Path(folder, "asked.in"), Path(folder, "lock.txt")
        asked.write_text("".join(f"{name}\n" for name in sorted(names)), encoding="utf-8")
        # uv takes the versions of the file that it writes as its preference
        lock.write_text("".join(f"{name}=={pin['version']}\n" for name, pin in sorted(keep.items())), encoding="utf-8")
        uv = Path(sys.executable).with_name("uv")
        command = [str(uv) if uv.exists() else "uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes"]
        command += ["--python-version", OLDEST_PYTHON, "--no-header", str(asked), "--output-file", str(lock)]
        subprocess.run(command, check=True)
        return parse_lock(lock.read_text(encoding="utf-8"))


def main() -> int:
    """Write the pins, or say whether they are stale."""
    parser = argparse.ArgumentParser(description="Make templates/pins.yaml, from which starters' locks are composed.")
    parser.add_argument("--check", action="store_true", help="say whether the file is stale; write nothing")
    parser.add_argument("--upgrade", action="store_true", help="take the newest version of every package")
    options = parser.parse_args()
    names = wanted()
    old = yaml.safe_load(PINS.read_text(encoding="utf-8")) if PINS.exists() else {}
    if options.check:
        problems = stale(old, names)
        print("\n".join(problems) or f"{PINS.name}: {len(old)} pins serve {len(names)} packages that the layers name.")
        return 1 if problems else 0
    pins = resolve(names, {} if options.upgrade else old)
    PINS.write_text(HEADER + yamlfile.dump(pins), encoding="utf-8")
    print(f"{PINS.name}: {len(pins)} pins.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
