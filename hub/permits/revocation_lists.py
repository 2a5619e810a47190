"""The list of revoked documents that every village holds. Apart from revoking: the worker needs no letters to be drawn.

Rules:
1. The number of a list is one more than the documents that it holds: a larger number holds everything that a smaller
   one held, and no counter can go wrong.
2. A node is written the newest list when it has none or an older one; the worker does that, some nodes at a time.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.permits.tables import PermitRevocation, RevocationSent
from hub.storage.engine import Database
from hub.storage.ports import to_ms
from protocol.ids import HubId, NodeId
from protocol.permit import RevocationList, Revoked, sign_revocations

NODES_AT_ONCE = 50
"""Nodes that one transaction writes to."""

WriteNotice: TypeAlias = Callable[[Session, datetime, NodeId, bytes], object]
"""Writes a notice of kind ``revocations`` into a node's mailbox."""


def newest_list(session: Session, now: datetime, hub: HubId, key: Ed25519PrivateKey) -> list[bytes]:
    """Return the whole list as it stands, signed now, in parts."""
    rows = session.execute(
        select(PermitRevocation.mark, PermitRevocation.revoked_at, PermitRevocation.code).order_by(
            PermitRevocation.revoked_at, PermitRevocation.permit_id
        )
    ).all()
    revoked = [Revoked(mark=row.mark, at_s=to_ms(row.revoked_at) // 1_000, code=row.code) for row in rows]
    head = RevocationList(hub=hub, number=len(revoked) + 1, issued_at=to_ms(now), part=1, parts=1, revoked=[])
    return sign_revocations(revoked, head, key)


def list_number(session: Session) -> int:
    """Return the number of the newest list (rule 1)."""
    return 1 + (session.scalar(select(func.count()).select_from(PermitRevocation)) or 0)


def send_lists(
    database: Database,
    now: datetime,
    nodes: Sequence[NodeId],
    signer: tuple[HubId, Ed25519PrivateKey],
    write: WriteNotice,
) -> int:
    """Write the newest list to nodes that lack it; return how many were written to. A step of the worker.

    Raises:
        StorageError: the database does not answer; whoever is left is written to next time.
    """
    with database.reading() as session:
        number = list_number(session)
        sent = {str(node): had for node, had in session.execute(select(RevocationSent.node_id, RevocationSent.number))}
    lacking = [node for node in nodes if sent.get(node, 1) < number]
    for start in range(0, len(lacking), NODES_AT_ONCE):
        with database.session() as session:
            parts, newest = newest_list(session, now, *signer), list_number(session)
            for node in lacking[start : start + NODES_AT_ONCE]:
                for part in parts:
                    write(session, now, node, part)
                session.merge(RevocationSent(node_id=str(node), number=newest))
    return len(lacking)
