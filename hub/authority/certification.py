"""Makes what needs the hub's keys: certificates of approved officers, and the answers of approved enrolments.

Runs where the keys are: in the worker, or at the console. A person decided before (``enrolment.approve``); nothing is
decided here, and everything may be done again after a crash.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from hub.authority.pki import CertificateAuthority
from hub.authority.pki_check import ProvenKey, check_request
from hub.authority.pki_files import load_pki
from hub.authority.rules import ANSWER_KEPT_AFTER_FETCH, CODE_LIFE, CodeState
from hub.authority.tables import EnrolmentCode, NodeCertificate
from hub.catalogue.catalogue import Catalogue
from hub.dispatch.service import write_notice
from hub.ledger.service import newest_checkpoint
from hub.registry.queries import approved_officers, certificates, load_leases
from hub.registry.records import OfficerRecord
from hub.registry.rules import NodeStatus
from hub.registry.service import Decision, certify_officer
from hub.registry.tables import Node
from hub.settings import Settings
from hub.storage.engine import Database
from hub.storage.hubkeys import load_message_key, public_keys
from hub.storage.ports import Randomness
from protocol.enrolment import EnrolmentAnswer, EnrolmentRequest, HubKeys, OfficeName, authenticate
from protocol.envelope import public_bytes
from protocol.ids import NodeId, OfficerId
from protocol.limits import MAX_ENROLMENT_BYTES
from protocol.mailbox import NoticeKind
from protocol.wire import from_bytes


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """The keys and facts from which certificates and enrolment answers are made."""

    open_authority: Callable[[], CertificateAuthority]
    """Reads the issuing key when it is needed: a roll-over changes it while the worker runs."""
    message_key: Ed25519PrivateKey
    keys: HubKeys
    broker_host: str
    broker_port: int
    catalogue: Catalogue
    randomness: Randomness

    @classmethod
    def load(cls, settings: Settings, catalogue: Catalogue, randomness: Randomness) -> Self:
        """Read the keys of this hub from its directories.

        Raises:
            StorageError: a key of the hub cannot be read.
            PkiMissingError: there is no certificate authority.
            PermissionError: this process may not read them.
        """
        files = load_pki(settings.pki_dir)
        return cls(
            open_authority=lambda: files.authority,
            message_key=load_message_key(settings.keys_dir),
            keys=public_keys(settings.keys_dir, settings.hub),
            broker_host=settings.broker_public_host,
            broker_port=settings.node_broker_port,
            catalogue=catalogue,
            randomness=randomness,
        )

    @property
    def authority(self) -> CertificateAuthority:
        """The issuing key in use."""
        return self.open_authority()


@dataclass(frozen=True, kw_only=True, slots=True)
class Issued:
    """What one run of ``issue_approved`` made."""

    nodes: tuple[NodeId, ...]
    officers: tuple[OfficerId, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeCertificate:
    """A certificate that was just made for a node."""

    serial: str
    chain: str
    """PEM: the certificate and what stands above it."""
    expires_at: datetime


def certify_approved(
    database: Database, now: datetime, message_key: Ed25519PrivateKey, randomness: Randomness
) -> tuple[OfficerId, ...]:
    """Certify officers who were approved after their node's enrolment; nothing is locked when there are none.

    Raises:
        StorageError: the database does not answer.
    """
    with database.reading() as session:
        if not _officers_due(session):
            return ()
    with database.session() as session:
        return tuple(_certify(session, officer, now, message_key, randomness) for officer in _officers_due(session))


def issue_approved(database: Database, now: datetime, issuer: Issuer) -> Issued:
    """Do everything that waits for the hub's keys; nothing is locked when nothing waits.

    Raises:
        StorageError: the database does not answer.
    """
    officers = certify_approved(database, now, issuer.message_key, issuer.randomness)
    due = or_(_is_approved(), _is_finished(now))
    with database.reading() as session:
        if not session.scalar(select(exists().where(due))):
            return Issued(nodes=(), officers=officers)
    with database.session() as session:
        return Issued(nodes=issue_due(session, now, issuer), officers=officers)


def issue_due(session: Session, now: datetime, issuer: Issuer) -> tuple[NodeId, ...]:
    """Make the answers of approved nodes with the certificates of their officers, and erase what is over.

    An enrolment answer names the newest checkpoint; before the log has its first one, answers wait.
    """
    erase_finished(session, now)
    checkpoint = newest_checkpoint(session)
    if checkpoint is None:
        return ()
    wanted = select(EnrolmentCode).where(_is_approved()).with_for_update()
    rows = session.scalars(wanted.order_by(EnrolmentCode.approved_at)).all()
    return tuple(_issue(session, row, now, issuer, checkpoint.text) for row in rows)


def erase_finished(session: Session, now: datetime) -> None:
    """Erase keys, request and answer of codes that were fetched an hour ago or never used in time."""
    session.execute(
        update(EnrolmentCode)
        .where(_is_finished(now))
        .values(state=CodeState.CLOSED.value, request_key=None, response_key=None, request=None, answer=None)
        .execution_options(synchronize_session="fetch")
    )


def _is_approved() -> ColumnElement[bool]:
    """Return the condition for codes whose answer is due; a node that was revoked meanwhile gets none."""
    active = select(Node.node_id).where(Node.status == NodeStatus.ACTIVE.value)
    return and_(EnrolmentCode.state == CodeState.APPROVED.value, EnrolmentCode.node_id.in_(active))


def _is_finished(now: datetime) -> ColumnElement[bool]:
    fetched = EnrolmentCode.fetched_at <= now - ANSWER_KEPT_AFTER_FETCH
    unused = and_(EnrolmentCode.state == CodeState.OPEN.value, EnrolmentCode.expires_at <= now - CODE_LIFE)
    return and_(EnrolmentCode.state != CodeState.CLOSED.value, or_(fetched, unused))


def _officers_due(session: Session) -> list[OfficerRecord]:
    """Return approved officers, without those whose certificate goes into an enrolment answer."""
    enrolling = select(EnrolmentCode.node_id).where(_is_approved())
    names = set(session.scalars(enrolling))
    return [officer for officer in approved_officers(session) if str(officer.node_id) not in names]


def _certify(
    session: Session, officer: OfficerRecord, now: datetime, message_key: Ed25519PrivateKey, randomness: Randomness
) -> OfficerId:
    """Certify one officer, and write the certificate to the node's mailbox."""
    decision = Decision(now=now, by="", randomness=randomness)
    certificate = certify_officer(session, officer.officer_id, decision, message_key)
    write_notice(session, now, officer.node_id, NoticeKind.OFFICER, certificate)
    return officer.officer_id


def _issue(session: Session, row: EnrolmentCode, now: datetime, issuer: Issuer, checkpoint: str) -> NodeId:
    assert row.request is not None and row.response_key is not None and row.node_id is not None  # noqa: S101, PT018  # an approved code has them
    node = NodeId(row.node_id)
    request = from_bytes(row.request, EnrolmentRequest, max_bytes=MAX_ENROLMENT_BYTES)
    decision = Decision(now=now, by="", randomness=issuer.randomness)
    for officer in approved_officers(session):
        if officer.node_id == node:
            certify_officer(session, officer.officer_id, decision, issuer.message_key)
    catalogue = issuer.catalogue
    village = catalogue.regions.by_code[node.village]
    made = EnrolmentAnswer(
        node=node,
        village=node.village,
        village_name=village.title,
        subdistrict_name=catalogue.regions.by_code[node.village.subdistrict].title,
        certificate=certify_node(session, node, check_request(request.csr), now, issuer).chain,
        authority=issuer.authority.trust_pem.decode(),
        broker_host=issuer.broker_host,
        broker_port=issuer.broker_port,
        keys=issuer.keys,
        checkpoint=checkpoint,
        officers=certificates(session, node),
        leases=[lease.block for lease in load_leases(session, [node])[node]],
        services=list(catalogue.wire_services()),
        offices=[OfficeName(code=each.code, name=each.short) for each in catalogue.offices_for(node.village)],
    )
    row.answer = authenticate(made, row.response_key)
    row.state = CodeState.ISSUED.value
    session.flush()
    return node


def certify_node(session: Session, node: NodeId, proven: ProvenKey, now: datetime, issuer: Issuer) -> MadeCertificate:
    """Make a node's certificate, and remember its serial for the revocation list."""
    authority = issuer.authority
    made = authority.issue_node(node, proven, now=now, entropy=issuer.randomness.token)
    serial = f"{made.serial_number:x}"
    session.add(
        NodeCertificate(
            serial=serial,
            node_id=str(node),
            public_key=public_bytes(proven.public_key),
            trust=authority.trust_digest,
            issued_at=now,
            expires_at=made.not_valid_after_utc,
        )
    )
    session.flush()
    chain = authority.with_chain(made).decode()
    return MadeCertificate(serial=serial, chain=chain, expires_at=made.not_valid_after_utc)
