"""Reading accepted bundles back: what casework shows. Everything comes out of sealed columns and sealed blobs."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.intake.tables import Bundle, BundleAttachment
from hub.storage.blobs import BlobStore
from hub.storage.errors import BlobError
from hub.storage.keyring import DataKey, Keyring
from protocol.bundle import Manifest, parse_manifest
from protocol.codec import decode
from protocol.limits import MAX_SIGNED_BYTES


@dataclass(frozen=True, kw_only=True)
class AcceptedBundle:
    """What intake hands to casework in the transaction that accepts a bundle."""

    bundle_id: bytes
    manifest: Manifest
    received_at: datetime
    ledger_index: int
    data_key: DataKey


@dataclass(frozen=True, kw_only=True)
class AttachmentState:
    """One file as the case page lists it."""

    position: int
    requirement: str
    name: str
    media_type: str
    size: int
    is_here: bool


def read_signed(session: Session, keyring: Keyring, bundle_id: bytes) -> bytes:
    """Return the signed manifest of a bundle, byte for byte as the node sealed it."""
    bundle = session.get_one(Bundle, bundle_id)
    return keyring.unwrap(bundle.data_key).open(bundle.signed, place_of("signed", bundle_id))


def read_manifest(session: Session, keyring: Keyring, bundle_id: bytes) -> Manifest:
    """Return the manifest of an accepted bundle; its signatures were verified when it was accepted."""
    return open_manifest(session.get_one(Bundle, bundle_id), keyring)


def open_manifest(bundle: Bundle, keyring: Keyring) -> Manifest:
    """Return the manifest of a bundle's row."""
    signed = keyring.unwrap(bundle.data_key).open(bundle.signed, place_of("signed", bundle.bundle_id))
    return parse_manifest(payload_of(payload_of(signed)))


def list_attachments(session: Session, keyring: Keyring, bundle_id: bytes) -> list[AttachmentState]:
    """Return the files of a bundle in the manifest's order."""
    key = keyring.unwrap(session.get_one(Bundle, bundle_id).data_key)
    query = select(BundleAttachment).where(BundleAttachment.bundle_id == bundle_id).order_by(BundleAttachment.position)
    return [
        AttachmentState(
            position=row.position,
            requirement=row.requirement,
            name=key.open(row.name, place_of(f"name:{row.position}", bundle_id)).decode(),
            media_type=row.media_type,
            size=row.size,
            is_here=row.blob is not None or row.chunks == 0,
        )
        for row in session.scalars(query)
    ]


def read_attachment(session: Session, keyring: Keyring, blobs: BlobStore, bundle_id: bytes, position: int) -> bytes:
    """Return the bytes of one file, checked against the manifest's digest.

    Raises:
        BlobError: the file is not here yet, or it is not the file that the manifest names.
    """
    row = session.get_one(BundleAttachment, (bundle_id, position))
    if row.chunks == 0:
        return b""
    if row.blob is None:
        reason = "not here yet"
        raise BlobError(reason)
    key = keyring.unwrap(session.get_one(Bundle, bundle_id).data_key)
    content = key.open(blobs.get(row.blob), place_of(f"file:{position}", bundle_id))
    if hashlib.sha256(content).digest() != row.sha256:
        reason = "digest differs from the manifest"
        raise BlobError(reason)
    return content


def place_of(column: str, bundle_id: bytes) -> str:
    """Return the place that a sealed value of a bundle is bound to."""
    return f"bundle.{column}:{bundle_id.hex()}"


def payload_of(envelope: bytes) -> bytes:
    """Return the payload of an envelope that was verified before it was stored.

    Raises:
        ProtocolError: the stored bytes are no envelope.
    """
    parts = decode(envelope[1:], max_bytes=MAX_SIGNED_BYTES)
    if not isinstance(parts, list) or not isinstance(parts[2], bytes):
        reason = "stored bundle is no envelope"
        raise BlobError(reason)
    return parts[2]
