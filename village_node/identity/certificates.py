"""The hub's word that a key is an officer's of this node: read, kept, asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from protocol.envelope import KeyFinder, Purpose
from protocol.errors import IdentityError
from protocol.ids import NodeId, OfficerId
from protocol.limits import MAX_MAIL_BYTES
from protocol.mailbox import OfficerCertificate, OfficerRequest, verify_from_hub
from protocol.wire import from_bytes
from village_node.identity.tables import Officer


@dataclass(frozen=True, kw_only=True, slots=True)
class CertifiedOfficer:
    """A verified officer certificate, with the envelope that it came in."""

    officer: OfficerId
    public_key: bytes
    raw: bytes


def is_certified(session: Session, officer: OfficerId) -> bool:
    """Tell whether the hub has certified this officer's key; before that nothing is sealed."""
    row = session.get(Officer, str(officer))
    return row is not None and row.certificate is not None


def uncertified_officers(session: Session, limit: int = 20) -> list[OfficerRequest]:
    """Return the officers whose certificate has not come yet, as the hub is asked for it."""
    rows = session.scalars(
        select(Officer).where(Officer.certificate.is_(None)).order_by(Officer.created_at).limit(limit)
    )
    return [OfficerRequest(officer=OfficerId(row.officer_id), name=row.name, public_key=row.public_key) for row in rows]


def read_certificate(raw: bytes, node: NodeId, find_key: KeyFinder) -> CertifiedOfficer:
    """Return an officer certificate that the hub signed for this node.

    Raises:
        ProtocolError: not signed by the hub, not a certificate, or for another node.
    """
    payload = verify_from_hub(raw, purpose=Purpose.OFFICER, find_key=find_key)
    certificate = from_bytes(payload, OfficerCertificate, max_bytes=MAX_MAIL_BYTES)
    if certificate.node != node:
        raise IdentityError
    return CertifiedOfficer(officer=certificate.officer, public_key=certificate.public_key, raw=raw)


def store_certificates(session: Session, now: datetime, certificates: Sequence[CertifiedOfficer]) -> int:
    """Keep officer certificates and return how many fitted; one for a key that this PC lacks changes nothing."""
    stored = 0
    for certificate in certificates:
        row = session.get(Officer, str(certificate.officer))
        if row is not None and row.public_key == certificate.public_key:
            row.certificate, row.certified_at = certificate.raw, now
            stored += 1
    return stored
