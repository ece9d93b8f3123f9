"""What `make` calls: the environment, and one function a target; standard library only.

Run it directly where there is no make: `python3 dev/tasks.py test`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
LOCK = ROOT / "dev" / "requirements.lock"
STAMP = VENV / "archwright-environment.sha256"
STARTER_VENV = ROOT / "build" / "starter-venv"
SOURCES = ["generator", "tests", "dev", "benchmarks"]


def environment() -> None:
    """Make the environment from the lock, or leave it alone if it is current."""
    wanted = hashlib.sha256(LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted:
        return
    print("Making the environment in .venv (once; about a minute).", flush=True)
    uv = shutil.which("uv") or shutil.which("uv", path=str(BIN))  # the environment has one, once it is made
    if uv:
        if not PYTHON.exists():
            call(uv, "venv", "--quiet", "--python", sys.executable, str(VENV))
        install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(PYTHON)]
    else:
        if not PYTHON.exists():
            venv.create(VENV, with_pip=True)
        install = [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    call(*install, "--require-hashes", "--requirement", str(LOCK))
    call(*install, "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    STAMP.write_text(wanted, encoding="utf-8")


def demo() -> None:
    """Generate a starter, run its demo, build the documentation site."""
    target = ROOT / "build" / "demo" / "order-desk"
    shutil.rmtree(target.parent, ignore_errors=True)
    tool("archwright", "new", "work-queue", str(target.relative_to(ROOT)), "--no-input", "--no-git")
    call(str(PYTHON), "dev/tasks.py", "demo", cwd=target, env={"STARTER_VENV": str(STARTER_VENV)})
    site()
    print("\nThe starter is in build/demo/order-desk, the site in build/site (open index.html).")


def test() -> None:
    """Run the tests but the slowest cells."""
    pytest("-m", "not slow", *sys.argv[2:])


def test_all() -> None:
    """Run every test, the slow ones too."""
    pytest(*sys.argv[2:])


def pytest(*arguments: str) -> None:
    """Run tests two at a time; what fails so is run once more, alone, and has failed if it fails then.

    Drills kill processes and wait for leases to end: on a busy machine one may run out of its patience.
    """
    one_by_one = ("-n", "2", "--dist", "load", "--maxschedchunk", "1")  # in the order of tests/conftest.py
    if code_of(str(BIN / "pytest"), *one_by_one, "--durations", "20", *arguments) == 0:
        return
    print("\nOnce more, and alone, what failed beside other tests; a failure now is one.", flush=True)
    tool("pytest", "--last-failed", "--last-failed-no-failures", "none", *arguments)


def check() -> None:
    """Hold the code against its rules: lint, format, types, who imports whom, the decision log, generated files."""
    tool("ruff", "check", *SOURCES)
    tool("ruff", "format", "--check", *SOURCES)
    tool("mypy")
    tool("lint-imports", "--no-cache")
    tool("archwright", "validate")
    tool("archwright", "adr", "lint", "--dir", "adr")
    tool("archwright", "adr", "index", "--check", "--dir", "adr")
    for script in ("schemas", "pins"):
        call(str(PYTHON), f"dev/{script}.py", "--check")


def site() -> None:
    """Build the documentation site into build/site."""
    tool("archwright", "site", "build")


def bench() -> None:
    """Measure archwright against its peers, in the same run."""
    for script in sorted((ROOT / "benchmarks").glob("*.py")):
        print(f"\n== {script.stem}", flush=True)
        call(str(PYTHON), str(script))


def format_() -> None:
    """Format the code and mend what can be mended."""
    tool("ruff", "check", "--fix", *SOURCES)
    tool("ruff", "format", *SOURCES)


def lock() -> None:
    """Write dev/requirements.lock anew; needs uv and the network."""
    what = ["pip", "compile", "pyproject.toml", "--all-extras", "--group", "dev"]
    how = ["--universal", "--generate-hashes", "--quiet", "--no-header", "--python-version", "3.11"]
    call(shutil.which("uv") or "uv", *what, *how, "--output-file", str(LOCK.relative_to(ROOT)))


def clean() -> None:
    """Remove what these targets made, but the environment."""
    for folder in ("build", "dist", ".cache", ".mypy_cache", ".ruff_cache", ".pytest_cache", "site/generated"):
        shutil.rmtree(ROOT / folder, ignore_errors=True)


def tool(name: str, *arguments: str) -> None:
    """Run a program of the environment."""
    call(str(BIN / name), *arguments)


def call(*command: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a command; leave with its exit code if it fails."""
    code = code_of(*command, cwd=cwd, env=env)
    if code:
        sys.exit(code)


def code_of(*command: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> int:
    """Run a command and return its exit code."""
    kept = {key: value for key, value in os.environ.items() if key not in {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"}}
    path = os.pathsep.join([str(BIN), kept.get("PATH", "")])
    try:
        return subprocess.run(command, cwd=cwd, env={**kept, "PATH": path, **(env or {})}, check=False).returncode
    except KeyboardInterrupt:
        sys.exit(130)
    except FileNotFoundError:
        sys.exit(f"error: `{command[0]}` is not installed.")


TARGETS: dict[str, Callable[[], None]] = {
    "demo": demo,
    "test": test,
    "test-all": test_all,
    "check": check,
    "site": site,
    "bench": bench,
    "format": format_,
    "environment": lambda: None,
}
ALONE: dict[str, Callable[[], None]] = {"lock": lock, "clean": clean}


def main() -> None:
    """Run the target named on the command line."""
    if sys.version_info < (3, 11):  # noqa: UP036  # whoever runs this may have an older Python
        sys.exit(f"error: archwright needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name in ALONE:
        ALONE[name]()
    elif name in TARGETS:
        environment()
        TARGETS[name]()
    else:
        sys.exit(f"usage: python3 dev/tasks.py {{{'|'.join([*TARGETS, *ALONE])}}}")


if __name__ == "__main__":
    main()
