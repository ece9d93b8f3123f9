"""Blob Storage as the official SDK sees it: block blobs, conditions, ranges, and clear errors for all else."""

from __future__ import annotations

import base64
import subprocess
import sys
import textwrap

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobBlock, BlobServiceClient, ContainerClient, ContentSettings, StorageErrorCode

from archwright.emulators.blob import BlobEmulator, connection_string
from archwright.emulators.errors import PortTakenError

MEGABYTE = 1024 * 1024


@pytest.fixture
def emulator():
    with BlobEmulator(containers=["box"]) as emulator:
        yield emulator


@pytest.fixture
def box(emulator):
    with ContainerClient.from_connection_string(emulator.connection_string, "box", retry_total=0) as client:
        yield client


def test_containers_are_made_seen_and_deleted(emulator):
    """A container is made once, exists until it is deleted, and takes its blobs with it."""
    with BlobServiceClient.from_connection_string(emulator.connection_string) as service:
        crate = service.create_container("crate")
        crate.upload_blob("a", b"1")

        with pytest.raises(ResourceExistsError):
            service.create_container("crate")
        assert crate.exists()
        crate.delete_container()
        assert not crate.exists()
        service.create_container("crate")
        assert list(crate.list_blobs()) == []


def test_properties_and_metadata_come_back(box):
    """Content type, metadata, size and ETag are those that were set."""
    box.upload_blob("a", b"12345", metadata={"colour": "red"}, content_settings=ContentSettings(content_type="text/x"))

    found = box.get_blob_client("a").get_blob_properties()

    assert (found.size, found.content_settings.content_type, found.metadata) == (5, "text/x", {"colour": "red"})
    assert found.etag


@pytest.mark.parametrize(("offset", "length", "wanted"), [(0, 3, b"012"), (3, 100, b"3456789"), (9, 1, b"9")])
def test_range_is_given_alone(box, offset, length, wanted):
    """A part of a blob is what was asked for, cut at its end."""
    blob = box.upload_blob("a", b"0123456789")

    assert blob.download_blob(offset=offset, length=length).readall() == wanted


def test_range_beyond_the_end_is_refused(box):
    """A range that begins after the last byte is an error and no empty answer."""
    blob = box.upload_blob("a", b"0123456789")

    with pytest.raises(HttpResponseError) as caught:
        blob.download_blob(offset=10, length=1).readall()
    assert caught.value.status_code == 416


def test_large_blob_goes_up_and_down_in_parallel(emulator):
    """The SDK's own blocks and ranges, several at a time, make the same bytes."""
    content = bytes(range(256)) * 4096 * 10
    options = {"max_block_size": MEGABYTE, "max_single_put_size": MEGABYTE, "max_single_get_size": MEGABYTE}
    with ContainerClient.from_connection_string(
        emulator.connection_string, "box", max_chunk_get_size=MEGABYTE, **options
    ) as box:
        box.upload_blob("large", content, max_concurrency=3)

        assert box.download_blob("large", max_concurrency=3).readall() == content


def test_conditions_hold(box):
    """A version that is no longer there is neither overwritten nor deleted, and what is to be new must be new."""
    blob = box.upload_blob("a", b"1")
    first = blob.get_blob_properties().etag
    blob.upload_blob(b"2", overwrite=True)
    stale = {"etag": first, "match_condition": MatchConditions.IfNotModified}

    with pytest.raises(ResourceModifiedError):
        blob.upload_blob(b"3", overwrite=True, **stale)
    with pytest.raises(ResourceModifiedError):
        blob.delete_blob(**stale)
    with pytest.raises(ResourceExistsError) as caught:
        blob.upload_blob(b"3")
    assert caught.value.error_code == StorageErrorCode.BLOB_ALREADY_EXISTS
    assert blob.download_blob().readall() == b"2"


def test_blocks_are_seen_only_when_committed(box):
    """Staged blocks are no blob; a list of blocks that are not there is refused."""
    blob = box.get_blob_client("a")
    for name in ("1", "2"):
        blob.stage_block(name, name.encode())

    assert not blob.exists()
    with pytest.raises(HttpResponseError) as caught:
        blob.commit_block_list([BlobBlock("1"), BlobBlock("3")])
    assert caught.value.error_code == StorageErrorCode.INVALID_BLOCK_LIST
    blob.commit_block_list([BlobBlock("2"), BlobBlock("1")])
    assert blob.download_blob().readall() == b"21"


def test_list_pages_by_name(box):
    """Pages follow each other without a gap and without a blob twice, odd names included."""
    names = sorted([*(f"n{number:02}" for number in range(7)), "a&b<c>", "ü/ß", "with blank"], key=str.encode)
    for name in names:
        box.upload_blob(name, b"")

    pages = [[blob.name for blob in page] for page in box.list_blobs(results_per_page=3).by_page()]

    assert [len(page) for page in pages] == [3, 3, 3, 1]
    assert [name for page in pages for name in page] == names


def test_missing_things_are_told_apart(emulator, box):
    """A missing blob and a missing container have codes of their own."""
    with pytest.raises(ResourceNotFoundError) as blob:
        box.download_blob("none")
    with (
        ContainerClient.from_connection_string(emulator.connection_string, "none") as nothing,
        pytest.raises(ResourceNotFoundError) as container,
    ):
        nothing.upload_blob("a", b"")

    assert blob.value.error_code == StorageErrorCode.BLOB_NOT_FOUND
    assert container.value.error_code == StorageErrorCode.CONTAINER_NOT_FOUND


def test_other_key_is_not_let_in(emulator):
    """A request that another key has signed is refused."""
    other = connection_string(emulator.port, base64.b64encode(b"another key").decode())
    with (
        ContainerClient.from_connection_string(other, "box", retry_total=0) as box,
        pytest.raises(ClientAuthenticationError) as caught,
    ):
        box.upload_blob("a", b"")

    assert caught.value.status_code == 403


def test_what_is_not_emulated_says_so(box):
    """What the real service could do and this one cannot is an error, not a wrong answer."""
    blob = box.upload_blob("a", b"")

    for call in (blob.create_snapshot, blob.acquire_lease, lambda: list(box.walk_blobs())):
        with pytest.raises(HttpResponseError) as caught:
            call()
        assert caught.value.status_code == 501


def test_what_was_kept_is_there_after_a_kill(tmp_path):
    """A process that is killed after an upload has kept it; the next one on the same folder serves it."""
    program = """
        import os, signal, sys
        from azure.storage.blob import ContainerClient
        from archwright.emulators.blob import BlobEmulator
        emulator = BlobEmulator(sys.argv[1], containers=["box"]).start()
        box = ContainerClient.from_connection_string(emulator.connection_string, "box")
        box.upload_blob("a", b"kept")
        os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(program), str(tmp_path)], check=False)

    assert killed.returncode == -9
    with (
        BlobEmulator(tmp_path, containers=["box"]) as emulator,
        ContainerClient.from_connection_string(emulator.connection_string, "box") as box,
    ):
        assert box.download_blob("a").readall() == b"kept"


def test_taken_port_is_told(emulator):
    """A second emulator on the same port says which port is taken."""
    with pytest.raises(PortTakenError, match=str(emulator.port)):
        BlobEmulator(port=emulator.port).start()
