"""What the runner keeps and reads: a port, and the node's database behind it.

Rules:
1. ``keep`` is one transaction: all changes of a step, or none.
2. What ``begin`` returns is all that a start knows; whatever the engine had in memory is lost at a kill.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.orm import Session

from protocol.checkpoint import CheckpointRef
from protocol.health import RUN_BYTES, Health, HealthKind
from protocol.ids import RegistrationNo
from protocol.mailbox import Mail, NoticeKind
from protocol.notices import ActKind
from protocol.receipt import ReceiptKind
from village_node.health.link_meter import LinkMeter
from village_node.health.report import Reporter
from village_node.identity.hub import Enrolled, load_enrolled, newest_checkpoint, remember_checkpoint
from village_node.identity.keys import NodeKeys
from village_node.identity.renewal import wish
from village_node.identity.sessions import SignIns, no_sign_ins
from village_node.inbox import link
from village_node.inbox.documents import DocumentFolder, list_fetching, note_piece
from village_node.inbox.news import newest_told
from village_node.inbox.service import FlagRaised, raise_flag, read_cursor, store_notice, store_receipt
from village_node.outbox import acts, progress
from village_node.store.engine import Database
from village_node.store.files import SealedFiles
from village_node.store.ports import Clock, Randomness
from village_node.sync.mail import build_mail
from village_node.sync.rules import messages as m
from village_node.sync.rules.pacing import Limits
from village_node.sync.staging import ParcelFolder

MOST_EVIDENCE = 8_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """What the store holds when the program starts."""

    last_session: int
    memory: m.Memory


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What other threads left in the store meanwhile: new items, and what is lacking of documents."""

    items: tuple[m.ItemFacts, ...]
    lacking: tuple[m.DocumentFacts, ...]


class Store(Protocol):
    """Keeps what the engine decides, and gives what the runner sends. Every method may raise ``StorageError``."""

    def begin(self, now: datetime) -> Begun:
        """Note that the program starts, and return what is kept."""

    def look(self, after_counter: int) -> Seen:
        """Return the items behind a counter, and what is lacking of documents."""

    def keep(self, now: datetime, actions: Sequence[m.StoreAction], broker_session: int) -> None:
        """Keep all of these changes, or none (rule 1)."""

    def message(self, bundle: bytes) -> bytes:
        """Return the sealed message of an item."""

    def mail(self, now: datetime, action: m.SendMail) -> Mail:
        """Return the mail to send, and note which statements it carries; what gets lost goes again later."""

    def health(self, kind: HealthKind, broker_session: int) -> Health:
        """Return what this node says about itself."""

    def farewell(self, broker_session: int) -> Health:
        """Return the last will of a session."""


@dataclass(frozen=True, kw_only=True)
class NodeParts:
    """What the runner works with."""

    database: Database
    files: SealedFiles
    documents: DocumentFolder
    parcels: ParcelFolder
    clock: Clock
    randomness: Randomness
    keys: NodeKeys
    enrolled: Enrolled
    data_dir: Path
    limits: Limits
    meter: LinkMeter | None = None
    sign_ins: Callable[[], SignIns] = no_sign_ins


class SqlStore:
    """The node's database as the runner's store."""

    def __init__(self, parts: NodeParts) -> None:
        """Take the parts of the node."""
        self._parts = parts
        self._reporter = Reporter(
            node=parts.enrolled.node,
            clock=parts.clock,
            data_dir=parts.data_dir,
            run=parts.randomness.token(RUN_BYTES),
            meter=parts.meter,
            sign_ins=parts.sign_ins,
        )

    def begin(self, now: datetime) -> Begun:
        """Note that the program starts, and return what is kept."""
        with self._parts.database.session() as session:
            link.set_link(session, now, connected=False, reason="starting")
            seen = newest_checkpoint(session)
            memory = m.Memory(
                items=[_facts(item) for item in progress.load_items(session)],
                cursor=read_cursor(session),
                newest=None if seen is None else CheckpointRef(size=seen.size, root=seen.root),
                documents=_lacking(session),
            )
            return Begun(last_session=link.last_session(session), memory=memory)

    def look(self, after_counter: int) -> Seen:
        """Return the items behind a counter, and what is lacking of documents."""
        with self._parts.database.reading() as session:
            items = progress.load_items(session, after_counter=after_counter)
            return Seen(items=tuple(_facts(item) for item in items), lacking=_lacking(session))

    def keep(self, now: datetime, actions: Sequence[m.StoreAction], broker_session: int) -> None:
        """Keep all of these changes, or none (rule 1)."""
        with self._parts.database.session() as session:
            for action in actions:
                self._keep_one(session, now, action, broker_session)
        self._after_keeping(actions)

    def message(self, bundle: bytes) -> bytes:
        """Return the sealed message of an item."""
        with self._parts.database.reading() as session:
            return progress.load_message(session, bundle)

    def mail(self, now: datetime, action: m.SendMail) -> Mail:
        """Return the mail to send, and note which statements it carries; what gets lost goes again later."""
        with self._parts.database.reading() as session:
            stated = acts.due_acts(session, now)
            renewal = wish(load_enrolled(session), self._parts.keys, now)
            mail = build_mail(session, self._parts.enrolled.node, action, stated, renewal)
        if stated:
            with self._parts.database.session() as session:
                acts.acts_sent(session, now, stated)
        return mail

    def health(self, kind: HealthKind, broker_session: int) -> Health:
        """Return what this node says about itself."""
        with self._parts.database.reading() as session:
            return self._reporter.report(session, kind, broker_session)

    def farewell(self, broker_session: int) -> Health:
        """Return the last will of a session."""
        return self._reporter.farewell(broker_session)

    def _keep_one(self, session: Session, now: datetime, action: m.StoreAction, broker_session: int) -> None:
        if isinstance(action, m.KeepNotice):
            self._keep_notice(session, now, action)
        elif isinstance(action, m.KeepPiece):
            self._parts.documents.put(action.document, action.index, action.box)  # durable before its row
            note_piece(session, now, action.document, action.index)
        elif isinstance(action, m.NoteLink):
            link.set_link(session, now, connected=action.connected, reason=action.reason)
            link.keep_session(session, broker_session)
        else:
            _KEEP[type(action)](session, now, action)

    def _after_keeping(self, actions: Sequence[m.StoreAction]) -> None:
        """Let the TLS library find a new certificate; after a kill in between, the next start does."""
        if any(isinstance(each, m.KeepNotice) and each.notice.kind == NoticeKind.CERTIFICATE for each in actions):
            with self._parts.database.reading() as session:
                kept = load_enrolled(session)
            self._parts.keys.write_certificates(kept.certificate, kept.authority)

    def _keep_notice(self, session: Session, now: datetime, action: m.KeepNotice) -> None:
        if not store_notice(session, now, self._parts.enrolled, action.notice, action.raw):
            return
        told = newest_told(session, action.notice)
        if told is not None:
            acts.close_acts(session, told, ActKind.TOLD)


def _lacking(session: Session) -> tuple[m.DocumentFacts, ...]:
    return tuple(m.DocumentFacts(each.document, each.missing) for each in list_fetching(session))


def _facts(item: progress.StoredItem) -> m.ItemFacts:
    named = None
    if item.named_size is not None and item.named_root is not None:
        named = CheckpointRef(size=item.named_size, root=item.named_root)
    return m.ItemFacts(
        bundle=item.bundle,
        message_digest=item.message_digest,
        counter=item.counter,
        registration_no=RegistrationNo(item.registration_no),
        named=named,
        chunks=item.chunks,
        state=item.state,
        held_back=item.held_back,
    )


def _keep_sent(session: Session, now: datetime, action: m.RecordSent) -> None:
    progress.record_sent(session, now, action.bundle)


def _keep_delivered(session: Session, now: datetime, action: m.RecordDelivered) -> None:
    progress.record_delivered(session, now, action.bundle, action.attachment, action.chunks, action.idle)


def _keep_receipt(session: Session, now: datetime, action: m.KeepReceipt) -> None:
    store_receipt(session, now, action.bundle, action.receipt)
    if action.receipt.subject.kind is ReceiptKind.HANDED_OVER:
        acts.close_acts(session, action.bundle, ActKind.HANDED_OVER)


def _keep_refusal(session: Session, _: datetime, action: m.NoteRefusal) -> None:
    acts.refuse_act(session, action.message, action.code)


def _keep_state(session: Session, _: datetime, action: m.MarkState) -> None:
    progress.mark_state(session, action.bundle, action.state)


def _keep_checkpoint(session: Session, now: datetime, action: m.RememberCheckpoint) -> None:
    remember_checkpoint(session, now, action.checkpoint)


def _keep_flag(session: Session, now: datetime, action: m.RaiseFlag) -> None:
    evidence = action.evidence[:MOST_EVIDENCE]
    raise_flag(session, now, FlagRaised(code=action.code, about=action.about, evidence=evidence))


def _keep_answer(session: Session, now: datetime, _: m.NoteAnswer) -> None:
    link.note_answer(session, now)


def _keep_beacon(session: Session, now: datetime, action: m.NoteBeacon) -> None:
    link.note_beacon(session, now, action.hub_ms)


_KEEP: Mapping[type, Callable[[Session, datetime, Any], None]] = {
    m.RecordSent: _keep_sent,
    m.RecordDelivered: _keep_delivered,
    m.KeepReceipt: _keep_receipt,
    m.NoteRefusal: _keep_refusal,
    m.MarkState: _keep_state,
    m.RememberCheckpoint: _keep_checkpoint,
    m.RaiseFlag: _keep_flag,
    m.NoteAnswer: _keep_answer,
    m.NoteBeacon: _keep_beacon,
}
