"""Read models of alarms: the list, one alarm with its history, what is open."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from hub.health.alarm_rules import AlarmKind, Evidence, Phase, Severity, What
from hub.health.alarms import read_evidence
from hub.health.tables import Alarm, AlarmEvent
from hub.registry.tables import Node


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmFilter:
    """What of the list is wanted. Pending alarms are never listed."""

    phase: Phase | None = Phase.OPEN
    """None: open and cleared."""
    severity: Severity | None = None
    kind: AlarmKind | None = None
    node: str | None = None
    scope: str = ""
    """A subdistrict or village code with dots; empty: all, also what concerns no node."""
    before: int | None = None
    """Only alarms older than this one: the next page."""
    limit: int = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmLine:
    """One alarm on a list."""

    id: int
    kind: AlarmKind
    subject: str
    node_id: str | None
    village: str
    """Empty where it concerns no node."""
    severity: Severity
    phase: Phase
    since: datetime
    opened_at: datetime | None
    evidence: Evidence
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    suspended_at: datetime | None
    cleared_by: str | None
    """Empty: by itself; None: not cleared."""
    cleared_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class EventLine:
    """One line of an alarm's history."""

    at: datetime
    what: What
    by: str
    """Empty: the hub itself."""
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmPage:
    """One alarm with its history, oldest first."""

    line: AlarmLine
    events: tuple[EventLine, ...]


def list_alarms(session: Session, wanted: AlarmFilter) -> list[AlarmLine]:
    """Return alarms, newest first."""
    statement = _lines().where(*_conditions(wanted)).order_by(Alarm.id.desc()).limit(wanted.limit)
    return _read(session, statement)


def alarm_page(session: Session, alarm_id: int) -> AlarmPage | None:
    """Return one alarm, or None when there is none of this number (or nobody was told of it yet)."""
    lines = _read(session, _lines().where(Alarm.id == alarm_id, Alarm.state != Phase.PENDING.value))
    if not lines:
        return None
    rows = session.scalars(select(AlarmEvent).where(AlarmEvent.alarm_id == alarm_id).order_by(AlarmEvent.id))
    events = tuple(EventLine(at=row.at, what=What(row.what), by=row.by, text=row.text) for row in rows)
    return AlarmPage(line=lines[0], events=events)


def count_open(session: Session) -> dict[Severity, int]:
    """Return how many alarms are open, by severity; every severity is there."""
    found = Counter(session.scalars(select(Alarm.severity).where(Alarm.state == Phase.OPEN.value)))
    return {severity: found[severity.value] for severity in Severity}


def open_by_node(session: Session) -> dict[str, list[AlarmLine]]:
    """Return the open alarms of every node that has any."""
    found: dict[str, list[AlarmLine]] = {}
    statement = _lines().where(Alarm.state == Phase.OPEN.value, Alarm.node_id.is_not(None)).order_by(Alarm.id)
    for line in _read(session, statement):
        found.setdefault(str(line.node_id), []).append(line)
    return found


def _lines() -> Select[Alarm, str | None]:
    return select(Alarm, Node.village).outerjoin(Node, Node.node_id == Alarm.node_id)


def _conditions(wanted: AlarmFilter) -> Iterable[ColumnElement[bool]]:
    if wanted.phase is None:
        yield Alarm.state != Phase.PENDING.value
    else:
        yield Alarm.state == wanted.phase.value
    if wanted.severity is not None:
        yield Alarm.severity == wanted.severity.value
    if wanted.kind is not None:
        yield Alarm.kind == wanted.kind.value
    if wanted.node is not None:
        yield Alarm.node_id == wanted.node
    if wanted.scope:
        yield (Node.village == wanted.scope) | Node.village.startswith(f"{wanted.scope}.", autoescape=True)
    if wanted.before is not None:
        yield Alarm.id < wanted.before


def _read(session: Session, statement: Select[Alarm, str | None]) -> list[AlarmLine]:
    return [_line(row, village or "") for row, village in session.execute(statement)]


def _line(row: Alarm, village: str) -> AlarmLine:
    return AlarmLine(
        id=row.id,
        kind=AlarmKind(row.kind),
        subject=row.subject,
        node_id=row.node_id,
        village=village,
        severity=Severity(row.severity),
        phase=Phase(row.state),
        since=row.since,
        opened_at=row.opened_at,
        evidence=read_evidence(row),
        acknowledged_by=row.acknowledged_by,
        acknowledged_at=row.acknowledged_at,
        suspended_at=row.suspended_at,
        cleared_by=row.cleared_by,
        cleared_at=row.cleared_at,
    )
