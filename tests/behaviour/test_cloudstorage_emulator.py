"""Cloud Storage as the official SDK sees it: objects, generations, conditions, pieces, clear errors for all else."""

from __future__ import annotations

import base64
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta

import pytest
import requests
from google.api_core import exceptions
from google.cloud import storage

from archwright.emulators.cloudstorage import CloudStorageEmulator
from archwright.emulators.errors import PortTakenError

GRAIN = 256 * 1024
SUMS = ["e3069283", "25f9e794323b453885f5181f1b624d0b"]  # CRC32C and MD5 of 123456789


@pytest.fixture
def emulator():
    with CloudStorageEmulator(buckets=["box"]) as emulator:
        yield emulator


@pytest.fixture
def client(emulator, monkeypatch):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator.endpoint)
    client = storage.Client(project="demo")
    yield client
    client.close()


@pytest.fixture
def box(client):
    return client.bucket("box")


def test_buckets_are_made_seen_and_deleted(client):
    """A bucket is made once, exists until it is deleted, and is deleted when it is empty only."""
    crate = client.create_bucket("crate")
    crate.blob("a").upload_from_string(b"1")

    with pytest.raises(exceptions.Conflict):
        client.create_bucket("crate")
    with pytest.raises(exceptions.Conflict, match="not empty"):
        crate.delete()
    crate.blob("a").delete()
    crate.delete()
    assert not crate.exists()


def test_what_is_set_comes_back(box):
    """Content type, metadata, custom time, size, sums and times are told as they were set."""
    blob = box.blob("a")
    blob.metadata = {"colour": "red"}
    blob.custom_time = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
    blob.upload_from_string(b"123456789", content_type="text/x")

    found = box.get_blob("a")
    assert (found.size, found.content_type, found.metadata) == (9, "text/x", {"colour": "red"})
    assert found.custom_time == blob.custom_time
    assert [base64.b64decode(one).hex() for one in (found.crc32c, found.md5_hash)] == SUMS
    assert found.updated == found.time_created


def test_change_makes_a_metageneration(box):
    """To change what is known moves `updated` and the metageneration alone, not the content."""
    blob = box.blob("a")
    blob.upload_from_string(b"1", content_type="text/x")
    before = box.get_blob("a")

    blob.metadata = {"colour": "red"}
    blob.patch()

    after = box.get_blob("a")
    assert (after.generation, after.metageneration) == (before.generation, before.metageneration + 1)
    assert (after.content_type, after.download_as_bytes()) == ("text/x", b"1")
    blob.metadata = {"colour": None}
    blob.patch()
    assert not box.get_blob("a").metadata


def test_custom_time_never_goes_back(box):
    """An earlier custom time is refused, and so is taking it away."""
    blob = box.blob("a")
    blob.custom_time = datetime.now(UTC)
    blob.upload_from_string(b"1")

    for earlier in (blob.custom_time - timedelta(seconds=1), None):
        blob.custom_time = earlier
        with pytest.raises(exceptions.BadRequest, match="Custom time"):
            blob.patch()


@pytest.mark.parametrize(("start", "end", "wanted"), [(0, 2, b"012"), (3, 100, b"3456789"), (9, 9, b"9")])
def test_range_is_given_alone(box, start, end, wanted):
    """A part of an object is what was asked for, cut at its end."""
    box.blob("a").upload_from_string(b"0123456789")

    assert box.blob("a").download_as_bytes(start=start, end=end) == wanted


def test_range_beyond_the_end_is_refused(box):
    """A range that begins after the last byte is an error and no empty answer."""
    box.blob("a").upload_from_string(b"0123456789")

    with pytest.raises(exceptions.RequestRangeNotSatisfiable):
        box.blob("a").download_as_bytes(start=10, end=11)


def test_conditions_hold(box):
    """A generation that is no longer there is neither read, overwritten nor deleted; what is to be new must be new."""
    box.blob("a").upload_from_string(b"1")
    first = box.get_blob("a").generation
    box.blob("a").upload_from_string(b"2")

    for call in (
        lambda: box.blob("a").upload_from_string(b"3", if_generation_match=first),
        lambda: box.blob("a").upload_from_string(b"3", if_generation_match=0),
        lambda: box.blob("a").delete(if_generation_match=first),
        lambda: box.blob("a").delete(if_metageneration_match=7),
        lambda: box.blob("a").download_as_bytes(if_generation_match=first),
    ):
        with pytest.raises(exceptions.PreconditionFailed):
            call()
    with pytest.raises(exceptions.NotFound):
        box.blob("a", generation=first).download_as_bytes()
    assert box.blob("a").download_as_bytes() == b"2"


def test_pieces_are_seen_only_when_complete(box):
    """An upload in pieces is no object until its last piece is there, and nothing if it is given up."""
    with box.blob("a").open("wb", chunk_size=GRAIN) as pieces:
        pieces.write(b"x" * 3 * GRAIN)
        assert not box.blob("a").exists()
        pieces.write(b"the end")
    assert box.blob("a").download_as_bytes() == b"x" * 3 * GRAIN + b"the end"

    given_up = box.blob("b").open("wb", chunk_size=GRAIN)
    given_up.write(b"x" * 2 * GRAIN)
    given_up.terminate()
    assert not box.blob("b").exists()


@pytest.mark.parametrize("size", [0, 1, GRAIN - 1, GRAIN, 2 * GRAIN])
def test_upload_of_unknown_size_ends_where_it_ends(box, size):
    """Pieces whose number nobody knew make an object of exactly their length, empty ones too."""
    with box.blob("a").open("wb", chunk_size=GRAIN) as pieces:
        pieces.write(b"x" * size)

    assert box.blob("a").download_as_bytes() == b"x" * size


def test_second_of_two_who_create_in_pieces_is_refused(box):
    """The condition of an upload holds when it ends, not only when it begins."""
    late = box.blob("a").open("wb", chunk_size=GRAIN, if_generation_match=0)
    late.write(b"x" * GRAIN)
    box.blob("a").upload_from_string(b"first", if_generation_match=0)

    with pytest.raises(Exception, match="412"):
        late.close()
    assert box.blob("a").download_as_bytes() == b"first"


def test_wrong_sum_is_refused(box):
    """Content that does not have the sum that its sender claims is not kept."""
    blob = box.blob("a")
    blob.crc32c = "AAAAAA=="

    with pytest.raises(exceptions.BadRequest, match="CRC32C"):
        blob.upload_from_string(b"content", checksum=None)
    assert not blob.exists()


def test_list_pages_by_name(client, box):
    """Pages follow each other without a gap and without an object twice, odd names included."""
    names = sorted([*(f"n{number:02}" for number in range(7)), "a&b<c>", "ü/ß", "with blank"], key=str.encode)
    for name in names:
        box.blob(name).upload_from_string(b"")

    pages = [[blob.name for blob in page] for page in client.list_blobs("box", page_size=3).pages]

    assert [len(page) for page in pages] == [3, 3, 3, 1]
    assert [name for page in pages for name in page] == names


def test_missing_things_are_told_apart(client, box):
    """A missing object and a missing bucket have words of their own."""
    with pytest.raises(exceptions.NotFound, match="No such object: box/none"):
        box.blob("none").reload()
    with pytest.raises(exceptions.NotFound, match="bucket does not exist"):
        client.bucket("none").blob("a").upload_from_string(b"")


def test_names_that_no_object_has_are_refused(box):
    """What Cloud Storage does not take as a name is not taken here."""
    for name in (".", "..", "a\nb", "x" * 1025):
        with pytest.raises(exceptions.BadRequest):
            box.blob(name).upload_from_string(b"")


def test_what_is_not_emulated_says_so(client, box):
    """What the real service could do and this one cannot is an error, not a wrong answer."""
    blob = box.blob("a")
    blob.upload_from_string(b"")

    for call in (
        lambda: box.copy_blob(blob, box, "b"),
        lambda: list(client.list_blobs("box", delimiter="/", retry=None)),
        lambda: box.blob("c").compose([blob]),
        lambda: list(client.list_buckets(retry=None)),
    ):
        with pytest.raises(exceptions.GoogleAPICallError) as caught:
            call()
        assert caught.value.code == 501


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_nonsense_is_answered(emulator, body):
    """A request that makes no sense has an answer that says so, and the connection serves the next one."""
    with requests.Session() as session:
        for kind in ("multipart", "resumable"):
            url = f"{emulator.endpoint}/upload/storage/v1/b/box/o?uploadType={kind}"
            assert session.post(url, data=body, timeout=5).status_code == 400
        assert session.get(f"{emulator.endpoint}/storage/v1/b/box", timeout=5).status_code == 200


def test_what_was_kept_is_there_after_a_kill(tmp_path, monkeypatch):
    """A process that is killed after an upload has kept it; the next one on the same folder serves it."""
    program = """
        import os, signal, sys
        from google.cloud import storage
        from archwright.emulators.cloudstorage import CloudStorageEmulator
        emulator = CloudStorageEmulator(sys.argv[1], buckets=["box"]).start()
        os.environ["STORAGE_EMULATOR_HOST"] = emulator.endpoint
        storage.Client(project="demo").bucket("box").blob("a").upload_from_string(b"kept")
        os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(program), str(tmp_path)], check=False)

    assert killed.returncode == -9
    with CloudStorageEmulator(tmp_path, buckets=["box"]) as emulator:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator.endpoint)
        with storage.Client(project="demo") as client:
            assert client.bucket("box").blob("a").download_as_bytes() == b"kept"


def test_taken_port_is_told(emulator):
    """A second emulator on the same port says which port is taken."""
    with pytest.raises(PortTakenError, match=str(emulator.port)):
        CloudStorageEmulator(port=emulator.port).start()
