"""Sealing for one: HPKE (RFC 9180; X25519, HKDF-SHA256, AES-256-GCM) to the hub's current sealing key.

The library's HPKE has no public associated data, so the whole clear header goes into ``info``: a box that is moved to
another hub, node or bundle does not open. Inside lie the signed manifest and the content key of the attachments, whose
SHA-256 the manifest holds.
"""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from protocol import codec
from protocol.errors import SealError
from protocol.ids import HubId, NodeId
from protocol.limits import MAX_BUNDLE_MESSAGE_BYTES, MAX_MAIL_BYTES, MAX_SIGNED_BYTES, PROTOCOL_VERSION
from protocol.wire import Wire, from_bytes, to_bytes

SUITE_X25519_SHA256_AES256 = 1
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

Digest = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
KeyId = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]


class SealedBundle(Wire, frozen=True, kw_only=True):
    """What travels on ``up/bundle``: a clear header and the box. Nothing in the header is trusted yet."""

    hub: HubId
    kid: KeyId
    """Names the hub's sealing key."""
    node: NodeId
    bundle: Digest
    box: Annotated[bytes, msgspec.Meta(max_length=MAX_BUNDLE_MESSAGE_BYTES)]
    suite: int


class _Content(Wire, frozen=True, kw_only=True):
    signed: Annotated[bytes, msgspec.Meta(max_length=MAX_SIGNED_BYTES)]
    content_key: Digest


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """The content of a box. The signatures in ``signed`` are not verified yet."""

    signed: bytes
    content_key: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class SealTo:
    """To whom and about what a box is sealed."""

    hub: HubId
    kid: bytes
    public_key: X25519PublicKey
    node: NodeId
    bundle: bytes


def seal(signed: bytes, content_key: bytes, to: SealTo) -> bytes:
    """Return the bytes for ``up/bundle``. HPKE draws a fresh ephemeral key: two seals of one manifest differ."""
    header = SealedBundle(
        hub=to.hub, kid=to.kid, node=to.node, bundle=to.bundle, box=b"", suite=SUITE_X25519_SHA256_AES256
    )
    content = to_bytes(_Content(signed=signed, content_key=content_key))
    box = _SUITE.encrypt(content, to.public_key, info=_info(header))
    return to_bytes(msgspec.structs.replace(header, box=box))


def parse_sealed(raw: bytes) -> SealedBundle:
    """Parse the clear header and the still closed box.

    Raises:
        ProtocolError: size, form, version or schema.
    """
    sealed = from_bytes(raw, SealedBundle, max_bytes=MAX_BUNDLE_MESSAGE_BYTES)
    if sealed.suite != SUITE_X25519_SHA256_AES256:
        reason = "suite"
        raise SealError(reason)
    return sealed


def open_sealed(sealed: SealedBundle, key: X25519PrivateKey) -> Opened:
    """Open the box.

    Raises:
        SealError: damaged, or sealed for another hub, node or bundle.
        ProtocolError: the content has not the form of a bundle.
    """
    try:
        content = _SUITE.decrypt(sealed.box, key, info=_info(sealed))
    except (InvalidTag, ValueError):
        raise SealError from None
    parsed = from_bytes(content, _Content, max_bytes=MAX_BUNDLE_MESSAGE_BYTES)
    return Opened(signed=parsed.signed, content_key=parsed.content_key)


def _info(header: SealedBundle) -> bytes:
    fields = [header.v, header.suite, str(header.hub), header.kid, str(header.node), header.bundle]
    return b"simpul/v1/hpke\0" + codec.encode(fields)


class SealedBody(Wire, frozen=True, kw_only=True):
    """A box for a node (body of a notice) or for the hub (an officer's act). ``info`` binds what it is."""

    box: Annotated[bytes, msgspec.Meta(max_length=MAX_MAIL_BYTES)]
    suite: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BodyContext:
    """What a box is bound to: moved to another hub, node or kind it does not open."""

    hub: HubId
    node: NodeId
    kind: str
    """A ``NoticeKind`` downwards; ``act`` upwards."""


def seal_body(plain: bytes, public_key: X25519PublicKey, context: BodyContext) -> bytes:
    """Return the bytes of a ``SealedBody``. Two seals of the same text differ: keep the bytes if they must not."""
    box = _SUITE.encrypt(plain, public_key, info=_body_info(context))
    return to_bytes(SealedBody(box=box, suite=SUITE_X25519_SHA256_AES256))


def open_body(raw: bytes, key: X25519PrivateKey, context: BodyContext) -> bytes:
    """Return what was sealed.

    Raises:
        SealError: damaged, or sealed for another hub, node or kind.
        ProtocolError: not a sealed body.
    """
    sealed = from_bytes(raw, SealedBody, max_bytes=MAX_MAIL_BYTES)
    if sealed.suite != SUITE_X25519_SHA256_AES256:
        reason = "suite"
        raise SealError(reason)
    try:
        return _SUITE.decrypt(sealed.box, key, info=_body_info(context))
    except (InvalidTag, ValueError):
        raise SealError from None


def load_sealing_key(raw: bytes) -> X25519PublicKey:
    """Return a key that may be sealed to.

    Raises:
        SealError: not 32 bytes, or a point of small order: with it every box would open for everybody (RFC 7748 §6.1).
    """
    try:
        key = X25519PublicKey.from_public_bytes(raw)
        _PROBE.exchange(key)
    except ValueError:
        reason = "public key"
        raise SealError(reason) from None
    return key


_PROBE = X25519PrivateKey.from_private_bytes(bytes(31) + b"\x40")
"""Any key will do: the shared secret with a point of small order is zero, which the library refuses."""


def _body_info(context: BodyContext) -> bytes:
    fields = [PROTOCOL_VERSION, SUITE_X25519_SHA256_AES256, str(context.hub), str(context.node), context.kind]
    return b"simpul/v1/body\0" + codec.encode(fields)
