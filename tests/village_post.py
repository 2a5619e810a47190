"""What a hub would write to the desk of the page tests: signed notices, sealed letters, receipts; without a link."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select

from protocol.bundle import Applicant, Manifest, verify_bundle
from protocol.documents import parse_piece
from protocol.envelope import load_public_key, one_key, public_bytes
from protocol.ids import FieldKey, RegistrationNo, ServiceCode, key_id
from protocol.mailbox import NoticeKind, verify_notice
from protocol.notices import CorrectionAsked, Decision
from protocol.receipt import Outcome, ReceiptKind, verify_receipt
from protocol.sealing import open_sealed, parse_sealed
from tests.hub_stand_in import Answer, Case, HubStandIn
from tests.village_desk import VillageDesk
from village_node.identity.hub import load_enrolled
from village_node.identity.mailbox import public_mailbox_key
from village_node.identity.tables import Officer
from village_node.inbox.documents import note_piece
from village_node.inbox.service import store_notice, store_receipt
from village_node.outbox import progress
from village_node.outbox.tables import OutboxItem
from village_node.sync.rules.messages import ItemFacts

APPLICANT = Applicant(name="Suparmi", nik="3314994503850002", phone="081234567890", address="Dukuh Krajan")
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


@dataclass
class Post:
    """The hub's side of one desk."""

    desk: VillageDesk
    cases: dict[bytes, ItemFacts] = field(default_factory=dict)

    @property
    def hub(self) -> HubStandIn:
        return self.desk.hub

    def facts(self, bundle: bytes) -> ItemFacts:
        """Return an item as the hub knows it, and open its case."""
        with self.desk.context.database.reading() as session:
            item = session.get_one(OutboxItem, bundle)
            facts = ItemFacts(
                bundle=bundle,
                message_digest=item.message_digest,
                counter=item.counter,
                registration_no=RegistrationNo(item.registration_no),
                named=None,
                chunks=(),
            )
        self.hub.cases.setdefault(bundle, Case(facts))
        return facts

    def deliver(self, answer: Answer) -> None:
        """Store a notice as synchronisation does."""
        context = self.desk.context
        with context.database.session() as session:
            enrolled = load_enrolled(session)
            notice = verify_notice(answer[1], node=enrolled.node, find_key=enrolled.find_message_key)
            assert store_notice(session, context.clock.now(), enrolled, notice, answer[1])

    def receipt(self, bundle: bytes, kind: ReceiptKind, *, code: str = "", office: str = "") -> int:
        """Store a receipt and what it says about the transport; return its ledger index."""
        context, facts = self.desk.context, self.facts(bundle)
        receipt = verify_receipt(self.hub.receipt(facts, kind, code=code, office=office), log=self.hub.log)
        with context.database.session() as session:
            store_receipt(session, context.clock.now(), bundle, receipt)
            if kind in {ReceiptKind.ARRIVED, ReceiptKind.WHOLE, ReceiptKind.REJECTED}:
                progress.mark_state(session, bundle, str(kind))
        return receipt.index

    def news(self, bundle: bytes, event: str, **more: object) -> None:
        self.deliver(self.hub.news(self.facts(bundle), event, **more))

    def letter(self, kind: NoticeKind, content: CorrectionAsked | Decision) -> None:
        with self.desk.context.database.reading() as session:
            public = public_mailbox_key(session)
        self.deliver(self.hub.letter(kind, content, public))

    def ask(self, bundle: bytes, answers: dict[str, str | int | bool], **more: object) -> CorrectionAsked:
        """Return an application for a road for correction: receipt, then letter."""
        index = self.receipt(bundle, ReceiptKind.RETURNED, code="data_wrong", office="one-stop")
        values: dict[str, object] = {
            "fields": [FieldKey("road_name")],
            "requirements": [FieldKey("id_card")],
            "note": "Nama jalan tidak sama dengan peta.",
            "reason": "data_wrong",
        }
        asked = CorrectionAsked(
            bundle=bundle,
            registration_no=self.facts(bundle).registration_no,
            request=index,
            office="one-stop",
            service=ServiceCode("JALAN"),
            service_version=1,
            applicant=APPLICANT,
            answers={FieldKey(key): answer for key, answer in answers.items()},
            handed_in=[FieldKey("id_card")],
            asked_at=1_790_000_000_000,
            **(values | more),  # type: ignore[arg-type]  # fields that exist
        )
        self.letter(NoticeKind.CORRECTION, asked)
        return asked

    def decide(self, bundle: bytes, *, content: bytes = PDF, outcome: Outcome = Outcome.ISSUED) -> Decision:
        """Decide a case, with its document already here."""
        self.receipt(bundle, ReceiptKind.DECIDED, code=str(outcome), office="one-stop")
        ref = self.hub.document(content)
        decision = Decision(
            bundle=bundle,
            registration_no=self.facts(bundle).registration_no,
            outcome=str(outcome),
            office="one-stop",
            decided_at=1_790_000_000_000,
            number="503/12/2026",
            valid_until="2027-11-24",
            document=ref,
            applicant_name=APPLICANT.name,
        )
        self.letter(NoticeKind.DECISION, decision)
        self.deliver(self.hub.offer(ref))
        context = self.desk.context
        with context.database.session() as session:
            for index in range(ref.pieces):
                context.documents.put(ref.document, index, self.box(ref.document, index))
                note_piece(session, context.clock.now(), ref.document, index)
        return decision

    def open(self, item: OutboxItem) -> Manifest:
        """Return what an item says, as the hub opens it."""
        sealed = parse_sealed(item.message)
        keys = self.desk.context.sealer.keys
        found = verify_bundle(
            sealed,
            open_sealed(sealed, self.hub.sealing_key),
            find_node_key=one_key(load_public_key(keys.public_signing_key)),
            find_officer_key=self.find_officer,
        )
        return found.manifest

    def find_officer(self, kid: bytes) -> Ed25519PublicKey | None:
        with self.desk.context.database.reading() as session:
            keys = [load_public_key(raw) for raw in session.scalars(select(Officer.public_key))]
        return next((key for key in keys if key_id(public_bytes(key)) == kid), None)

    def box(self, document: bytes, index: int) -> bytes:
        return parse_piece(self.hub.pieces[document][index]).box
