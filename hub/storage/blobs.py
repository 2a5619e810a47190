"""Attachments as files named by their content. The file is durable before any row names it; orphans are harmless."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from hub.storage.errors import BlobError, StorageError
from hub.storage.files import sync_folder, write_durably, write_parts_durably


class BlobStore(Protocol):
    """Keeps bytes under their SHA-256."""

    def put(self, content: bytes) -> bytes:
        """Keep the bytes and return their digest; durable when it returns."""
        ...

    def put_parts(self, parts: Iterable[bytes]) -> bytes:
        """Keep bytes that are made while they are written; what the parts raise leaves nothing behind."""
        ...

    def get(self, digest: bytes) -> bytes:
        """Return the bytes of a digest."""
        ...

    def has(self, digest: bytes) -> bool:
        """Say whether the bytes are here."""
        ...


class FileBlobStore:
    """Files ``ab/cd/<hex>`` below one folder."""

    def __init__(self, directory: Path) -> None:
        """Take the folder; it is made with the first blob."""
        self._directory = directory

    def put(self, content: bytes) -> bytes:
        """Keep the bytes and return their digest; durable when it returns.

        Raises:
            BlobError: the disk is full or broken; nothing that was kept before is lost.
        """
        digest = hashlib.sha256(content).digest()
        path = self._path(digest)
        try:
            if path.exists():
                sync_folder(path.parent)
                return digest
            _make_folders(self._directory, path.parent)
            write_durably(path, content)
        except (OSError, StorageError) as error:
            raise BlobError(f"blob {digest.hex()}: cannot be written") from error
        return digest

    def put_parts(self, parts: Iterable[bytes]) -> bytes:
        """Keep bytes that are made while they are written, so that a large file needs no memory.

        Raises:
            BlobError: the disk is full or broken; nothing that was kept before is lost.
        """
        hashed = hashlib.sha256()

        def hash_them() -> Iterator[bytes]:
            for part in parts:
                hashed.update(part)
                yield part

        def name_it() -> Path:
            path = self._path(hashed.digest())
            _make_folders(self._directory, path.parent)
            return path

        try:
            _make_folders(self._directory, self._directory)
            write_parts_durably(self._directory, hash_them(), name_it)
        except OSError as error:
            raise BlobError("blob: cannot be written") from error
        except StorageError as error:
            if error.__cause__ is None or not isinstance(error.__cause__, OSError):
                raise  # the parts could not be read
            raise BlobError("blob: cannot be written") from error
        return hashed.digest()

    def get(self, digest: bytes) -> bytes:
        """Return the bytes of a digest.

        Raises:
            BlobError: not here, unreadable, or other bytes than the digest names.
        """
        try:
            content = self._path(digest).read_bytes()
        except OSError as error:
            raise BlobError(f"blob {digest.hex()}: {error.strerror}") from error
        if hashlib.sha256(content).digest() != digest:
            raise BlobError(f"blob {digest.hex()}: changed on disk")
        return content

    def has(self, digest: bytes) -> bool:
        """Say whether the bytes are here."""
        return self._path(digest).exists()

    def _path(self, digest: bytes) -> Path:
        if len(digest) != hashlib.sha256().digest_size:
            raise BlobError("blob: not a SHA-256")
        name = digest.hex()
        return self._directory / name[:2] / name[2:4] / name


def _make_folders(root: Path, folder: Path) -> None:
    """Make the folders of a blob, each synced in its parent: a power cut must not lose the way to the file."""
    if folder.is_dir():
        return
    made = [each for each in (folder, *folder.parents) if each.is_relative_to(root) and not each.exists()]
    for each in reversed(made):
        try:
            os.mkdir(each, 0o700)  # noqa: PTH102  # Path.mkdir would hide a race with exist_ok
        except FileExistsError:
            continue
        sync_folder(each.parent)
