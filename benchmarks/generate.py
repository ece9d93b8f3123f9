"""Start-up, and one 40-file template through archwright, copier and cookiecutter, in turns in one run."""

from __future__ import annotations

import compileall
import json
import shutil
import sys
import tempfile
from pathlib import Path

from peers import ROOT, environment, interleaved, own_bin, quiet, table

FILES = 40
ANSWERS = {"name": "order-desk", "package": "order_desk", "title": "Order desk", "owner": "@a/b", "license": "MIT"}
OURS = """
import pathlib, shutil, sys
from archwright import render, write
from archwright.model import Architecture, Layer, Starter
template, target, runs = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
words = dict(name="order-desk", package="order_desk", title="Order desk", owner="@a/b", license="MIT")
starter = Starter(date="2026-11-22", **words)
layer = Layer(id="base", folder=template, replaces=(), seeded=("*",), executable=())
rest = {name: () for name in Architecture.__dataclass_fields__}
architecture = Architecture(**{**rest, "starter": starter, "layers": (layer,)})
for number in range(runs):
    destination = target / str(number)
    write.apply(write.plan(write.with_manifest(render.render_layers(architecture), {}), destination))
"""
COPIER = """
import pathlib, sys, copier
template, target, runs, answers = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]), eval(sys.argv[4])
for number in range(runs):
    copier.run_copy(template, target / str(number), data=answers, defaults=True, quiet=True)
"""
COOKIECUTTER = """
import pathlib, sys
from cookiecutter.main import cookiecutter
template, target, runs = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
for number in range(runs):
    cookiecutter(template, no_input=True, output_dir=str(target / str(number)))
"""


def body(number: int, prefix: str) -> str:
    """Return one template of some 42 lines with loops, conditions and filters."""
    value = {key: f"{prefix}{key}" for key in ANSWERS}
    functions = "\n".join(
        f'def step_{number}_{line}(order):\n    """{{{{ {value["title"]} }}}}: step {line}."""\n'
        f'    return {{"by": "{{{{ {value["package"]} | upper }}}}", "number": {line}}}\n'
        for line in range(8)
    )
    return (
        f'"""Part {number} of {{{{ {value["title"]} }}}}, owned by {{{{ {value["owner"]} }}}}."""\n\n{functions}\n'
        f'{{% if {value["license"]} == "MIT" %}}\n# MIT\n{{% endif %}}\n'
        f"{{% for n in range(5) %}}\nVALUE_{{{{ n }}}} = {{{{ n }}}}\n{{% endfor %}}\n"
    )


def make_templates(root: Path) -> tuple[Path, Path, Path]:
    """Write the same template in the three dialects."""
    ours, copier, cookie = root / "ours", root / "copier", root / "cookie"
    for number in range(FILES):
        for folder, prefix, suffix in (
            (ours / "src/__package__", "architecture.starter.", ".jinja"),
            (copier / "src/{{package}}", "", ".jinja"),
            (cookie / "{{cookiecutter.name}}/src/{{cookiecutter.package}}", "cookiecutter.", ""),
        ):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"part_{number}.py{suffix}").write_text(body(number, prefix), encoding="utf-8")
    questions = "".join(f"{key}:\n  type: str\n  default: '{value}'\n" for key, value in ANSWERS.items())
    (copier / "copier.yml").write_text(questions, encoding="utf-8")
    (cookie / "cookiecutter.json").write_text(json.dumps(ANSWERS), encoding="utf-8")
    return ours, copier, cookie


def main() -> None:
    """Measure and print."""
    compileall.compile_dir(str(ROOT / "generator"), quiet=1)  # as the peers are, which pip compiled
    copier_bin, cookie_bin = environment("copier", "copier==9.19.*"), environment("cookiecutter", "cookiecutter==2.7.*")
    helps = {
        "archwright --help": lambda: quiet(own_bin() / "archwright", "--help"),
        "copier --help": lambda: quiet(copier_bin / "copier", "--help"),
        "cookiecutter --help": lambda: quiet(cookie_bin / "cookiecutter", "--help"),
    }
    medians = interleaved(helps, 11)
    table("Start-up", medians, "archwright --help", [("copier --help", 1), ("cookiecutter --help", 1)])

    with tempfile.TemporaryDirectory() as scratch:
        ours, copier, cookie = make_templates(Path(scratch))

        def run(python: Path, script: str, template: Path, runs: int, *more: str) -> None:
            target = Path(scratch, "out")
            target.mkdir()
            quiet(python, "-c", script, template, target, str(runs), *more)
            made = sum(1 for _ in target.rglob("part_*.py"))
            if made != FILES * runs:
                sys.exit(f"{python} wrote {made} files instead of {FILES * runs}")
            shutil.rmtree(target)

        for runs, rounds, bars in (
            (1, 9, [("copier 9.19", 4), ("cookiecutter 2.7", 2)]),
            (100, 3, [("copier 9.19", 5)]),
        ):
            cases = {
                "archwright": lambda runs=runs: run(own_bin() / "python", OURS, ours, runs),
                "copier 9.19": lambda runs=runs: run(copier_bin / "python", COPIER, copier, runs, repr(ANSWERS)),
                "cookiecutter 2.7": lambda runs=runs: run(cookie_bin / "python", COOKIECUTTER, cookie, runs),
            }
            table(f"{FILES} files, {runs} run(s) in one process", interleaved(cases, rounds), "archwright", bars)


if __name__ == "__main__":
    main()
