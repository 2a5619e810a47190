"""Signing and verifying: a strict COSE_Sign1 profile (RFC 9052) with Ed25519 (RFC 8032, RFC 9864 label -19).

A message is ``D2`` (tag 18) and the strict CBOR array ``[protected, {}, payload, signature]``.

Verification plan; the numbers return as comments at the steps:
1. size, then strict CBOR, then the shape of the array; the unprotected map must be empty.
2. protected header: exactly ``{1: -19, 3: content type, 4: key id}``; another algorithm or label is refused.
3. content type is the purpose that the caller expects: a receipt can never pass for a manifest.
4. the key id names a key that the caller holds for that purpose.
5. the signature is 64 bytes, its R is no point of small order, and it verifies over the Sig_structure.

What comes out is ``Verified``: another type than the ``bytes`` that went in.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from protocol import codec
from protocol.errors import AlgorithmError, KeyUnknownError, MalformedError, PurposeError, SignatureError, TooLargeError
from protocol.ids import key_id

TAG_SIGN1 = b"\xd2"
ALG_ED25519 = -19
HEADER_ALG, HEADER_CONTENT_TYPE, HEADER_KID = 1, 3, 4
EXTERNAL_AAD = b"simpul/v1"
SIGNATURE_BYTES = 64
OVERHEAD_BYTES = 220
"""The most that the envelope adds to its payload."""

_P = 2**255 - 19
_ORDER_8 = (
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
)
SMALL_ORDER = frozenset(
    {number.to_bytes(32, "little") for number in (0, 1, _P - 1, _P, _P + 1)}
    | {bytes.fromhex(text) for text in _ORDER_8}
)
"""Encodings of the points of order 1, 2, 4 and 8, sign bit cleared (the list that libsodium refuses)."""


class Purpose(StrEnum):
    """What a signature is for; the content type in its protected header."""

    MANIFEST = "application/simpul-manifest+cbor"  # officer over the manifest
    BUNDLE = "application/simpul-bundle+cbor"  # node over the officer's envelope
    MAIL = "application/simpul-mail+cbor"  # node to hub: cursors, questions
    HEALTH = "application/simpul-health+cbor"  # node to hub: birth, heartbeat, last will
    NEED = "application/simpul-need+cbor"  # hub to node: missing chunk ranges
    REFUSAL = "application/simpul-refusal+cbor"  # hub to node: a message that became no bundle verdict
    NOTICE = "application/simpul-notice+cbor"  # hub to node: numbered mailbox
    CONTROL = "application/simpul-control+cbor"  # hub to node: answers that need no number
    BEACON = "application/simpul-beacon+cbor"  # hub to all: I am here, this is my newest checkpoint
    OFFICER = "application/simpul-officer+cbor"  # hub: certifies an officer's key
    RENEWAL = "application/simpul-renewal+cbor"  # node: a request for a certificate, at the door
    CERTIFICATE = "application/simpul-certificate+cbor"  # hub: a node's next certificate
    ACT = "application/simpul-act+cbor"  # officer: a later statement about a bundle
    PERMIT = "application/simpul-permit+cbor"  # hub's permit key: the facts of an issued document
    REVOCATIONS = "application/simpul-revocations+cbor"  # hub's permit key: documents that no longer hold
    DOCUMENT = "application/simpul-document+cbor"  # hub's permit key: this file is the document of these facts


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """A payload whose signature was verified for a purpose."""

    payload: bytes
    kid: bytes
    digest: bytes
    """SHA-256 of the whole envelope."""


KeyFinder = Callable[[bytes], Ed25519PublicKey | None]
"""Returns the key that a key id names for the purpose at hand, or None."""


def sign(payload: bytes, *, key: Ed25519PrivateKey, purpose: Purpose) -> bytes:
    """Return the envelope of this payload. The same input gives the same bytes."""
    kid = key_id(public_bytes(key.public_key()))
    protected = codec.encode({HEADER_ALG: ALG_ED25519, HEADER_CONTENT_TYPE: str(purpose), HEADER_KID: kid})
    signature = key.sign(_sig_structure(protected, payload))
    return TAG_SIGN1 + codec.encode([protected, {}, payload, signature])


def verify(raw: bytes, *, purpose: Purpose, find_key: KeyFinder, max_bytes: int) -> Verified:
    """Return the payload after the whole verification plan.

    Raises:
        TooLargeError: longer than ``max_bytes``.
        MalformedError: not the envelope's form.
        AlgorithmError: another header than the profile's.
        PurposeError: signed for something else.
        KeyUnknownError: the key id names no key for this purpose.
        SignatureError: does not verify.
    """
    protected, payload, signature = _split(raw, max_bytes)  # 1
    kid = _check_header(protected, purpose)  # 2, 3
    key = find_key(kid)  # 4
    if key is None:
        raise KeyUnknownError
    if signature[:31] + bytes([signature[31] & 0x7F]) in SMALL_ORDER:  # 5
        reason = "small order"
        raise SignatureError(reason)
    try:
        key.verify(signature, _sig_structure(protected, payload))
    except InvalidSignature:
        raise SignatureError from None
    return Verified(payload=payload, kid=kid, digest=hashlib.sha256(raw).digest())


def peek_kid(raw: bytes, *, purpose: Purpose, max_bytes: int) -> bytes:
    """Return the key id that an envelope *claims*, to look the key up; nothing is verified by this.

    Raises:
        ProtocolError: as in ``verify``, steps 1 to 3.
    """
    protected, _, _ = _split(raw, max_bytes)
    return _check_header(protected, purpose)


def public_bytes(key: Ed25519PublicKey) -> bytes:
    """Return the 32 raw bytes of a public key."""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def load_public_key(raw: bytes) -> Ed25519PublicKey:
    """Return a verification key.

    Raises:
        SignatureError: not 32 bytes, or a point of small order, for which anything would verify.
    """
    if len(raw) != 32 or raw[:31] + bytes([raw[31] & 0x7F]) in SMALL_ORDER:  # noqa: PLR2004  # RFC 8032: 32 bytes
        reason = "public key"
        raise SignatureError(reason)
    return Ed25519PublicKey.from_public_bytes(raw)


def one_key(key: Ed25519PublicKey) -> KeyFinder:
    """Return a finder that knows this key alone."""
    kid = key_id(public_bytes(key))
    return lambda asked: key if asked == kid else None


def _split(raw: bytes, max_bytes: int) -> tuple[bytes, bytes, bytes]:
    if len(raw) > max_bytes:
        raise TooLargeError
    if raw[:1] != TAG_SIGN1:
        reason = "no COSE_Sign1 tag"
        raise MalformedError(reason)
    parts = codec.decode(raw[1:], max_bytes=max_bytes)
    if not isinstance(parts, list) or len(parts) != 4:  # noqa: PLR2004  # RFC 9052 §4.2: four elements
        reason = "not a COSE_Sign1 array"
        raise MalformedError(reason)
    protected, unprotected, payload, signature = parts
    if unprotected != {} or not (isinstance(protected, bytes) and isinstance(payload, bytes)):
        reason = "COSE_Sign1 elements"
        raise MalformedError(reason)
    if not isinstance(signature, bytes) or len(signature) != SIGNATURE_BYTES:
        reason = "length"
        raise SignatureError(reason)
    return protected, payload, signature


def _check_header(protected: bytes, purpose: Purpose) -> bytes:
    header = codec.decode(protected, max_bytes=OVERHEAD_BYTES)
    if not isinstance(header, dict) or set(header) != {HEADER_ALG, HEADER_CONTENT_TYPE, HEADER_KID}:
        reason = "header labels"
        raise AlgorithmError(reason)
    fields: dict[object, object] = dict(header.items())
    if fields[HEADER_ALG] != ALG_ED25519:
        raise AlgorithmError
    if fields[HEADER_CONTENT_TYPE] != str(purpose):
        raise PurposeError
    kid = fields[HEADER_KID]
    if not isinstance(kid, bytes):
        raise KeyUnknownError
    return kid


def _sig_structure(protected: bytes, payload: bytes) -> bytes:
    """Return what is signed (RFC 9052 §4.4)."""
    return codec.encode(["Signature1", protected, EXTERNAL_AAD, payload])
