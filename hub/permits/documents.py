"""Finished documents as sealed files: kept once, read back whole, named for the village in a sealed notice.

The file is durable before any row names it; an orphan file after a crash is harmless. Two keys: the case's data key
closes the file at rest (erasing the case closes the document too), a content key of its own closes the pieces that
travel. ``dispatch`` asks ``document_ref`` and ``read_document`` and checks ``node_of_document`` before it serves.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.casework.events import data_key
from hub.casework.tables import Case
from hub.intake.tables import Bundle
from hub.permits.errors import DocumentNotFoundError
from hub.permits.tables import Document
from hub.storage.blobs import BlobStore
from hub.storage.errors import BlobError
from hub.storage.keyring import DataKey, Keyring
from hub.storage.ports import Randomness
from protocol.chunks import chunk_count
from protocol.documents import DocumentRef
from protocol.ids import NodeId

PDF = "application/pdf"
KEY_BYTES = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedFile:
    """A document whose bytes are durable in the blob store; no row names it yet."""

    document_id: bytes
    sha256: bytes
    size: int
    blob: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class NewDocument:
    """What is said about a document when its row is written."""

    case_id: str
    title: str
    media_type: str = PDF


def store_file(content: bytes, key: DataKey, blobs: BlobStore, randomness: Randomness) -> SealedFile:
    """Seal a document with the case's data key and make it durable; slow, so outside of a transaction.

    Raises:
        BlobError: the disk is full or broken.
    """
    document_id = randomness.token(KEY_BYTES)
    return SealedFile(
        document_id=document_id,
        sha256=hashlib.sha256(content).digest(),
        size=len(content),
        blob=blobs.put(key.seal(content, _place("file", document_id), randomness)),
    )


def keep_document(  # the row of a file that store_file made durable
    session: Session, now: datetime, file: SealedFile, new: NewDocument, key: DataKey, randomness: Randomness
) -> Document:
    """Write the row of a stored file, with a fresh content key for the pieces that travel."""
    row = Document(
        document_id=file.document_id,
        case_id=new.case_id,
        title=new.title,
        media_type=new.media_type,
        size=file.size,
        sha256=file.sha256,
        content_key=key.seal(randomness.token(KEY_BYTES), _place("content_key", file.document_id), randomness),
        blob=file.blob,
        kept_at=now,
    )
    session.add(row)
    session.flush()
    return row


def document_ref(session: Session, keyring: Keyring, document_id: bytes) -> DocumentRef:
    """Return the document as a sealed notice names it, with the key of its pieces.

    Raises:
        DocumentNotFoundError: there is none.
        KeyringError: the case was erased.
    """
    row = _load(session, document_id)
    key = _key_of(session, keyring, row)
    return DocumentRef(
        document=row.document_id,
        title=row.title,
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        pieces=chunk_count(row.size),
        content_key=key.open(row.content_key, _place("content_key", document_id)),
    )


def read_document(session: Session, keyring: Keyring, blobs: BlobStore, document_id: bytes) -> bytes:
    """Return the bytes of a document.

    Raises:
        DocumentNotFoundError: there is none.
        BlobError: the file is gone or changed on disk.
        KeyringError: the case was erased.
    """
    row = _load(session, document_id)
    content = _key_of(session, keyring, row).open(blobs.get(row.blob), _place("file", document_id))
    if hashlib.sha256(content).digest() != row.sha256:
        raise BlobError("document: not the file that its row names")
    return content


def node_of_document(session: Session, document_id: bytes) -> NodeId | None:
    """Return the node whose case a document belongs to: nobody else may fetch it. None: no such document."""
    wanted = (
        select(Bundle.node_id)
        .join(Case, Case.bundle_id == Bundle.bundle_id)
        .join(Document, Document.case_id == Case.case_id)
        .where(Document.document_id == document_id)
    )
    found = session.scalar(wanted)
    return None if found is None else NodeId(found)


def _load(session: Session, document_id: bytes) -> Document:
    row = session.get(Document, document_id)
    if row is None:
        raise DocumentNotFoundError
    return row


def _key_of(session: Session, keyring: Keyring, row: Document) -> DataKey:
    bundle_id = session.scalars(select(Case.bundle_id).where(Case.case_id == row.case_id)).one()
    return data_key(session, keyring, bundle_id)


def _place(column: str, document_id: bytes) -> str:
    return f"permit_document.{column}:{document_id.hex()}"
