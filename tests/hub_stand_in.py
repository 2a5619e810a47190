"""A hub for tests of the node: a real ledger, real signatures, real receipts; no database, no broker.

It shares nothing with ``hub``; it is what the protocol says a hub does. Used by the simulation (with facts instead of
sealed messages) and, through ``open_bundle``, by tests that seal for real.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from protocol import merkle
from protocol.checkpoint import Checkpoint, CheckpointRef, LogKey, sign_checkpoint
from protocol.chunks import Need, chunk_count, missing_ranges, plain_chunk
from protocol.documents import DocumentOffer, DocumentRef, DocumentSealer
from protocol.enrolment import HubKeys
from protocol.envelope import KeyFinder, Purpose, public_bytes, sign
from protocol.health import Beacon
from protocol.ids import HubId, NodeId, OfficerId
from protocol.mailbox import Control, DocumentRequest, Mail, Notice, NoticeKind, OfficerCertificate, Refusal
from protocol.notices import Act, ActKind, CaseNews, verify_act
from protocol.receipt import (
    ConsistencyProof,
    Entry,
    ReceiptKind,
    SignedRoot,
    Subject,
    commitment,
    inclusion_receipt,
    make_receipt,
    sign_root,
)
from protocol.sealing import BodyContext, load_sealing_key, open_body, seal_body
from protocol.topics import Down
from protocol.wire import Wire, to_bytes
from village_node.sync.rules.messages import ItemFacts

Answer = tuple[Down, bytes]
ORIGIN = "simpul/3314"
NODE = NodeId("3314012001-01")


class Ledger:
    """An append-only Merkle log with its key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self.key = key
        self.entries: list[bytes] = []
        self._read = cache(self._node)
        self._signed: dict[int, SignedRoot] = {}

    def _node(self, level: int, index: int) -> bytes:
        if level == 0:
            return merkle.leaf_hash(self.entries[index])
        return merkle.node_hash(self._read(level - 1, 2 * index), self._read(level - 1, 2 * index + 1))

    def append(self, entry: bytes) -> int:
        self.entries.append(entry)
        return len(self.entries) - 1

    def root(self, size: int) -> bytes:
        return merkle.read_frontier(size, self._read).root()

    def signed(self) -> SignedRoot:
        size = len(self.entries)
        if size not in self._signed:
            self._signed[size] = sign_root(self.checkpoint(), self.key)
        return self._signed[size]

    def checkpoint(self) -> Checkpoint:
        size = len(self.entries)
        return sign_checkpoint(ORIGIN, size, self.root(size), self.key)

    def ref(self) -> CheckpointRef:
        size = len(self.entries)
        return CheckpointRef(size=size, root=self.root(size))

    def inclusion(self, index: int) -> list[bytes]:
        return merkle.inclusion_path(index, len(self.entries), self._read)

    def consistency(self, old: int, new: int) -> list[bytes]:
        return merkle.consistency_path(old, new, self._read)


@dataclass
class Case:
    """What the hub has of one bundle."""

    facts: ItemFacts
    receipts: dict[ReceiptKind, bytes] = field(default_factory=dict)
    have: set[tuple[int, int]] = field(default_factory=set)
    effects: int = 1

    @property
    def is_whole(self) -> bool:
        return len(self.have) == sum(self.facts.chunks)


class HubStandIn:
    """Answers a node's messages as the protocol wants it."""

    def __init__(self, seed: int, node: NodeId = NODE) -> None:
        self.random = Random(seed)
        self.node = node
        self.hub = HubId("3314")
        self.log_key, self.message_key = self._ed25519(), self._ed25519()
        self.sealing_key = X25519PrivateKey.from_private_bytes(self.random.randbytes(32))
        self.permit_key = self._ed25519()
        self.ledger = Ledger(self.log_key)
        self.cases: dict[bytes, Case] = {}
        self.early: dict[bytes, set[tuple[int, int]]] = {}
        self.notices: list[bytes] = []
        self.rejects: dict[bytes, str] = {}
        self.rejected: dict[bytes, bytes] = {}
        self.cursor = 0
        self.pieces: dict[bytes, list[bytes]] = {}
        self.acts: dict[bytes, Act] = {}
        self.find_officer: KeyFinder = lambda _: None
        self.on_manifest: Callable[[bytes], object] = lambda _: None
        """Called once for each accepted bundle, after its receipt is made."""
        for _ in range(3):
            self.ledger.append(self.random.randbytes(40))

    def _ed25519(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.random.randbytes(32))

    @property
    def log(self) -> LogKey:
        return LogKey(name=ORIGIN, public_key=self.log_key.public_key())

    @property
    def keys(self) -> HubKeys:
        return HubKeys(
            hub=self.hub,
            log=self.log.verifier,
            message_key=public_bytes(self.message_key.public_key()),
            sealing_key=self.sealing_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw),
            permit_key=public_bytes(self.permit_key.public_key()),
        )

    def certify(self, officer: OfficerId, public_key: bytes) -> bytes:
        certificate = OfficerCertificate(officer=officer, node=self.node, public_key=public_key, issued_at=0)
        return sign(to_bytes(certificate), key=self.message_key, purpose=Purpose.OFFICER)

    # --- what the node sends -----------------------------------------------------------------------------------------

    def manifest(self, facts: ItemFacts) -> list[Answer]:
        if facts.message_digest in self.rejected:
            return [(Down.RECEIPT, self.rejected[facts.message_digest])]
        if facts.bundle in self.rejects:
            raw = self.receipt(facts, ReceiptKind.REJECTED, code=self.rejects[facts.bundle])
            self.rejected[facts.message_digest] = raw
            return [(Down.RECEIPT, raw)]
        known = facts.bundle in self.cases
        case = self.cases.setdefault(facts.bundle, Case(facts))
        if not known:
            case.have |= self.early.pop(facts.bundle, set())
            case.receipts[ReceiptKind.ARRIVED] = self.receipt(facts, ReceiptKind.ARRIVED)
            self.on_manifest(facts.bundle)
        self._close(case)
        answers = [(Down.RECEIPT, raw) for raw in case.receipts.values()]
        return answers + (self._need(case) if known else [])

    def chunk(self, bundle: bytes, attachment: int, index: int) -> list[Answer]:
        case = self.cases.get(bundle)
        if case is None:
            self.early.setdefault(bundle, set()).add((attachment, index))
            return []
        case.have.add((attachment, index))
        was_open = ReceiptKind.WHOLE not in case.receipts
        self._close(case)
        return [(Down.RECEIPT, case.receipts[ReceiptKind.WHOLE])] if was_open and case.is_whole else []

    def mail(self, mail: Mail) -> list[Answer]:
        self.cursor = max(self.cursor, mail.cursor)
        answers = [(Down.MAIL, raw) for raw in self.notices[mail.cursor :]]
        answers += [answer for act in mail.acts for answer in self.act(act)]
        answers += [(Down.PART, self.pieces[each.document][index]) for each in mail.documents for index in _asked(each)]
        if mail.proof is not None and 0 < mail.proof.old_size <= mail.proof.new_size <= len(self.ledger.entries):
            answers.append(self.control(mail.proof.old_size, mail.proof.new_size))
        return answers

    # --- what the hub says -------------------------------------------------------------------------------------------

    def receipt(self, facts: ItemFacts, kind: ReceiptKind, *, code: str = "", office: str = "") -> bytes:
        rejected = kind is ReceiptKind.REJECTED
        subject = Subject(
            kind=kind,
            bundle=facts.bundle,
            node=self.node,
            counter=facts.counter,
            registration_no=facts.registration_no,
            code=code,
            office=office,
            named=None if rejected else facts.named,
            message=facts.message_digest if rejected else None,
        )
        return self.receipt_of(subject)

    def receipt_of(self, subject: Subject) -> bytes:
        raw, salt = to_bytes(subject), self.random.randbytes(32)
        time = 1_790_000_000_000 + len(self.ledger.entries)
        entry = to_bytes(Entry(kind=f"bundle.{subject.kind}", time=time, commitment=commitment(salt, raw)))
        index = self.ledger.append(entry)
        root = self.ledger.signed()
        link = None
        if subject.named is not None:
            path = self.ledger.consistency(subject.named.size, root.size)
            link = ConsistencyProof(size=subject.named.size, path=path)
        return make_receipt(
            entry=entry,
            salt=salt,
            subject=raw,
            proof=inclusion_receipt(root, index, self.ledger.inclusion(index)),
            checkpoint=root.checkpoint,
            link=link,
        )

    def notify(self, kind: str, body: bytes) -> Answer:
        notice = Notice(node=self.node, number=len(self.notices) + 1, kind=kind, time=1_790_000_000_000, body=body)
        self.notices.append(sign(to_bytes(notice), key=self.message_key, purpose=Purpose.NOTICE))
        return Down.MAIL, self.notices[-1]

    def letter(self, kind: NoticeKind, content: Wire, node_key: bytes) -> Answer:
        """Write a notice whose body only the node's officers open."""
        context = BodyContext(hub=self.hub, node=self.node, kind=str(kind))
        return self.notify(kind, seal_body(to_bytes(content), load_sealing_key(node_key), context))

    def document(self, content: bytes, title: str = "Izin") -> DocumentRef:
        """Seal a document and have its pieces ready."""
        ref = DocumentRef(
            document=self.random.randbytes(32),
            title=title,
            media_type="application/pdf",
            size=len(content),
            sha256=hashlib.sha256(content).digest(),
            pieces=chunk_count(len(content)),
            content_key=self.random.randbytes(32),
        )
        sealer = DocumentSealer(ref)
        self.pieces[ref.document] = [sealer.seal(each, plain_chunk(each, content)) for each in range(ref.pieces)]
        return ref

    def offer(self, ref: DocumentRef) -> Answer:
        return self.notify(NoticeKind.DOCUMENT, to_bytes(DocumentOffer(document=ref.document, pieces=ref.pieces)))

    def news(self, facts: ItemFacts, event: str, **more: object) -> Answer:
        """Tell a step of a case; it gets a ledger entry of its own."""
        index = self.ledger.append(self.random.randbytes(40))
        values: dict[str, object] = {"office": "one-stop", "at": 1_790_000_000_000 + index, "ledger_index": index}
        step = CaseNews(
            bundle=facts.bundle,
            registration_no=facts.registration_no,
            event=event,
            **(values | more),  # type: ignore[arg-type]
        )
        return self.notify(NoticeKind.CASE, to_bytes(step))

    def act(self, sealed: bytes) -> list[Answer]:
        """Open an officer's statement and answer it, as often as it comes."""
        context = BodyContext(hub=self.hub, node=self.node, kind="act")
        signed = open_body(sealed, self.sealing_key, context)
        act = verify_act(signed, node=self.node, find_officer_key=self.find_officer)
        is_new = act.act not in self.acts
        self.acts.setdefault(act.act, act)
        facts = self.cases[act.bundle].facts
        if act.kind == ActKind.TOLD:
            return [self.news(facts, "told")] if is_new else []
        case = self.cases[act.bundle]
        if is_new:
            case.receipts[ReceiptKind.HANDED_OVER] = self.receipt(facts, ReceiptKind.HANDED_OVER)
        return [(Down.RECEIPT, case.receipts[ReceiptKind.HANDED_OVER])]

    def control(self, old: int, new: int) -> Answer:
        answer = Control(node=self.node, old_size=old, new_size=new, path=self.ledger.consistency(old, new))
        return Down.CONTROL, sign(to_bytes(answer), key=self.message_key, purpose=Purpose.CONTROL)

    def refuse(self, bundle: bytes, code: str) -> Answer:
        refusal = Refusal(node=self.node, message=self.random.randbytes(32), code=code, bundle=bundle)
        return Down.RECEIPT, sign(to_bytes(refusal), key=self.message_key, purpose=Purpose.REFUSAL)

    def beacon(self, number: int = 1) -> bytes:
        beacon = Beacon(hub=self.hub, number=number, time=0, checkpoint=self.ledger.checkpoint().text)
        return sign(to_bytes(beacon), key=self.message_key, purpose=Purpose.BEACON)

    def _close(self, case: Case) -> None:
        if case.is_whole and ReceiptKind.WHOLE not in case.receipts:
            case.receipts[ReceiptKind.WHOLE] = self.receipt(case.facts, ReceiptKind.WHOLE)

    def _need(self, case: Case) -> list[Answer]:
        ranges = [
            each
            for file, count in enumerate(case.facts.chunks)
            for each in missing_ranges(file, count, _of(case.have, file))
        ]
        if not ranges:
            return []
        need = to_bytes(Need(bundle=case.facts.bundle, ranges=ranges))
        return [(Down.NEED, sign(need, key=self.message_key, purpose=Purpose.NEED))]


def _of(have: Iterable[tuple[int, int]], file: int) -> list[int]:
    return [index for place, index in have if place == file]


def _asked(request: DocumentRequest) -> Iterable[int]:
    return (index for each in request.ranges for index in range(each.start, each.end))


def digest(text: str) -> bytes:
    """Return a 32-byte name for a test's thing."""
    return hashlib.sha256(text.encode()).digest()
