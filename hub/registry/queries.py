"""Read models of the registry: nodes, officers, leases and the openings of its ledger entries."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from hub.registry import tables
from hub.registry.records import Lease, NodeRecord, OfficerRecord, node_record, officer_record
from hub.registry.rules import NodeStatus, OfficerStatus, covers, year_of
from protocol.enrolment import fingerprint
from protocol.ids import NodeId, OfficerId, RegistrationNo, key_id
from protocol.mailbox import NumberLease, OfficerRequest

T = TypeVar("T", str, bytes)

BATCH = 500
"""Names in one IN list; SQLite takes 32,766 parameters, PostgreSQL plans short lists best."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OfficerLine:
    """One officer on a page of the network administrator."""

    officer_id: OfficerId
    node_id: NodeId
    name: str
    kid: bytes
    public_key: bytes
    status: OfficerStatus
    requested_at: datetime
    certified_at: datetime | None

    @property
    def fingerprint(self) -> str:
        """The key's fingerprint, as the node's screen shows it."""
        return fingerprint(self.public_key)


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """Salt and subject that open the commitment of one ledger entry."""

    ledger_index: int
    salt: bytes
    subject: bytes


def load_node(session: Session, node_id: NodeId) -> NodeRecord | None:
    """Return a node, revoked or not."""
    row = session.get(tables.Node, str(node_id))
    return None if row is None else node_record(row)


def load_nodes(session: Session, node_ids: Collection[NodeId]) -> dict[NodeId, NodeRecord]:
    """Return those of the named nodes that exist, in few statements."""
    found: dict[NodeId, NodeRecord] = {}
    for some in _batches({str(each) for each in node_ids}):
        records = [
            node_record(row) for row in session.scalars(select(tables.Node).where(tables.Node.node_id.in_(some)))
        ]
        found |= {record.node_id: record for record in records}
    return found


def all_nodes(session: Session) -> list[NodeRecord]:
    """Return every node in the order of the names."""
    return [node_record(row) for row in session.scalars(select(tables.Node).order_by(tables.Node.node_id))]


def officers_by_kid(session: Session, node_id: NodeId) -> dict[bytes, OfficerRecord]:
    """Return a node's certified officers by key id: active and revoked ones, no pending ones."""
    wanted = _certified().where(tables.Officer.node_id == str(node_id))
    return {row.kid: officer_record(row) for row in session.scalars(wanted)}


def load_officers(session: Session, kids: Collection[bytes]) -> dict[bytes, OfficerRecord]:
    """Return those of the named keys that are certified officers', active or revoked, in few statements."""
    found: dict[bytes, OfficerRecord] = {}
    for some in _batches(set(kids)):
        rows = session.scalars(_certified().where(tables.Officer.kid.in_(some)))
        found |= {row.kid: officer_record(row) for row in rows}
    return found


def officer_states(session: Session, kids: Collection[bytes]) -> dict[bytes, OfficerStatus]:
    """Return the status of those of the named keys that were certified: active or revoked."""
    found: dict[bytes, OfficerStatus] = {}
    for some in _batches(set(kids)):
        wanted = select(tables.Officer.kid, tables.Officer.status).where(
            tables.Officer.kid.in_(some), tables.Officer.certificate.is_not(None)
        )
        found |= {kid: OfficerStatus(status) for kid, status in session.execute(wanted)}
    return found


def officer_lines(session: Session, node_id: NodeId) -> list[OfficerLine]:
    """Return all officers of a node, newest request first, for a page."""
    wanted = select(tables.Officer).where(tables.Officer.node_id == str(node_id))
    return [_line(row) for row in session.scalars(wanted.order_by(tables.Officer.requested_at.desc()))]


def waiting_officers(session: Session) -> list[OfficerLine]:
    """Return the officers about whom a person has to decide, oldest request first."""
    wanted = select(tables.Officer).where(tables.Officer.status == OfficerStatus.PENDING.value)
    return [_line(row) for row in session.scalars(wanted.order_by(tables.Officer.requested_at))]


def approved_officers(session: Session) -> list[OfficerRecord]:
    """Return the officers of active nodes who were approved and have no certificate yet."""
    wanted = (
        select(tables.Officer)
        .join(tables.Node)
        .where(
            tables.Officer.status == OfficerStatus.APPROVED.value,
            tables.Node.status == NodeStatus.ACTIVE.value,
        )
        .order_by(tables.Officer.requested_at)
    )
    return [officer_record(row) for row in session.scalars(wanted)]


def is_known_node_key(session: Session, public_key: bytes) -> bool:
    """Say whether a node, active or revoked, signs with this key."""
    return session.scalar(select(tables.Node.node_id).where(tables.Node.signing_kid == key_id(public_key))) is not None


def is_known_officer(session: Session, request: OfficerRequest) -> bool:
    """Say whether the registry has an officer of this id or with this key, whatever the status."""
    same = or_(
        tables.Officer.officer_id == str(request.officer),
        tables.Officer.kid == key_id(request.public_key),
    )
    return session.scalar(select(tables.Officer.officer_id).where(same).limit(1)) is not None


def certificates(session: Session, node_id: NodeId) -> list[bytes]:
    """Return the certificates of a node's active officers."""
    wanted = select(tables.Officer).where(
        tables.Officer.node_id == str(node_id), tables.Officer.status == OfficerStatus.ACTIVE.value
    )
    rows = session.scalars(wanted.order_by(tables.Officer.officer_id))
    return [row.certificate for row in rows if row.certificate is not None]


def load_leases(session: Session, node_ids: Collection[NodeId]) -> dict[NodeId, list[Lease]]:
    """Return every block that was leased to these nodes; every asked node is a key of the answer."""
    found: dict[NodeId, list[Lease]] = {each: [] for each in node_ids}
    for some in _batches({str(each) for each in node_ids}):
        wanted = select(tables.NumberLease).where(tables.NumberLease.node_id.in_(some))
        for row in session.scalars(wanted.order_by(tables.NumberLease.id)):
            block = NumberLease(year=row.year, first=row.first, last=row.last)
            found[NodeId(row.node_id)].append(Lease(node_id=NodeId(row.node_id), block=block))
    return found


def holds_number(session: Session, node_id: NodeId, registration_no: RegistrationNo) -> bool:
    """Say whether a registration number was leased to this node."""
    wanted = select(tables.NumberLease).where(
        tables.NumberLease.node_id == str(node_id),
        tables.NumberLease.year == year_of(registration_no),
        tables.NumberLease.first <= registration_no.number,
        tables.NumberLease.last >= registration_no.number,
    )
    blocks = [NumberLease(year=row.year, first=row.first, last=row.last) for row in session.scalars(wanted)]
    return covers(blocks, node_id, registration_no)


def openings(session: Session) -> Iterator[Opening]:
    """Yield the openings of this room's ledger entries in the order of the ledger, for the auditor."""
    wanted = select(tables.RegistryEvent).order_by(tables.RegistryEvent.ledger_index)
    for row in session.scalars(wanted.execution_options(yield_per=BATCH)):
        yield Opening(ledger_index=row.ledger_index, salt=row.salt, subject=row.subject)


def _certified() -> Select[tables.Officer]:
    return select(tables.Officer).where(tables.Officer.certificate.is_not(None))


def _batches(names: set[T]) -> Iterator[list[T]]:
    """Cut a set into parts that fit into one statement, in a steady order."""
    ordered = sorted(names)
    return (ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH))


def _line(row: tables.Officer) -> OfficerLine:
    return OfficerLine(
        officer_id=OfficerId(row.officer_id),
        node_id=NodeId(row.node_id),
        name=row.name,
        kid=row.kid,
        public_key=row.public_key,
        status=OfficerStatus(row.status),
        requested_at=row.requested_at,
        certified_at=row.certified_at,
    )
