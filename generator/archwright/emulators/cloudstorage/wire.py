"""Requests and answers as they stand on the wire: ranges, parts, resources, errors."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .errors import StorageError, invalid, not_emulated
from .shelf import Conditions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .shelf import Object

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_CHUNK = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")
_LONGEST_NAME = 1024
_CONDITIONS = {
    "generation": "generation",
    "ifGenerationMatch": "generation_match",
    "ifGenerationNotMatch": "generation_not_match",
    "ifMetagenerationMatch": "metageneration_match",
    "ifMetagenerationNotMatch": "metageneration_not_match",
}
_KEPT = {"contentType", "contentEncoding", "contentDisposition", "contentLanguage", "cacheControl"}
_KEPT |= {"customTime", "metadata", "storageClass"}
_OURS = {"name", "bucket", "crc32c", "md5Hash"}  # said with an upload, and checked or known from elsewhere


def conditions(asked: Mapping[str, str]) -> Conditions:
    """Return the conditions in the query of a request."""
    try:
        return Conditions(**{ours: int(asked[theirs]) for theirs, ours in _CONDITIONS.items() if theirs in asked})
    except ValueError:
        raise invalid("Invalid value for a generation.") from None


def described(body: bytes) -> dict[str, Any]:
    """Return the description of an object that a request carries as JSON."""
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        raise invalid("Parse Error") from None
    if not isinstance(found, dict):
        raise invalid("Parse Error")
    for name in found:
        if name not in _KEPT | _OURS:
            raise not_emulated(f"the field {name}")
    return found


def kept(description: Mapping[str, Any], content_type: str = "") -> dict[str, Any]:
    """Return the fields of a description that belong to the object's owner."""
    found = {name: value for name, value in description.items() if name in _KEPT}
    if isinstance(found.get("customTime"), str):
        try:
            found["customTime"] = when(datetime.fromisoformat(found["customTime"]).timestamp())
        except ValueError:
            raise invalid("Invalid value for: Invalid format for customTime.") from None
    return {**({"contentType": content_type} if content_type else {}), **found}


def object_name(name: object) -> str:
    """Return `name` if an object may have it."""
    if not isinstance(name, str) or not name:
        raise invalid("Required parameter: name")
    wrong = name in {".", ".."} or any(sign in name for sign in "\r\n")
    if wrong or len(name.encode(errors="replace")) > _LONGEST_NAME:
        raise invalid("Disallowed unicode characters present in object name.")
    return name


def span(text: str, size: int) -> tuple[int, int] | None:
    """Return (first, last) of the bytes that a `Range` asks for, or None if it asks for all of them."""
    match = _RANGE.fullmatch(text)
    if match is None:
        return None
    first, last = int(match[1]), min(int(match[2] or size), size - 1)
    if first >= size or last < first:
        raise StorageError(416, "The requested range cannot be satisfied.")
    return first, last


def chunk(text: str) -> tuple[int | None, int | None]:
    """Return where a piece of an upload begins and how long the whole is, as far as `Content-Range` says so."""
    match = _CHUNK.fullmatch(text)
    if match is None:
        raise invalid("Invalid Content-Range.")
    return int(match[1]) if match[1] else None, int(match[3]) if match[3] != "*" else None


def resource(one: Object) -> dict[str, Any]:
    """Return what is told of an object."""
    return {
        "kind": "storage#object",
        "id": f"{one.bucket}/{one.name}/{one.generation}",
        "name": one.name,
        "bucket": one.bucket,
        "generation": str(one.generation),
        "metageneration": str(one.metageneration),
        "contentType": "application/octet-stream",
        "storageClass": "STANDARD",
        "size": str(one.size),
        "crc32c": one.crc32c,
        "md5Hash": one.md5,
        "etag": f"{one.generation}/{one.metageneration}",
        "timeCreated": when(one.made),
        "updated": when(one.updated),
        **one.kept,
    }


def bucket(name: str, made: float) -> dict[str, Any]:
    """Return what is told of a bucket."""
    return {"kind": "storage#bucket", "id": name, "name": name, "timeCreated": when(made), "updated": when(made)}


def problem(error: StorageError) -> dict[str, Any]:
    """Return an error's document."""
    return {"error": {"code": error.status, "message": error.message, "errors": [{"message": error.message}]}}


def when(seconds: float) -> str:
    """Return a time as the service writes it, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
