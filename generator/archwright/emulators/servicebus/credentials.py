"""Who may come in: the emulator's one shared access key, as a SASL password or as a signed token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from urllib.parse import unquote

from .errors import UnauthorizedError

KEY_NAME, KEY = "RootManageSharedAccessKey", "SAS_KEY_VALUE"
"""What connection strings for Microsoft's own emulator hold."""

_SIGNED = "SharedAccessSignature "


class Credentials:
    """A key and its name."""

    def __init__(self, key: str = KEY, name: str = KEY_NAME) -> None:
        self._key = key
        self._name = name

    def knows(self, name: str, key: str) -> bool:
        """Whether this is the key."""
        return name == self._name and hmac.compare_digest(key.encode(), self._key.encode())

    def check(self, kind: str, token: str) -> None:
        """Check a token that a client put.

        A token of Microsoft Entra ID (kind `jwt`) passes: its issuer is not on this machine to ask.

        Raises:
            UnauthorizedError: it is not signed with the key, or has expired.
        """
        if kind == "jwt" and not token.startswith(_SIGNED):  # the SDK says `jwt` of signatures too
            return
        fields = dict(part.partition("=")[::2] for part in token.removeprefix(_SIGNED).split("&"))
        if not token.startswith(_SIGNED) or not {"sr", "sig", "se", "skn"} <= fields.keys():
            raise UnauthorizedError("The token is not a shared access signature.")
        if not fields["se"].isdecimal() or int(fields["se"]) < time.time():
            raise UnauthorizedError("ExpiredToken: The token is expired.")
        signed = hmac.new(self._key.encode(), f"{fields['sr']}\n{fields['se']}".encode(), hashlib.sha256).digest()
        given = unquote(fields["sig"])
        if not hmac.compare_digest(given.encode(), base64.b64encode(signed)) or unquote(fields["skn"]) != self._name:
            raise UnauthorizedError(
                "InvalidSignature: The token has an invalid signature. "
                f"The emulator's key is {KEY} under the name {KEY_NAME}, unless it was started with another."
            )
