"""Blobs and key files on a real disk."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.storage.blobs import FileBlobStore
from hub.storage.errors import BlobError, KeyringError, StorageError
from hub.storage.files import read_private, write_durably
from hub.storage.hubkeys import (
    ALL,
    create_keys,
    load_log_key,
    load_message_key,
    load_sealing_keys,
    public_keys,
)
from hub.storage.keyring import Keyring, load_blind_index_key
from hub.storage.ports import SystemRandomness
from protocol.checkpoint import LogKey
from protocol.ids import HubId, key_id

CHANCE = SystemRandomness()
CONTENT = b"a scan" * 1_000


@pytest.fixture
def blobs(tmp_path: Path) -> FileBlobStore:
    return FileBlobStore(tmp_path / "blobs")


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    create_keys(tmp_path / "data" / "keys", CHANCE)
    return tmp_path / "data" / "keys"


def test_a_blob_comes_back_by_its_digest(blobs: FileBlobStore) -> None:
    digest = blobs.put(CONTENT)
    assert digest == hashlib.sha256(CONTENT).digest()
    assert blobs.has(digest)
    assert blobs.get(digest) == CONTENT


def test_a_blob_lies_where_its_digest_says_and_only_there(blobs: FileBlobStore, tmp_path: Path) -> None:
    name = blobs.put(CONTENT).hex()
    assert blobs.put(CONTENT).hex() == name
    files = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    assert files == [tmp_path / "blobs" / name[:2] / name[2:4] / name]
    assert files[0].stat().st_mode & 0o777 == 0o600


def test_a_blob_made_in_parts_is_the_same_blob(blobs: FileBlobStore, tmp_path: Path) -> None:
    digest = blobs.put_parts(CONTENT[place : place + 999] for place in range(0, len(CONTENT), 999))
    assert digest == hashlib.sha256(CONTENT).digest()
    assert blobs.get(digest) == CONTENT
    assert [path.name for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == [digest.hex()]


def test_parts_that_fail_leave_nothing_behind(blobs: FileBlobStore, tmp_path: Path) -> None:
    def parts() -> Iterator[bytes]:
        yield CONTENT
        raise KeyringError("a damaged part")

    with pytest.raises(KeyringError):
        blobs.put_parts(parts())
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []


def test_a_blob_that_was_changed_is_not_given(blobs: FileBlobStore, tmp_path: Path) -> None:
    digest = blobs.put(CONTENT)
    next((tmp_path / "blobs").rglob(digest.hex())).write_bytes(CONTENT[:-1])
    with pytest.raises(BlobError, match="changed"):
        blobs.get(digest)


def test_a_blob_that_is_not_there_is_an_error(blobs: FileBlobStore) -> None:
    assert not blobs.has(bytes(32))
    with pytest.raises(BlobError):
        blobs.get(bytes(32))


@pytest.mark.parametrize("digest", [b"", b"../../etc/passwd", bytes(31), bytes(33)])
def test_no_other_name_reaches_the_disk(blobs: FileBlobStore, digest: bytes) -> None:
    with pytest.raises(BlobError):
        blobs.get(digest)


def test_a_place_that_cannot_be_written_is_a_blob_error(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_bytes(b"a file where the folder should be")
    with pytest.raises(BlobError):
        FileBlobStore(tmp_path / "blobs").put(CONTENT)


def test_a_write_that_fails_leaves_nothing_half_done(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(StorageError):
        write_durably(tmp_path / "a", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    for content in (b"old and long", b"new"):
        write_durably(tmp_path / "a", content)
    assert (tmp_path / "a").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_new_hub_has_all_its_keys_and_only_it_may_read_them(keys: Path) -> None:
    assert {path.name for path in keys.iterdir()} == set(ALL)
    assert {path.stat().st_mode & 0o777 for path in keys.iterdir()} == {0o600}
    assert keys.stat().st_mode & 0o777 == 0o700


def test_keys_are_never_overwritten(keys: Path) -> None:
    before = {path.name: path.read_bytes() for path in keys.iterdir()}
    (keys / "kek.key").unlink()
    with pytest.raises(StorageError, match="never overwritten"):
        create_keys(keys, CHANCE)
    assert {path.name: path.read_bytes() for path in keys.iterdir()} == {
        name: content for name, content in before.items() if name != "kek.key"
    }


def test_what_nodes_pin_belongs_to_the_private_keys(keys: Path) -> None:
    pinned = public_keys(keys, HubId("3314"))
    assert LogKey.parse(pinned.log).name == "simpul/3314"
    assert LogKey.parse(pinned.log).public_key == load_log_key(keys).public_key()
    assert pinned.message_key == load_message_key(keys).public_key().public_bytes_raw()
    assert list(load_sealing_keys(keys)) == [key_id(pinned.sealing_key)]


def test_an_older_sealing_key_still_opens(keys: Path, tmp_path: Path) -> None:
    create_keys(tmp_path / "other", CHANCE)
    old = load_sealing_keys(tmp_path / "other")
    (tmp_path / "other" / "sealing.key").rename(keys / "sealing-2025.key")
    assert set(load_sealing_keys(keys)) > set(old)


@pytest.mark.parametrize("name", ["log.key", "blind-index.key", "kek.key"])
def test_a_key_that_others_may_read_is_not_used(keys: Path, name: str) -> None:
    (keys / name).chmod(0o640)
    with pytest.raises(StorageError, match="0600"):
        read_private(keys / name)


@pytest.mark.parametrize("content", [b"", b"xyz", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_damaged_key_is_named(keys: Path, content: bytes) -> None:
    (keys / "log.key").write_bytes(content)
    (keys / "blind-index.key").write_bytes(content)
    with pytest.raises(StorageError, match=r"log\.key"):
        load_log_key(keys)
    with pytest.raises(StorageError, match=r"blind-index\.key"):
        load_blind_index_key(keys)


def test_a_key_of_another_kind_is_refused(keys: Path) -> None:
    (keys / "sealing.key").write_bytes((keys / "log.key").read_bytes())
    with pytest.raises(StorageError, match="another kind"):
        load_sealing_keys(keys)


def test_the_key_ring_of_a_hub_opens_after_a_restart(keys: Path) -> None:
    key = Keyring.open(keys).new_data_key(CHANCE)
    sealed = key.seal(b"x", "t.c:1", CHANCE)
    assert Keyring.open(keys).unwrap(key.wrapped).open(sealed, "t.c:1") == b"x"


def test_a_key_ring_is_made_only_when_asked_for(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        Keyring.open(tmp_path)
    made = Keyring.open(tmp_path, create=True).new_data_key(CHANCE)
    assert Keyring.open(tmp_path, create=True).unwrap(made.wrapped).wrapped == made.wrapped


def test_a_key_ring_without_keys_is_refused(keys: Path) -> None:
    (keys / "kek.key").write_bytes(b"not hexadecimal\n")
    with pytest.raises(KeyringError):
        Keyring.open(keys)
