"""The files of parcels: what came, and the answers as they grow. Names are ids of ours, never names of the visitor's.

A file that came appears whole or not at all. An answers file is cut to what its row knows before more is added: what a
crash left behind is written again, byte for byte.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from hub.parcels.errors import ParcelRefusedError, ParcelRule
from hub.storage.errors import StorageError
from hub.storage.files import write_parts_durably
from protocol.limits import MAX_PARCEL_BYTES

COPY_BYTES = 1024 * 1024


class Spool:
    """A folder of parcels."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it is made when the first parcel comes."""
        self._folder = folder

    def parcel(self, parcel_id: str) -> Path:
        """Return where the file that came lies."""
        return self._folder / f"{parcel_id}.parcel"

    def answers(self, parcel_id: str) -> Path:
        """Return where its answers lie."""
        return self._folder / f"{parcel_id}.answers"

    def take(self, parcel_id: str, source: IO[bytes]) -> int:
        """Copy a file into the spool and return its size in bytes; a few of them are in memory at once.

        Raises:
            ParcelRefusedError: larger than any parcel; nothing is kept.
            StorageError: the disk is full, read-only or broken; nothing is kept.
        """
        self.make()
        write_parts_durably(self._folder, _copied(source), lambda: self.parcel(parcel_id))
        return self.parcel(parcel_id).stat().st_size

    def make(self) -> None:
        """Make the folder, which is this program's alone.

        Raises:
            StorageError: it cannot be made.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"parcels: {error.strerror}") from error

    def scratch(self) -> IO[bytes]:
        """Return a nameless file on this disk: what a browser sends is written there before it is looked at.

        Raises:
            StorageError: the disk takes no file.
        """
        self.make()
        try:
            return tempfile.TemporaryFile("w+b", dir=self._folder)
        except OSError as error:
            raise StorageError(f"parcels: {error.strerror}") from error

    def add_answers(self, parcel_id: str, size: int, blocks: Iterable[bytes]) -> int:
        """Cut the answers to this size, add the blocks, and return the new size; it is on the disk then.

        Raises:
            StorageError: the disk is full or broken.
        """
        try:
            descriptor = os.open(self.answers(parcel_id), os.O_RDWR | os.O_CREAT, 0o600)
            with open(descriptor, "r+b") as file:  # noqa: PTH123  # a descriptor has no path
                file.truncate(size)
                file.seek(size)
                file.writelines(blocks)
                file.flush()
                os.fsync(descriptor)
                return file.tell()
        except OSError as error:
            raise StorageError(f"answers: {error.strerror}") from error

    def drop_parcel(self, parcel_id: str) -> None:
        """Remove the file that came: what it held has its verdicts."""
        self.parcel(parcel_id).unlink(missing_ok=True)

    def drop(self, parcel_id: str) -> None:
        """Remove everything of a parcel."""
        self.drop_parcel(parcel_id)
        self.answers(parcel_id).unlink(missing_ok=True)


def _copied(source: IO[bytes]) -> Iterator[bytes]:
    size = 0
    while part := source.read(COPY_BYTES):
        size += len(part)
        if size > MAX_PARCEL_BYTES:
            raise ParcelRefusedError(ParcelRule.TOO_LARGE)
        yield part
