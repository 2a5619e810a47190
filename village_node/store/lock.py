"""One program per data folder: two would count the same numbers twice (faults A23, A25)."""

import sys
from pathlib import Path
from typing import IO

from village_node.store.errors import DomainError


class AlreadyRunningError(DomainError):
    """Another program works on this data folder."""

    code = "already_running"


class FolderLock:
    """Held from ``take`` until the process ends or ``release``; the operating system frees it after a kill."""

    def __init__(self, path: Path) -> None:
        """Take the path of the lock file; nothing is locked yet."""
        self._path = path
        self._file: IO[bytes] | None = None

    def take(self) -> None:
        """Lock.

        Raises:
            AlreadyRunningError: another process has it.
        """
        file = self._path.open("ab")
        try:
            _lock(file)
        except OSError:
            file.close()
            raise AlreadyRunningError from None
        self._file = file

    def release(self) -> None:
        """Unlock."""
        if self._file is not None:
            self._file.close()
            self._file = None


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
