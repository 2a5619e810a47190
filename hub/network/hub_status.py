"""How the hub itself is: what its database and disk say; for its status page, its readiness and its metrics.

Rules:
1. All of it comes from the database and the disk, never from the memory of one process: whichever of several web
   processes is asked, the answer is the same.
2. A worker that has not said for ``BEAT_LATE`` that it works is not at work.
"""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from hub.dispatch.tables import NoticeRow
from hub.health.alarm_queries import count_open
from hub.health.alarm_rules import Severity
from hub.health.tables import Presence
from hub.intake.tables import BundleReceipt, IntakeQuarantine, IntakeTally
from hub.ledger.service import newest_checkpoint
from hub.ledger.tables import LedgerHead
from hub.network.requests_tables import NodeRequest
from hub.network.tables import ProgramBeat
from hub.registry.rules import NodeStatus
from hub.registry.tables import Node
from hub.storage.engine import Database

WORKER = "worker"
BEAT_EVERY = timedelta(seconds=15)
BEAT_LATE = timedelta(seconds=90)


@dataclass(frozen=True, kw_only=True, slots=True)
class HubStatus:
    """The figures of the hub at one moment."""

    now: datetime
    accepted: int
    rejected: int
    quarantined: int
    receipts: int
    last_heard_at: datetime | None
    """When any node was heard last."""
    ledger_size: int
    signed_size: int
    signed_at: datetime | None
    worker_at: datetime | None
    worker_version: str
    notices_waiting: int
    """Notices that nodes in service have not acknowledged."""
    requests_open: int
    alarms: Mapping[Severity, int]
    nodes: Mapping[NodeStatus, int]
    disk_free: int
    disk_total: int

    @property
    def works(self) -> bool:
        """Whether the worker is at work (rule 2)."""
        return self.worker_at is not None and self.now - self.worker_at < BEAT_LATE

    @property
    def unsigned(self) -> int:
        """Entries of the ledger that no checkpoint covers yet."""
        return self.ledger_size - self.signed_size


def read_status(session: Session, now: datetime, data_dir: Path) -> HubStatus:
    """Return the figures of this moment."""
    sums = session.execute(select(func.sum(IntakeTally.accepted), func.sum(IntakeTally.rejected))).one()
    checkpoint, head, beat = newest_checkpoint(session), session.get(LedgerHead, 1), session.get(ProgramBeat, WORKER)
    statuses = dict(session.execute(select(Node.status, func.count()).group_by(Node.status)).all())
    open_requests = select(func.count()).where(NodeRequest.outcome == "", NodeRequest.expires_at > now)
    usage = shutil.disk_usage(data_dir)
    return HubStatus(
        now=now,
        accepted=int(sums[0] or 0),
        rejected=int(sums[1] or 0),
        quarantined=_count(session, select(func.count()).select_from(IntakeQuarantine)),
        receipts=_count(session, select(func.count()).select_from(BundleReceipt)),
        last_heard_at=session.scalar(select(func.max(Presence.seen_at))),
        ledger_size=0 if head is None else head.size,
        signed_size=0 if checkpoint is None else checkpoint.size,
        signed_at=None if checkpoint is None else checkpoint.signed_at,
        worker_at=None if beat is None else beat.at,
        worker_version="" if beat is None else beat.version,
        notices_waiting=_waiting_notices(session),
        requests_open=_count(session, open_requests),
        alarms=count_open(session),
        nodes={status: int(statuses.get(status.value, 0)) for status in NodeStatus},
        disk_free=usage.free,
        disk_total=usage.total,
    )


def worker_beat(database: Database, version: str) -> Callable[[datetime], None]:
    """Return the worker's step that says that it works, every ``BEAT_EVERY``."""
    last: list[datetime] = []

    def beat(now: datetime) -> None:
        if last and timedelta() <= now - last[-1] < BEAT_EVERY:
            return
        with database.session() as session:
            session.merge(ProgramBeat(program=WORKER, at=now, version=version))
        last[:] = [now]

    return beat


def _waiting_notices(session: Session) -> int:
    newest = select(NoticeRow.node_id, func.max(NoticeRow.number).label("newest")).group_by(NoticeRow.node_id)
    made = newest.subquery().c
    waiting = select(func.sum(made.newest - Node.mail_cursor)).where(
        made.node_id == Node.node_id, Node.status == NodeStatus.ACTIVE.value, made.newest > Node.mail_cursor
    )
    return int(session.scalar(waiting) or 0)


def _count(session: Session, wanted: Select[int]) -> int:
    return int(session.scalar(wanted) or 0)
