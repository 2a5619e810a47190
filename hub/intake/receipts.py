"""Verdicts as ledger entries, and their receipts.

``append_verdicts`` puts entries into the ledger; ``sign_receipts`` signs the tree head once and makes the bytes of all
receipts under it. Intake does both in its own transaction. Casework calls ``request_receipt`` in its own, and the
worker signs later with ``issue_waiting``: only intake and worker hold the log key (ADR 0009).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Row, insert, select, tuple_, update
from sqlalchemy.orm import Session

from hub.intake.tables import Bundle, BundleReceipt
from hub.ledger.service import EntryDraft, TileReader, append, sign_head, take_turn
from hub.storage.bulk import insert_rows
from protocol.checkpoint import CheckpointRef
from protocol.errors import ProtocolError
from protocol.ids import NodeId, RegistrationNo, ServiceCode, VillageCode
from protocol.limits import MAX_RECEIPT_BYTES
from protocol.merkle import consistency_path, inclusion_path
from protocol.receipt import ConsistencyProof, ReceiptKind, Subject, inclusion_receipt, make_receipt
from protocol.wire import from_bytes, to_bytes

log = structlog.get_logger()

Sent = tuple[NodeId, bytes]
"""Who sent a message, and its SHA-256."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LogSigner:
    """The log key with the name of its log."""

    key: Ed25519PrivateKey
    origin: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What the hub decided about a bundle or a message that wanted to be one."""

    subject: Subject
    salt: bytes
    village: VillageCode | None
    service: ServiceCode | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """What is stated later about an accepted bundle: whole; or, by an office, complete, returned (why), in custody."""

    kind: ReceiptKind
    office: str = ""
    code: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PendingReceipt:
    """A verdict that is in the ledger and waits for its signed root."""

    verdict: Verdict
    index: int
    entry: bytes
    subject: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuedReceipt:
    """The bytes of a receipt and to whom they go."""

    bundle_id: bytes
    node_id: NodeId
    kind: ReceiptKind
    raw: bytes


def append_verdicts(session: Session, now_ms: int, verdicts: Sequence[Verdict]) -> list[PendingReceipt]:
    """Append one ledger entry per verdict."""
    subjects = [to_bytes(verdict.subject) for verdict in verdicts]
    drafts = [
        EntryDraft(
            kind=f"bundle.{verdict.subject.kind}",
            salt=verdict.salt,
            subject=subject,
            village=verdict.village,
            service=verdict.service,
        )
        for verdict, subject in zip(verdicts, subjects, strict=True)
    ]
    return [
        PendingReceipt(verdict=verdict, index=done.index, entry=done.entry, subject=subject)
        for verdict, subject, done in zip(verdicts, subjects, append(session, now_ms, drafts), strict=True)
    ]


def sign_receipts(
    session: Session, now: datetime, signer: LogSigner, pending: Sequence[PendingReceipt]
) -> list[IssuedReceipt]:
    """Sign the head of the ledger and store the receipts of these verdicts."""
    if not pending:
        return []
    maker = _ReceiptMaker(session, now, signer)
    made = [maker.make(item) for item in pending]
    insert_rows(session, BundleReceipt, [_row(item) | {"raw": raw} for item, raw in zip(pending, made, strict=True)])
    return [
        IssuedReceipt(
            bundle_id=item.verdict.subject.bundle,
            node_id=item.verdict.subject.node,
            kind=item.verdict.subject.kind,
            raw=raw,
        )
        for item, raw in zip(pending, made, strict=True)
    ]


def request_receipt(session: Session, now_ms: int, bundle_id: bytes, statement: Statement, salt: bytes) -> int:
    """Put a casework verdict into the ledger and return its index; the worker signs the receipt.

    ``salt`` is 32 fresh random bytes.
    """
    bundle = session.get_one(Bundle, bundle_id)
    pending = append_verdicts(session, now_ms, [verdict_about(session, bundle, statement, salt)])[0]
    session.execute(insert(BundleReceipt).values(_row(pending) | {"raw": None}))
    return pending.index


def verdict_about(session: Session, bundle: Bundle, statement: Statement, salt: bytes) -> Verdict:
    """Return the verdict that states something more about an accepted bundle."""
    return Verdict(
        subject=Subject(
            kind=statement.kind,
            bundle=bundle.bundle_id,
            node=NodeId(bundle.node_id),
            counter=bundle.counter,
            registration_no=RegistrationNo(bundle.registration_no),
            code=statement.code,
            office=statement.office,
            named=_named_checkpoint(session, bundle.bundle_id),
        ),
        salt=salt,
        village=VillageCode(bundle.village),
        service=ServiceCode(bundle.service),
    )


def issue_waiting(session: Session, now: datetime, signer: LogSigner, limit: int = 200) -> list[IssuedReceipt]:
    """Sign the receipts that casework asked for, oldest first; a damaged row waits for the auditor, not the others."""
    take_turn(session)  # worker and intake may both be here: who comes second finds them signed
    rows = session.execute(_WAITING.limit(limit)).all()
    if not rows:
        return []
    maker = _ReceiptMaker(session, now, signer)
    issued = []
    for row in rows:
        try:
            issued.append(_issue_row(session, maker, row))
        except ProtocolError as error:
            log.error("receipt.unreadable", ledger_index=row.ledger_index, code=error.code)
    return issued


def stored_receipts(session: Session, bundle_ids: Sequence[bytes]) -> list[IssuedReceipt]:
    """Return every signed receipt of these accepted bundles, oldest first.

    Rejections are left out: whoever damages a copy can claim any bundle id.
    """
    query = (
        select(BundleReceipt.bundle_id, BundleReceipt.node_id, BundleReceipt.kind, BundleReceipt.raw)
        .where(
            BundleReceipt.bundle_id.in_(bundle_ids),
            BundleReceipt.kind != str(ReceiptKind.REJECTED),
            BundleReceipt.raw.is_not(None),
        )
        .order_by(BundleReceipt.id)
    )
    return [_issued(row) for row in session.execute(query)]


def _named_checkpoint(session: Session, bundle_id: bytes) -> CheckpointRef | None:
    """Return the checkpoint that an accepted bundle's manifest named, as its first receipt states it."""
    query = select(BundleReceipt.subject).where(
        BundleReceipt.bundle_id == bundle_id, BundleReceipt.kind == str(ReceiptKind.ARRIVED)
    )
    return from_bytes(session.scalars(query).one(), Subject, max_bytes=MAX_RECEIPT_BYTES).named


def rejection_of(session: Session, messages: Sequence[Sent]) -> dict[Sent, IssuedReceipt]:
    """Return the receipts of messages that were rejected before, to the node that sent them.

    The same bytes from another node are another message: else a carrier that shows a bundle on a wrong topic first
    would have it refused for ever.
    """
    sent = sorted((str(node), digest) for node, digest in messages)
    query = select(
        BundleReceipt.message,
        BundleReceipt.bundle_id,
        BundleReceipt.node_id,
        BundleReceipt.kind,
        BundleReceipt.raw,
    ).where(tuple_(BundleReceipt.node_id, BundleReceipt.message).in_(sent), BundleReceipt.raw.is_not(None))
    return {(NodeId(row.node_id), row.message): _issued(row) for row in session.execute(query)}


class _ReceiptMaker:
    """Makes receipts under one signed root."""

    def __init__(self, session: Session, now: datetime, signer: LogSigner) -> None:
        self._root = sign_head(session, now, signer.key, signer.origin)
        self._read = TileReader(session)
        self._links: dict[int, ConsistencyProof] = {}

    def make(self, item: PendingReceipt) -> bytes:
        named = item.verdict.subject.named
        path = inclusion_path(item.index, self._root.size, self._read)
        return make_receipt(
            entry=item.entry,
            salt=item.verdict.salt,
            subject=item.subject,
            proof=inclusion_receipt(self._root, item.index, path),
            checkpoint=self._root.checkpoint,
            link=None if named is None else self._link(named.size),
        )

    def _link(self, size: int) -> ConsistencyProof:
        if size not in self._links:
            path = consistency_path(size, self._root.size, self._read)
            self._links[size] = ConsistencyProof(size=size, path=path)
        return self._links[size]


_WAITING = (
    select(
        BundleReceipt.id,
        BundleReceipt.bundle_id,
        BundleReceipt.node_id,
        BundleReceipt.kind,
        BundleReceipt.entry,
        BundleReceipt.ledger_index,
        BundleReceipt.salt,
        BundleReceipt.subject,
    )
    .where(BundleReceipt.raw.is_(None))
    .order_by(BundleReceipt.id)
)


def _issue_row(session: Session, maker: _ReceiptMaker, row: Row[*tuple[object, ...]]) -> IssuedReceipt:
    subject = from_bytes(row.subject, Subject, max_bytes=MAX_RECEIPT_BYTES)
    verdict = Verdict(subject=subject, salt=row.salt, village=None)
    raw = maker.make(PendingReceipt(verdict=verdict, index=row.ledger_index, entry=row.entry, subject=row.subject))
    session.execute(update(BundleReceipt).where(BundleReceipt.id == row.id).values(raw=raw))
    return IssuedReceipt(bundle_id=row.bundle_id, node_id=NodeId(row.node_id), kind=ReceiptKind(row.kind), raw=raw)


def _row(item: PendingReceipt) -> dict[str, object]:
    subject = item.verdict.subject
    return {
        "bundle_id": subject.bundle,
        "node_id": str(subject.node),
        "kind": str(subject.kind),
        "ledger_index": item.index,
        "entry": item.entry,
        "salt": item.verdict.salt,
        "subject": item.subject,
        "message": subject.message,
    }


def _issued(row: Row[*tuple[object, ...]]) -> IssuedReceipt:
    return IssuedReceipt(bundle_id=row.bundle_id, node_id=NodeId(row.node_id), kind=ReceiptKind(row.kind), raw=row.raw)
