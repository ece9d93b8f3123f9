"""Who may call: the account that every storage emulator has, and the signature that its key makes (SharedKey)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT = "devstoreaccount1"
# Published by Microsoft for its own emulators, and worth nothing anywhere else.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_SIGNED = (
    "content-encoding content-language content-length content-md5 content-type date if-modified-since if-match"
    " if-none-match if-unmodified-since range"
)


def is_signed(verb: str, target: str, headers: Mapping[str, str], key: str = KEY) -> bool:
    """Return whether the request carries the signature of the account's key."""
    scheme, _, claim = headers.get("authorization", "").partition(" ")
    account, _, signature = claim.partition(":")
    if scheme != "SharedKey" or account != ACCOUNT:
        return False
    made = hmac.new(base64.b64decode(key), _text(verb, target, headers).encode(), hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(made).decode(), signature)


def _text(verb: str, target: str, headers: Mapping[str, str]) -> str:
    """Return what is signed: the verb, some headers in their order, the service's own headers, and the address."""
    values = [headers.get(name, "") for name in _SIGNED.split()]
    if values[2] == "0":
        values[2] = ""
    own = sorted((name, value.strip()) for name, value in headers.items() if name.startswith("x-ms-"))
    url = urlsplit(target)
    asked: dict[str, list[str]] = {}
    for name, value in parse_qsl(url.query, keep_blank_values=True):
        asked.setdefault(name.lower(), []).append(value)
    address = [f"/{ACCOUNT}{url.path}", *(f"{name}:{','.join(sorted(asked[name]))}" for name in sorted(asked))]
    return "\n".join([verb, *values, *(f"{name}:{value}" for name, value in own), *address])
