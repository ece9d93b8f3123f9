"""What the service answers where it cannot do what was asked: a status and a sentence."""

from __future__ import annotations


class StorageError(Exception):
    """An answer that is an error; SDKs go by its status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def no_bucket() -> StorageError:
    """Return what is said of a bucket that is not there."""
    return StorageError(404, "The specified bucket does not exist.")


def no_object(bucket: str, name: str) -> StorageError:
    """Return what is said of an object, or a version of it, that is not there."""
    return StorageError(404, f"No such object: {bucket}/{name}")


def condition_not_met() -> StorageError:
    """Return what is said where a condition of the request does not hold."""
    return StorageError(412, "At least one of the pre-conditions you specified did not hold.")


def invalid(message: str) -> StorageError:
    """Return what is said of a request that nobody can do."""
    return StorageError(400, message)


def not_emulated(what: str) -> StorageError:
    """Return what is said where the real service could do more than this one."""
    return StorageError(501, f"This emulator does not know {what}.")
