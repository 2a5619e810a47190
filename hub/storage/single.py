"""One process at a time: a second intake or worker on the same data must not start (fault A23).

The kernel releases the lock when its process dies, however it dies. Two machines on one PostgreSQL are kept apart by
the broker: it lets one client of a name in.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.storage.errors import StorageError


@contextmanager
def single_instance(file: Path) -> Iterator[None]:
    """Hold the lock of this file for as long as the block lasts.

    Raises:
        StorageError: another process holds it, or the file cannot be opened.
    """
    try:
        handle = file.open("ab")
    except OSError as error:
        raise StorageError(f"{file.name}: {error.strerror}") from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StorageError(f"{file.name}: another process is running on this data") from None
        yield
