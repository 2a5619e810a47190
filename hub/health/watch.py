"""Looks at the fleet once a minute: alarms open and end, a node that proves to be two is put aside, series grow long.

Rules:
1. Looking twice changes nothing; a process that dies between two steps goes on at the next look.
2. A node is put aside by evidence that is newer than the last time: who was let in again by two persons stays in,
   until there is something new. What went on while it was aside is no news.
3. The suspension, its ledger entry and the alarm's history are one transaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hub.calendar.rules import Calendar
from hub.health.alarm_rules import AlarmKind, Expiring, Finding, Phase, expiry_finding, fold_silence
from hub.health.alarms import keep_findings, note_suspension
from hub.health.anomalies import find_anomalies
from hub.health.conditions import find_conditions
from hub.health.planned import excuses
from hub.health.series import make_long_stretches
from hub.health.tables import Alarm
from hub.registry.recording import Decision
from hub.registry.rules import NodeStatus
from hub.registry.suspension import suspend_node
from hub.registry.tables import Node
from hub.storage.engine import Database
from hub.storage.ports import Randomness
from protocol.ids import NodeId

EVERY = timedelta(seconds=60)
SERIES_EVERY = timedelta(minutes=10)

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class WatchTools:
    """What the watch works with."""

    randomness: Randomness
    read_calendar: Callable[[Session], Calendar]
    expiries: Callable[[Session, datetime], Sequence[Expiring]]
    """What ends some day: certificates, keys, lists. The authority knows."""
    suspends: bool = True
    """Whether evidence puts a node aside by itself."""


class Watch:
    """The errand of the worker."""

    def __init__(self, database: Database, tools: WatchTools) -> None:
        """Take the database and the tools."""
        self._database = database
        self._tools = tools
        self._looked_at: datetime | None = None
        self._made_at: datetime | None = None

    def look(self, now: datetime) -> bool:
        """Look if it is time; say whether it was."""
        if not _is_due(self._looked_at, now, EVERY):
            return False
        findings = self._keep(now)
        if self._tools.suspends:
            for finding in findings:
                if finding.suspends:
                    self._suspend(now, finding)
        self._looked_at = now
        if _is_due(self._made_at, now, SERIES_EVERY):
            make_long_stretches(self._database, now)
            self._made_at = now
        return True

    def _keep(self, now: datetime) -> list[Finding]:
        with self._database.reading() as session:
            active = [NodeId(name) for name in session.scalars(_active_nodes())]
            excused = self._excused(session, now, active)
            found = fold_silence(
                find_conditions(session, now),
                nodes=len(active) - len(excused),
                excused=excused,
                known=frozenset(session.scalars(_open_silence())),
            )
            ends = [expiry_finding(each, now) for each in self._tools.expiries(session, now)]
        with self._database.session() as session:
            findings = [*found, *(each for each in ends if each is not None), *find_anomalies(session, now)]
            keep_findings(session, now, AlarmKind, findings, excused)
        return findings

    def _excused(self, session: Session, now: datetime, nodes: Sequence[NodeId]) -> frozenset[str]:
        planned = excuses(session, now, self._tools.read_calendar(session))
        return frozenset(str(node) for node in nodes if planned.of(node) is not None)

    def _suspend(self, now: datetime, finding: Finding) -> None:
        with self._database.session() as session:
            status = session.scalar(select(Node.status).where(Node.node_id == finding.subject))
            alarm = session.scalars(_open_alarm(finding)).one_or_none()
            is_news = alarm is not None and (alarm.suspended_at is None or alarm.evidence_at > alarm.suspended_at)
            if alarm is None or not is_news:
                return
            if status != NodeStatus.ACTIVE.value:
                alarm.suspended_at = now  # rule 2
                return
        with self._database.session() as session:
            decision = Decision(now=now, by="", randomness=self._tools.randomness, reason=finding.kind.value)
            if suspend_node(session, NodeId(finding.subject), decision):
                note_suspension(session, now, finding.kind, finding.subject)
                log.warning("node.suspended", node=finding.subject, reason=finding.kind.value)


def _active_nodes() -> Select[str]:
    return select(Node.node_id).where(Node.status == NodeStatus.ACTIVE.value)


def _open_silence() -> Select[str]:
    return select(Alarm.subject).where(Alarm.kind == AlarmKind.SILENT.value, Alarm.state == Phase.OPEN.value)


def _open_alarm(finding: Finding) -> Select[Alarm]:
    present = (Alarm.kind == finding.kind.value, Alarm.subject == finding.subject, Alarm.state == Phase.OPEN.value)
    return select(Alarm).where(*present)


def _is_due(last: datetime | None, now: datetime, every: timedelta) -> bool:
    """Say whether it is time again; a clock that was set back delays nothing."""
    return last is None or not timedelta() <= now - last < every
