"""A hub without its programs, and village PCs that want to be enrolled: for the tests of registry and network."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from sqlalchemy.orm import Session

from hub.authority import enrolment
from hub.authority.certification import Issuer, issue_approved
from hub.authority.root import found_authority
from hub.authority.rules import Verdict
from hub.catalogue.catalogue import Catalogue
from hub.ledger.service import sign_head
from hub.registry.records import NodeRecord
from hub.registry.service import Decision, NewNode, enrol_node
from hub.storage.engine import Database
from protocol.checkpoint import LogKey
from protocol.enrolment import CodeKeys, EnrolmentRequest, HubKeys, authenticate, derive_code_keys, fingerprint
from protocol.envelope import public_bytes
from protocol.ids import HubId, NodeId, OfficerId, VillageCode, crockford
from protocol.mailbox import OfficerRequest

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HUB = HubId("3314")
ORIGIN = "simpul/3314"
VILLAGE = VillageCode("33.14.05.2003")
CATALOGUE = Catalogue.load()
REGIONS = CATALOGUE.regions


class Chance:
    """Bytes that look random and are the same in every run."""

    def __init__(self, seed: str) -> None:
        self._seed, self._count = seed, 0

    def token(self, size: int) -> bytes:
        self._count += 1
        blocks = [sha256(f"{self._seed}/{self._count}/{block}".encode()).digest() for block in range(size // 32 + 1)]
        return b"".join(blocks)[:size]


def decision(by: str = "budi", seed: str = "salt", now: datetime = NOW) -> Decision:
    return Decision(now=now, by=by, randomness=Chance(seed))


@contextmanager
def fresh_database(url: str) -> Iterator[Database]:
    database = Database(url)
    database.migrate()
    try:
        yield database
    finally:
        database.dispose()


def a_node(session: Session, seed: str = "pc", village: VillageCode = VILLAGE) -> NodeRecord:
    """Enrol a node whose key follows from the seed."""
    new = NewNode(
        village=village,
        signing_key=public_bytes(a_key(seed).public_key()),
        sealing_key=a_sealing_key(seed),
        program="1.0",
    )
    return enrol_node(session, new, decision(seed=seed))


def a_sealing_key(seed: str) -> bytes:
    key = X25519PrivateKey.from_private_bytes(sha256(f"sealing {seed}".encode()).digest())
    return key.public_key().public_bytes_raw()


def a_key(seed: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(seed.encode()).digest())


def an_officer(seed: str = "siti") -> OfficerRequest:
    officer_id = OfficerId("o-" + crockford(sha256(seed.encode()).digest()[:10]))
    return OfficerRequest(officer=officer_id, name="Siti Aminah", public_key=public_bytes(a_key(seed).public_key()))


@dataclass
class VillagePc:
    """The node's side of an enrolment."""

    code: str
    seed: str = "pc"
    claimed_name: str = "3314052003-77"
    officers: list[OfficerRequest] = field(default_factory=lambda: [an_officer()])
    sealing_key: bytes = field(default_factory=lambda: a_sealing_key("node"))

    @property
    def keys(self) -> CodeKeys:
        return derive_code_keys(self.code)

    @property
    def key(self) -> Ed25519PrivateKey:
        return a_key(self.seed)

    @property
    def fingerprint(self) -> str:
        return fingerprint(public_bytes(self.key.public_key()))

    def csr(self) -> bytes:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.claimed_name)])
        return (
            x509.CertificateSigningRequestBuilder().subject_name(name).sign(self.key, None).public_bytes(Encoding.DER)
        )

    def request(self, csr: bytes | None = None, request_key: bytes | None = None) -> bytes:
        message = EnrolmentRequest(
            code_id=self.keys.code_id,
            csr=self.csr() if csr is None else csr,
            signing_key=public_bytes(self.key.public_key()),
            sealing_key=self.sealing_key,
            officers=self.officers,
            program="simpul-node 0.1",
        )
        return authenticate(message, self.keys.request_key if request_key is None else request_key)


class HubSide:
    """The hub's side: database and keys, with one method per step."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.chance = Chance("hub")
        self.log_key, self.message_key = a_key("log"), a_key("message")
        authority = found_authority(HUB, now=NOW, entropy=self.chance.token)
        keys = HubKeys(
            hub=HUB,
            log=LogKey(name=ORIGIN, public_key=self.log_key.public_key()).verifier,
            message_key=public_bytes(self.message_key.public_key()),
            sealing_key=sha256(b"sealing").digest(),
            permit_key=public_bytes(a_key("permit").public_key()),
        )
        self.issuer = Issuer(
            open_authority=lambda: authority,
            message_key=self.message_key,
            keys=keys,
            broker_host="broker.sragen.example",
            broker_port=8883,
            catalogue=CATALOGUE,
            randomness=self.chance,
        )

    def invite(self, now: datetime = NOW, by: str = "budi", village: VillageCode = VILLAGE) -> str:
        with self.database.session() as session:
            return enrolment.invite(session, now, self.chance, village, by, regions=REGIONS)

    def request(self, raw: bytes, now: datetime = NOW) -> Verdict:
        with self.database.session() as session:
            return enrolment.receive_request(session, now, raw)

    def approve(self, pc: VillagePc, by: str = "dewi", now: datetime = NOW) -> NodeId:
        with self.database.session() as session:
            return enrolment.approve(session, now, code_id=pc.keys.code_id, approved_by=by, randomness=self.chance)

    def issue(self, now: datetime = NOW) -> None:
        with self.database.session() as session:
            sign_head(session, now, self.log_key, ORIGIN)
        issue_approved(self.database, now, self.issuer)

    def answer(self, pc: VillagePc, now: datetime = NOW) -> enrolment.Reply:
        with self.database.session() as session:
            return enrolment.answer(session, now, pc.keys.code_id)

    def enrol(self, seed: str = "pc", village: VillageCode = VILLAGE) -> VillagePc:
        """Walk the whole way; return the PC, whose answer waits."""
        pc = VillagePc(self.invite(village=village), seed=seed, officers=[an_officer(f"officer of {seed}")])
        assert self.request(pc.request()) is Verdict.PENDING
        self.approve(pc)
        self.issue()
        return pc


def later(**delta: float) -> datetime:
    return NOW + timedelta(**delta)
