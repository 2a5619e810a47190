"""Cosignatures of outside witnesses under checkpoints (c2sp.org/tlog-cosignature, c2sp.org/tlog-witness).

A witness signs ``cosignature/v1``, a line ``time <POSIX seconds>`` and the checkpoint's body, after it has checked that
the checkpoint extends the last one that it saw. Its line under the note is
``— name base64(4 bytes of key hash || 8 bytes of time || signature)``; the key hash is over the name and key type 4.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol.checkpoint import parse_signature_line, signature_line, unbase64
from protocol.envelope import load_public_key, public_bytes
from protocol.errors import KeyUnknownError, MalformedError, SignatureError
from protocol.merkle import MAX_PATH

COSIGNATURE = b"\x04"
TIME_BYTES = 8
_STAMP_BYTES = 4 + TIME_BYTES + 64


@dataclass(frozen=True, kw_only=True, slots=True)
class WitnessKey:
    """Name and public key of a witness."""

    name: str
    public_key: Ed25519PublicKey

    @property
    def hash(self) -> bytes:
        """Four bytes that name the key in a signature line."""
        digest = hashlib.sha256(self.name.encode() + b"\n" + COSIGNATURE + public_bytes(self.public_key))
        return digest.digest()[:4]

    @property
    def verifier(self) -> str:
        """The key in the text form of signed notes: ``name+hash+base64``."""
        encoded = base64.b64encode(COSIGNATURE + public_bytes(self.public_key)).decode()
        return f"{self.name}+{self.hash.hex()}+{encoded}"

    @classmethod
    def parse(cls, verifier: str) -> "WitnessKey":
        """Read the text form.

        Raises:
            MalformedError: not that form, or name, hash and key do not agree.
        """
        name, _, rest = verifier.partition("+")
        digest, _, encoded = rest.partition("+")
        raw = unbase64(encoded)
        if raw[:1] != COSIGNATURE or not name:
            raise MalformedError("witness key")
        key = cls(name=name, public_key=load_public_key(raw[1:]))
        if key.verifier != verifier or key.hash.hex() != digest:
            raise MalformedError("witness key")
        return key


def cosign(text: str, name: str, key: Ed25519PrivateKey, time_s: int) -> str:
    """Return the witness's line under a checkpoint note."""
    witness = WitnessKey(name=name, public_key=key.public_key())
    time = time_s.to_bytes(TIME_BYTES, "big")
    return signature_line(name, witness.hash + time + key.sign(_signed(text, time_s)))


def verify_cosignature(text: str, line: str, witness: WitnessKey) -> int:
    """Return when the witness signed this checkpoint, in POSIX seconds.

    Raises:
        MalformedError: not a signature line.
        KeyUnknownError: another witness's line.
        SignatureError: the signature does not verify.
    """
    name, stamp = parse_signature_line(line)
    if (name, stamp[:4]) != (witness.name, witness.hash):
        raise KeyUnknownError
    if len(stamp) != _STAMP_BYTES:
        raise MalformedError("cosignature")
    time_s = int.from_bytes(stamp[4 : 4 + TIME_BYTES], "big")
    try:
        witness.public_key.verify(stamp[4 + TIME_BYTES :], _signed(text, time_s))
    except InvalidSignature:
        raise SignatureError from None
    return time_s


def request_bytes(old_size: int, proof: Sequence[bytes], text: str) -> bytes:
    """Return the body of ``POST /add-checkpoint``: what the witness saw last, the proof from there, the checkpoint.

    Raises:
        MalformedError: a longer proof than any tree needs.
    """
    if len(proof) > MAX_PATH:
        raise MalformedError("proof")
    lines = [f"old {old_size}", *(base64.b64encode(step).decode() for step in proof)]
    return ("\n".join(lines) + "\n\n" + text).encode()


def _signed(text: str, time_s: int) -> bytes:
    body = text.partition("\n\n")[0]
    return f"cosignature/v1\ntime {time_s}\n{body}\n".encode()
