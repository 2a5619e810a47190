"""The register's key: made anew with each import, wrapped to the mailbox key, in memory only while somebody asks."""

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from village_node.identity.errors import VaultError
from village_node.identity.vault import KEY_BYTES, VaultKey
from village_node.store.ports import Randomness

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_INFO = b"simpul-node/1/register-key"
_NAME, _RECORD = "resident.name", "resident.record"


class RegisterKey:
    """Seals and opens residents, and finds them by an index that tells nothing to others."""

    def __init__(self, raw: bytes, randomness: Randomness) -> None:
        """Take the 32-byte key; sealing and finding have keys of their own, derived from it."""
        self._raw = raw
        self._sealing = VaultKey(self._derive(b"sealing"), randomness)
        self._finding = self._derive(b"finding")

    @classmethod
    def make(cls, randomness: Randomness) -> "RegisterKey":
        """Draw a fresh key."""
        return cls(randomness.token(KEY_BYTES), randomness)

    def wrap(self, mailbox: bytes) -> bytes:
        """Return the key, wrapped to the public mailbox key."""
        return _SUITE.encrypt(self._raw, X25519PublicKey.from_public_bytes(mailbox), info=_INFO)

    @classmethod
    def unwrap(cls, wrapped: bytes, mailbox: X25519PrivateKey, randomness: Randomness) -> "RegisterKey":
        """Return the key that was wrapped.

        Raises:
            VaultError: damaged, or wrapped to another mailbox key.
        """
        try:
            return cls(_SUITE.decrypt(wrapped, mailbox, info=_INFO), randomness)
        except (InvalidTag, ValueError):
            raise VaultError("register key") from None

    def index(self, nik: str) -> bytes:
        """Return the index of a NIK."""
        return hmac.digest(self._finding, nik.encode(), hashlib.sha256)

    def seal_name(self, index: bytes, name: str) -> bytes:
        """Return a name, sealed for its row."""
        return self._sealing.seal(name.encode(), f"{_NAME}:{index.hex()}")

    def open_name(self, index: bytes, sealed: bytes) -> str:
        """Return the name of a row.

        Raises:
            VaultError: damaged, or of another row.
        """
        return self._sealing.open(sealed, f"{_NAME}:{index.hex()}").decode()

    def seal_record(self, index: bytes, record: bytes) -> bytes:
        """Return a record, sealed for its row."""
        return self._sealing.seal(record, f"{_RECORD}:{index.hex()}")

    def open_record(self, index: bytes, sealed: bytes) -> bytes:
        """Return the record of a row.

        Raises:
            VaultError: damaged, or of another row.
        """
        return self._sealing.open(sealed, f"{_RECORD}:{index.hex()}")

    def _derive(self, purpose: bytes) -> bytes:
        return hmac.digest(self._raw, b"simpul-node/1/register/" + purpose, hashlib.sha256)

    def __repr__(self) -> str:
        """Show nothing of the key in a traceback."""
        return "RegisterKey()"
