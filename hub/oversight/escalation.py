"""Escalations and legal events of clocks, by the worker alone: what is late climbs, and nothing is issued by itself.

Each is a transition like any other: an entry of the ledger, an event of the case, news for the village and a row of its
own, in one transaction. Done twice it is there once; a new due time (another calendar, another office) may be missed
anew. When is a rule of ``clock.py``; the row says when there is something to do next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from hub.calendar.rules import Calendar
from hub.calendar.service import current_calendar
from hub.casework.events import CaseTools, Happening, news_of, tell
from hub.casework.rules import EventKind
from hub.casework.tables import Case, CaseEvent
from hub.clocks.clock import DEEMED_LEVELS, LEVELS, AlarmKind
from hub.clocks.deadlines import alarms_of, pauses_by_case, work_out
from hub.clocks.tables import CaseClock, ClockAlarm, ClockPause
from hub.ledger.service import EntryDraft, Sequenced, append, log_time, take_turn
from hub.storage.engine import Database
from hub.storage.ports import to_ms
from protocol.ids import RegistrationNo, ServiceCode, VillageCode
from protocol.wire import Wire, to_bytes

BATCH = 100
SALT_BYTES = 32
INSPECTORATE = "inspectorate"


_EVENTS = {AlarmKind.DEEMED_AHEAD: EventKind.DEEMED_AHEAD, AlarmKind.DEEMED: EventKind.DEEMED}


class AlarmSubject(Wire, frozen=True, kw_only=True):
    """What the ledger entries ``case.escalated``, ``case.deemed_ahead`` and ``case.deemed`` hide."""

    kind: AlarmKind
    case: RegistrationNo
    stage: str
    """Empty: the whole case."""
    office: str
    due: int
    """The due time, in milliseconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Alarm:
    """One alarm to raise."""

    case: Case
    stage: str
    kind: AlarmKind
    due_at: datetime
    office: str


def escalate(database: Database, now: datetime, tools: CaseTools) -> int:
    """Raise every alarm whose time has come, some clocks in a transaction; return how many were raised."""
    raised = 0
    while True:
        with database.reading() as session:
            keys = _late(session, log_time(session, now))
        if not keys:
            return raised
        with database.session() as session:
            take_turn(session)  # before any row is locked, as every move does
            raised += _raise(session, log_time(session, now), keys, tools)


def _late(session: Session, moment: datetime) -> list[tuple[str, str]]:
    query = (
        select(CaseClock.case_id, CaseClock.stage)
        .where(CaseClock.stopped_at.is_(None), CaseClock.next_alarm_at < moment)
        .order_by(CaseClock.next_alarm_at)
        .limit(BATCH)
    )
    return [(case_id, stage) for case_id, stage in session.execute(query)]


def _raise(session: Session, moment: datetime, keys: Sequence[tuple[str, str]], tools: CaseTools) -> int:
    """Raise the alarms of these clocks, as far as they are still late: a move may have come first."""
    still = tuple_(CaseClock.case_id, CaseClock.stage).in_(keys) & CaseClock.stopped_at.is_(None)
    query = select(CaseClock).where(still, CaseClock.next_alarm_at < moment).with_for_update()
    rows = session.scalars(query.order_by(CaseClock.case_id, CaseClock.stage)).all()
    alarms = _step_all(session, moment, rows)
    salts = [tools.randomness.token(SALT_BYTES) for _ in alarms]
    drafts = [_draft(alarm, salt) for alarm, salt in zip(alarms, salts, strict=True)]
    said = list(zip(alarms, append(session, to_ms(moment), drafts), strict=True))
    for alarm, entry in said:
        session.add_all(_rows(moment, alarm, entry))
    session.flush()
    for alarm, entry in said:
        news = news_of(alarm.case, _happening(alarm), alarm.office, (entry.index, entry.time_ms))
        tell(session, moment, alarm.case, news, tools)
    return len(alarms)


def _step_all(session: Session, moment: datetime, rows: Sequence[CaseClock]) -> list[_Alarm]:
    """Note on the rows what is being said, and return it; what was said about the same due time is not said again."""
    calendar, ids = current_calendar(session), {row.case_id for row in rows}
    pauses = pauses_by_case(session, ids)
    cases = {case.case_id: case for case in session.scalars(select(Case).where(Case.case_id.in_(ids)))}
    told = session.execute(
        select(ClockAlarm.case_id, ClockAlarm.stage, ClockAlarm.kind, ClockAlarm.due_at).where(
            ClockAlarm.case_id.in_(ids)
        )
    )
    known = {tuple(row) for row in told}
    alarms = [
        alarm
        for row in rows
        for alarm in _step(moment, row, cases[row.case_id], (pauses.get(row.case_id, ()), calendar))
        if (row.case_id, row.stage, str(alarm.kind), alarm.due_at) not in known
    ]
    session.flush()
    return alarms


def _step(moment: datetime, row: CaseClock, case: Case, counted: tuple[Sequence[ClockPause], Calendar]) -> list[_Alarm]:
    pauses, calendar = counted
    kinds = [kind for kind, at in alarms_of(row, pauses, calendar) if at < moment]
    row.level += sum(kind in LEVELS for kind in kinds)
    row.deemed_level += sum(kind in DEEMED_LEVELS for kind in kinds)
    due = {kind: row.deemed_at if kind in DEEMED_LEVELS else row.due_at for kind in kinds}
    work_out(row, pauses, calendar, moment)
    return [
        _Alarm(
            case=case,
            stage=row.stage,
            kind=kind,
            due_at=at,
            office=INSPECTORATE if kind is AlarmKind.INSPECTORATE else row.office,
        )
        for kind, at in due.items()
        if at is not None
    ]


def _draft(alarm: _Alarm, salt: bytes) -> EntryDraft:
    subject = AlarmSubject(
        kind=alarm.kind,
        case=RegistrationNo(alarm.case.registration_no),
        stage=alarm.stage,
        office=alarm.office,
        due=to_ms(alarm.due_at),
    )
    return EntryDraft(
        kind=f"case.{_happening(alarm).kind}",
        salt=salt,
        subject=to_bytes(subject),
        village=VillageCode(alarm.case.village),
        service=ServiceCode(alarm.case.service),
    )


def _happening(alarm: _Alarm) -> Happening:
    """Return the event of an alarm; an escalation says in its code who was told."""
    kind, code = _EVENTS.get(alarm.kind, EventKind.ESCALATED), "" if alarm.kind in _EVENTS else str(alarm.kind)
    return Happening(kind=kind, stage=alarm.stage, code=code)


def _rows(moment: datetime, alarm: _Alarm, entry: Sequenced) -> tuple[ClockAlarm, CaseEvent]:
    happening = _happening(alarm)
    noted = ClockAlarm(
        case_id=alarm.case.case_id,
        stage=alarm.stage,
        kind=str(alarm.kind),
        due_at=alarm.due_at,
        at=moment,
        office=alarm.office,
        ledger_index=entry.index,
        salt=entry.draft.salt,
        subject=entry.draft.subject,
    )
    event = CaseEvent(
        case_id=alarm.case.case_id,
        kind=str(happening.kind),
        office=alarm.office,
        person_id=None,
        at=moment,
        ledger_index=entry.index,
        stage=alarm.stage,
        code=happening.code,
    )
    return noted, event
