from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import archwright.emulators.pubsub as room

FOLDER = Path(room.__file__).parent
MODEL = [
    *(
        "agenda",
        "avro",
        "backlog",
        "broker",
        "consumer",
        "dead_letters",
        "errors",
        "filters",
        "leases",
        "ledger",
        "message",
    ),
    *("ordering", "schemas", "settings", "snapshots", "subscription", "topic"),
]


def _imports(path):
    """Give the modules that a file imports, for its types or in earnest."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""


@pytest.mark.parametrize("name", MODEL)
def test_the_model_knows_no_transport(name):
    """The broker imports the standard library, its own parts, the journal and the faults: no gRPC, no protobuf."""
    for level, module in _imports(FOLDER / f"{name}.py"):
        if level == 0:
            assert module.partition(".")[0] in sys.stdlib_module_names, module
        elif level == 1:
            assert module in MODEL, module
        else:
            assert module in {"journal", "faults"}, module


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: path.name)
def test_the_room_imports_itself_relatively(path):
    """No module names the package that it stands in, so that a copy under another name works."""
    for level, module in _imports(path):
        assert level or not module.startswith("archwright")


def test_the_pytest_plugin_imports_nothing_heavy():
    """Pytest loads the plugin on every run: neither emulator, nor gRPC, nor the client library come with it."""
    program = "import sys, archwright.emulators.pytest_plugin; print(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    loaded = set(done.stdout.split())
    assert "archwright.emulators.pytest_plugin" in loaded
    assert not {name for name in loaded if name.startswith(("grpc", "google", "azure", "archwright.emulators.pubsub"))}


def test_the_client_library_is_whole_after_the_emulator_was_imported():
    """The emulator loads only the message classes; a later import of the library gets all of it."""
    program = (
        "import sys, archwright.emulators.pubsub.wire as wire\n"
        "assert 'google.pubsub_v1' not in sys.modules\n"
        "assert not any(name.startswith('google.auth') for name in sys.modules)\n"
        "from google.cloud import pubsub_v1\n"
        "assert pubsub_v1.types.PubsubMessage.pb() is wire.message_class('PubsubMessage')\n"
        "assert pubsub_v1.PublisherClient\n"
    )

    subprocess.run([sys.executable, "-c", program], check=True)
