"""The hub's list of revoked documents, as it came in signed parts; only ever replaced by a newer one that is whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from protocol.envelope import load_public_key
from protocol.permit import RevocationList, Revoked, joined, verify_revocations
from village_node.identity.hub import Enrolled
from village_node.inbox.tables import RevocationPart
from village_node.store.schema import bounded_ms


@dataclass(frozen=True, kw_only=True, slots=True)
class Revocations:
    """What this node knows about revoked documents."""

    revoked: Mapping[bytes, Revoked]
    number: int
    """0: no list came yet."""
    issued_at: datetime | None
    """When the newest whole list was issued: whatever was revoked after it is not known here."""


def store_revocations(session: Session, now: datetime, enrolled: Enrolled, body: bytes) -> None:
    """Keep one part of a list; a part of an older list than the newest whole one changes nothing.

    Raises:
        ProtocolError: not signed by the hub's permit key, or not a part of a list.
    """
    part = verify_revocations(body, load_public_key(enrolled.permit_key))
    if part.number < _newest_whole(session) or session.get(RevocationPart, (part.number, part.part)) is not None:
        return
    session.add(
        RevocationPart(
            number=part.number,
            part=part.part,
            parts=part.parts,
            raw=body,
            issued_at=bounded_ms(part.issued_at),
            received_at=now,
        )
    )
    session.flush()
    session.execute(delete(RevocationPart).where(RevocationPart.number < _newest_whole(session)))


def read_revocations(session: Session, enrolled: Enrolled) -> Revocations:
    """Return everything that the parts here revoke, verified again, and how fresh the newest whole list is."""
    key, newest = load_public_key(enrolled.permit_key), _newest_whole(session)
    rows = session.scalars(select(RevocationPart)).all()
    parts: list[RevocationList] = [verify_revocations(row.raw, key) for row in rows]
    issued = [row.issued_at for row in rows if row.number == newest]
    return Revocations(revoked=joined(parts), number=newest, issued_at=max(issued, default=None))


def _newest_whole(session: Session) -> int:
    whole = (
        select(RevocationPart.number)
        .group_by(RevocationPart.number, RevocationPart.parts)
        .having(func.count() == RevocationPart.parts)
    )
    return max(session.scalars(whole), default=0)
