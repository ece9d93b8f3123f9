"""The object store in a folder where the disk does not play along."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import textwrap
import time

import pytest

from port_desk import load
from port_shed import Trickle, write_shed


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    source = write_shed("local", tmp_path_factory.mktemp("shed"))
    yield source
    sys.path.remove(str(source)) if str(source) in sys.path else None


@pytest.fixture
def rooms(source):
    return load(source, "shed_local", "objects.port", "objects.folder.store")


def test_full_disk_is_told_and_harms_nothing(source, tmp_path):
    """On a disk that is full, putting fails with one sentence, no draft is left, and what was kept before is there."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk can only be made by root")
    port, store = load(source, "shed_local", "objects.port", "objects.folder.store")
    try:
        folder = store.FolderStore(disk / "objects")
        folder.put("before", io.BytesIO(b"kept"))

        with pytest.raises(port.ObjectStoreUnavailable, match="disk is full") as caught:
            folder.put("large", Trickle(4 << 20))

        assert "hint" not in caught.value.message
        assert caught.value.hint
        assert [info.key for info in folder.list()] == ["before"]
        assert list((disk / "objects" / ".drafts").iterdir()) == []
        folder.put("after", io.BytesIO(b"room again"))
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_file_that_is_too_large_is_told(source, tmp_path):
    """Where the machine limits the size of a file, what is larger is refused as too large, and nothing is kept."""
    program = f"""
        import resource, sys
        sys.path.insert(0, {str(source)!r})
        from pathlib import Path
        from io import BytesIO
        from shed_local.objects.folder.store import FolderStore
        from shed_local.objects.port import ObjectTooLarge
        store = FolderStore(Path({str(tmp_path)!r}))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        try:
            store.put("large", BytesIO(b"x" * (3 << 20)))
        except ObjectTooLarge as error:
            print(error.message, list(store.list()))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)

    assert "`large` is larger" in done.stdout
    assert "[]" in done.stdout


def test_draft_of_a_killed_process_goes_after_a_day(rooms, tmp_path):
    """What a process that died left half-written is nobody's object, and is cleared away once it is a day old."""
    _, store = rooms
    store.FolderStore(tmp_path)
    drafts = {"old": time.time() - 90_000, "young": time.time()}
    for name, moment in drafts.items():
        (tmp_path / ".drafts" / name).write_bytes(b"half")
        os.utime(tmp_path / ".drafts" / name, (moment, moment))

    folder = store.FolderStore(tmp_path)

    assert list(folder.list()) == []
    assert [path.name for path in (tmp_path / ".drafts").iterdir()] == ["young"]


def test_folder_that_cannot_be_made_is_told(rooms, tmp_path):
    """A file where a folder would have to be ends in one sentence with a hint."""
    port, store = rooms
    (tmp_path / "file").write_text("")

    with pytest.raises(port.ObjectStoreUnavailable) as caught:
        store.FolderStore(tmp_path / "file" / "objects")

    assert "OBJECTS_PATH" in caught.value.hint


def test_key_never_leads_out_of_the_folder(rooms, tmp_path):
    """Whatever a key says, its file is below the folder."""
    paths = sys.modules[f"{rooms[1].__package__}.paths"]
    for key in ("a..b", "...", "%2e%2e", "~/x", "C:", "-rf", "a.object", "..%2f"):
        path = paths.path_of(tmp_path, key)
        assert path.resolve().is_relative_to(tmp_path)
        assert paths.key_of(tmp_path, path) == key
