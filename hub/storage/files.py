"""Files that appear whole or not at all, and are on the disk when the function returns."""

import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from hub.storage import crash
from hub.storage.errors import StorageError

PRIVATE = 0o600
PUBLIC = 0o644


def write_durably(path: Path, content: bytes, *, mode: int = PRIVATE) -> None:
    """Write a file beside its place, sync it, move it in, sync the folder. An older file of that name is replaced.

    Raises:
        StorageError: the disk is full, read-only or broken; what was there before is still there.
    """
    write_parts_durably(path.parent, [content], lambda: path, mode=mode)


def write_parts_durably(
    folder: Path, parts: Iterable[bytes], name_it: Callable[[], Path], *, mode: int = PRIVATE
) -> None:
    """Do the same with a file that is made while it is written and gets its name (on this disk) at the end.

    What the parts or the name raise leaves nothing behind.

    Raises:
        StorageError: the disk is full, read-only or broken; what was there before is still there.
    """
    beside: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(prefix=".part.", dir=folder)
        beside = Path(name)
        with open(descriptor, "wb") as file:  # noqa: PTH123  # a descriptor has no path
            os.fchmod(descriptor, mode)
            file.writelines(parts)
            file.flush()
            crash.point("file.written")
            os.fsync(descriptor)
        crash.point("file.synced")
        path = name_it()
        beside.replace(path)
        crash.point("file.named")
        sync_folder(path.parent)
    except OSError as error:
        raise StorageError(f"file: {error.strerror}") from error
    finally:
        if beside is not None:
            beside.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_private(path: Path) -> bytes:
    """Read a secret that only this program's user may read.

    Raises:
        StorageError: missing, unreadable, or open to others.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise StorageError(f"{path.name}: others on this machine may read it; its mode must be 0600")
        return path.read_bytes()
    except OSError as error:
        raise StorageError(f"{path.name}: {error.strerror}") from error
