"""Sees to it that a node that was revoked or suspended is out of the broker within a minute.

1. What is due follows from the registry: a node that left service, and the rounds that were gone since
   (``SessionCut``). So nothing is forgotten when the worker dies, and a session that slipped in between is closed by
   the next round.
2. The first round comes at once. The last one comes when the broker must have read the revocation list (its copy is
   made by a path unit within seconds): from then on nobody comes back under this name.
3. A broker that does not answer has no round: it is tried again every few seconds, for ``LONGEST``.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.authority.tables import SessionCut
from hub.authority.takeover import TakeOver
from hub.registry.rules import NodeStatus
from hub.registry.tables import Node
from hub.storage.engine import Database
from protocol.ids import NodeId

ROUNDS = tuple(timedelta(seconds=each) for each in (0, 3, 10, 25, 45))
"""After the end of service. A round costs 20 ms."""

RETRY = timedelta(seconds=5)
LONGEST = timedelta(hours=1)

log = structlog.get_logger()


def cut_sessions(database: Database, now: datetime, take_over: Callable[[NodeId], TakeOver]) -> dict[NodeId, TakeOver]:
    """Go the rounds that are due and return how they ended; nothing is locked when none is.

    Raises:
        StorageError: the database does not answer.
    """
    with database.reading() as session:
        due = _due(session, now)
    ended: dict[NodeId, TakeOver] = {}
    for node, since in due.items():
        ended[node] = take_over(node)  # on the network: no transaction is open
        with database.session() as session:
            _note(session, node, since, ended[node], now)
        log.info("session.cut", node=str(node), outcome=ended[node].value)
    return ended


def find_cut(session: Session, node: NodeId) -> datetime | None:
    """Return when the broker confirmed that a node that left service has no session; None while it has not."""
    row = session.get(SessionCut, str(node))
    return None if row is None else row.cut_at


def _due(session: Session, now: datetime) -> dict[NodeId, datetime]:
    ended = func.coalesce(Node.revoked_at, Node.suspended_at)
    wanted = (
        select(Node.node_id, ended, SessionCut)
        .outerjoin(SessionCut, SessionCut.node_id == Node.node_id)
        .where(Node.status != NodeStatus.ACTIVE.value, ended > now - LONGEST)
        .order_by(ended)
    )
    return {NodeId(name): since for name, since, row in session.execute(wanted) if _is_due(row, since, now)}


def _is_due(row: SessionCut | None, since: datetime, now: datetime) -> bool:
    if row is None or row.ended_at != since:
        return True
    if row.rounds >= len(ROUNDS):
        return False
    # ``last_at`` in the future: the clock was set back.
    is_rested = row.rounds > 0 or now - row.last_at >= RETRY or row.last_at > now
    return is_rested and now - since >= ROUNDS[row.rounds]


def _note(session: Session, node: NodeId, since: datetime, outcome: TakeOver, now: datetime) -> None:
    row = session.get(SessionCut, str(node), with_for_update=True, populate_existing=True)
    if row is None:
        row = SessionCut(node_id=str(node), ended_at=since, rounds=0, last_at=now)
        session.add(row)
    if row.ended_at != since:
        row.ended_at, row.rounds, row.cut_at = since, 0, None
    row.last_at = now
    if outcome is not TakeOver.UNREACHABLE:
        row.rounds += 1
        row.cut_at = row.cut_at or now
    session.flush()
