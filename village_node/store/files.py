"""Sealed attachments on disk: one file per attachment, durable before the row that names it.

Form: magic, number of chunks (4 bytes), length of each chunk message (4 bytes each, big-endian), then the messages.
Rules:
1. Written to a temporary name, flushed, renamed, and the folder flushed: after ``put`` a power cut leaves the file.
2. File names are digests and numbers, never a person's words.
3. What no row names is an orphan of a crash before the commit; ``sweep`` removes it at start, when nobody seals.
"""

import contextlib
import os
import shutil
import struct
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from village_node.store.errors import StorageError

MAGIC = b"simpul-sealed-1\n"
_COUNT = struct.Struct(">I")


class SealedFiles:
    """The folder with the sealed attachments of all bundles."""

    def __init__(self, directory: Path) -> None:
        """Take the folder; it is made when it is not there."""
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def put(self, bundle: bytes, position: int, messages: Iterable[bytes]) -> int:
        """Write the chunk messages of one attachment durably and return the file's size in bytes."""
        folder = self._folder(bundle)
        folder.mkdir(exist_ok=True)
        parts = list(messages)
        head = MAGIC + _COUNT.pack(len(parts)) + b"".join(_COUNT.pack(len(part)) for part in parts)
        size = write_durably(folder / f"{position}.sealed", [head, *parts])
        sync_folder(self._directory)
        return size

    def chunk(self, bundle: bytes, position: int, index: int) -> bytes:
        """Return one chunk message.

        Raises:
            StorageError: the file is gone, torn, or has no such chunk.
        """
        try:
            with (self._folder(bundle) / f"{position}.sealed").open("rb") as file:
                lengths = _read_lengths(file.read(len(MAGIC) + _COUNT.size), file.read)
                if index >= len(lengths):
                    raise StorageError("no such chunk")
                file.seek(sum(lengths[:index]), os.SEEK_CUR)
                message = file.read(lengths[index])
        except OSError as error:
            raise StorageError(f"errno {error.errno}") from None
        if len(message) != lengths[index]:
            raise StorageError("sealed file is torn")
        return message

    def damaged(self, bundle: bytes, position: int) -> bool:
        """Tell whether a file is missing or has not the length that its head says."""
        path = self._folder(bundle) / f"{position}.sealed"
        try:
            with path.open("rb") as file:
                lengths = _read_lengths(file.read(len(MAGIC) + _COUNT.size), file.read)
        except (OSError, StorageError):
            return True
        return path.stat().st_size != len(MAGIC) + _COUNT.size * (1 + len(lengths)) + sum(lengths)

    def sweep(self, known: Collection[bytes]) -> int:
        """Remove the files of bundles that no row names, and return how many bundles that were."""
        names = {bundle.hex() for bundle in known}
        orphans = [folder for folder in self._directory.iterdir() if folder.name not in names]
        for folder in orphans:
            shutil.rmtree(folder, ignore_errors=True)
        if orphans:
            sync_folder(self._directory)
        return len(orphans)

    def _folder(self, bundle: bytes) -> Path:
        return self._directory / bundle.hex()


def write_durably(path: Path, parts: Iterable[bytes], *, mode: int = 0o600) -> int:
    """Write a file so that after a power cut there is either the old one or the whole new one; return its size."""
    temporary = path.with_name(f".{path.name}.tmp")
    size = 0
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    with os.fdopen(descriptor, "wb") as file:
        for part in parts:
            size += file.write(part)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
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


def _read_lengths(head: bytes, read: Callable[[int], bytes]) -> list[int]:
    if len(head) != len(MAGIC) + _COUNT.size or not head.startswith(MAGIC):
        raise StorageError("not a sealed file")
    (count,) = _COUNT.unpack(head[len(MAGIC) :])
    table = read(_COUNT.size * count) if count < 2**16 else b""  # 20 MB are 427 chunks
    if len(table) != _COUNT.size * count:
        raise StorageError("sealed file is torn")
    return [length for (length,) in _COUNT.iter_unpack(table)]
