from __future__ import annotations

import ast
import re
import subprocess
import sys

import pytest

from archwright.resources import checkout_root

ROOT = checkout_root()
SOURCES = sorted((ROOT / "generator/archwright").rglob("*.py"))
WRITES = re.compile(
    r"\.(write_text|write_bytes|mkdir|unlink|rmdir|rename|replace\(Path|symlink_to|touch|chmod)\(|shutil\.(rmtree|copy|move)|open\([^)]*[\"'][wax]b?[\"']"
)


def docstring(path):
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "generator")))
def test_every_module_says_what_it_is_for(path):
    """The architecture page is made of these lines: one sentence, ended."""
    first = docstring(path).splitlines()

    assert first
    assert first[0].endswith("."), first[0]


def test_modules_stay_short():
    """Past 400 lines a module is split, or says in its docstring why not."""
    long = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}

    assert {
        name: count for name, count in long.items() if count > 400 and "400 lines" not in docstring(ROOT / name)
    } == {}


def test_only_the_room_that_writes_touches_a_destination():
    """Generators return files; `write` alone puts them on disk, beside the log's and the journals' own writers."""
    allowed = {"write.py", "adr", "emulators", "cli", "render"}  # render: the byte-code cache's folder
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in SOURCES
        if not allowed & set(path.relative_to(ROOT / "generator/archwright").parts)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if WRITES.search(line)
    ]

    assert found == []


def test_only_the_command_line_prints_and_exits():
    """A room that prints cannot be used by a program."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        if "cli" not in path.parts and path.name != "__main__.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"print", "sys.exit", "exit", "quit", "os._exit"}
    ]

    assert found == []


def test_help_imports_nothing_heavy():
    """`archwright --help` does not load what only some command needs."""
    code = (
        "import sys\nfrom archwright.cli import app\n"
        "heavy = {'mkdocs', 'diagrams', 'pydantic', 'jinja2', 'yaml', 'grpc', 'google', 'graphviz', 'PIL'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_no_path_of_a_machine_is_named():
    """Nothing that is kept in the repository names somebody's home or a build machine's folder."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named = re.compile(r"(?<![\w.])/(?:root|home/(?!vscode|app|user|node)[a-z]\w*|Users/[a-z]\w*)/")
    found = []
    for name in filter(None, listed.split("\0")):
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):
            continue
        found += [f"{name}: {match.group()}" for match in named.finditer(text) if "test_house" not in name]

    assert found == []
