"""The officer's vault: a random key, wrapped by what argon2id makes of the PIN; everything private is sealed with it.

Rules:
1. The PIN unwraps the vault key or it does not; nothing on the disk tells a PIN right or wrong in another way.
2. AES-256-GCM with a fresh random nonce; the associated data is the place (table, column, row), so that sealed bytes
   moved to another row do not open.
3. The derivation's parameters travel as data with each officer: stronger ones need no migration.
4. A PIN of six digits falls to whoever copies the disk and has weeks; full-disk encryption is the answer to that
   (SECURITY.md). The vault keeps out the colleague, the curious and the thief in a hurry.
"""

from dataclasses import dataclass
from itertools import pairwise

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from village_node.identity.errors import PinFormError, VaultError
from village_node.store.ports import Randomness

MIN_PIN, MAX_PIN = 6, 64
KEY_BYTES, SALT_BYTES, NONCE_BYTES = 32, 16, 12
_FORM = b"\x01"


@dataclass(frozen=True, kw_only=True, slots=True)
class KdfParameters:
    """Cost of one try. Default after RFC 9106 §4, second choice, in less memory: 0.2 s on a desk PC, 1 s on an old."""

    passes: int = 4
    memory_kib: int = 46 * 1024
    lanes: int = 1

    @property
    def text(self) -> str:
        """The parameters as they are stored."""
        return f"argon2id,t={self.passes},m={self.memory_kib},p={self.lanes}"

    @classmethod
    def parse(cls, text: str) -> "KdfParameters":
        """Read stored parameters.

        Raises:
            VaultError: not of that form.
        """
        match text.replace("=", ",").split(","):
            case ["argon2id", "t", passes, "m", memory, "p", lanes] if (passes + memory + lanes).isdigit():
                return cls(passes=int(passes), memory_kib=int(memory), lanes=int(lanes))
            case _:
                raise VaultError("parameters")


class VaultKey:
    """Seals and opens what is an officer's own."""

    def __init__(self, key: bytes, randomness: Randomness) -> None:
        """Take the 32-byte key."""
        self._aead = AESGCM(key)
        self._randomness = randomness

    def seal(self, plain: bytes, place: str) -> bytes:
        """Return the sealed bytes for one place, such as ``draft.content:01J…``."""
        nonce = self._randomness.token(NONCE_BYTES)
        return _FORM + nonce + self._aead.encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Return the plain bytes.

        Raises:
            VaultError: damaged, moved to another place, or another officer's.
        """
        if sealed[:1] != _FORM:
            raise VaultError("form")
        try:
            return self._aead.decrypt(sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], place.encode())
        except (InvalidTag, ValueError):
            raise VaultError("does not open") from None

    def __repr__(self) -> str:
        """Show nothing of the key in a traceback."""
        return "VaultKey()"


def check_pin(pin: str) -> None:
    """Refuse a PIN that is no PIN.

    Raises:
        PinFormError: shorter than 6 or longer than 64 characters, one character repeated, or a plain sequence.
    """
    if not MIN_PIN <= len(pin) <= MAX_PIN:
        raise PinFormError("length")
    steps = {ord(right) - ord(left) for left, right in pairwise(pin)}
    if steps in ({0}, {1}, {-1}):
        raise PinFormError("too plain")


def wrapping_key(pin: str, salt: bytes, parameters: KdfParameters, randomness: Randomness) -> VaultKey:
    """Return the key that wraps the vault key. Slow on purpose."""
    raw = hash_secret_raw(
        pin.encode(),
        salt,
        time_cost=parameters.passes,
        memory_cost=parameters.memory_kib,
        parallelism=parameters.lanes,
        hash_len=KEY_BYTES,
        type=Type.ID,
    )
    return VaultKey(raw, randomness)
