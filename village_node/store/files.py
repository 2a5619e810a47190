"""Sealed attachments on disk: one file per attachment, durable before the row that names it.

Form: magic, number of chunks (4 bytes), length of each chunk message (4 bytes each, big-endian), then the messages.
Rules:
1. Written to a temporary name, flushed, renamed, and the folder flushed: after ``put`` a power cut leaves the file.
2. File names are digests and numbers, never a person's words.
3. What no row names is an orphan of a crash before the commit; ``sweep`` removes it while nobody can seal: at start,
   or inside a write transaction.
4. A file that the disk does not take leaves nothing behind.
"""

import contextlib
import os
import shutil
import struct
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from village_node.store.disk import SYSTEM_DISK, Disk, patiently, sync_folder, write_durably
from village_node.store.errors import StorageError

__all__ = ["MAGIC", "SealedFiles", "sync_folder", "write_durably"]

MAGIC = b"simpul-sealed-1\n"
_COUNT = struct.Struct(">I")


class SealedFiles:
    """The folder with the sealed attachments of all bundles."""

    def __init__(self, directory: Path, disk: Disk = SYSTEM_DISK) -> None:
        """Take the folder; it is made when it is not there."""
        self._directory = directory
        self._disk = disk
        directory.mkdir(parents=True, exist_ok=True)

    def put(self, bundle: bytes, position: int, messages: Iterable[bytes]) -> int:
        """Write the chunk messages of one attachment durably and return the file's size in bytes.

        Raises:
            StorageError: the disk does not take it; nothing of this bundle is left (rule 4).
        """
        folder = self._folder(bundle)
        parts = list(messages)
        head = MAGIC + _COUNT.pack(len(parts)) + b"".join(_COUNT.pack(len(part)) for part in parts)
        try:
            folder.mkdir(exist_ok=True)
            size = write_durably(folder / f"{position}.sealed", [head, *parts], disk=self._disk)
            sync_folder(self._directory)
        except OSError as error:
            self.discard(bundle)
            raise StorageError(f"errno {error.errno}") from None
        return size

    def discard(self, bundle: bytes) -> None:
        """Remove the files of one bundle; what the disk does not let go of is swept later."""
        shutil.rmtree(self._folder(bundle), ignore_errors=True)

    def used_bytes(self) -> int:
        """Return how many bytes all sealed files take."""
        size = 0
        for path in self._directory.glob("*/*"):
            with contextlib.suppress(OSError):  # deleted between the two calls
                size += path.stat().st_size
        return size

    def chunk(self, bundle: bytes, position: int, index: int) -> bytes:
        """Return one chunk message.

        Raises:
            StorageError: the file is gone, torn, or has no such chunk.
        """
        path = self._folder(bundle) / f"{position}.sealed"
        try:
            return patiently(self._disk, lambda: _read_chunk(path, index))
        except OSError as error:
            raise StorageError(f"errno {error.errno}") from None

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
        orphans = [path for path in self._directory.iterdir() if path.name not in names]
        for path in orphans:
            shutil.rmtree(path, ignore_errors=True)
        if orphans:
            sync_folder(self._directory)
        return len(orphans)

    def _folder(self, bundle: bytes) -> Path:
        return self._directory / bundle.hex()


def _read_chunk(path: Path, index: int) -> bytes:
    with path.open("rb") as file:
        lengths = _read_lengths(file.read(len(MAGIC) + _COUNT.size), file.read)
        if index >= len(lengths):
            raise StorageError("no such chunk")
        file.seek(sum(lengths[:index]), os.SEEK_CUR)
        message = file.read(lengths[index])
    if len(message) != lengths[index]:
        raise StorageError("sealed file is torn")
    return message


def _read_lengths(head: bytes, read: Callable[[int], bytes]) -> list[int]:
    if len(head) != len(MAGIC) + _COUNT.size or not head.startswith(MAGIC):
        raise StorageError("not a sealed file")
    (count,) = _COUNT.unpack(head[len(MAGIC) :])
    table = read(_COUNT.size * count) if count < 2**16 else b""  # 20 MB are 427 chunks
    if len(table) != _COUNT.size * count:
        raise StorageError("sealed file is torn")
    return [length for (length,) in _COUNT.iter_unpack(table)]
