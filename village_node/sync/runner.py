"""Executes what the engine decides: store changes of a step in one transaction, then what is seen outside.

Rules:
1. Events that came together are one step: one transaction, one flush to the disk.
2. If the transaction fails nothing is sent: the engine is thrown away and begins anew from what the store holds.
3. Nothing that comes from outside can end the loop; what it raises is an error of this program and ends the process
   loudly (``app.py``), so that the service manager starts it again from the store.
"""

import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.orm import Session

from protocol.checkpoint import CheckpointRef
from protocol.envelope import Purpose
from protocol.health import RUN_BYTES, HealthKind
from protocol.ids import RegistrationNo
from protocol.mailbox import NoticeKind
from protocol.notices import ActKind
from protocol.receipt import ReceiptKind
from protocol.topics import Up
from protocol.wire import to_bytes
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
from village_node.store.errors import StorageError
from village_node.store.files import SealedFiles
from village_node.store.ports import Clock, Randomness, fraction
from village_node.sync.carrier import Carrier, Greeting, Outbound
from village_node.sync.engine import Engine
from village_node.sync.mail import build_mail
from village_node.sync.rules import messages as m
from village_node.sync.rules.pacing import Limits
from village_node.sync.staging import ParcelFolder, read_messages

MOST_EVENTS = 64
"""Events of one step."""

LONGEST_WAIT_S = 30.0
AFTER_FAILURE_S = 30.0
MOST_EVIDENCE = 8_000

log = structlog.get_logger()


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


class Runner:
    """The sync thread of one node. ``step`` can be called by a test without any thread."""

    def __init__(self, parts: NodeParts, carrier: Carrier) -> None:
        """Begin from what the store holds."""
        self._parts, self._carrier = parts, carrier
        self._reporter = Reporter(
            node=parts.enrolled.node,
            clock=parts.clock,
            data_dir=parts.data_dir,
            run=parts.randomness.token(RUN_BYTES),
            meter=parts.meter,
            sign_ins=parts.sign_ins,
        )
        self._queue: queue.SimpleQueue[Callable[[], m.Event | None]] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._session = 0
        self._last_counter = 0
        self._engine = self._restart()

    def run(self) -> None:
        """Work until ``stop``."""
        while not self._stopping.is_set():
            try:
                self._carrier.start(self._deliver, self._greet)
                while not self._stopping.is_set():
                    self.step(self._wait_for_events())
                    self.read_parcels()
            except StorageError as error:  # rule 2
                log.error("sync.storage", code=error.code, reason=error.reason)
                self._carrier.stop(None)
                self._stopping.wait(AFTER_FAILURE_S)
                self._begin_anew()
        self._carrier.stop(self._farewell())

    def read_parcels(self) -> int:
        """Take in the parcels that were staged, and return how many messages that were.

        Raises:
            StorageError: the store did not take it; the parcel stays.
        """
        count = 0
        for path in self._parts.parcels.waiting():
            self.step([m.Ticked()])  # the engine knows every item that this may be about
            messages = read_messages(path)
            while batch := [m.Received(kind, raw, is_carried=True) for kind, raw in islice(messages, MOST_EVENTS)]:
                self.step(list(batch))
                count += len(batch)
            self._parts.parcels.remove(path)
        return count

    def wake(self) -> None:
        """Look into the outbox and try now. From any thread."""
        self._carrier.hurry()
        self._queue.put(m.Woken)

    def stop(self) -> None:
        """End ``run``. From any thread, also from a signal handler."""
        self._stopping.set()
        self._queue.put(m.Ticked)

    def step(self, events: list[m.Event]) -> None:
        """Handle events that came together (rule 1).

        What the store lacks of documents comes first: a piece among the events is newer. New items come last, so that
        a wish to hurry sends them once.

        Raises:
            StorageError: the store did not take it; nothing was sent.
        """
        actions: list[m.Action] = []
        lacking, items = self._look_around(events)
        for event in [*lacking, *events, *items]:
            actions += self._engine.handle(event, self._parts.clock.elapsed_ms())
            if isinstance(event, m.Connected):
                self._session = max(self._session, event.session)
        stores = [action for action in actions if not isinstance(action, m.SendAction)]
        if stores:
            now = self._parts.clock.now()
            with self._parts.database.session() as session:
                for store in stores:
                    self._keep(session, now, store)
            self._after_keeping(stores)
        for send in actions:
            if isinstance(send, m.SendAction):
                self._send(send)

    # --- the loop ----------------------------------------------------------------------------------------------------

    def _deliver(self, make: Callable[[], m.Event | None]) -> None:
        self._queue.put(make)

    def _wait_for_events(self) -> list[m.Event]:
        wait_s = (self._engine.next_wake_ms() - self._parts.clock.elapsed_ms()) / 1_000
        events: list[m.Event] = []
        try:
            first = self._queue.get(timeout=max(0.0, min(wait_s, LONGEST_WAIT_S)))
            for make in [first, *self._rest_of_queue()]:
                event = make()
                if event is not None:
                    events.append(event)
        except queue.Empty:
            pass
        return events or [m.Ticked()]

    def _rest_of_queue(self) -> list[Callable[[], m.Event | None]]:
        found: list[Callable[[], m.Event | None]] = []
        while len(found) < MOST_EVENTS and not self._queue.empty():
            found.append(self._queue.get())
        return found

    def _begin_anew(self) -> None:
        while not self._stopping.is_set():
            try:
                self._engine = self._restart()
                return
            except StorageError as error:
                log.error("sync.storage", code=error.code, reason=error.reason)
                self._stopping.wait(AFTER_FAILURE_S)

    def _restart(self) -> Engine:
        parts, enrolled = self._parts, self._parts.enrolled
        with parts.database.session() as session:
            self._session = max(self._session, link.last_session(session))
            link.set_link(session, parts.clock.now(), connected=False, reason="starting")
            items = [_facts(item) for item in progress.load_items(session)]
            seen = newest_checkpoint(session)
            memory = m.Memory(
                items=items,
                cursor=read_cursor(session),
                newest=None if seen is None else CheckpointRef(size=seen.size, root=seen.root),
                documents=_lacking(session),
            )
        self._last_counter = max((item.counter for item in items), default=0)
        trust = m.Trust(
            node=enrolled.node, hub=enrolled.hub, log=enrolled.log, find_message_key=enrolled.find_message_key
        )
        return Engine(trust, memory, partial(fraction, parts.randomness), parts.limits)

    def _look_around(self, events: list[m.Event]) -> tuple[list[m.Event], list[m.Event]]:
        if not any(isinstance(event, m.Woken | m.Ticked | m.Connected) for event in events):
            return [], []
        with self._parts.database.reading() as session:
            items = progress.load_items(session, after_counter=self._last_counter)
            lacking = _lacking(session)
        self._last_counter = max((item.counter for item in items), default=self._last_counter)
        return [m.DocumentsLacking(lacking)] if lacking else [], [m.ItemSealed(_facts(item)) for item in items]

    # --- store actions -----------------------------------------------------------------------------------------------

    def _keep(self, session: Session, now: datetime, action: m.StoreAction) -> None:
        if isinstance(action, m.KeepNotice):
            self._keep_notice(session, now, action)
        elif isinstance(action, m.KeepPiece):
            self._parts.documents.put(action.document, action.index, action.box)  # durable before its row
            note_piece(session, now, action.document, action.index)
        elif isinstance(action, m.NoteLink):
            link.set_link(session, now, connected=action.connected, reason=action.reason)
            link.keep_session(session, self._session)
        else:
            _KEEP[type(action)](session, now, action)

    def _after_keeping(self, stores: list[m.StoreAction]) -> None:
        """Let the TLS library find a new certificate; after a kill in between, the next start does."""
        if any(isinstance(each, m.KeepNotice) and each.notice.kind == NoticeKind.CERTIFICATE for each in stores):
            with self._parts.database.reading() as session:
                kept = load_enrolled(session)
            self._parts.keys.write_certificates(kept.certificate, kept.authority)

    def _keep_notice(self, session: Session, now: datetime, action: m.KeepNotice) -> None:
        if not store_notice(session, now, self._parts.enrolled, action.notice, action.raw):
            return
        told = newest_told(session, action.notice)
        if told is not None:
            acts.close_acts(session, told, ActKind.TOLD)

    # --- send actions ------------------------------------------------------------------------------------------------

    def _send(self, action: m.SendAction) -> None:
        match action:
            case m.SendManifest():
                with self._parts.database.reading() as session:
                    message = progress.load_message(session, action.bundle)
                self._publish(Up.BUNDLE, message, action.token)
            case m.SendChunk():
                self._send_chunk(action)
            case m.SendMail():
                self._send_mail(action)
            case m.SendBirth():
                self._publish(Up.BIRTH, self._health(HealthKind.BIRTH, action.session))
            case m.SendHeartbeat():
                self._publish(Up.HEALTH, self._health(HealthKind.HEARTBEAT, action.session))
            case m.DropConnection():
                self._carrier.reconnect()

    def _send_chunk(self, action: m.SendChunk) -> None:
        try:
            message = self._parts.files.chunk(action.bundle, action.attachment, action.index)
        except StorageError:
            log.error("sync.file_damaged", bundle=action.bundle.hex(), attachment=action.attachment)
            self._deliver(partial(m.ItemUnreadable, action.bundle))
            return
        self._publish(Up.CHUNK, message, action.token)

    def _publish(self, kind: Up, payload: bytes, token: int | None = None) -> None:
        self._carrier.publish(Outbound(kind=kind, payload=payload, token=token))

    def _send_mail(self, action: m.SendMail) -> None:
        """Publish mail, and note which statements it carries; what is lost on the way goes again later."""
        now = self._parts.clock.now()
        with self._parts.database.reading() as session:
            stated = acts.due_acts(session, now)
            renewal = wish(load_enrolled(session), self._parts.keys, now)
            mail = build_mail(session, self._parts.enrolled.node, action, stated, renewal)
        if stated:
            with self._parts.database.session() as session:
                acts.acts_sent(session, now, stated)
        self._publish(Up.MAIL, self._parts.keys.sign(to_bytes(mail), Purpose.MAIL))

    def _health(self, kind: HealthKind, broker_session: int) -> bytes:
        with self._parts.database.reading() as session:
            health = self._reporter.report(session, kind, broker_session)
        return self._parts.keys.sign(to_bytes(health), Purpose.HEALTH)

    def _greet(self) -> Greeting:
        """Draw a session number larger than every one before; it is stored when the session begins."""
        self._session = max(self._session + 1, self._parts.clock.now_ms())
        return Greeting(session=self._session, will=self._death(self._session))

    def _death(self, broker_session: int) -> bytes:
        return self._parts.keys.sign(to_bytes(self._reporter.farewell(broker_session)), Purpose.HEALTH)

    def _farewell(self) -> Outbound:
        return Outbound(kind=Up.DEATH, payload=self._death(self._session))


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
