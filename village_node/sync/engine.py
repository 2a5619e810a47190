"""The sync engine: a pure state machine. Events and the time go in, actions come out; no I/O, no clock, no randomness.

What the receiver verifies before anything changes:
1. receipt: the whole plan of ``protocol.receipt``; it is about one of this node's bundles (id, counter, number); its
   checkpoint is linked to the one that the manifest named, or else to what this PC saw (``rules/witness.py``);
2. rejection: besides, it names the very message that this node sent; a refused copy that others changed is no verdict;
3. need, refusal, notice, control, beacon: signed by the hub's message key for that purpose, for this node;
4. piece of a document: asked for in this session, and lacking. Whether it is genuine shows when an officer opens it.
What does not pass changes nothing but a flag (faults A08, A09). The same message twice changes nothing at all.

Promises: an item without receipt is asked about for ever (P2); "received" comes from a verified receipt alone (I6);
the broker's PUBACK does nothing but pace. Actions that change the store come before those that are seen outside.
"""

import hashlib
from functools import singledispatchmethod

from protocol.checkpoint import Checkpoint, CheckpointRef, verify_checkpoint
from protocol.chunks import Need
from protocol.documents import DocumentOffer, parse_piece
from protocol.envelope import TAG_SIGN1, Purpose
from protocol.errors import BY_CODE, IdentityError, ProtocolError, Turn
from protocol.health import verify_beacon
from protocol.limits import MAX_MAIL_BYTES
from protocol.mailbox import Control, Notice, NoticeKind, Refusal, verify_from_hub, verify_notice
from protocol.receipt import ReceiptKind, VerifiedReceipt, verify_receipt
from protocol.topics import Down
from protocol.wire import from_bytes
from village_node.sync.rules import messages as m
from village_node.sync.rules.deliveries import Deliveries
from village_node.sync.rules.downloads import Downloads
from village_node.sync.rules.errands import Errands, Throttle
from village_node.sync.rules.flights import Flights
from village_node.sync.rules.mailbox import Mailbox
from village_node.sync.rules.pacing import Limits, Rolls
from village_node.sync.rules.witness import Finding, Outcome, Witness

_RANK = {"waiting": 0, "rejected": 1, "arrived": 2, "whole": 3}
_STATE_OF = {
    ReceiptKind.ARRIVED: "arrived",
    ReceiptKind.WHOLE: "whole",
    ReceiptKind.REJECTED: "rejected",
}
_CLOSED = ("whole", "rejected")


class Engine:
    """One node's side of the synchronisation."""

    def __init__(self, trust: m.Trust, memory: m.Memory, rolls: Rolls, limits: Limits | None = None) -> None:
        """Start offline with what the store holds; ``rolls`` gives the jitter."""
        self._trust, self._limits = trust, limits or Limits()
        self._now = 0
        self._out: list[m.Action] = []
        self._items: dict[bytes, m.ItemFacts] = {}
        self._states: dict[bytes, str] = {}
        self._by_message: dict[bytes, bytes] = {}
        self._deliveries = Deliveries(self._limits, rolls)
        self._mailbox, self._witness = Mailbox(memory.cursor), Witness(memory.newest)
        self._flights = Flights(self._limits)
        self._errands, self._downloads = Errands(self._limits, rolls), Downloads(self._limits, rolls)
        self._session: int | None = None
        self._asked_at: int | None = None
        """When the hub was asked first since its last answer."""
        self._probing = False
        self._unlinked: set[bytes] = set()
        self._parked: dict[bytes, VerifiedReceipt] = {}
        self._flagged = Throttle(self._limits.flag_pause)
        self._progress = Throttle(self._limits.progress_pause)
        for item in memory.items:
            self._add(item)
        for each in memory.documents:
            self._downloads.want(each.document, each.missing)

    def handle(self, event: m.Event, now_ms: int) -> list[m.Action]:
        """Take one event at a (monotonic) time and return what to do, store changes first."""
        self._now = max(self._now, now_ms)
        self._out = []
        self._take(event)
        if self._session is not None:
            self._fill(self._session)
        stores = [action for action in self._out if not isinstance(action, m.SendAction)]
        return [*stores, *(action for action in self._out if isinstance(action, m.SendAction))]

    def next_wake_ms(self) -> int:
        """Return when ``Ticked`` is wanted at the latest."""
        if self._session is None:
            return self._now + self._limits.mail_every
        times = [
            self._deliveries.next_time(self._now, probing=self._probing),
            self._errands.next_time(self._witness.question()),
            self._downloads.next_time(),
        ]
        if self._asked_at is not None and not self._probing:
            times.append(self._asked_at + self._limits.silent_after)
        if not self._probing and self._deliveries.has_chunk(self._now):
            times.append(self._flights.next_time(self._now))
        return max(self._now, min(times))

    @property
    def waiting(self) -> int:
        """How many items the hub has not received whole."""
        return len(self._deliveries)

    # --- events ------------------------------------------------------------------------------------------------------

    @singledispatchmethod
    def _take(self, event: m.Event) -> None:
        raise TypeError(type(event).__name__)

    @_take.register
    def _(self, event: m.Connected) -> None:
        self._session = event.session
        self._asked_at, self._probing = None, False
        self._errands.begin(self._now)
        self._downloads.begin()
        self._deliveries.link_found(self._now)
        self._do(m.NoteLink(connected=True), m.SendBirth(event.session))

    @_take.register
    def _(self, event: m.Disconnected) -> None:
        self._session = None
        self._flights.forget()
        self._deliveries.link_lost()
        self._do(m.NoteLink(connected=False, reason=event.reason))

    @_take.register
    def _(self, event: m.Acknowledged) -> None:
        flight = self._flights.land(event.token, self._now)
        if flight is None or flight.piece is None:
            return
        delivery = self._deliveries.chunk_acknowledged(flight.bundle, flight.piece, self._now)
        if delivery is not None:
            self._record_progress(flight.bundle, flight.piece[0], delivery.delivered(flight.piece[0]))

    @_take.register
    def _(self, event: m.Received) -> None:
        readers = {
            Down.RECEIPT: self._read_receipt,
            Down.NEED: self._read_need,
            Down.MAIL: self._read_notice,
            Down.CONTROL: self._read_control,
        }
        try:
            if event.kind is Down.PART:
                self._read_piece(event.payload, is_carried=event.is_carried)
            else:
                readers[event.kind](event.payload)
        except ProtocolError as error:
            self._flag(f"{event.kind}_{error.code}", evidence=event.payload)

    @_take.register
    def _(self, event: m.BeaconHeard) -> None:
        try:
            beacon = verify_beacon(event.payload, hub=self._trust.hub, find_key=self._trust.find_message_key)
            checkpoint = verify_checkpoint(beacon.checkpoint, self._trust.log)
        except ProtocolError as error:
            self._flag(f"beacon_{error.code}", evidence=event.payload)
            return
        self._do(m.NoteBeacon(beacon.time))
        newest = self._witness.newest
        if self._errands.takes_beacon(self._now, is_news=newest is None or checkpoint.size > newest.size):
            self._conclude(self._witness.hear(checkpoint), checkpoint.text.encode())

    @_take.register
    def _(self, event: m.ItemSealed) -> None:
        self._add(event.item)

    @_take.register
    def _(self, event: m.ItemUnreadable) -> None:
        self._deliveries.remove(event.bundle)
        self._flights.forget(event.bundle)
        self._flag("files_damaged", event.bundle)

    @_take.register
    def _(self, event: m.DocumentsLacking) -> None:
        for each in event.documents:
            self._downloads.want(each.document, each.missing)

    @_take.register
    def _(self, event: m.Woken) -> None:
        del event
        self._deliveries.ask_soon(self._now)
        self._errands.mail_within(self._now, 0)

    @_take.register
    def _(self, event: m.Ticked) -> None:
        del event

    # --- what comes from the hub -------------------------------------------------------------------------------------

    def _read_receipt(self, payload: bytes) -> None:
        if payload[:1] == TAG_SIGN1:
            self._read_refusal(payload)
            return
        self._take_receipt(verify_receipt(payload, log=self._trust.log))

    def _take_receipt(self, receipt: VerifiedReceipt) -> None:
        subject = receipt.subject
        facts = self._items.get(subject.bundle) or self._items.get(self._by_message.get(subject.message or b"", b""))
        if subject.node != self._trust.node or facts is None or not _is_about(receipt, facts):
            self._flag("receipt_foreign", evidence=receipt.raw)
            return
        if subject.named != facts.named and not self._witness.is_linked(receipt.checkpoint):
            self._unlinked.add(facts.bundle)
            self._offer(receipt.checkpoint)
            self._errands.hasten_proof(self._now)
            return
        self._answered()
        state = _STATE_OF.get(subject.kind)
        if state == "rejected" and self._states[facts.bundle] in {"arrived", "whole"}:
            self._flag("receipt_contradiction", facts.bundle, receipt.raw)
            return
        if state == "whole" and self._states[facts.bundle] == "waiting":
            self._parked[facts.bundle] = receipt  # the evidence of arrival comes first, or is asked for again
            return
        self._do(m.KeepReceipt(facts.bundle, receipt))
        self._offer(receipt.checkpoint, subject.named)
        if state is not None:
            self._move(facts.bundle, state)
        if state == "arrived" and facts.bundle in self._parked:
            self._take_receipt(self._parked.pop(facts.bundle))

    def _move(self, bundle: bytes, state: str) -> None:
        if _RANK[state] > _RANK[self._states[bundle]]:
            self._states[bundle] = state
            self._do(m.MarkState(bundle, state))
        if self._states[bundle] in _CLOSED:
            self._deliveries.remove(bundle)
        else:
            self._deliveries.arrived(bundle, self._now)

    def _read_need(self, payload: bytes) -> None:
        need = from_bytes(self._from_hub(payload, Purpose.NEED), Need, max_bytes=MAX_MAIL_BYTES)
        if need.bundle not in self._items:
            raise IdentityError
        self._answered()
        delivery = self._deliveries.needs(need, self._now)
        if delivery is not None:
            for attachment in range(len(delivery.facts.chunks)):
                self._record_progress(need.bundle, attachment, delivery.delivered(attachment), at_once=True)

    def _read_refusal(self, payload: bytes) -> None:
        refusal = from_bytes(self._from_hub(payload, Purpose.REFUSAL), Refusal, max_bytes=MAX_MAIL_BYTES)
        if refusal.node != self._trust.node:
            raise IdentityError
        self._answered()
        bundle = refusal.bundle if refusal.bundle in self._items else self._by_message.get(refusal.message)
        if bundle is None:
            self._do(m.NoteRefusal(refusal.message, refusal.code))
        self._flag(f"refused_{refusal.code}"[:60], bundle or b"", payload)
        if bundle is not None:
            kind = BY_CODE.get(refusal.code)
            is_for_program = kind is not None and kind.turn is Turn.NODE
            self._deliveries.refused(bundle, self._now, is_for_program=is_for_program)

    def _read_notice(self, payload: bytes) -> None:
        notice = verify_notice(payload, node=self._trust.node, find_key=self._trust.find_message_key)
        self._answered()
        for each, raw in self._mailbox.take(notice, payload):
            self._do(m.KeepNotice(each, raw))
            self._read_carried(each)
        pause = self._limits.mail_gap if self._mailbox.has_gap else self._limits.mail_pause
        self._errands.mail_within(self._now, pause)

    def _read_carried(self, notice: Notice) -> None:
        try:
            if notice.kind == NoticeKind.RECEIPT:
                self._take_receipt(verify_receipt(notice.body, log=self._trust.log))
            elif notice.kind == NoticeKind.DOCUMENT:
                offer = from_bytes(notice.body, DocumentOffer, max_bytes=MAX_MAIL_BYTES)
                self._downloads.want(offer.document, range(offer.pieces))
        except ProtocolError as error:
            self._flag(f"{notice.kind}_{error.code}", evidence=notice.body)

    def _read_piece(self, payload: bytes, *, is_carried: bool) -> None:
        piece = parse_piece(payload)
        # No sign of life: nobody signed it.
        if self._downloads.take(piece.document, piece.index, self._now, is_carried=is_carried):
            self._do(m.KeepPiece(piece.document, piece.index, piece.box))

    def _read_control(self, payload: bytes) -> None:
        control = from_bytes(self._from_hub(payload, Purpose.CONTROL), Control, max_bytes=MAX_MAIL_BYTES)
        if control.node != self._trust.node:
            raise IdentityError
        outcome = self._witness.answer(control)
        if outcome is not None:
            self._errands.proof_came(self._now)
        self._answered()
        if outcome is None:
            return
        self._conclude(outcome, payload)
        if outcome.finding is not Finding.SPLIT and self._unlinked:
            self._deliveries.ask_soon(self._now, self._unlinked)
            self._unlinked.clear()

    def _from_hub(self, payload: bytes, purpose: Purpose) -> bytes:
        return verify_from_hub(payload, purpose=purpose, find_key=self._trust.find_message_key)

    def _offer(self, checkpoint: Checkpoint, proven: CheckpointRef | None = None) -> None:
        self._conclude(self._witness.offer(checkpoint, proven), checkpoint.text.encode())

    def _conclude(self, outcome: Outcome, evidence: bytes) -> None:
        if outcome.finding is Finding.SPLIT:
            self._flag("split_view", hashlib.sha256(outcome.checkpoint.text.encode()).digest(), evidence)
        elif outcome.finding is Finding.ADVANCED:
            self._do(m.RememberCheckpoint(outcome.checkpoint))

    def _answered(self) -> None:
        self._do(m.NoteAnswer())
        if self._errands.passes_over():
            self._flag("proof_withheld")
        self._asked_at = None
        if self._probing:
            self._probing = False
            self._deliveries.ask_soon(self._now)
            self._do(m.NoteLink(connected=True))

    # --- what goes to the hub ----------------------------------------------------------------------------------------

    def _fill(self, session: int) -> None:
        self._check_silence()
        is_due, proof = self._errands.mail_due(self._now, self._witness.question(), has_gap=self._mailbox.has_gap)
        pieces = [] if self._probing else self._downloads.question(self._now)
        if is_due or pieces:
            self._do(m.SendMail(proof, tuple(pieces)))
        if self._errands.heartbeat_due(self._now):
            self._do(m.SendHeartbeat(session))
        while (delivery := self._deliveries.next_manifest(self._now, probing=self._probing)) is not None:
            self._deliveries.manifest_sent(delivery, self._now)
            bundle = delivery.facts.bundle
            self._do(m.RecordSent(bundle), m.SendManifest(self._flights.depart(self._now, bundle), bundle))
            self._asked_at = self._now if self._asked_at is None else self._asked_at
        while not self._probing and self._flights.has_room(self._now):
            chosen = self._deliveries.next_chunk(self._now)
            if chosen is None:
                break
            bundle, piece = chosen[0].facts.bundle, chosen[1]
            self._do(m.SendChunk(self._flights.depart(self._now, bundle, piece), bundle, piece[0], piece[1]))

    def _check_silence(self) -> None:
        if self._flights.is_stuck(self._now):
            self._flights.forget()
            self._do(m.DropConnection())
        is_silent = self._asked_at is not None and self._now - self._asked_at >= self._limits.silent_after
        if is_silent and not self._probing:
            self._probing = True
            self._do(m.NoteLink(connected=True, reason="hub_silent"))

    # --- small things ------------------------------------------------------------------------------------------------

    def _add(self, item: m.ItemFacts) -> None:
        if item.bundle in self._items:
            return
        self._items[item.bundle] = item
        self._states[item.bundle] = item.state
        self._by_message[item.message_digest] = item.bundle
        if item.state not in _CLOSED:
            self._deliveries.add(item, self._now)

    def _do(self, *actions: m.Action) -> None:
        self._out += actions

    def _flag(self, code: str, about: bytes = b"", evidence: bytes = b"") -> None:
        if self._flagged.lets((code, about), self._now):
            self._do(m.RaiseFlag(code[:60], about, evidence))

    def _record_progress(self, bundle: bytes, attachment: int, chunks: int, *, at_once: bool = False) -> None:
        is_last = chunks == self._items[bundle].chunks[attachment]
        if self._progress.lets((bundle, attachment), self._now, at_once=at_once or is_last):
            self._do(m.RecordDelivered(bundle, attachment, chunks, None if at_once else self._flights.take_idle()))


def _is_about(receipt: VerifiedReceipt, facts: m.ItemFacts) -> bool:
    """Tell whether a verified receipt is about this item (checks 1 and 2)."""
    subject = receipt.subject
    if subject.kind is ReceiptKind.REJECTED:
        return subject.message == facts.message_digest
    return (subject.bundle, subject.counter, subject.registration_no) == (
        facts.bundle,
        facts.counter,
        facts.registration_no,
    )
