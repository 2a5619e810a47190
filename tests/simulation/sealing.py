"""HPKE (RFC 9180, base mode) with an ephemeral key that is given: the product's library draws its own, unrepeatably."""

import hashlib
import hmac
from random import Random

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from protocol.sealing import SUITE_X25519_SHA256_AES256, SealedBundle, SealTo, _Content, _info
from protocol.wire import to_bytes

_KEM = b"KEM\x00\x20"
_HPKE = b"HPKE\x00\x20\x00\x01\x00\x02"


class SeededSeal:
    """Does what ``protocol.sealing.seal`` does, with the chance of a seed."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def __call__(self, signed: bytes, content_key: bytes, to: SealTo) -> bytes:
        header = {"hub": to.hub, "kid": to.kid, "node": to.node, "bundle": to.bundle}
        suite = SUITE_X25519_SHA256_AES256
        info = _info(SealedBundle(**header, box=b"", suite=suite))  # type: ignore[arg-type]  # the types of SealTo
        ephemeral = X25519PrivateKey.from_private_bytes(self._random.randbytes(32))
        plain = to_bytes(_Content(signed=signed, content_key=content_key))
        box = _encrypt(plain, to, info, ephemeral)
        return to_bytes(SealedBundle(**header, box=box, suite=suite))  # type: ignore[arg-type]  # the same


def _encrypt(plain: bytes, to: SealTo, info: bytes, ephemeral: X25519PrivateKey) -> bytes:
    sent = ephemeral.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    received = to.public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    agreed = _extract(_KEM, b"", b"eae_prk", ephemeral.exchange(to.public_key))
    shared = _expand(_KEM, agreed, b"shared_secret", sent + received, 32)
    hashes = _extract(_HPKE, b"", b"psk_id_hash", b"") + _extract(_HPKE, b"", b"info_hash", info)
    secret = _extract(_HPKE, shared, b"secret", b"")
    key = _expand(_HPKE, secret, b"key", b"\x00" + hashes, 32)
    nonce = _expand(_HPKE, secret, b"base_nonce", b"\x00" + hashes, 12)
    return sent + AESGCM(key).encrypt(nonce, plain, b"")


def _extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + material, hashlib.sha256)


def _expand(suite: bytes, secret: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(secret, labelled + b"\x01", hashlib.sha256)[:length]
