"""The hub's own keys as files: made once, never overwritten, readable by the hub's user alone.

========================  ==================================================================  ====================
file                      what it does                                                        who reads it
========================  ==================================================================  ====================
``log.key``               Ed25519: signs checkpoints and receipts                             intake, worker
``message.key``           Ed25519: signs what the hub writes to nodes                         intake, worker, web
``permit.key``            Ed25519: signs the facts of issued documents and their revocation   worker, web
``sealing.key``           X25519: opens bundles; older ones as ``sealing-*.key``              intake
``kek.key``               wraps the data keys of cases (``keyring.py``)                       intake, worker, web
``blind-index.key``       HMAC: finds a NIK without storing it readable                       intake, web
========================  ==================================================================  ====================
"""

import shutil
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from hub.storage import keyring
from hub.storage.errors import StorageError
from hub.storage.files import read_private, sync_folder, write_durably
from hub.storage.ports import Randomness
from protocol.checkpoint import LogKey
from protocol.enrolment import HubKeys
from protocol.ids import HubId, key_id

LOG, MESSAGE, PERMIT = "log.key", "message.key", "permit.key"
SEALING = "sealing.key"
ALL = (LOG, MESSAGE, PERMIT, SEALING, keyring.FILE_NAME, keyring.BLIND_NAME)
KEY_BYTES = 32


def create_keys(directory: Path, randomness: Randomness) -> None:
    """Make all keys of a new hub: all of them appear at once, or none.

    Raises:
        StorageError: there are keys already; a hub that lost one of them is restored, not given new ones.
    """
    if any((directory / name).exists() for name in ALL):
        raise StorageError("keys: there are some already; they are never overwritten")
    fresh = directory.with_name(f".{directory.name}.new")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700, parents=True)
        _write_all(fresh, randomness)
        fresh.rename(directory)
        sync_folder(directory.parent)
    except OSError as error:
        raise StorageError(f"keys: {error.strerror}") from error


def load_log_key(directory: Path) -> Ed25519PrivateKey:
    """Return the key that signs the ledger.

    Raises:
        StorageError: missing, open to others, or not such a key.
    """
    return _load_signing(directory / LOG)


def load_message_key(directory: Path) -> Ed25519PrivateKey:
    """Return the key that signs messages to nodes.

    Raises:
        StorageError: missing, open to others, or not such a key.
    """
    return _load_signing(directory / MESSAGE)


def load_permit_key(directory: Path) -> Ed25519PrivateKey:
    """Return the key that signs the facts of issued documents.

    Raises:
        StorageError: missing, open to others, or not such a key.
    """
    return _load_signing(directory / PERMIT)


def load_sealing_keys(directory: Path) -> dict[bytes, X25519PrivateKey]:
    """Return every key that opens bundles, by key id.

    Raises:
        StorageError: missing, open to others, or not such a key.
    """
    paths = [directory / SEALING, *sorted(directory.glob("sealing-*.key"))]
    keys = [_load_sealing(path) for path in paths]
    return {key_id(key.public_key().public_bytes_raw()): key for key in keys}


def public_keys(directory: Path, hub: HubId) -> HubKeys:
    """Return what nodes pin.

    Raises:
        StorageError: a key cannot be read.
    """
    log = LogKey(name=log_origin(hub), public_key=load_log_key(directory).public_key())
    return HubKeys(
        hub=hub,
        log=log.verifier,
        message_key=load_message_key(directory).public_key().public_bytes_raw(),
        sealing_key=_load_sealing(directory / SEALING).public_key().public_bytes_raw(),
        permit_key=load_permit_key(directory).public_key().public_bytes_raw(),
    )


def log_origin(hub: HubId) -> str:
    """Return the ledger's name in checkpoints."""
    return f"simpul/{hub}"


def _write_all(directory: Path, randomness: Randomness) -> None:
    for name in (LOG, MESSAGE, PERMIT):
        write_durably(directory / name, _pem(Ed25519PrivateKey.from_private_bytes(randomness.token(KEY_BYTES))))
    write_durably(directory / SEALING, _pem(X25519PrivateKey.from_private_bytes(randomness.token(KEY_BYTES))))
    write_durably(directory / keyring.FILE_NAME, keyring.new_key_file(randomness))
    write_durably(directory / keyring.BLIND_NAME, keyring.new_key_file(randomness))


def _pem(key: Ed25519PrivateKey | X25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _load_signing(path: Path) -> Ed25519PrivateKey:
    key = _load(path)
    if not isinstance(key, Ed25519PrivateKey):
        raise StorageError(f"{path.name}: a key of another kind")
    return key


def _load_sealing(path: Path) -> X25519PrivateKey:
    key = _load(path)
    if not isinstance(key, X25519PrivateKey):
        raise StorageError(f"{path.name}: a key of another kind")
    return key


def _load(path: Path) -> object:
    try:
        return load_pem_private_key(read_private(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise StorageError(f"{path.name}: not a PEM private key") from None
