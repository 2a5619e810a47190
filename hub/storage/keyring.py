"""Data at rest: one random key per case, wrapped by a key from a file outside of the database.

Rules:
1. AES-256-GCM with a fresh nonce of 96 bits; a data key seals a few hundred values at most, far from the bound of 2^32.
2. The place of a value (``table.column:row``) is authenticated: a sealed value that is moved does not open.
3. Erasing a case is erasing its wrapped key: what it sealed, here and in backups, stays closed for ever (UU 27/2022).
4. The file has one key per line, the newest first; all of them open, the first one wraps. Losing it is losing the data.
5. What has to be found again without being readable is stored as HMAC-SHA-256 with a key of its own: equal values are
   told apart from others, but a copy of the database tries no list of the 16-digit numbers there are. Each purpose has
   its own marks. That key is never replaced: the marks would no longer meet.

Layouts: a wrapped key is ``1 | id of the wrapping key (4) | nonce (12) | ciphertext and tag (48)``; a sealed value is
``1 | nonce (12) | ciphertext and tag``.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM

from hub.storage.errors import KeyringError
from hub.storage.files import read_private, write_durably
from hub.storage.ports import Randomness, SystemRandomness

FILE_NAME = "kek.key"
BLIND_NAME = "blind-index.key"
KEY_BYTES = 32
NIK_PURPOSE = "nik"
"""Purpose of the marks of national numbers: people and applicants are compared, so all rooms use this one."""

_LAYOUT = b"\x01"
_ID_BYTES = 4
_NONCE_BYTES = 12
_AT_REST = b"simpul/v1/at-rest\0"
_WRAPPING = b"simpul/v1/data-key\0"
_BLIND = b"simpul/v1/blind-index\0"


@dataclass(frozen=True, slots=True)
class DataKey:
    """The key of one case, ready for use. Only its wrapped form is ever stored."""

    wrapped: bytes
    _cipher: AESGCM = field(repr=False, compare=False)
    _key: bytes = field(repr=False, compare=False)

    def seal(self, plain: bytes, place: str, randomness: Randomness) -> bytes:
        """Encrypt a value for one place."""
        nonce = randomness.token(_NONCE_BYTES)
        return _LAYOUT + nonce + self._cipher.encrypt(nonce, plain, _AT_REST + place.encode())

    def seal_parts(self, plain: Iterable[bytes], place: str, randomness: Randomness) -> Iterator[bytes]:
        """Encrypt a value that comes in parts; all that is yielded, joined, is what ``seal`` would return."""
        nonce = randomness.token(_NONCE_BYTES)
        encryptor = Cipher(AES(self._key), GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(_AT_REST + place.encode())
        yield _LAYOUT + nonce
        for part in plain:
            yield encryptor.update(part)
        yield encryptor.finalize() + encryptor.tag

    def open(self, sealed: bytes, place: str) -> bytes:
        """Decrypt the value of one place.

        Raises:
            KeyringError: changed, moved from another place, or sealed with another key.
        """
        nonce, box = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            if sealed[:1] != _LAYOUT:
                raise KeyringError("sealed value: unknown layout")
            return self._cipher.decrypt(nonce, box, _AT_REST + place.encode())
        except (InvalidTag, ValueError):
            raise KeyringError("sealed value: does not open here") from None


class Keyring:
    """The wrapping keys of a hub, and its key of marks."""

    def __init__(self, keys: list[bytes], blind_key: bytes = b"") -> None:
        """Take the wrapping keys, the newest first, and the key of marks; without it nothing can be marked.

        Raises:
            KeyringError: none, or one of a wrong length.
        """
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise KeyringError(f"{FILE_NAME}: needs at least one key of 64 hexadecimal digits")
        self._ciphers = {_id_of(key): AESGCM(key) for key in keys}
        self._newest = _id_of(keys[0])
        self._blind_key = blind_key

    @classmethod
    def open(cls, directory: Path, *, create: bool = False) -> Self:
        """Read the two key files; with ``create``, make them first when they are missing.

        Raises:
            KeyringError: a file holds no keys.
            StorageError: a file is missing, or others may read it.
        """
        for name in (FILE_NAME, BLIND_NAME):
            if create and not (directory / name).exists():
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_durably(directory / name, new_key_file(SystemRandomness()))
        return cls(_read_keys(directory / FILE_NAME), load_blind_index_key(directory))

    def new_data_key(self, randomness: Randomness) -> DataKey:
        """Make the key of a new case."""
        key, nonce = randomness.token(KEY_BYTES), randomness.token(_NONCE_BYTES)
        box = self._ciphers[self._newest].encrypt(nonce, key, _WRAPPING)
        return DataKey(_LAYOUT + self._newest + nonce + box, AESGCM(key), key)

    def unwrap(self, wrapped: bytes) -> DataKey:
        """Return the key of a case from its stored form.

        Raises:
            KeyringError: changed, or wrapped with a key that is not in the file.
        """
        head = 1 + _ID_BYTES
        cipher = self._ciphers.get(wrapped[1:head])
        if wrapped[:1] != _LAYOUT or cipher is None:
            raise KeyringError("data key: wrapped with a key that is not here")
        try:
            key = cipher.decrypt(wrapped[head : head + _NONCE_BYTES], wrapped[head + _NONCE_BYTES :], _WRAPPING)
        except (InvalidTag, ValueError):
            raise KeyringError("data key: does not open") from None
        return DataKey(wrapped, AESGCM(key), key)

    def blind(self, value: bytes, purpose: str) -> bytes:
        """Return the mark of a value for one purpose (rule 5): 32 bytes, always the same.

        Raises:
            KeyringError: this ring has no key for marks.
        """
        if len(self._blind_key) != KEY_BYTES:
            raise KeyringError(f"{BLIND_NAME}: not in this ring")
        own_key = hmac.digest(self._blind_key, _BLIND + purpose.encode(), "sha256")
        return hmac.digest(own_key, value, "sha256")


def load_blind_index_key(directory: Path) -> bytes:
    """Return the key of marks (32 bytes).

    Raises:
        StorageError: missing, open to others, or not such a key.
    """
    keys = _read_keys(directory / BLIND_NAME)
    if len(keys) != 1 or len(keys[0]) != KEY_BYTES:
        raise KeyringError(f"{BLIND_NAME}: not 64 hexadecimal digits")
    return keys[0]


def _read_keys(path: Path) -> list[bytes]:
    try:
        return [bytes.fromhex(line) for line in read_private(path).decode("ascii").split()]
    except ValueError:
        raise KeyringError(f"{path.name}: not hexadecimal") from None


def new_key_file(randomness: Randomness) -> bytes:
    """Return the content of a fresh key file."""
    return randomness.token(KEY_BYTES).hex().encode() + b"\n"


def _id_of(key: bytes) -> bytes:
    return hashlib.sha256(_WRAPPING + key).digest()[:_ID_BYTES]
