"""Generate starters, then use everything in them that is not their program."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest
import yaml

from archwright import generate, load_catalog, resources, write

SCHEMA = Path(__file__).with_name("asyncapi-3.0.0.schema.json")
ACTIONS = {  # each commit as real repositories pinned it for that version; none is made up
    "actions/checkout": "3d3c42e5aac5ba805825da76410c181273ba90b1",
    "actions/setup-python": "5fda3b95a4ea91299a34e894583c3862153e4b97",
}
NOWHERE = "http://127.0.0.1:9"  # the discard port: nothing listens, so that asking it fails at once


def make_starter(blueprint, destination, **answers):
    write.apply(generate(load_catalog(), blueprint, destination, answers=answers))
    return destination


CATALOG = load_catalog()
WITH_CHANNELS = sorted(name for name, entry in CATALOG.blueprints.items() if entry.spec.channels)


@pytest.fixture(scope="module", params=sorted(CATALOG.blueprints))
def starter(request, tmp_path_factory):
    return make_starter(request.param, tmp_path_factory.mktemp(request.param) / "order-desk")


@pytest.fixture(scope="module")
def queue_starter(tmp_path_factory):
    return make_starter("work-queue", tmp_path_factory.mktemp("one") / "order-desk")


def environment(**variables):
    """Return this process's environment without what would lead a starter's Python astray."""
    kept = {key: value for key, value in os.environ.items() if key not in {"VIRTUAL_ENV", "PYTHONPATH", "STARTER_VENV"}}
    return kept | variables


def tasks(folder, *arguments, **variables):
    command = [sys.executable, "dev/tasks.py", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment(**variables), capture_output=True, text=True, timeout=300, check=False
    )


def texts(folder):
    for path in sorted(folder.rglob("*")):
        if path.is_file() and ".git" not in path.relative_to(folder).parts and path.suffix not in {".svg", ".png"}:
            yield path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8")


def requirements(path):
    return set(re.findall(r"^([a-z0-9][a-z0-9.-]*)==", path.read_text(encoding="utf-8"), re.MULTILINE))


def test_no_template_syntax_is_left_over(starter):
    """Every expression of a template was filled in; GitHub's own `${{ … }}` stays, and Grafana's in a dashboard."""
    left = [name for name, text in texts(starter) if re.search(r"(?<!\$)\{\{(?!\{)|\{%", text)]
    left = [name for name in left if "dashboard" not in name]

    assert left == []


def test_files_end_with_one_newline_and_carry_no_debris(starter):
    """No trailing blanks, no missing or doubled last newline, no double blank line outside Python."""
    for name, text in texts(starter):
        if not text:
            continue
        assert text.endswith("\n"), name
        assert not text.endswith("\n\n"), name
        assert all(line == line.rstrip() for line in text.split("\n")), name
        assert name.endswith(".py") or "\n\n\n" not in text, name


def test_data_files_parse(starter):
    """YAML, TOML and JSON are what they say they are."""
    for name, text in texts(starter):
        if name.endswith((".yaml", ".yml")):
            assert yaml.safe_load(text), name
        elif name.endswith(".toml"):
            assert tomllib.loads(text), name
        elif name.endswith(".json"):
            assert json.loads(text), name


def test_the_workflow_asks_for_read_access_only(starter):
    """Nothing at the top, `contents: read` in each job, no credentials kept, an end for every job."""
    workflow = yaml.safe_load((starter / ".github/workflows/ci.yml").read_text(encoding="utf-8"))

    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["group"] == "ci-${{ github.ref }}"
    for name, job in workflow["jobs"].items():
        assert job["permissions"] == {"contents": "read"}, name
        assert job["timeout-minutes"] <= 15, name
        checkouts = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
        assert [step["with"]["persist-credentials"] for step in checkouts] == [False], name


def test_every_action_is_pinned_to_a_commit_that_we_know(starter):
    """A tag can be moved; a commit cannot."""
    found = [
        line.strip()
        for path in (starter / ".github").rglob("*.yml")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "uses:" in line
    ]

    assert found
    for line in found:
        match = re.search(r"uses: ([\w./-]+)@([0-9a-f]{40}) # v\d+(\.\d+){0,2}$", line)
        assert match, line
        assert ACTIONS[match[1]] == match[2], line


def test_the_workflow_runs_tasks_that_exist(starter):
    """CI calls what a person calls."""
    workflow = yaml.safe_load((starter / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    called = {
        step["run"].split()[2]
        for job in workflow["jobs"].values()
        for step in job["steps"]
        if step.get("run", "").startswith("python dev/tasks.py")
    }

    assert {"install", "check", "test", "demo"} == called
    assert called <= set(re.findall(r"^  (\S+)  ", tasks(starter, "help").stdout, re.MULTILINE))


def test_the_image_is_small_in_rights(starter):
    """Two stages from one tagged base, a user without rights, a health check; what it copies is there."""
    lines = (starter / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    words = [line.split() for line in lines if line and not line.startswith("#")]
    bases = [line[1] for line in words if line[0] == "FROM"]
    last_stage = words[max(number for number, line in enumerate(words) if line[0] == "FROM") :]
    copied = [name for line in words if line[0] == "COPY" and "--from" not in line[1] for name in line[1:-1]]
    let_in = {
        line[1:] for line in (starter / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"
    }

    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:\d+\.\d+-slim-\w+", bases[0])
    assert [line[1] for line in last_stage if line[0] == "USER"] == ["10001"]
    assert any(line[0] == "HEALTHCHECK" for line in last_stage)
    assert copied
    assert all((starter / name).exists() for name in copied)
    assert set(copied) == let_in


def test_compose_runs_the_program_without_rights(starter):
    """Whatever is built here is read-only, without capabilities, its data in a volume that is declared."""
    compose = yaml.safe_load((starter / "compose.yaml").read_text(encoding="utf-8"))
    built = [service for service in compose["services"].values() if "build" in service]

    assert built
    for service in built:
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert {volume.split(":")[0] for volume in service["volumes"]} <= set(compose["volumes"])


@pytest.mark.parametrize("starter", WITH_CHANNELS, indirect=True)
def test_asyncapi_satisfies_the_official_schema(starter):
    """The document of a real blueprint is AsyncAPI 3.0, and its examples satisfy their own payloads."""
    document = yaml.safe_load((starter / "docs/asyncapi.yaml").read_text(encoding="utf-8"))
    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))

    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)] == []
    for message in document["components"]["messages"].values():
        for example in message["examples"]:
            jsonschema.validate(example["payload"], message["payload"])


def test_links_between_documents_resolve(starter):
    """Every relative link leads to a file, and every anchor to a heading."""
    pages = {name: text for name, text in texts(starter) if name.endswith(".md")}
    checked = 0
    for name, text in pages.items():
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", text):
            path = (starter / name).parent / target if target else starter / name
            assert path.exists(), f"{name}: {target}"
            if anchor:
                headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
                assert anchor in {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}, anchor
            checked += 1

    assert checked > 10


def test_every_drill_that_a_document_names_exists(starter):
    """README, runbook and records promise no test that is not there."""
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (starter / "tests").glob("*.py"))
    written = set(re.findall(r"def (test_\w+)", tests))
    documents = "\n".join(text for name, text in texts(starter) if name.endswith((".md", "asyncapi.yaml")))
    named = set(re.findall(r"\b(test_\w+)\b(?!\.py)", documents))

    assert named
    assert named <= written


def test_records_are_filled(starter):
    """Each record says more than its headings, and what confirms it."""
    records = sorted((starter / "docs/adr").glob("0*.md"))

    assert len(records) >= 2
    for record in records:
        text = record.read_text(encoding="utf-8")
        assert len(text.split()) > 120, record.name
        assert "\nstatus: accepted\n" in text, record.name
        assert "### Confirmation\n\n" in text, record.name


def test_each_make_target_is_one_line_that_calls_python(starter):
    """Where there is no make, the line can be typed."""
    makefile = (starter / "Makefile").read_text(encoding="utf-8")
    recipes = re.findall(r"^([a-z-]+):.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)

    assert {"help", "install", "demo", "test", "check", "format", "doctor", "clean"} <= {name for name, _ in recipes}
    for name, recipe in recipes:
        assert re.fullmatch(rf"\t@\$\(PYTHON\) dev/tasks\.py {name}( \$\(ARGS\))?\n", recipe), name


def test_make_alone_lists_the_tasks(queue_starter):
    """The default target is help, and needs no environment."""
    done = subprocess.run(
        ["make", f"PYTHON={sys.executable}"],
        cwd=queue_starter,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    assert re.search(r"^  demo +Tell the story", done.stdout, re.MULTILINE)
    assert not (queue_starter / ".venv").exists()


def test_an_unknown_task_is_refused_with_the_list(queue_starter):
    """Exit code 2, the name that was typed, and what there is."""
    done = tasks(queue_starter, "tset")

    assert done.returncode == 2
    assert "No task is called `tset`." in done.stderr
    assert "  test " in done.stdout


def test_tasks_can_be_started_by_an_old_python(queue_starter):
    """The file is readable by Python 3.8, which then looks for a newer one."""
    source = (queue_starter / "dev/tasks.py").read_text(encoding="utf-8")

    assert ast.parse(source, feature_version=(3, 8))


def test_without_network_the_installation_says_what_to_do(tmp_path):
    """No traceback, exit code 1, and nothing that looks installed afterwards."""
    folder = make_starter("work-queue", tmp_path / "order-desk")
    uv_has_nothing = {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path / "empty"), "UV_NO_CONFIG": "1"}
    pip_has_nothing = {"PIP_INDEX_URL": NOWHERE, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}

    done = tasks(folder, "test", **uv_has_nothing, **pip_has_nothing, PIP_EXTRA_INDEX_URL="", PIP_FIND_LINKS="")

    assert done.returncode == 1
    assert "This step needs a network" in done.stderr
    assert "Traceback" not in done.stderr
    assert list((folder / ".venv").glob("*.installed")) == []


def test_a_python_without_ensurepip_says_what_to_install(tmp_path):
    """Debian splits that module off; the message names the package, and no half-made environment stays behind."""
    folder = make_starter("work-queue", tmp_path / "order-desk")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "ensurepip.py").write_text("raise ImportError\n", encoding="utf-8")

    done = tasks(folder, "install", PATH="/usr/bin:/bin", PYTHONPATH=str(tmp_path / "broken"))

    assert done.returncode == 1
    assert "apt-get install python3-venv" in done.stderr
    assert not (folder / ".venv").exists()


def load_tasks(folder):
    spec = importlib.util.spec_from_file_location("starter_tasks", folder / "dev/tasks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_old_python_looks_for_a_newer_one(queue_starter, tmp_path, monkeypatch):
    """The newest on the PATH is taken; where there is none, the message says which is needed."""
    module = load_tasks(queue_starter)
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(module.Stop, match=r"needs Python 3\.11 or newer; this one is 3\.9"):
        module.find_python()
    for name in ("python3.11", "python3.13"):
        (tmp_path / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    assert module.find_python() == ["python3.13"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["order-desk", "zeta", "a-service-with-a-rather-long-name-for-a-folder"])
@pytest.mark.parametrize("blueprint", sorted(load_catalog().blueprints))
def test_a_starter_passes_its_own_checks(blueprint, name, tmp_path, tmp_path_factory):
    """Linter, formatter and type checker of the starter's own lock find nothing, however it is called."""
    shared = str(tmp_path_factory.getbasetemp() / "shared-environment")

    done = tasks(make_starter(blueprint, tmp_path / name), "check", STARTER_VENV=shared)

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_task_that_a_signal_ends_says_which(queue_starter, tmp_path):
    """128 and the signal's number, as a shell tells it; a supervisor can act on that."""
    module = load_tasks(queue_starter)
    module.PYTHON = Path(sys.executable)
    (tmp_path / "end.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n", encoding="utf-8")

    assert module.start(str(tmp_path / "end.py"), []) == 128 + 15


def test_a_shared_folder_that_is_no_environment_is_not_emptied(queue_starter, tmp_path):
    """`STARTER_VENV` pointing at somebody's files costs them nothing, and the environment is made among them."""
    (tmp_path / "precious.txt").write_text("mine", encoding="utf-8")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # uv is there, and the stricter one

    tasks(queue_starter, "install", STARTER_VENV=str(tmp_path), PIP_INDEX_URL=NOWHERE, UV_OFFLINE="1", PATH=path)

    assert (tmp_path / "precious.txt").read_text(encoding="utf-8") == "mine"
    assert list(tmp_path.glob("*/python*"))


def test_tasks_are_clean_by_the_starters_own_rules(queue_starter):
    """The linter, the formatter and the type checker have nothing to say about `dev/tasks.py`."""
    for tool in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]):
        done = subprocess.run(
            [sys.executable, "-m", *tool, "dev/tasks.py"],
            cwd=queue_starter,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_locks_hold_every_package_with_hashes_and_the_program_gets_no_tools(starter):
    """What the image installs is a part of what development installs, and holds no linter."""
    everything, program = (requirements(starter / name) for name in ("requirements-dev.lock", "requirements.lock"))
    project = tomllib.loads((starter / "pyproject.toml").read_text(encoding="utf-8"))
    direct = {re.split(r"[>=;\[ ]", one)[0] for one in project["project"]["dependencies"]}

    assert direct <= program < everything
    assert not program & {"pytest", "ruff", "mypy", "hatchling"}
    for name in ("requirements.lock", "requirements-dev.lock"):
        for block in re.split(r"\n(?=[a-z0-9])", (starter / name).read_text(encoding="utf-8"))[1:]:
            assert "--hash=sha256:" in block, block.splitlines()[0]


@pytest.mark.parametrize(
    ("answer", "first_words", "expression"),
    [
        ("Apache-2.0", "Apache License", "Apache-2.0"),
        ("MIT", "MIT License", "MIT"),
        ("Proprietary", "Copyright (c) 2026", "LicenseRef-Proprietary"),
    ],
)
def test_the_licence_is_the_one_that_was_asked_for(tmp_path, answer, first_words, expression):
    """Text and metadata agree."""
    folder = make_starter("work-queue", tmp_path / "order-desk", license=answer, date="2026-11-22")

    assert (folder / "LICENSE").read_text(encoding="utf-8").strip().startswith(first_words)
    assert tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]["license"] == expression


@pytest.mark.slow
@pytest.mark.parametrize("with_uv", [True, False], ids=["uv", "pip"])
def test_the_lock_installs_and_is_not_installed_again(tmp_path, with_uv):
    """The closure is whole: with hashes required it installs, the program starts, and a second run asks nobody."""
    folder = make_starter("work-queue", tmp_path / "order-desk")
    path = str(Path(sys.executable).parent) if with_uv else ""
    assert not with_uv or shutil.which("uv", path=path)
    search = os.pathsep.join(part for part in (path, "/usr/bin", "/bin") if part)

    installed = tasks(folder, "install", PATH=search)
    again = tasks(folder, "run", "order_desk", "--help", PATH=search, PIP_INDEX_URL=NOWHERE, UV_OFFLINE="1")

    assert installed.returncode == 0, installed.stderr
    assert "once; offline from then on" in installed.stdout
    assert again.returncode == 0, again.stderr
    assert "Installing" not in again.stdout
    assert "order-desk" in again.stdout


ROOT = resources.data_root() / "blueprints"
DASHBOARDS = sorted(
    path.relative_to(ROOT).parts[0] for path in ROOT.glob("*/layer/files/docs/grafana-dashboard.json.jinja")
)
SUFFIXES = {  # as collectors write OpenTelemetry's metrics for Prometheus
    "create_counter": ["_total"],
    "create_gauge": [""],
    "create_up_down_counter": [""],
    "create_histogram": ["_bucket", "_count", "_sum"],
}
UNITS = {"s": "_seconds", "By": "_bytes", "USD": "_USD", "1": ""}


def prometheus(name):
    return name.replace(".", "_")


def calls_in(folder):
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SUFFIXES:
                yield node.func.attr, [one.value for one in node.args if isinstance(one, ast.Constant)]


def measured_in(folder):
    """Return the names under which Prometheus has what the program of a starter measures."""
    found = set()
    for kind, (name, counted, *_) in calls_in(folder):
        unit = "" if counted.startswith("{") else UNITS[counted]
        found |= {f"{prometheus(name)}{unit}{suffix}" for suffix in SUFFIXES[kind]}
    return found


def words_in(folder):
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
                yield prometheus(node.value)


@pytest.mark.parametrize("blueprint", DASHBOARDS)
def test_dashboard_shows_only_what_is_measured(blueprint, tmp_path):
    """Every metric and every label of a dashboard is one that the program gives; panels have room and names."""
    folder = make_starter(blueprint, tmp_path / "order-desk")
    dashboard = json.loads((folder / "docs/grafana-dashboard.json").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    labels = {name for expr in asked for part in re.findall(r"by \(([^)]*)\)", expr) for name in part.split(", ")}
    labels |= {name for expr in asked for name in re.findall(r'(\w+)(?:=|!=|=~|!~)"', expr)} - {"le"}
    legends = [
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])
    ]
    bare = [re.sub(r"by \([^)]*\)|\{[^}]*\}", "", expr) for expr in asked]
    metrics = {name for expr in bare for name in re.findall(r"\b(?:app|gen_ai|http|messaging)_\w+", expr)}
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]]

    assert all(re.search(r"\b(?:app|gen_ai|http|messaging)_", expr) for expr in bare)
    assert sorted(metrics - measured_in(folder / "src")) == []
    assert sorted(labels - {"le"} - set(words_in(folder / "src"))) == []
    assert set(legends) <= labels
    assert len(set(places)) == len(places) == len({panel["title"] for panel in dashboard["panels"]})
