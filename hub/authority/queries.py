"""Read models of the authority: enrolment requests, and what is revoked."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from hub.authority import tables
from hub.authority.pki import Revocation
from hub.authority.rules import CodeState
from hub.authority.tables import NodeCertificate
from hub.dispatch.tables import NoticeRow
from hub.intake.tables import IntakeQuarantine
from hub.registry.rules import NodeStatus
from hub.registry.tables import Node
from protocol.enrolment import EnrolmentRequest, fingerprint
from protocol.ids import NodeId, VillageCode
from protocol.limits import MAX_ENROLMENT_BYTES
from protocol.mailbox import NoticeKind
from protocol.wire import from_bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeLine:
    """One enrolment on the page of the administrator; never the code itself."""

    code_id: bytes
    village: VillageCode
    state: CodeState
    invited_by: str
    invited_at: datetime
    expires_at: datetime
    failures: int
    fingerprint: str
    """Of the node's signing key, as its own screen shows it; empty before the request came."""
    officers: tuple[str, ...]
    """Names that the node asks to certify; empty once it has its answer."""
    requested_at: datetime | None
    approved_by: str
    node_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class QuarantineLine:
    """One message that was put aside whole; it is sealed, and nobody reads it here."""

    node_id: str
    kept_at: datetime
    code: str
    bundle: str
    """The first letters of the bundle id, as the node's pages show it."""
    size: int


def enrolments(session: Session, limit: int = 100) -> list[CodeLine]:
    """Return enrolments, those that wait for a person first, then the newest."""
    waits = case((tables.EnrolmentCode.state == CodeState.REQUESTED.value, 0), else_=1)
    wanted = select(tables.EnrolmentCode).order_by(waits, tables.EnrolmentCode.invited_at.desc()).limit(limit)
    return [_code_line(row) for row in session.scalars(wanted)]


def waiting_enrolments(session: Session) -> int:
    """Return how many requests wait for a second person."""
    waiting = tables.EnrolmentCode.state == CodeState.REQUESTED.value
    return session.scalar(select(func.count()).where(waiting)) or 0


def quarantined(session: Session, node_id: NodeId | None = None, limit: int = 200) -> list[QuarantineLine]:
    """Return what was put aside whole, newest first; of one node or of all."""
    kept = IntakeQuarantine
    wanted = select(kept.node_id, kept.kept_at, kept.code, kept.bundle_id, func.length(kept.raw))
    if node_id is not None:
        wanted = wanted.where(kept.node_id == str(node_id))
    rows = session.execute(wanted.order_by(kept.kept_at.desc(), kept.message).limit(limit))
    return [
        QuarantineLine(
            node_id=name, kept_at=at, code=code, bundle="" if bundle is None else bundle.hex()[:16], size=size
        )
        for name, at, code, bundle, size in rows
    ]


def revocations(session: Session, now: datetime) -> list[Revocation]:
    """Return the certificates that belong on the revocation list: of revoked and suspended nodes, not expired yet.

    Those of a suspended node leave the list when it is let in again.
    """
    ended = func.coalesce(Node.revoked_at, Node.suspended_at)
    wanted = (
        select(NodeCertificate.serial, ended)
        .join(Node)
        .where(ended.is_not(None), NodeCertificate.expires_at > now)
        .order_by(NodeCertificate.serial)
    )
    return [Revocation(serial=int(serial, 16), revoked_at=at) for serial, at in session.execute(wanted)]


def _code_line(row: tables.EnrolmentCode) -> CodeLine:
    asked = None if row.request is None else from_bytes(row.request, EnrolmentRequest, max_bytes=MAX_ENROLMENT_BYTES)
    return CodeLine(
        code_id=row.code_id,
        village=VillageCode(row.village),
        state=CodeState(row.state),
        invited_by=row.invited_by,
        invited_at=row.invited_at,
        expires_at=row.expires_at,
        failures=row.failures,
        fingerprint="" if row.signing_key is None else fingerprint(row.signing_key),
        officers=() if asked is None else tuple(officer.name for officer in asked.officers),
        requested_at=row.requested_at,
        approved_by=row.approved_by or "",
        node_id=row.node_id or "",
    )


def newest_certificates(session: Session, node_ids: Collection[NodeId] | None = None) -> dict[NodeId, NodeCertificate]:
    """Return each node's newest certificate; of all nodes when none are named."""
    wanted = select(NodeCertificate).order_by(NodeCertificate.issued_at, NodeCertificate.expires_at)
    if node_ids is not None:
        wanted = wanted.where(NodeCertificate.node_id.in_([str(each) for each in node_ids]))
    return {NodeId(row.node_id): row for row in session.scalars(wanted)}


def nodes_behind(session: Session, trust: bytes) -> list[NodeId]:
    """Return the nodes in service that have not stored a certificate that came with today's roots."""
    newest = newest_certificates(session)
    waiting = set(
        session.scalars(
            select(Node.node_id)
            .join(NoticeRow, NoticeRow.node_id == Node.node_id)
            .where(NoticeRow.kind == NoticeKind.CERTIFICATE.value, NoticeRow.number > Node.mail_cursor)
        )
    )
    active = session.scalars(select(Node.node_id).where(Node.status == NodeStatus.ACTIVE.value).order_by(Node.node_id))
    return [
        NodeId(name)
        for name in active
        if name in waiting or NodeId(name) not in newest or newest[NodeId(name)].trust != trust
    ]
