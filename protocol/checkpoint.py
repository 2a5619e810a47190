"""Signed tree heads as C2SP signed notes (c2sp.org/signed-note, c2sp.org/tlog-checkpoint).

A checkpoint's text is three lines (origin, decimal size, base64 root), an empty line, and signature lines
``— name base64(4 bytes of key hash || signature)``. Exactly one line is the log's; the others are cosignatures of
witnesses and are kept. Whatever is no signature line is refused: a note has one reading.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol.envelope import load_public_key, public_bytes
from protocol.errors import KeyUnknownError, MalformedError, SignatureError, TooLargeError
from protocol.limits import MAX_CHECKPOINT_BYTES, MAX_INTEGER

ED25519_NOTE = b"\x01"
_DASH = "— "


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """A tree head whose signature was verified (or that was just made)."""

    origin: str
    size: int
    root: bytes
    text: str
    """The signed note as received."""


class CheckpointRef(msgspec.Struct, frozen=True, kw_only=True):
    """Names a checkpoint inside of another message."""

    size: Annotated[int, msgspec.Meta(ge=0, le=MAX_INTEGER)]
    root: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


@dataclass(frozen=True, kw_only=True, slots=True)
class LogKey:
    """Name and public key of a log."""

    name: str
    public_key: Ed25519PublicKey

    @property
    def hash(self) -> bytes:
        """Four bytes that name the key in a signature line."""
        return _key_hash(self.name, public_bytes(self.public_key))

    @property
    def verifier(self) -> str:
        """The key in the text form of signed notes: ``name+hash+base64``."""
        encoded = base64.b64encode(ED25519_NOTE + public_bytes(self.public_key)).decode()
        return f"{self.name}+{self.hash.hex()}+{encoded}"

    @classmethod
    def parse(cls, verifier: str) -> "LogKey":
        """Read the text form.

        Raises:
            MalformedError: not that form, or name, hash and key do not agree.
        """
        name, plus, rest = verifier.partition("+")
        digest, plus2, encoded = rest.partition("+")
        raw = unbase64(encoded)
        if (
            not (_is_name(name) and plus and plus2)
            or raw[:1] != ED25519_NOTE
            or digest != _key_hash(name, raw[1:]).hex()
        ):
            reason = "verifier key"
            raise MalformedError(reason)
        return cls(name=name, public_key=load_public_key(raw[1:]))


def sign_checkpoint(origin: str, size: int, root: bytes, key: Ed25519PrivateKey) -> Checkpoint:
    """Sign a tree head. The caller has recomputed the root from stored rows before."""
    body = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    stamp = _key_hash(origin, public_bytes(key.public_key())) + key.sign(body.encode())
    text = f"{body}\n{signature_line(origin, stamp)}\n"
    return Checkpoint(origin=origin, size=size, root=root, text=text)


def verify_checkpoint(text: str, key: LogKey) -> Checkpoint:
    """Return the tree head that a note carries, signed by this log.

    Raises:
        TooLargeError: longer than any checkpoint.
        MalformedError: not a checkpoint note.
        KeyUnknownError: no signature line of this log.
        SignatureError: the log's signature does not verify.
    """
    if len(text) > MAX_CHECKPOINT_BYTES:
        raise TooLargeError
    body, gap, signatures = text.partition("\n\n")
    if not gap or not signatures.endswith("\n"):
        reason = "note"
        raise MalformedError(reason)
    origin, size, root = _parse_body(body)
    signature = _find_signature(signatures, key)
    if origin != key.name:
        raise KeyUnknownError
    try:
        key.public_key.verify(signature, f"{body}\n".encode())
    except (InvalidSignature, UnicodeEncodeError):
        raise SignatureError from None
    return Checkpoint(origin=origin, size=size, root=root, text=text)


def _parse_body(body: str) -> tuple[str, int, bytes]:
    lines = body.split("\n")
    if len(lines) < 3 or not lines[0]:  # noqa: PLR2004  # origin, size, root
        reason = "checkpoint lines"
        raise MalformedError(reason)
    digits = lines[1]
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20 and str(int(digits)) == digits):  # noqa: PLR2004
        reason = "checkpoint size"
        raise MalformedError(reason)
    root = unbase64(lines[2])
    if len(root) != hashlib.sha256().digest_size:
        reason = "checkpoint root"
        raise MalformedError(reason)
    return lines[0], int(digits), root


def _find_signature(signatures: str, key: LogKey) -> bytes:
    stamps = [parse_signature_line(line) for line in signatures[:-1].split("\n")]
    found = [stamp[4:] for name, stamp in stamps if (name, stamp[:4]) == (key.name, key.hash)]
    if not found:
        raise KeyUnknownError
    if len(found) > 1:
        reason = "two signatures of the log"
        raise MalformedError(reason)
    return found[0]


def signature_line(name: str, stamp: bytes) -> str:
    """Return a line under a note: the dash, the name, key hash and signature."""
    return f"{_DASH}{name} {base64.b64encode(stamp).decode()}"


def parse_signature_line(line: str) -> tuple[str, bytes]:
    """Return name and stamp (four bytes of key hash, then what the kind of key signs) of a line under a note.

    Raises:
        MalformedError: not such a line.
    """
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    stamp = unbase64(encoded)
    if not line.startswith(_DASH) or not _is_name(name) or len(stamp) <= 4:  # noqa: PLR2004  # key hash and signature
        reason = "signature line"
        raise MalformedError(reason)
    return name, stamp


def _is_name(text: str) -> bool:
    """Say whether a text can name a key: not empty, well-formed, neither spaces nor plus (c2sp.org/signed-note)."""
    return text.split() == [text] and "+" not in text and text.isprintable()


def unbase64(text: str) -> bytes:
    """Decode base64 of which there is one spelling.

    Raises:
        MalformedError: not base64, or another spelling of it.
    """
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        reason = "base64"
        raise MalformedError(reason) from None
    if base64.b64encode(raw).decode() != text:
        reason = "base64"
        raise MalformedError(reason)
    return raw


def _key_hash(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + ED25519_NOTE + public).digest()[:4]
