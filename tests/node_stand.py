"""A village node on a real disk with a clock and a random source that a test holds, enrolled with the hub stand-in."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from protocol.bundle import Applicant
from protocol.catalogue import (
    Confidence,
    Field,
    FieldType,
    Free,
    MediaType,
    OfficeCode,
    OfficeKind,
    Requirement,
    Service,
    ServiceKind,
    ServiceStatus,
    Sla,
    SlaOrigin,
    Stage,
    StageAction,
    StageRole,
    Text,
    Validity,
    service_bytes,
)
from protocol.enrolment import EnrolmentAnswer, OfficeName
from protocol.envelope import Purpose, one_key, sign
from protocol.ids import FieldKey, OfficerId, ServiceCode
from protocol.mailbox import NumberLease, OfficerCertificate
from protocol.wire import to_bytes
from tests.hub_stand_in import HubStandIn
from village_node.identity.certificates import read_certificate, uncertified_officers
from village_node.identity.enrolment import CheckedAnswer, store_answer
from village_node.identity.keys import NodeKeys, create_or_load_keys
from village_node.identity.officers import create_officer, unlock
from village_node.identity.sessions import Unlocked
from village_node.identity.vault import KdfParameters
from village_node.inbox.documents import DocumentFolder
from village_node.outbox.service import FileToSeal, SealCommand, SealedItem, Sealer, seal_draft
from village_node.store.engine import Database
from village_node.store.files import SealedFiles
from village_node.sync.staging import ParcelFolder

PIN = "739154"
QUICK = KdfParameters(passes=1, memory_kib=1024, lanes=1)
NIK = "3314990101900001"
NAME = "Sri Lestari"


@dataclass
class HeldClock:
    """A clock that moves when the test says so."""

    time: datetime = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    elapsed: int = 0

    def now(self) -> datetime:
        return self.time

    def now_ms(self) -> int:
        return int(self.time.timestamp() * 1_000)

    def elapsed_ms(self) -> int:
        return self.elapsed

    def pass_s(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        self.elapsed += int(seconds * 1_000)


@dataclass
class SeededRandomness:
    """Bytes that come again with the same seed."""

    random: Random = field(default_factory=lambda: Random(1))

    def token(self, size: int) -> bytes:
        return self.random.randbytes(size)


def text(words: str) -> Text:
    return Text(id=words, en=words)


def a_stage(key: str, action: StageAction, role: StageRole, *after: str, days: int = 1) -> Stage:
    """One stage of a village's own service."""
    return Stage(
        key=FieldKey(key),
        label=text(key),
        action=action,
        role=role,
        office=OfficeKind.VILLAGE,
        working_days=days,
        after=tuple(FieldKey(each) for each in after),
    )


def a_service(**changes: object) -> Service:
    """A small service: one field, one required photo, one optional document."""
    values: dict[str, object] = {
        "code": ServiceCode("D-SKU"),
        "version": 1,
        "name": text("Surat Keterangan Usaha"),
        "summary": text("Usaha"),
        "kind": ServiceKind.VILLAGE_LETTER,
        "status": ServiceStatus.ACTIVE,
        "issuer": OfficeKind.VILLAGE,
        "fields": (Field(key=FieldKey("business_name"), type=FieldType.TEXT, label=text("Nama usaha")),),
        "requirements": (
            Requirement(key=FieldKey("id_card"), label=text("KTP-el"), media_types=(MediaType.JPEG,), max_files=3),
            Requirement(key=FieldKey("letter"), label=text("Surat"), required=False),
        ),
        "stages": (
            a_stage("completeness", StageAction.COMPLETENESS, StageRole.VILLAGE_OFFICER),
            a_stage("decision", StageAction.DECISION, StageRole.HEAD, "completeness"),
            a_stage("signature", StageAction.SIGNATURE, StageRole.HEAD, "decision"),
            a_stage("handover", StageAction.HANDOVER, StageRole.VILLAGE_OFFICER, "signature"),
        ),
        "fee": Free(basis=text("Gratis")),
        "sla": Sla(min_days=0, max_days=4, origin=SlaOrigin.ESTIMATE, source="-", confidence=Confidence.UNCONFIRMED),
        "validity": Validity(text=text("1 bulan"), confidence=Confidence.READ),
    }
    return Service(**(values | changes))  # type: ignore[arg-type]  # the types stand above


def a_file(content: bytes = b"\xff\xd8" + bytes(1_000), name: str = "KTP.jpg") -> FileToSeal:
    return FileToSeal(requirement="id_card", name=name, media_type="image/jpeg", read=lambda: content)


def a_command(*files: FileToSeal, service: Service | None = None, **answers: str) -> SealCommand:
    return SealCommand(
        service=service or a_service(),
        applicant=Applicant(name=NAME, nik=NIK, phone="081234567890", address="RT 003/001"),
        answers=answers or {"business_name": "Warung Bu Sri"},
        handed_in=["id_card"],
        attachments=files or (a_file(),),
    )


class NodeStand:
    """One data folder. ``open`` it again to see what a restart would see."""

    def __init__(self, directory: Path, seed: int = 1) -> None:
        self.directory = directory
        self.clock = HeldClock()
        self.randomness = SeededRandomness(Random(seed))
        self.keys: NodeKeys = create_or_load_keys(directory / "keys", self.randomness)
        self.files = SealedFiles(directory / "sealed")
        self.documents = DocumentFolder(directory / "documents")
        self.parcels = ParcelFolder(directory / "parcels")
        self.database = Database(directory / "node.db")
        self.database.migrate()

    @property
    def sealer(self) -> Sealer:
        return Sealer(files=self.files, keys=self.keys, clock=self.clock, randomness=self.randomness)

    def add_officer(self, name: str = "Bu Siti", pin: str = PIN) -> OfficerId:
        with self.database.session() as session:
            return create_officer(session, self.clock, self.randomness, name=name, pin=pin, kdf=QUICK)

    def enrol(
        self, hub: HubStandIn, *, numbers: int = 100, tls: tuple[str, str] = ("-", "-"), port: int = 8883
    ) -> None:
        """Store what a hub would answer; ``tls`` are certificate and authority, empty where no broker is met."""
        with self.database.session() as session:
            certificates = [
                sign(
                    to_bytes(
                        OfficerCertificate(officer=each.officer, node=hub.node, public_key=each.public_key, issued_at=0)
                    ),
                    key=hub.message_key,
                    purpose=Purpose.OFFICER,
                )
                for each in uncertified_officers(session)
            ]
            answer = EnrolmentAnswer(
                node=hub.node,
                village=hub.node.village,
                village_name="Desa Keden",
                subdistrict_name="Kecamatan Kalijambe",
                certificate=tls[0],
                authority=tls[1],
                broker_host="127.0.0.1",
                broker_port=port,
                keys=hub.keys,
                checkpoint=hub.ledger.checkpoint().text,
                officers=certificates,
                leases=[NumberLease(year=2026, first=1, last=numbers)],
                services=[service_bytes(a_service())],
                offices=[OfficeName(code=OfficeCode("one-stop"), name="DPMPTSP")],
            )
            find = one_key(hub.message_key.public_key())
            checked = CheckedAnswer(
                answer=answer,
                checkpoint=hub.ledger.checkpoint(),
                officers=tuple(read_certificate(raw, hub.node, find) for raw in certificates),
            )
            store_answer(session, self.clock.now(), checked)

    def unlock(self, officer: OfficerId, pin: str = PIN) -> Unlocked:
        return unlock(self.database, self.clock, self.randomness, officer, pin)

    def seal(self, unlocked: Unlocked, command: SealCommand | None = None) -> SealedItem:
        with self.database.session() as session:
            return seal_draft(session, self.sealer, unlocked, command or a_command())
