"""What the service answers where it cannot do what was asked: a status, a code and a sentence."""

from __future__ import annotations


class BlobError(Exception):
    """An answer that is an error; `code` is the one that the SDK looks at."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def no_container() -> BlobError:
    """Return what is said of a container that is not there."""
    return BlobError(404, "ContainerNotFound", "The specified container does not exist.")


def no_blob() -> BlobError:
    """Return what is said of a blob that is not there."""
    return BlobError(404, "BlobNotFound", "The specified blob does not exist.")


def exists(what: str) -> BlobError:
    """Return what is said where something that is to be made is there."""
    return BlobError(409, f"{what}AlreadyExists", f"The specified {what.lower()} already exists.")


def condition_not_met() -> BlobError:
    """Return what is said where a condition of the request does not hold."""
    return BlobError(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")


def not_emulated(what: str) -> BlobError:
    """Return what is said where the real service could do more than this one."""
    return BlobError(501, "NotImplemented", f"This emulator does not know {what}.")
