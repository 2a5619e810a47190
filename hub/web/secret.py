"""The key that signs the form token cookie: one file of 32 random bytes, the same for all web processes."""

import os
from contextlib import suppress
from pathlib import Path

from hub.storage.ports import Randomness

SECRET_BYTES = 32


def load_secret(directory: Path, randomness: Randomness) -> bytes:
    """Return the key, making it on first use; of two processes that make it at once, one wins and both read it."""
    path = directory / "web.key"
    if not path.exists():
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = directory / f".web.key.{os.getpid()}"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(randomness.token(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_bytes()
