"""The seam to the operating system's files: everything durable goes through it, so that a test can play a bad disk.

Rules:
1. A file that another program holds for a moment (a virus scanner that looks at everything new) is tried again for a
   second before it is called a failure; a full or read-only disk is a failure at once.
2. What a failed write left behind is removed: on a full disk half a file is room that the next try lacks.
"""

import contextlib
import errno
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TypeVar

TRIES = 6
FIRST_PAUSE_S = 0.03
"""Doubled at each try: a second in all."""

HELD = frozenset({errno.EACCES, errno.EBUSY, errno.EPERM, errno.ETXTBSY})
"""What a file answers that somebody else has open; Windows' sharing violations arrive as EACCES."""

Result = TypeVar("Result")


class Disk(Protocol):
    """What the rooms need of a disk."""

    def create(self, path: Path, parts: Iterable[bytes], mode: int) -> int:
        """Write a new file, flush it to the platter, and return its size in bytes."""

    def replace(self, source: Path, target: Path) -> None:
        """Let one file take the place of another in one step."""

    def remove(self, path: Path) -> None:
        """Delete a file; one that is not there is no error."""

    def read(self, path: Path) -> bytes:
        """Return a whole file."""

    def pause(self, seconds: float) -> None:
        """Wait before the next try."""


class SystemDisk:
    """The disk of this PC."""

    def create(self, path: Path, parts: Iterable[bytes], mode: int) -> int:
        """Write a new file, flush it to the platter, and return its size in bytes."""
        size = 0
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        with os.fdopen(descriptor, "wb") as file:
            for part in parts:
                size += file.write(part)
            file.flush()
            os.fsync(file.fileno())
        return size

    def replace(self, source: Path, target: Path) -> None:
        """Let one file take the place of another in one step."""
        source.replace(target)

    def remove(self, path: Path) -> None:
        """Delete a file; one that is not there is no error."""
        path.unlink(missing_ok=True)

    def read(self, path: Path) -> bytes:
        """Return a whole file."""
        return path.read_bytes()

    def pause(self, seconds: float) -> None:
        """Wait before the next try."""
        time.sleep(seconds)


SYSTEM_DISK = SystemDisk()


def patiently(disk: Disk, action: Callable[[], Result]) -> Result:
    """Do something with a file, again while somebody else holds it (rule 1).

    Raises:
        OSError: the last try failed, or the failure is of another kind.
    """
    for attempt in range(TRIES):
        try:
            return action()
        except OSError as error:
            if error.errno not in HELD or attempt == TRIES - 1:
                raise
            disk.pause(FIRST_PAUSE_S * 2**attempt)
    raise AssertionError  # the last try returned or raised


def write_durably(path: Path, parts: Iterable[bytes], *, mode: int = 0o600, disk: Disk = SYSTEM_DISK) -> int:
    """Write a file so that after a power cut there is either the old one or the whole new one; return its size.

    Raises:
        OSError: the disk does not take it; the old file stands, and nothing of the new one is left (rule 2).
    """
    temporary = path.with_name(f".{path.name}.tmp")
    patiently(disk, lambda: disk.remove(temporary))
    try:
        size = disk.create(temporary, parts, mode)
        patiently(disk, lambda: disk.replace(temporary, path))
    except OSError:
        with contextlib.suppress(OSError):
            disk.remove(temporary)
        raise
    sync_folder(path.parent)
    return size


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk; Windows does this with the rename itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
