from __future__ import annotations

import errno
import json
import os
import threading

import pytest

from archwright import write
from archwright.errors import DestinationError
from archwright.filetree import FileTree, GeneratedFile, Ownership


def a_tree(count=3):
    files = {f"src/file{n}.py": f"x = {n}\n" for n in range(count)}
    tree = FileTree()
    for path, text in files.items():
        tree.add(path, GeneratedFile.text(text, ownership=Ownership.MANAGED, origin="base"))
    tree.add("run.sh", GeneratedFile.text("#!/bin/sh\n", ownership=Ownership.SEEDED, origin="base", executable=True))
    return write.with_manifest(tree, {"blueprint": "b"})


def on_disk(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_apply_writes_what_was_planned(tmp_path):
    """Every planned file is there with its bytes and mode, and nothing beside the destination remains."""
    tree = a_tree()

    write.apply(write.plan(tree, tmp_path / "new"))

    assert set(tree) == on_disk(tmp_path / "new")
    assert (tmp_path / "new/src/file1.py").read_bytes() == b"x = 1\n"
    assert os.access(tmp_path / "new/run.sh", os.X_OK)
    assert not os.access(tmp_path / "new/src/file1.py", os.X_OK)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_plan_after_apply_changes_nothing(tmp_path):
    """Planning again finds every file as it is."""
    write.apply(write.plan(a_tree(), tmp_path / "new"))

    again = write.plan(a_tree(), tmp_path / "new")

    assert {write.Change.KEEP} == {one.change for one in again.files}
    assert list(again.diff()) == []


def test_plan_tells_create_from_update(tmp_path):
    """A changed file is an update with a diff, a missing one a creation."""
    write.apply(write.plan(a_tree(), tmp_path / "new"))
    (tmp_path / "new/src/file0.py").write_text("x = 100\n")
    (tmp_path / "new/src/file1.py").unlink()

    changes = {one.path: one.change for one in write.plan(a_tree(), tmp_path / "new").files}
    diff = list(write.plan(a_tree(), tmp_path / "new").diff())

    assert changes["src/file0.py"] == write.Change.UPDATE
    assert changes["src/file1.py"] == write.Change.CREATE
    assert {"-x = 100", "+x = 0"} <= set(diff)


def test_manifest_names_owner_and_blob_of_every_file(tmp_path):
    """A later version can find what was written and whose it is."""
    tree = a_tree()

    manifest = json.loads(tree[write.MANIFEST].content)

    assert set(tree) - {write.MANIFEST} == set(manifest["files"])
    assert {"owner": "seeded", "blob": tree["run.sh"].blob_id, "origin": "base"} == manifest["files"]["run.sh"]


def test_an_existing_empty_folder_is_filled_in_place(tmp_path):
    """The folder that somebody stands in stays the same folder."""
    folder = tmp_path / "mine"
    folder.mkdir()
    inode = folder.stat().st_ino

    write.apply(write.plan(a_tree(), folder))

    assert inode == folder.stat().st_ino
    assert set(a_tree()) == on_disk(folder)


@pytest.mark.parametrize("existing", [False, True])
def test_an_interruption_leaves_the_disk_as_it_was(tmp_path, existing):
    """Ctrl-C half-way removes everything that was written, created parents too."""
    target = tmp_path / "made" / "deeper" / "new"
    if existing:
        target.mkdir(parents=True)

    def interrupt(path):
        if path.startswith("src"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write.apply(write.plan(a_tree(), target), each=interrupt)

    left = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")]
    assert (["made", "made/deeper", "made/deeper/new"] if existing else []) == sorted(left)


def test_a_folder_that_is_filled_meanwhile_is_left_to_who_filled_it(tmp_path):
    """What was moved in before the clash is taken out again, and nothing of the other program's is touched."""
    destination = tmp_path / "desk"
    destination.mkdir()

    def fill(_path):
        (destination / "src").mkdir(exist_ok=True)
        (destination / "src/mine").write_text("mine")

    with pytest.raises(DestinationError, match="Nothing was written"):
        write.apply(write.plan(a_tree(), destination), each=fill)

    assert on_disk(tmp_path) == {"desk/src/mine"}


def test_a_full_disk_leaves_the_disk_as_it_was(tmp_path):
    """No space left is told with a remedy, and nothing half-written stays."""

    def full(_path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(DestinationError, match="no space left") as caught:
        write.apply(write.plan(a_tree(), tmp_path / "new"), each=full)

    assert "free some space" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("existing", [False, True])
def test_two_writers_into_one_folder_give_one_whole_starter(tmp_path, existing):
    """Of two that write at once, exactly one succeeds; the other is told, and loses nobody's file."""
    target = tmp_path / "new"
    if existing:
        target.mkdir()
    planned = write.plan(a_tree(40), target)
    outcomes = []
    barrier = threading.Barrier(2)

    def run():
        barrier.wait()
        try:
            write.apply(planned)
            outcomes.append("done")
        except DestinationError:
            outcomes.append("refused")

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["done", "refused"]
    assert set(a_tree(40)) == on_disk(target)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


@pytest.mark.parametrize("kind", ["file", "below a file", "full", "link to full", "link to nothing"])
def test_a_destination_that_is_taken_is_refused(tmp_path, kind):
    """A file, a full folder or a symbolic link is never written over or through."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "full")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    before = on_disk(tmp_path)
    places = {
        "file": "file",
        "below a file": "file/new",
        "full": "full",
        "link to full": "link",
        "link to nothing": "dangling",
    }

    with pytest.raises(DestinationError, match="Nothing was written"):
        write.apply(write.plan(a_tree(), tmp_path / places[kind]))

    assert before == on_disk(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_told(tmp_path):
    """A read-only parent folder is refused with what to do."""
    tmp_path.chmod(0o500)

    with pytest.raises(DestinationError, match="permission denied"):
        write.apply(write.plan(a_tree(), tmp_path / "new"))
