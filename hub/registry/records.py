"""What the registry hands out: frozen values with parsed keys, instead of rows."""

from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hub.registry.rules import NodeStatus, OfficerStatus, covers
from hub.registry.tables import Node, Officer
from protocol.envelope import load_public_key
from protocol.ids import NodeId, OfficerId, RegistrationNo, VillageCode
from protocol.mailbox import NumberLease


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeRecord:
    """One node as it stands in the registry."""

    node_id: NodeId
    village: VillageCode
    signing_key: Ed25519PublicKey
    signing_kid: bytes
    sealing_key: bytes
    status: NodeStatus
    program: str
    enrolled_at: datetime
    revoked_at: datetime | None
    suspended_at: datetime | None
    resume_asked_by: str
    """Who wants a suspended node back; empty when nobody does."""
    mail_cursor: int
    free_numbers: int
    lease_notice: int
    """Number of the mailbox notice with the newest lease; 0 when the enrolment answer carried it."""

    @property
    def is_active(self) -> bool:
        """Whether what the node sends is taken; otherwise it is quarantined."""
        return self.status is NodeStatus.ACTIVE


@dataclass(frozen=True, kw_only=True, slots=True)
class OfficerRecord:
    """One officer's key as it stands in the registry, without the person's name."""

    officer_id: OfficerId
    node_id: NodeId
    public_key: Ed25519PublicKey
    kid: bytes
    status: OfficerStatus
    certified_at: datetime | None

    @property
    def is_active(self) -> bool:
        """Whether what the officer signs is taken."""
        return self.status is OfficerStatus.ACTIVE


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """A block of registration numbers and the node that may use it."""

    node_id: NodeId
    block: NumberLease

    def holds(self, wanted: RegistrationNo) -> bool:
        """Say whether a registration number lies in this block and names the node's regency."""
        return covers([self.block], self.node_id, wanted)


def node_record(row: Node) -> NodeRecord:
    """Read a row; its key was checked when it was written."""
    return NodeRecord(
        node_id=NodeId(row.node_id),
        village=VillageCode(row.village),
        signing_key=load_public_key(row.signing_key),
        signing_kid=row.signing_kid,
        sealing_key=row.sealing_key,
        status=NodeStatus(row.status),
        program=row.program,
        enrolled_at=row.enrolled_at,
        revoked_at=row.revoked_at,
        suspended_at=row.suspended_at,
        resume_asked_by=row.resume_asked_by or "",
        mail_cursor=row.mail_cursor,
        free_numbers=row.free_numbers,
        lease_notice=row.lease_notice,
    )


def officer_record(row: Officer) -> OfficerRecord:
    """Read a row; its key was checked when it was written."""
    return OfficerRecord(
        officer_id=OfficerId(row.officer_id),
        node_id=NodeId(row.node_id),
        public_key=load_public_key(row.public_key),
        kid=row.kid,
        status=OfficerStatus(row.status),
        certified_at=row.certified_at,
    )
