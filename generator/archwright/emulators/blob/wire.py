"""Requests and answers as they stand on the wire: ranges, block lists, listings, errors."""

from __future__ import annotations

import re
from email.utils import formatdate
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from .errors import BlobError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .shelf import Blob

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_META = "x-ms-meta-"


def span(text: str, size: int) -> tuple[int, int] | None:
    """Return (first, last) of the bytes that a `Range` asks for, or None if it asks for all of them."""
    match = _RANGE.fullmatch(text)
    if match is None:
        return None
    first, last = int(match[1]), min(int(match[2] or size), size - 1)
    if first >= size or last < first:
        raise BlobError(416, "InvalidRange", "The range specified is invalid for the current size of the resource.")
    return first, last


def block_list(body: bytes) -> list[str]:
    """Return the ids in a block list, in their order.

    The document is small and from the SDK; entities, which could make it grow, are refused.
    """
    if b"<!" in body:
        raise BlobError(400, "InvalidXmlDocument", "XML specified is not syntactically valid.")
    try:
        return [element.text or "" for element in ET.fromstring(body)]  # noqa: S314  # see above
    except ET.ParseError:
        raise BlobError(400, "InvalidXmlDocument", "XML specified is not syntactically valid.") from None


def metadata_of(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the metadata that a request sets."""
    return {name.removeprefix(_META): value for name, value in headers.items() if name.startswith(_META)}


def describe(blob: Blob) -> dict[str, str]:
    """Return the headers that tell about a blob."""
    return {
        "Content-Type": blob.content_type,
        "ETag": blob.etag,
        "Last-Modified": date(blob.modified),
        "Accept-Ranges": "bytes",
        "x-ms-blob-type": "BlockBlob",
        **{f"{_META}{name}": value for name, value in blob.metadata.items()},
    }


def listing(container: str, asked: Mapping[str, str], blobs: Sequence[Blob], following: str) -> bytes:
    """Return a page of a container's blobs."""
    rows = "".join(
        f"<Blob>{_name(blob.name)}<Properties><Last-Modified>{date(blob.modified)}</Last-Modified>"
        f"<Etag>{escape(blob.etag)}</Etag><Content-Length>{blob.size}</Content-Length>"
        f"<Content-Type>{escape(blob.content_type)}</Content-Type><BlobType>BlockBlob</BlobType></Properties></Blob>"
        for blob in blobs
    )
    names = {"prefix": "Prefix", "marker": "Marker", "maxresults": "MaxResults"}  # the SDK asks on with what it is told
    echo = "".join(f"<{tag}>{escape(asked[name])}</{tag}>" for name, tag in names.items() if asked.get(name))
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<EnumerationResults ContainerName="{escape(container)}">{echo}'
        f"<Blobs>{rows}</Blobs><NextMarker>{escape(following)}</NextMarker></EnumerationResults>"
    ).encode()


def problem(error: BlobError) -> bytes:
    """Return an error's document."""
    words = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
    return f'<?xml version="1.0" encoding="utf-8"?><Error>{words}</Error>'.encode()


def date(seconds: float) -> str:
    """Return a time as HTTP writes it; what is less than a second is lost, as it is in Azure."""
    return formatdate(seconds, usegmt=True)


def _name(name: str) -> str:
    return f"<Name>{escape(name)}</Name>"
