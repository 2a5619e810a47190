"""Writing notices and rendering them for the wire."""

from collections.abc import Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import exists, func, insert, select
from sqlalchemy.orm import Session

from hub.dispatch.ahead import WINDOW
from hub.dispatch.tables import NoticeRow
from hub.intake.carrier import Outgoing
from hub.registry.tables import Node
from hub.storage import crash
from hub.storage.ports import to_ms
from protocol.envelope import Purpose, sign
from protocol.ids import NodeId
from protocol.mailbox import Notice, NoticeKind
from protocol.topics import Down, down
from protocol.wire import to_bytes


def write_notice(session: Session, now: datetime, node_id: NodeId, kind: NoticeKind, body: bytes) -> int:
    """Append a notice to a node's mailbox and return its number: without gaps, in this transaction."""
    session.execute(select(Node.node_id).where(Node.node_id == str(node_id)).with_for_update(key_share=True))
    newest = select(func.coalesce(func.max(NoticeRow.number), 0)).where(NoticeRow.node_id == str(node_id))
    number = int(session.scalar(newest) or 0) + 1
    session.execute(
        insert(NoticeRow).values(node_id=str(node_id), number=number, kind=str(kind), body=body, written_at=now)
    )
    crash.point("dispatch.written")
    return number


def pending_notices(session: Session, node_id: NodeId, after: int, limit: int = WINDOW) -> Sequence[NoticeRow]:
    """Return the notices beyond a node's cursor, in order."""
    query = (
        select(NoticeRow)
        .where(NoticeRow.node_id == str(node_id), NoticeRow.number > after)
        .order_by(NoticeRow.number)
        .limit(limit)
    )
    return session.scalars(query).all()


def nodes_behind(session: Session) -> set[NodeId]:
    """Return the nodes that have notices beyond their cursor: one statement, however many nodes there are."""
    waits = exists().where(NoticeRow.node_id == Node.node_id, NoticeRow.number > Node.mail_cursor)
    return {NodeId(name) for name in session.scalars(select(Node.node_id).where(waits))}


def notices_since(session: Session, last_id: int, limit: int = 500) -> Sequence[NoticeRow]:
    """Return the notices of all nodes written after row ``last_id``, in the order of writing."""
    return session.scalars(select(NoticeRow).where(NoticeRow.id > last_id).order_by(NoticeRow.id).limit(limit)).all()


def newest_notice_id(session: Session) -> int:
    """Return the id of the last notice written, 0 when there is none."""
    return int(session.scalar(select(func.coalesce(func.max(NoticeRow.id), 0))) or 0)


def render_notice(row: NoticeRow, message_key: Ed25519PrivateKey) -> Outgoing:
    """Return the message that carries a notice; the same bytes each time."""
    node = NodeId(row.node_id)
    notice = Notice(
        node=node,
        number=row.number,
        kind=row.kind,
        time=to_ms(row.written_at),
        body=row.body,
    )
    return Outgoing(down(node, Down.MAIL), sign(to_bytes(notice), key=message_key, purpose=Purpose.NOTICE))
