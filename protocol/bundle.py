"""The bundle: what an officer sealed for a resident. Manifest, its two signatures, and checks that need no database.

Verification of a bundle, in the order that intake follows (numbers return as comments in ``verify_bundle``):
1. the outer envelope is signed by the node whose key the hub enrolled (purpose BUNDLE);
2. the inner envelope is signed by an officer's key (purpose MANIFEST);
3. the manifest parses;
4. hub, node, village and the sealed header agree with each other;
5. the bundle id in the clear header is the SHA-256 of the outer envelope;
6. the manifest commits to the content key that lay beside it.
Counter, leases, officer's status, service and answers need the hub's data and are checked by intake.
"""

import hashlib
from dataclasses import dataclass
from typing import Annotated

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.checkpoint import CheckpointRef
from protocol.chunks import chunk_count
from protocol.envelope import KeyFinder, Purpose, sign, verify
from protocol.errors import AttachmentsInvalidError, IdentityError, SealError
from protocol.ids import FieldKey, HubId, NodeId, OfficerId, RegistrationNo, ServiceCode, VillageCode
from protocol.limits import (
    MAX_ANSWERS,
    MAX_ATTACHMENT_BYTES,
    MAX_ATTACHMENTS,
    MAX_BUNDLE_ATTACHMENT_BYTES,
    MAX_COUNTER,
    MAX_FILE_NAME,
    MAX_MANIFEST_BYTES,
    MAX_SIGNED_BYTES,
)
from protocol.sealing import Digest, Opened, SealedBundle
from protocol.wire import Wire, from_bytes, to_bytes

Answer = int | str | bool
ShortText = Annotated[str, msgspec.Meta(max_length=200)]


class Applicant(msgspec.Struct, frozen=True, kw_only=True):
    """The resident for whom the officer acts. Personal data: never logged, never in the clear outside of the box."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    nik: Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{16}\Z")] | None
    phone: Annotated[str, msgspec.Meta(pattern=r"\A\+?[0-9]{6,15}\Z")] | None
    address: ShortText


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """One file as the manifest names it. The name is only ever shown, never used as a path."""

    requirement: FieldKey
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_FILE_NAME)]
    media_type: Annotated[str, msgspec.Meta(pattern=r"\A[a-z]+/[a-z0-9.+-]{1,60}\Z")]
    size: Annotated[int, msgspec.Meta(ge=0, le=MAX_ATTACHMENT_BYTES)]
    sha256: Digest
    chunks: Annotated[int, msgspec.Meta(ge=0)]
    delivered_in: Digest | None = None
    """An earlier bundle of this node with the same file: its chunks travel only if the hub asks for them after all."""


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """A consent that the resident gave for an extra (UU 27/2022 articles 22 and 24): which text, which version."""

    purpose: FieldKey
    text_version: Annotated[int, msgspec.Meta(ge=1)]


class Manifest(Wire, frozen=True, kw_only=True):
    """Everything that decides about an application, small enough to travel first."""

    hub: HubId
    node: NodeId
    village: VillageCode
    officer: OfficerId
    counter: Annotated[int, msgspec.Meta(ge=1, le=MAX_COUNTER)]
    previous: Digest | None
    """Bundle id of this node's bundle before; None for the first."""
    checkpoint: CheckpointRef | None
    """The newest checkpoint that the node had verified when the bundle was sealed: the bundle is younger than it."""
    claimed_at: Annotated[int, msgspec.Meta(ge=0)]
    """Milliseconds since 1970 by the node's clock: a claim, it proves nothing."""
    registration_no: RegistrationNo
    service: ServiceCode
    service_version: Annotated[int, msgspec.Meta(ge=1)]
    applicant: Applicant
    answers: Annotated[dict[FieldKey, Answer], msgspec.Meta(max_length=MAX_ANSWERS)]
    handed_in: Annotated[list[FieldKey], msgspec.Meta(max_length=MAX_ATTACHMENTS * 2)]
    """Requirements that the officer saw, on paper or as a file."""
    attachments: Annotated[list[Attachment], msgspec.Meta(max_length=MAX_ATTACHMENTS)]
    consents: Annotated[list[Consent], msgspec.Meta(max_length=8)]
    tracking: Digest
    """Commitment of the resident's tracking code."""
    content_key: Digest
    """SHA-256 of the key that the attachments are sealed with."""
    salt: Digest
    """Random: the bundle's digest tells nothing about what is inside."""
    corrects: Digest | None = None
    """Bundle id of the first bundle of the case that this one corrects. Then the registration number is that case's,
    ``answers`` holds the changed fields alone and ``attachments`` the files of the asked requirements alone."""
    remarks: Annotated[dict[FieldKey, ShortText], msgspec.Meta(max_length=MAX_ANSWERS)] = msgspec.field(
        default_factory=dict
    )
    """Why an odd answer is right all the same: a national number that disagrees with the birth date, for example."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedManifest:
    """The outer envelope with its id, as the node makes it."""

    signed: bytes
    bundle: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifiedBundle:
    """A bundle whose two signatures, identity and commitments were verified."""

    bundle: bytes
    manifest: Manifest
    signed: bytes
    node_kid: bytes
    officer_kid: bytes
    content_key: bytes


def sign_manifest(manifest: Manifest, *, officer_key: Ed25519PrivateKey, node_key: Ed25519PrivateKey) -> SignedManifest:
    """Sign by the person, then by the place."""
    inner = sign(to_bytes(manifest), key=officer_key, purpose=Purpose.MANIFEST)
    outer = sign(inner, key=node_key, purpose=Purpose.BUNDLE)
    return SignedManifest(signed=outer, bundle=bundle_id(outer))


def bundle_id(signed: bytes) -> bytes:
    """Return the identity of a bundle: SHA-256 of its signed manifest."""
    return hashlib.sha256(signed).digest()


def verify_bundle(
    sealed: SealedBundle, opened: Opened, *, find_node_key: KeyFinder, find_officer_key: KeyFinder
) -> VerifiedBundle:
    """Verify an opened bundle.

    Raises:
        ProtocolError: the subclass of the first rule that does not hold.
    """
    outer = verify(opened.signed, purpose=Purpose.BUNDLE, find_key=find_node_key, max_bytes=MAX_SIGNED_BYTES)  # 1
    inner = verify(outer.payload, purpose=Purpose.MANIFEST, find_key=find_officer_key, max_bytes=MAX_SIGNED_BYTES)  # 2
    manifest = parse_manifest(inner.payload)  # 3
    if (manifest.hub, manifest.node) != (sealed.hub, sealed.node) or manifest.village != manifest.node.village:  # 4
        raise IdentityError
    if outer.digest != sealed.bundle:  # 5
        reason = "bundle id"
        raise IdentityError(reason)
    if hashlib.sha256(opened.content_key).digest() != manifest.content_key:  # 6
        reason = "content key"
        raise SealError(reason)
    return VerifiedBundle(
        bundle=outer.digest,
        manifest=manifest,
        signed=opened.signed,
        node_kid=outer.kid,
        officer_kid=inner.kid,
        content_key=opened.content_key,
    )


def open_stored(signed: bytes, *, find_node_key: KeyFinder, find_officer_key: KeyFinder) -> Manifest:
    """Return the manifest of stored bytes after verifying both signatures again.

    Raises:
        ProtocolError: the stored bytes were changed.
    """
    outer = verify(signed, purpose=Purpose.BUNDLE, find_key=find_node_key, max_bytes=MAX_SIGNED_BYTES)
    inner = verify(outer.payload, purpose=Purpose.MANIFEST, find_key=find_officer_key, max_bytes=MAX_SIGNED_BYTES)
    return parse_manifest(inner.payload)


def parse_manifest(raw: bytes) -> Manifest:
    """Parse a manifest and check what its fields say about each other.

    Raises:
        ProtocolError: form, schema, or attachments that do not add up.
    """
    manifest = from_bytes(raw, Manifest, max_bytes=MAX_MANIFEST_BYTES)
    for key in (*manifest.answers, *manifest.remarks):
        FieldKey(key)  # msgspec checks the values of a map, not its keys
    if sum(item.size for item in manifest.attachments) > MAX_BUNDLE_ATTACHMENT_BYTES:
        reason = "total size"
        raise AttachmentsInvalidError(reason)
    if any(item.chunks != chunk_count(item.size) for item in manifest.attachments):
        reason = "chunk count"
        raise AttachmentsInvalidError(reason)
    return manifest
