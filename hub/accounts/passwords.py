"""argon2id (RFC 9106 §4, second recommendation: 64 MiB, 3 passes), never more than two at once in a process."""

from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()
_AT_ONCE = BoundedSemaphore(2)
"""64 MiB each: a burst of sign-ins must not take the memory of the whole machine."""


def hash_password(password: str) -> str:
    """Return the hash with salt and parameters, as it is stored."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def is_password(stored: str | None, password: str) -> bool:
    """Tell whether this is the password; without a stored hash the same work is done and the answer is no."""
    with _AT_ONCE:
        try:
            _HASHER.verify(stored or _nobody(), password)
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


def is_hash_outdated(stored: str) -> bool:
    """Tell whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


@cache
def _nobody() -> str:
    return _HASHER.hash("nobody has this password")
