"""The formats on the wire and on the disk, read again for the judge: shares no code with the programs."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cbor2
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def leaf(body: bytes) -> bytes:
    return sha(b"\x00", body)


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root of RFC 9162 §2.1.1: perfect subtrees, then folded from the right."""
    stack: list[tuple[int, bytes]] = []
    for each in leaves:
        size, top = 1, each
        while stack and stack[-1][0] == size:
            top, size = sha(b"\x01", stack.pop()[1], top), size * 2
        stack.append((size, top))
    if not stack:
        return sha()
    top = stack.pop()[1]
    while stack:
        top = sha(b"\x01", stack.pop()[1], top)
    return top


def climb(index: int, size: int, start: bytes, path: Sequence[bytes]) -> bytes | None:
    """Follow an inclusion path (RFC 9162 §2.1.3.2); None when it has a wrong length."""
    number, last, top = index, size - 1, start
    for side in path:
        if last == 0:
            return None
        if number % 2 or number == last:
            top = sha(b"\x01", side, top)
            while number % 2 == 0 and number:
                number, last = number // 2, last // 2
        else:
            top = sha(b"\x01", top, side)
        number, last = number // 2, last // 2
    return top if last == 0 else None


def signed_by(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=100_000)
def note_of(text: str, key: bytes) -> tuple[int, bytes] | None:
    """Return size and root of a checkpoint (C2SP signed note) that this key signed."""
    body, _, lines = text.partition("\n\n")
    for line in lines.splitlines():
        stamp = base64.b64decode(line.rsplit(" ", 1)[-1])
        if signed_by(key, stamp[4:], f"{body}\n".encode()):
            _, size, root = body.split("\n")[:3]
            return int(size), base64.b64decode(root)
    return None


@dataclass(frozen=True)
class Proof:
    """What a receipt proves."""

    kind: str
    bundle: bytes
    index: int
    entry: bytes


@lru_cache(maxsize=100_000)
def read_receipt(raw: bytes, key: bytes) -> Proof | None:
    """Check a receipt alone, as a stranger does; None when it proves nothing."""
    try:
        receipt = cbor2.loads(raw)
        entry, subject = cbor2.loads(receipt["entry"]), cbor2.loads(receipt["subject"])
        protected, unprotected, _, signature = cbor2.loads(receipt["proof"][1:])
        size, index, path = cbor2.loads(unprotected[396][-1][0])
    except (cbor2.CBORError, KeyError, TypeError, ValueError, IndexError):
        return None
    top = climb(index, size, leaf(receipt["entry"]), path)
    opened = sha(b"simpul/v1/commitment\0", receipt["salt"], receipt["subject"])
    holds = (
        top is not None
        and opened == entry["commitment"]
        and note_of(receipt["checkpoint"], key) == (size, top)
        and signed_by(key, signature, cbor2.dumps(["Signature1", protected, b"", top], canonical=True))
        and entry["kind"] == f"bundle.{subject['kind']}"
    )
    return Proof(subject["kind"], subject["bundle"], index, receipt["entry"]) if holds else None


@lru_cache(maxsize=100_000)
def unseal(key: bytes, sealed: bytes, purpose: bytes) -> bytes | None:
    """Open a value of the layout ``1 | nonce (12) | box``."""
    try:
        return AESGCM(key).decrypt(sealed[1:13], sealed[13:], purpose)
    except (InvalidTag, ValueError):
        return None
