"""Joining attachments: chunks out of the database, the file into the blob store, then one small transaction.

Order: the file is durable first, then the row that names it; an orphan file after a crash is harmless. What a crash
left half-way is found again by ``find_ready`` at start-up and at every idle tick.

A file that an earlier bundle of the node holds is copied from there: opened with that bundle's key, sealed again with
this one's. It waits while the earlier file is still on its way; where there is none such, its chunks are asked for.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import structlog
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from hub.intake.bundles import outgoing_receipt
from hub.intake.carrier import Incoming, Outgoing
from hub.intake.chunks import Ready
from hub.intake.context import IntakeContext
from hub.intake.need import need_messages
from hub.intake.reading import place_of, read_attachment
from hub.intake.receipts import Statement, append_verdicts, sign_receipts, verdict_about
from hub.intake.refusals import RefusalStage
from hub.intake.tables import Bundle, BundleAttachment, BundleChunk
from hub.intake.verify import Refused
from hub.storage import crash
from hub.storage.errors import BlobError, KeyringError
from hub.storage.ports import to_ms
from protocol.chunks import ChunkSealer
from protocol.errors import AttachmentDigestError
from protocol.ids import NodeId
from protocol.receipt import ReceiptKind
from protocol.topics import Up, up

CHUNKS_AT_ONCE = 8
"""Read from the database at once: 0.4 MB."""

log = structlog.get_logger()


def assemble(context: IntakeContext, ready: Sequence[Ready]) -> list[Outgoing]:
    """Join or copy these attachments; return the receipts of bundles that became whole, and what is needed still."""
    return [
        message
        for place in ready
        for message in (_copy_one(context, place) if place.is_copy else _assemble_one(context, place))
    ]


def find_ready(session: Session) -> list[Ready]:
    """Return every attachment whose chunks are all here but which is not joined yet, or that waits to be copied."""
    counted = (
        select(BundleChunk.bundle_id, BundleChunk.position, func.count().label("have"))
        .where(BundleChunk.verified)
        .group_by(BundleChunk.bundle_id, BundleChunk.position)
        .subquery()
    )
    query = select(BundleAttachment.bundle_id, BundleAttachment.position).join(
        counted,
        (counted.c.bundle_id == BundleAttachment.bundle_id) & (counted.c.position == BundleAttachment.position),
    )
    complete = (counted.c.have == BundleAttachment.chunks) & BundleAttachment.blob.is_(None)
    joined = [Ready(bundle, position) for bundle, position in session.execute(query.where(complete))]
    copied = select(BundleAttachment.bundle_id, BundleAttachment.position).where(
        BundleAttachment.delivered_in.is_not(None), BundleAttachment.blob.is_(None)
    )
    return joined + [Ready(bundle, position, is_copy=True) for bundle, position in session.execute(copied)]


def _assemble_one(context: IntakeContext, place: Ready) -> list[Outgoing]:
    try:
        digest = _join(context, place)
    except AttachmentDigestError as error:
        return _refuse_file(context, place, error)
    return _keep(context, place, digest)


def _copy_one(context: IntakeContext, place: Ready) -> list[Outgoing]:
    with context.stores.database.reading() as session:
        file = session.get_one(BundleAttachment, (place.bundle_id, place.position))
        if file.blob is not None or file.delivered_in is None:
            return []
        bundle = session.get_one(Bundle, place.bundle_id)
        source = _source_of(session, bundle.node_id, file)
        if source is not None and source.blob is None:
            return []  # on its way: the next sweep looks again
        content = None if source is None else _read_source(session, context, source)
        key = context.stores.keyring.unwrap(bundle.data_key)
    if content is None:
        return _ask_after_all(context, place)
    sealed = key.seal(content, place_of(f"file:{place.position}", place.bundle_id), context.randomness)
    return _keep(context, place, context.stores.blobs.put(sealed))


def _source_of(session: Session, node_id: str, file: BundleAttachment) -> BundleAttachment | None:
    """Return the same file in the earlier bundle, if that bundle is this node's."""
    wanted = (
        select(BundleAttachment)
        .join(Bundle, Bundle.bundle_id == BundleAttachment.bundle_id)
        .where(
            Bundle.bundle_id == file.delivered_in,
            Bundle.bundle_id != file.bundle_id,
            Bundle.node_id == node_id,
            BundleAttachment.sha256 == file.sha256,
            BundleAttachment.size == file.size,
        )
        .order_by(BundleAttachment.blob.is_(None), BundleAttachment.position)
        .limit(1)
    )
    return session.scalar(wanted)


def _read_source(session: Session, context: IntakeContext, source: BundleAttachment) -> bytes | None:
    """Return the earlier file; None when it was erased or damaged: then the node has to send it after all."""
    stores = context.stores
    try:
        return read_attachment(session, stores.keyring, stores.blobs, source.bundle_id, source.position)
    except (BlobError, KeyringError) as error:
        log.warning("copy.unreadable", bundle=source.bundle_id.hex(), position=source.position, error=str(error))
        return None


def _ask_after_all(context: IntakeContext, place: Ready) -> list[Outgoing]:
    with context.stores.database.session() as session:
        row = session.get_one(BundleAttachment, (place.bundle_id, place.position))
        row.delivered_in = None
        session.flush()
        node = NodeId(session.get_one(Bundle, place.bundle_id).node_id)
        return need_messages(session, context, {place.bundle_id: node})


def _keep(context: IntakeContext, place: Ready, digest: bytes) -> list[Outgoing]:
    """Write the row that names a file, which is durable already; return the receipt of a bundle that is whole now."""
    now = context.clock.now()
    crash.point("joining.file_kept")
    with context.stores.database.session() as session:
        done = session.execute(
            update(BundleAttachment)
            .where(
                BundleAttachment.bundle_id == place.bundle_id,
                BundleAttachment.position == place.position,
                BundleAttachment.blob.is_(None),
            )
            .values(blob=digest)
        )
        if done.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has a row count
            return []
        _delete_chunks(session, place)
        finished = _finish_bundle(session, context, now, place.bundle_id)
        crash.point("joining.commit.before")
    crash.point("joining.commit.after")
    return finished


def _join(context: IntakeContext, place: Ready) -> bytes:
    """Keep the file, sealed with the bundle's data key, and return the blob's digest; one chunk at a time is in memory.

    Raises:
        AttachmentDigestError: the joined chunks are not the file that the manifest names.
    """
    stores = context.stores
    with stores.database.reading() as session:
        bundle = session.get_one(Bundle, place.bundle_id)
        file = session.get_one(BundleAttachment, (place.bundle_id, place.position))
        key = stores.keyring.unwrap(bundle.data_key)
        content_key = key.open(bundle.content_key, place_of("content_key", place.bundle_id))
        sealer = ChunkSealer(content_key, place.bundle_id, place.position, file.chunks)
        parts = _whole(_opened(session, place, sealer), file.sha256)
        name = place_of(f"file:{place.position}", place.bundle_id)
        return stores.blobs.put_parts(key.seal_parts(parts, name, context.randomness))


def _opened(session: Session, place: Ready, sealer: ChunkSealer) -> Iterator[bytes]:
    """Yield the plain chunks of a file in order."""
    boxes = session.execute(
        select(BundleChunk.number, BundleChunk.box)
        .where(BundleChunk.bundle_id == place.bundle_id, BundleChunk.position == place.position, BundleChunk.verified)
        .order_by(BundleChunk.number)
        .execution_options(yield_per=CHUNKS_AT_ONCE)
    )
    for number, box in boxes:
        yield sealer.open(number, box)


def _whole(parts: Iterable[bytes], sha256: bytes) -> Iterator[bytes]:
    """Pass the parts on, and raise at the end when together they are not what the manifest names."""
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(part)
        yield part
    if hashed.digest() != sha256:
        raise AttachmentDigestError


def _finish_bundle(session: Session, context: IntakeContext, now: datetime, bundle_id: bytes) -> list[Outgoing]:
    """Mark the bundle whole when nothing is missing any more, and sign the receipt that says so."""
    missing = select(func.count()).where(
        BundleAttachment.bundle_id == bundle_id, BundleAttachment.blob.is_(None), BundleAttachment.chunks > 0
    )
    if session.scalar(missing):
        return []
    bundle = session.get_one(Bundle, bundle_id)
    bundle.state = "whole"
    bundle.whole_at = now
    session.flush()
    verdict = verdict_about(session, bundle, Statement(kind=ReceiptKind.WHOLE), context.randomness.token(32))
    pending = append_verdicts(session, to_ms(now), [verdict])
    return [*map(outgoing_receipt, sign_receipts(session, now, context.secrets.log, pending))]


def _refuse_file(context: IntakeContext, place: Ready, error: AttachmentDigestError) -> list[Outgoing]:
    """Throw a wrong file's chunks away and say so; they are asked again when the node next shows its manifest."""
    with context.stores.database.session() as session:
        _delete_chunks(session, place)
        node = NodeId(session.get_one(Bundle, place.bundle_id).node_id)
        refused = Refused(
            incoming=Incoming(up(node, Up.CHUNK), b""),
            node=node,
            kind=Up.CHUNK,
            error=error,
            claimed_bundle=place.bundle_id,
            message=hashlib.sha256(place.bundle_id + place.position.to_bytes(2, "big")).digest(),
        )
        return RefusalStage(session, context, context.clock.now()).run([refused])


def _delete_chunks(session: Session, place: Ready) -> None:
    session.execute(
        delete(BundleChunk).where(BundleChunk.bundle_id == place.bundle_id, BundleChunk.position == place.position)
    )
