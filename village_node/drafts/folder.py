"""The sealed files of drafts on disk: ``<draft>/<file>.sealed``, durable before the row that names them.

A file that no row names is left over from a crash between the two (or from a removal); ``tidy`` deletes it.
"""

import shutil
from collections.abc import Collection
from pathlib import Path

from village_node.store.disk import SYSTEM_DISK, Disk, patiently, sync_folder, write_durably
from village_node.store.errors import StorageError


class DraftFolder:
    """The folder of all drafts' files. Names are ids of our own making, never a person's words."""

    def __init__(self, directory: Path, disk: Disk = SYSTEM_DISK) -> None:
        """Take the folder; it is made when it is not there."""
        self._directory = directory
        self._disk = disk
        directory.mkdir(parents=True, exist_ok=True)

    def put(self, draft_id: str, file_id: str, sealed: bytes) -> None:
        """Write a file durably.

        Raises:
            StorageError: the disk does not take it; nothing of the file is left.
        """
        folder = self._directory / draft_id
        try:
            if not folder.exists():
                folder.mkdir()
                sync_folder(self._directory)
            write_durably(folder / f"{file_id}.sealed", [sealed], disk=self._disk)
        except OSError as error:
            raise StorageError(f"errno {error.errno}") from None

    def get(self, draft_id: str, file_id: str) -> bytes:
        """Return the sealed bytes.

        Raises:
            StorageError: the file is gone or cannot be read.
        """
        path = self._directory / draft_id / f"{file_id}.sealed"
        try:
            return patiently(self._disk, lambda: self._disk.read(path))
        except OSError as error:
            raise StorageError(f"errno {error.errno}") from None

    def is_there(self, draft_id: str, file_id: str) -> bool:
        """Tell whether a file lies on the disk."""
        return (self._directory / draft_id / f"{file_id}.sealed").is_file()

    def tidy(self, draft_id: str, keep: Collection[str]) -> None:
        """Delete the files of a draft that are not to be kept; the folder too, when nothing is left."""
        folder = self._directory / draft_id
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
            return
        names = {f"{file_id}.sealed" for file_id in keep}
        for path in folder.glob("*"):
            if path.name not in names:
                path.unlink(missing_ok=True)

    def drafts(self) -> list[str]:
        """Return the ids of the drafts that have a folder."""
        return sorted(path.name for path in self._directory.iterdir())
