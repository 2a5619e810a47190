"""What a stick carries to the hub: the same sealed messages, in a file. Read in one pass, so that any size fits.

Rules:
1. Mail first (cursor, statements, pieces of documents that lack), then every manifest, then the files, small items
   first: a stick that is pulled out early has brought what decides.
2. Nothing is marked as received by it: an item waits until its receipt is here, whatever road the answer takes.
3. Files that the hub has from an earlier bundle stay behind, unless it asked for them.
4. A sealed file that this disk has damaged ends the files of its item alone, like on the link; the others go.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from protocol.documents import PieceRange
from protocol.envelope import Purpose
from protocol.limits import MAX_ACTS, MAX_DOCUMENTS_ASKED
from protocol.mailbox import DocumentRequest
from protocol.parcel import Direction, Frame, ParcelHeader, frame_bytes, header_bytes
from protocol.topics import Up
from protocol.wire import to_bytes
from village_node.identity.hub import Enrolled
from village_node.identity.keys import NodeKeys
from village_node.inbox.documents import list_fetching
from village_node.outbox import acts, progress
from village_node.outbox.tables import OutboxAttachment, OutboxItem
from village_node.store.engine import Database
from village_node.store.errors import StorageError
from village_node.store.files import SealedFiles
from village_node.store.ports import Clock
from village_node.sync.mail import build_mail
from village_node.sync.rules.messages import SendMail

OPEN = ("waiting", "arrived")
MAX_RANGES = 20

Item = TypeVar("Item")

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class ParcelSource:
    """What a parcel is made from."""

    database: Database
    files: SealedFiles
    keys: NodeKeys
    enrolled: Enrolled
    clock: Clock


@dataclass(frozen=True, kw_only=True, slots=True)
class ParcelFigures:
    """What a parcel would hold now."""

    items: int
    acts: int
    size: int
    """Bytes, near enough: messages and files without their frames."""


@dataclass(frozen=True, slots=True)
class _Part:
    bundle: bytes
    position: int
    chunks: int


def figures(session: Session) -> ParcelFigures:
    """Return what a parcel would hold now."""
    messages = session.scalars(select(OutboxItem.message).where(OutboxItem.state.in_(OPEN))).all()
    stated = acts.waiting_acts(session)
    files = sum(row.size for row in _attachments(session))
    return ParcelFigures(
        items=len(messages), acts=len(stated), size=files + sum(map(len, messages)) + sum(map(len, stated))
    )


def write_parcel(source: ParcelSource, written: list[bytes]) -> Iterator[bytes]:
    """Yield the parts of a parcel file, in order; ``written`` gets the bundles whose manifest is in it.

    Raises:
        StorageError: the database cannot be read.
    """
    now_ms = source.clock.now_ms()
    enrolled = source.enrolled
    yield header_bytes(
        ParcelHeader(hub=enrolled.hub, node=enrolled.node, direction=Direction.UP, made_at=max(0, now_ms))
    )
    with source.database.reading() as session:
        mails = _mails(session, source)
        bundles = session.scalars(
            select(OutboxItem.bundle_id).where(OutboxItem.state.in_(OPEN)).order_by(OutboxItem.counter)
        ).all()
        parts = [_Part(row.bundle_id, row.position, row.chunks) for row in _attachments(session)]
    yield from (frame_bytes(Frame(kind=Up.MAIL, payload=mail)) for mail in mails)
    for bundle in bundles:
        with source.database.reading() as session:
            message = progress.load_message(session, bundle)
        yield frame_bytes(Frame(kind=Up.BUNDLE, payload=message))
        written.append(bundle)
    for part in _smallest_first(parts):
        yield from _file(source, part)


def mark_carried(session: Session, now: datetime, written: Sequence[bytes]) -> int:
    """Note that these were written to a parcel; return how many of them still wait."""
    changed = session.scalars(
        update(OutboxItem)
        .where(OutboxItem.state.in_(OPEN), OutboxItem.bundle_id.in_(written))
        .values(carried_at=now)
        .returning(OutboxItem.bundle_id)
    )
    return len(changed.all())


def _file(source: ParcelSource, part: _Part) -> Iterator[bytes]:
    """Yield the frames of one file, up to where it is damaged (rule 4)."""
    for index in range(part.chunks):
        try:
            message = source.files.chunk(part.bundle, part.position, index)
        except StorageError:
            log.error("parcel.file_damaged", bundle=part.bundle.hex(), attachment=part.position)
            return
        yield frame_bytes(Frame(kind=Up.CHUNK, payload=message))


def _mails(session: Session, source: ParcelSource) -> list[bytes]:
    """Return as many mails as the statements and the questions for documents need (rule 1)."""
    stated, asked = acts.waiting_acts(session), list(_questions(session))
    count = max(1, -(-len(stated) // MAX_ACTS), -(-len(asked) // MAX_DOCUMENTS_ASKED))
    mails = (
        build_mail(
            session,
            source.enrolled.node,
            SendMail(None, tuple(_slice(asked, place, MAX_DOCUMENTS_ASKED))),
            _slice(stated, place, MAX_ACTS),
        )
        for place in range(count)
    )
    return [source.keys.sign(to_bytes(mail), Purpose.MAIL) for mail in mails]


def _questions(session: Session) -> Iterator[DocumentRequest]:
    for each in list_fetching(session):
        ranges = [PieceRange(start=index, end=index + 1) for index in islice(each.missing, MAX_RANGES)]
        if len(each.missing) == each.pieces:
            ranges = [PieceRange(start=0, end=each.pieces)]
        yield DocumentRequest(document=each.document, ranges=ranges)


def _slice(items: Sequence[Item], place: int, size: int) -> list[Item]:
    return list(items[place * size : (place + 1) * size])


def _attachments(session: Session) -> Sequence[OutboxAttachment]:
    query = (
        select(OutboxAttachment)
        .join(OutboxItem, OutboxItem.bundle_id == OutboxAttachment.bundle_id)
        .where(
            OutboxItem.state.in_(OPEN),
            OutboxAttachment.held_back.is_(False) | (OutboxAttachment.delivered < OutboxAttachment.chunks),
        )
        .order_by(OutboxItem.counter, OutboxAttachment.position)
    )
    return session.scalars(query).all()


def _smallest_first(parts: Sequence[_Part]) -> list[_Part]:
    sizes: dict[bytes, int] = {}
    for part in parts:
        sizes[part.bundle] = sizes.get(part.bundle, 0) + part.chunks
    return sorted(parts, key=lambda part: sizes[part.bundle])
