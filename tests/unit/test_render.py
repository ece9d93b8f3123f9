from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from archwright import render, resources
from archwright.catalog import load_catalog
from archwright.errors import CollisionError, DestinationError, InstallationError, TemplateError
from archwright.filetree import Ownership
from archwright.model import Layer
from archwright.resolve import resolve


@pytest.fixture(scope="module")
def architecture():
    return resolve(load_catalog(), "work-queue", "local", "order-desk", {})


def layer(folder, name, files, **fields):
    root = folder / name
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Layer(id=name, folder=root, **{"replaces": (), "seeded": (), "executable": (), **fields})


def rendered(architecture, *layers):
    return render.render_layers(dataclasses.replace(architecture, layers=layers))


def test_a_template_sees_the_architecture_and_paths_carry_the_package(architecture, tmp_path):
    """`__package__` in a path becomes the import package, and `.jinja` goes."""
    files = {"src/__package__/a.txt.jinja": "{{ architecture.starter.name }}\n", "logo.png": b"\x89PNG{{"}

    tree = rendered(architecture, layer(tmp_path, "base", files))

    assert list(tree) == ["logo.png", "src/order_desk/a.txt"]
    assert tree["src/order_desk/a.txt"].content.endswith(b"order-desk\n")
    assert tree["logo.png"].content == b"\x89PNG{{"


def test_a_managed_file_says_so_and_a_seeded_one_is_left_alone(architecture, tmp_path):
    """Only what an update rewrites carries the marker, after a line that has to be the first."""
    files = {
        "a.py.jinja": '"""A."""\n',
        "run.sh.jinja": "#!/bin/sh\n",
        "mine.py.jinja": "x = 1\n",
        "b.md.jinja": "# B\n",
        "c.json.jinja": "{}\n",
    }

    tree = rendered(architecture, layer(tmp_path, "base", files, seeded=("mine.py",)))

    assert f'# {render.MARKER}\n"""A."""\n' == tree["a.py"].content.decode()
    assert f"#!/bin/sh\n# {render.MARKER}\n" == tree["run.sh"].content.decode()
    assert f"<!-- {render.MARKER} -->\n# B\n" == tree["b.md"].content.decode()
    assert tree["mine.py"].content == b"x = 1\n"
    assert tree["c.json"].content == b"{}\n"
    assert tree["mine.py"].ownership == Ownership.SEEDED


def test_two_layers_for_one_path_collide_unless_the_stronger_says_so(architecture, tmp_path):
    """A stronger layer replaces a file only where its layer.yaml lists it."""
    weak = layer(tmp_path, "base", {"a.txt.jinja": "weak\n"})
    strong = layer(tmp_path, "strong", {"a.txt.jinja": "strong\n"})

    with pytest.raises(CollisionError, match="`base` and `strong`"):
        rendered(architecture, weak, strong)

    tree = rendered(architecture, weak, dataclasses.replace(strong, replaces=("a.txt",)))
    assert tree["a.txt"].content.endswith(b"strong\n")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a\n{{ architecture.nothing }}\n", 2, "nothing"),
        ("a\nb\n{% if %}\n", 3, "Expected"),
        ("{{ secrets }}\n", 1, "secrets"),
        ("{{ ''.__class__.__mro__ }}\n", 1, "unsafe"),
        ("{{ architecture.starter.__class__.__init__.__globals__ }}\n", 1, "unsafe"),
        ("\n{{ architecture.channels[9].id }}\n", 2, "channels|index|element"),
    ],
)
def test_a_wrong_template_is_told_with_its_line(architecture, tmp_path, text, line, message):
    """A misspelt name, bad syntax or a way out of the sandbox stops with template and line."""
    with pytest.raises(TemplateError, match=rf"(?i){message}") as caught:
        rendered(architecture, layer(tmp_path, "base", {"a.txt.jinja": text}))

    assert caught.value.location.path.endswith("a.txt.jinja")
    assert line == caught.value.location.line


def test_a_template_cannot_write_outside(architecture, tmp_path):
    """A package name that climbs is refused before anything is written."""
    starter = dataclasses.replace(architecture.starter, package="../../outside")

    with pytest.raises(DestinationError):
        rendered(
            dataclasses.replace(architecture, starter=starter),
            layer(tmp_path, "base", {"src/__package__/a.py.jinja": ""}),
        )


def test_a_symbolic_link_in_a_layer_is_refused(architecture, tmp_path):
    """A layer cannot smuggle a file of the machine into a starter."""
    one = layer(tmp_path, "base", {"a.txt.jinja": "a\n"})
    (one.folder / "secret.txt").symlink_to("/etc/passwd")

    with pytest.raises(TemplateError, match="symbolic link"):
        rendered(architecture, one)


def test_a_string_template_is_strict_and_sandboxed():
    """A team's own record template may not ask for what is not there, nor reach into Python."""
    assert render.render_string("Hi {{ name }}", {"name": "Ann"}, name="t") == "Hi Ann"
    with pytest.raises(TemplateError):
        render.render_string("{{ nmae }}", {"name": "Ann"}, name="t")
    with pytest.raises(TemplateError):
        render.render_string("{{ name.__class__ }}", {"name": "Ann"}, name="t")
    with pytest.raises(TemplateError):
        render.render_string("{{ [1, 2] * 'x' }}", {}, name="t")


def test_an_emulator_comes_with_its_layer_and_runs_alone(architecture, tmp_path):
    """What is copied is the source that we run ourselves, with all that it imports and nothing more."""
    tree = rendered(architecture, layer(tmp_path, "cloud", {}, emulator="servicebus"))

    for path, file in tree.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
    for name, source in resources.emulator_files("servicebus").items():
        assert f"# {render.MARKER}\n".encode() + source.read_bytes() == tree[f"dev/emulators/{name}"].content
    assert not [path for path in tree if "pubsub" in path]
    code = "import sys; sys.path.insert(0, sys.argv[1]); from emulators.servicebus import ServiceBusEmulator\n"
    code += "with ServiceBusEmulator() as emulator: print(emulator.port, 'archwright' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, tmp_path / "dev"], capture_output=True, text=True, check=False
    )
    assert done.stdout.endswith(" False\n"), done.stderr


def test_two_layers_may_want_the_same_emulator(architecture, tmp_path):
    """Several bindings of a platform need one emulator; it is there once."""
    both = [layer(tmp_path, name, {}, emulator="servicebus") for name in ("queue", "topic")]

    assert rendered(architecture, *both) == rendered(architecture, both[0])


def test_an_unknown_emulator_is_named(architecture, tmp_path):
    """A layer that asks for an emulator that nobody wrote is told so."""
    with pytest.raises(InstallationError, match="`abacus`"):
        rendered(architecture, layer(tmp_path, "cloud", {}, emulator="abacus"))
