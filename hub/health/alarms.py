"""The use cases of alarms: what the watch found, and what persons do. One function, one transaction (of the caller).

Comments are the administrators' own words: they stay in this table, and never enter the ledger or a log.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hub.health.alarm_rules import (
    AlarmKind,
    AlarmRule,
    Begin,
    Change,
    End,
    Evidence,
    Finding,
    Phase,
    Severity,
    Standing,
    Step,
    What,
    decide,
    may_clear,
)
from hub.health.tables import Alarm, AlarmEvent

MAX_COMMENT = 500
MAX_EVIDENCE = 4_000


class AlarmError(Exception):
    """A step about an alarm that a rule forbids."""

    def __init__(self, rule: AlarmRule) -> None:
        """Keep the rule; its value is stable and is what screens translate."""
        super().__init__(rule.value)
        self.rule = rule


def keep_findings(
    session: Session,
    now: datetime,
    kinds: Iterable[AlarmKind],
    findings: Sequence[Finding],
    excused: frozenset[str] = frozenset(),
) -> int:
    """Open, change and clear the alarms of these kinds after what was found; return how many steps that took."""
    wanted = select(Alarm).where(Alarm.state != Phase.CLEARED.value, Alarm.kind.in_([each.value for each in kinds]))
    rows = {row.id: row for row in session.scalars(wanted)}
    steps = decide([_standing(row) for row in rows.values()], findings, now, excused=excused)
    for step in steps:
        _take(session, now, rows, step)
    session.flush()
    return len(steps)


def acknowledge(session: Session, now: datetime, alarm_id: int, by: str) -> None:
    """Say that somebody is on it; saying it again changes nothing.

    Raises:
        AlarmError: there is no such alarm, or it is cleared.
    """
    row = _open_alarm(session, alarm_id)
    if row.acknowledged_by is None:
        row.acknowledged_by, row.acknowledged_at = by, now
        _note(session, now, row, What.ACKNOWLEDGED, by=by)


def clear(session: Session, now: datetime, alarm_id: int, by: str) -> None:
    """End an alarm by hand.

    Raises:
        AlarmError: there is no such alarm, it is cleared, or its condition still holds.
    """
    row = _open_alarm(session, alarm_id)
    rule = may_clear(AlarmKind(row.kind), Phase(row.state))
    if rule is not None:
        raise AlarmError(rule)
    row.state, row.cleared_at, row.cleared_by = Phase.CLEARED.value, now, by
    _note(session, now, row, What.CLEARED, by=by)


def comment(session: Session, now: datetime, alarm_id: int, by: str, text: str) -> None:
    """Write a comment into an alarm's history, also into that of a cleared one.

    Raises:
        AlarmError: there is no such alarm, or the comment is empty or too long.
    """
    row = session.get(Alarm, alarm_id)
    if row is None or row.state == Phase.PENDING.value:
        raise AlarmError(AlarmRule.UNKNOWN)
    words = text.strip()
    if not 0 < len(words) <= MAX_COMMENT:
        raise AlarmError(AlarmRule.TEXT)
    _note(session, now, row, What.COMMENTED, by=by, text=words)


def note_suspension(session: Session, now: datetime, kind: AlarmKind, subject: str) -> None:
    """Write into an alarm's history that the node was put aside because of it."""
    present = (Alarm.kind == kind.value, Alarm.subject == subject, Alarm.state == Phase.OPEN.value)
    row = session.scalar(select(Alarm).where(*present))
    if row is not None:
        row.suspended_at = now
        _note(session, now, row, What.SUSPENDED)


def read_evidence(row: Alarm) -> Evidence:
    """Return the evidence of an alarm."""
    read: Evidence = json.loads(row.evidence)
    return read


def _open_alarm(session: Session, alarm_id: int) -> Alarm:
    row = session.get(Alarm, alarm_id, with_for_update=True, populate_existing=True)
    if row is None or row.state == Phase.PENDING.value:
        raise AlarmError(AlarmRule.UNKNOWN)
    if row.state == Phase.CLEARED.value:
        raise AlarmError(AlarmRule.CLEARED)
    return row


def _standing(row: Alarm) -> Standing:
    return Standing(
        alarm=row.id,
        kind=AlarmKind(row.kind),
        subject=row.subject,
        severity=Severity(row.severity),
        phase=Phase(row.state),
        since=row.since,
        evidence=read_evidence(row),
    )


def _take(session: Session, now: datetime, rows: dict[int, Alarm], step: Step) -> None:
    match step:
        case Begin():
            row = _new(step, now)
            session.add(row)
            session.flush()
            if step.phase is Phase.OPEN:
                _note(session, now, row, What.OPENED)
        case Change():
            row = rows[step.alarm]
            row.severity = step.finding.how_bad.value
            row.evidence, row.evidence_at = evidence_text(step.finding.evidence), now
            if step.opens:
                row.state, row.opened_at = Phase.OPEN.value, now
            if step.happened is not None:
                _note(session, now, row, step.happened)
        case End(was_open=True):
            row = rows[step.alarm]
            row.state, row.cleared_at, row.cleared_by = Phase.CLEARED.value, now, ""
            _note(session, now, row, What.CLEARED)
        case End():
            session.execute(delete(Alarm).where(Alarm.id == step.alarm))
            session.expunge(rows[step.alarm])


def _new(step: Begin, now: datetime) -> Alarm:
    finding = step.finding
    return Alarm(
        kind=finding.kind.value,
        subject=finding.subject,
        node_id=finding.node,
        severity=finding.how_bad.value,
        state=step.phase.value,
        since=now,
        opened_at=now if step.phase is Phase.OPEN else None,
        evidence=evidence_text(finding.evidence),
        evidence_at=now,
    )


def evidence_text(evidence: Evidence) -> str:
    """Return evidence as it is stored."""
    return json.dumps(dict(evidence), ensure_ascii=False, separators=(",", ":"), default=list)


def _note(session: Session, now: datetime, row: Alarm, what: What, *, by: str = "", text: str = "") -> None:
    session.add(AlarmEvent(alarm_id=row.id, at=now, what=what.value, by=by, text=text))
    session.flush()
