"""Where every sealed item stands, as the pages show it. Codes, never sentences: the pages have the words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from protocol.chunks import chunk_count
from protocol.ids import OfficerId, RegistrationNo
from protocol.receipt import ReceiptKind
from village_node.identity.hub import free_numbers
from village_node.identity.tables import NodeIdentity
from village_node.inbox.tables import Flag, LinkRecord, StoredReceipt
from village_node.outbox.errors import ItemUnknownError
from village_node.outbox.label import SealedLabel
from village_node.outbox.tables import OutboxAttachment, OutboxItem

OPEN_STATES = ("waiting", "arrived")


class LinkState(StrEnum):
    """The road to the hub in one word."""

    NOT_ENROLLED = "not_enrolled"
    OFFLINE = "offline"  # no connection to the broker
    SILENT = "silent"  # connected, but the hub does not answer
    ONLINE = "online"


class ItemStep(StrEnum):
    """The newest step of an item, in the order of its life; ``returned`` and ``rejected`` stand beside it."""

    SAVED = "saved"
    SENT = "sent"
    ARRIVED = "arrived"
    WHOLE = "whole"
    COMPLETE = "complete"
    CUSTODY = "custody"
    RETURNED = "returned"
    DECIDED = "decided"
    HANDED_OVER = "handed_over"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """The state of this PC for the first page."""

    link: LinkState
    link_since: datetime | None
    reason: str
    """Why there is no link: ``name``, ``refused``, ``timeout``, ``tls``, ``certificate``, ``keepalive``…"""
    waiting: int
    """Items that the hub has not received whole."""
    waiting_bytes: int
    """Attachment bytes of these that are not believed to be at the hub."""
    oldest_waiting_at: datetime | None
    rejected: int
    last_success_at: datetime | None
    """When a receipt came last."""
    last_answer_at: datetime | None
    free_numbers: int
    flags: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachmentProgress:
    """One file on its way. Its name is in the label."""

    position: int
    requirement: str
    media_type: str
    size: int
    chunks: int
    delivered: int

    @property
    def percent(self) -> int:
        """Whole percent believed delivered."""
        return 100 if not self.chunks else 100 * min(self.delivered, self.chunks) // self.chunks


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemRow:
    """One sealed item in a list."""

    bundle: bytes
    registration_no: RegistrationNo
    counter: int
    officer: OfficerId
    service: str
    service_version: int
    sealed_at: datetime
    step: ItemStep
    code: str
    """Reject code, or reason code of a return."""
    office: str
    attempts: int
    last_sent_at: datetime | None
    attachments: tuple[AttachmentProgress, ...]
    label: SealedLabel
    corrects: bytes | None = None
    """The first bundle of the case, for a correction."""

    @property
    def bundle_hex(self) -> str:
        """The bundle id in hexadecimal, for addresses of pages."""
        return self.bundle.hex()

    @property
    def is_closed(self) -> bool:
        """Whether nothing more is sent: all files are there, or the hub refused."""
        return self.step not in {ItemStep.SAVED, ItemStep.SENT, ItemStep.ARRIVED}

    @property
    def has_arrived(self) -> bool:
        """Whether a verified receipt says that the hub has the application."""
        return self.step not in {ItemStep.SAVED, ItemStep.SENT, ItemStep.REJECTED}

    @property
    def percent(self) -> int:
        """Whole percent of all chunks believed delivered."""
        total = sum(item.chunks for item in self.attachments)
        done = sum(min(item.delivered, item.chunks) for item in self.attachments)
        return 100 * done // total if total else (100 if self.has_arrived else 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelineEntry:
    """One step of an item. ``at`` is this PC's time for own steps, the log's time for receipts."""

    step: ItemStep
    at: datetime
    attempt: int = 0
    """For ``sent``: how often so far."""
    log_index: int | None = None
    received_at: datetime | None = None
    """When the receipt came here."""
    code: str = ""
    office: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FlagRow:
    """Something that should not happen did."""

    code: str
    bundle: bytes | None
    times: int
    first_at: datetime
    last_at: datetime


def home(session: Session) -> Home:
    """Return the figures of the first page."""
    link = session.get(LinkRecord, 1)
    count, oldest = session.execute(
        select(func.count(), func.min(OutboxItem.sealed_at)).where(OutboxItem.state.in_(OPEN_STATES))
    ).one()
    return Home(
        link=_link_state(session, link),
        link_since=link.since if link else None,
        reason=link.reason if link else "",
        waiting=count,
        waiting_bytes=_waiting_bytes(session),
        oldest_waiting_at=oldest,
        rejected=session.scalar(select(func.count()).where(OutboxItem.state == "rejected")) or 0,
        last_success_at=session.scalar(select(func.max(StoredReceipt.received_at))),
        last_answer_at=link.last_answer_at if link else None,
        free_numbers=free_numbers(session),
        flags=session.scalar(select(func.count()).select_from(Flag)) or 0,
    )


def list_items(
    session: Session, *, before: int | None = None, limit: int = 50, only_open: bool = False, only_first: bool = False
) -> list[ItemRow]:
    """Return items, newest first; ``before`` is the counter of the last row of the page before.

    ``only_first`` leaves corrections out: they bear the number of their case.
    """
    query = select(OutboxItem).order_by(OutboxItem.counter.desc()).limit(limit)
    if before is not None:
        query = query.where(OutboxItem.counter < before)
    if only_open:
        query = query.where(OutboxItem.state.in_(OPEN_STATES))
    if only_first:
        query = query.where(OutboxItem.corrects.is_(None))
    return _rows(session, session.scalars(query).all())


def get_item(session: Session, bundle: bytes) -> ItemRow:
    """Return one item.

    Raises:
        ItemUnknownError: not here.
    """
    item = session.get(OutboxItem, bundle)
    if item is None:
        raise ItemUnknownError
    return _rows(session, [item])[0]


def list_carried(session: Session, limit: int = 50) -> list[tuple[ItemRow, datetime]]:
    """Return the items that were written to a parcel and wait for their receipt, the last carried first."""
    items = session.scalars(
        select(OutboxItem)
        .where(OutboxItem.carried_at.is_not(None), OutboxItem.state.in_(OPEN_STATES))
        .order_by(OutboxItem.carried_at.desc(), OutboxItem.counter.desc())
        .limit(limit)
    ).all()
    return [(row, item.carried_at) for row, item in zip(_rows(session, items), items, strict=True) if item.carried_at]


def has_item(session: Session, bundle: bytes) -> bool:
    """Tell whether a bundle was sealed on this PC."""
    return session.get(OutboxItem, bundle) is not None


def timeline(session: Session, bundle: bytes) -> list[TimelineEntry]:
    """Return the steps of an item, in the order of its life.

    Raises:
        ItemUnknownError: not here.
    """
    item = session.get(OutboxItem, bundle)
    if item is None:
        raise ItemUnknownError
    entries = [TimelineEntry(step=ItemStep.SAVED, at=item.sealed_at)]
    if item.first_sent_at is not None:
        last = item.last_sent_at or item.first_sent_at
        entries.append(TimelineEntry(step=ItemStep.SENT, at=last, attempt=item.attempts))
    receipts = session.scalars(
        select(StoredReceipt).where(StoredReceipt.bundle_id == bundle).order_by(StoredReceipt.log_index)
    )
    return entries + [_receipt_entry(row) for row in receipts]


def list_receipts(session: Session, bundle: bytes) -> list[bytes]:
    """Return the receipts of an item byte for byte, in ledger order, to be exported as evidence."""
    query = select(StoredReceipt.raw).where(StoredReceipt.bundle_id == bundle).order_by(StoredReceipt.log_index)
    return list(session.scalars(query))


def all_receipts(session: Session) -> list[tuple[str, bytes]]:
    """Return every stored receipt byte for byte under a file name without personal data, in ledger order."""
    query = select(StoredReceipt.log_index, StoredReceipt.kind, StoredReceipt.raw).order_by(StoredReceipt.log_index)
    return [(f"{index:09d}-{kind}.cbor", raw) for index, kind, raw in session.execute(query)]


def list_flags(session: Session, limit: int = 50) -> list[FlagRow]:
    """Return what should not have happened, newest first."""
    rows = session.scalars(select(Flag).order_by(Flag.last_at.desc()).limit(limit))
    return [
        FlagRow(code=row.code, bundle=row.about or None, times=row.times, first_at=row.first_at, last_at=row.last_at)
        for row in rows
    ]


def _link_state(session: Session, link: LinkRecord | None) -> LinkState:
    if session.get(NodeIdentity, 1) is None:
        return LinkState.NOT_ENROLLED
    if link is None or not link.connected:
        return LinkState.OFFLINE
    return LinkState.SILENT if link.reason else LinkState.ONLINE


def _waiting_bytes(session: Session) -> int:
    rows = session.execute(
        select(OutboxAttachment.size, OutboxAttachment.delivered)
        .join(OutboxItem, OutboxItem.bundle_id == OutboxAttachment.bundle_id)
        .where(OutboxItem.state.in_(OPEN_STATES))
    )
    return sum(size - size * min(delivered, chunk_count(size)) // max(1, chunk_count(size)) for size, delivered in rows)


def _rows(session: Session, items: Sequence[OutboxItem]) -> list[ItemRow]:
    ids = [item.bundle_id for item in items]
    files = _attachments(session, ids)
    newest = _newest_receipts(session, ids)
    return [_row(item, files.get(item.bundle_id, ()), newest.get(item.bundle_id)) for item in items]


def _row(item: OutboxItem, files: Iterable[AttachmentProgress], receipt: StoredReceipt | None) -> ItemRow:
    step = ItemStep.SENT if item.attempts else ItemStep.SAVED
    return ItemRow(
        bundle=item.bundle_id,
        registration_no=RegistrationNo(item.registration_no),
        counter=item.counter,
        officer=OfficerId(item.officer_id),
        service=item.service,
        service_version=item.service_version,
        sealed_at=item.sealed_at,
        step=step if receipt is None else ItemStep(receipt.kind),
        code="" if receipt is None else receipt.code,
        office="" if receipt is None else receipt.office,
        attempts=item.attempts,
        last_sent_at=item.last_sent_at,
        attachments=tuple(files),
        label=SealedLabel(bundle=item.bundle_id, officer=item.officer_id, sealed=item.label),
        corrects=item.corrects,
    )


def _attachments(session: Session, ids: Sequence[bytes]) -> Mapping[bytes, list[AttachmentProgress]]:
    found: dict[bytes, list[AttachmentProgress]] = {}
    rows = session.scalars(
        select(OutboxAttachment)
        .where(OutboxAttachment.bundle_id.in_(ids))
        .order_by(OutboxAttachment.bundle_id, OutboxAttachment.position)
    )
    for row in rows:
        progress = AttachmentProgress(
            position=row.position,
            requirement=row.requirement,
            media_type=row.media_type,
            size=row.size,
            chunks=row.chunks,
            delivered=row.delivered,
        )
        found.setdefault(row.bundle_id, []).append(progress)
    return found


def _newest_receipts(session: Session, ids: Sequence[bytes]) -> Mapping[bytes, StoredReceipt]:
    """Return the receipt with the highest ledger index of each bundle.

    ``whole`` may stand after a casework step in the ledger only if files came late; the index decides all the same.
    """
    rows = session.scalars(
        select(StoredReceipt).where(StoredReceipt.bundle_id.in_(ids)).order_by(StoredReceipt.log_index)
    )
    return {row.bundle_id: row for row in rows}


def _receipt_entry(row: StoredReceipt) -> TimelineEntry:
    return TimelineEntry(
        step=ItemStep(ReceiptKind(row.kind).value),
        at=row.log_time,
        log_index=row.log_index,
        received_at=row.received_at,
        code=row.code,
        office=row.office,
    )
