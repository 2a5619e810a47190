"""Running the clocks of cases, in the caller's transaction: start, pause, resume, stop, and work out what is due.

Rules:
1. Moments are log time: the later of the clock and the last entry of the log, so that a hub whose clock is set back
   takes no day away and gives none (D16).
2. Every function may come twice: what is open stays open, what is closed stays closed.
3. The clock of the whole case starts at *complete and correct*; clocks of stages start when the stage opens, with the
   calendar of its office. Neither resets: opened again, the time between counts as a pause.
4. A pause that names a stage holds that stage and the whole case; one that names none holds every clock of the case.
5. Where the calendar lacks a year the due time stays open and says which year; importing it works it out.
6. A due time that changes leaves the old one in ``due_history``.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.calendar.rules import Calendar, CalendarYearError
from hub.calendar.service import current_calendar
from hub.clocks.clock import DEEMED_LEVELS, LEVELS, AlarmKind, Clock, Pause, PauseReason, alarms, due_at
from hub.clocks.tables import CaseClock, ClockPause, DueChange
from hub.ledger.service import log_time
from hub.storage.base import table_of
from hub.storage.bulk import insert_rows
from protocol.catalogue import Service, SlaOrigin

WHOLE = ""
"""The stage of the clock of the whole case."""

DEEMED_DAYS = 5
"""Where no law sets a limit: UU 30/2014 article 53 as changed by UU Cipta Kerja."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StageStart:
    """A stage whose clock starts."""

    case_id: str
    stage: str
    """``clock_key`` of the stage."""
    office: str
    working_days: int


def clock_key(stage: str, seat: int = 0) -> str:
    """Return the name of the clock of a stage; each office of a joint visit has its own."""
    return stage if seat == 0 else f"{stage}+{seat}"


class Clocked(Protocol):
    """A case, as far as its clock is concerned."""

    @property
    def case_id(self) -> str:
        """Its name."""

    @property
    def front_office(self) -> str:
        """The office whose calendar counts for the whole case."""


def start_clock(session: Session, now: datetime, case: Clocked, service: Service) -> None:
    """Start the statutory clock: the case was called complete and correct. A stopped one goes on (rule 3)."""
    _start(
        session,
        now,
        StageStart(case_id=case.case_id, stage=WHOLE, office=case.front_office, working_days=service.sla.max_days),
        deemed_days=service.sla.max_days if service.sla.origin is SlaOrigin.NATIONAL else DEEMED_DAYS,
    )


def stage_opened(session: Session, now: datetime, start: StageStart) -> None:
    """Start the clock of a stage. Opened again, perhaps at another office, it goes on where it stood (rule 3)."""
    _start(session, now, start, deemed_days=None)


def stages_opened(session: Session, now: datetime, starts: Sequence[StageStart]) -> None:
    """Start the clocks of stages of new cases: one statement, however many. For intake's batches.

    They begin at one moment, so each office and limit is worked out once.
    """
    if not starts:
        return
    moment, calendar = log_time(session, now), current_calendar(session)
    known: dict[tuple[str, int], dict[str, object]] = {}
    for start in starts:
        kind = start.office, start.working_days
        if kind not in known:
            known[kind] = _new_row(start, moment, calendar)
    rows = [
        known[start.office, start.working_days] | {"case_id": start.case_id, "stage": start.stage} for start in starts
    ]
    insert_rows(session, CaseClock, rows)


def stage_closed(session: Session, now: datetime, case_id: str, stage: str) -> None:
    """Stop the clock of a stage, and with it what held only this stage; it is finished or skipped."""
    pauses = [pause for pause in pauses_of(session, case_id) if pause.stage == stage]
    _stop(session, log_time(session, now), [session.get(CaseClock, (case_id, stage))], pauses)


def pause_clock(session: Session, now: datetime, case_id: str, reason: PauseReason, stage: str = WHOLE) -> None:
    """Let the clocks stand: the applicant has to act or to pay (rule 4)."""
    if _open_pause(session, case_id, reason, stage) is not None:
        return
    moment = log_time(session, now)
    session.add(ClockPause(case_id=case_id, stage=stage, reason=str(reason), started_at=moment))
    session.flush()
    _work_out_case(session, moment, case_id, "paused")


def resume_clock(session: Session, now: datetime, case_id: str, reason: PauseReason, stage: str = WHOLE) -> None:
    """Let the clocks run on; other pauses that last keep holding them."""
    pause = _open_pause(session, case_id, reason, stage)
    if pause is None:
        return
    moment = log_time(session, now)
    pause.ended_at = moment
    session.flush()
    _work_out_case(session, moment, case_id, "resumed")


def stop_clock(session: Session, now: datetime, case_id: str) -> None:
    """Stop every clock of a case that still runs: it was decided, recorded or withdrawn."""
    rows = session.scalars(select(CaseClock).where(CaseClock.case_id == case_id)).all()
    _stop(session, log_time(session, now), rows, pauses_of(session, case_id))


def clock_of_row(row: CaseClock, pauses: Iterable[ClockPause]) -> Clock:
    """Return the value that rows of one case make; ``pauses`` may hold those of its other stages (rule 4)."""
    return Clock(
        limit_days=row.limit_days,
        start=row.started_at,
        end=row.stopped_at,
        pauses=tuple(
            Pause(reason=PauseReason(each.reason), start=each.started_at, end=each.ended_at)
            for each in pauses
            if _holds(each, row.stage)
        ),
    )


def work_out(row: CaseClock, pauses: Iterable[ClockPause], calendar: Calendar, moment: datetime) -> None:
    """Set what follows from a clock and the calendar: due and deemed time, whether it stands, the next alarm (rule 5).

    What is not late any more, because it was given another calendar or office, climbs again from below.
    """
    clock, office = clock_of_row(row, pauses), calendar.of(row.office)
    row.calendar_version = calendar.version
    row.is_paused = clock.reason_at(moment) is not None
    row.due_at, row.deemed_at, row.missing_year = None, None, None
    try:
        row.due_at = due_at(clock, office)
        if row.deemed_days is not None:
            row.deemed_at = due_at(replace(clock, limit_days=row.deemed_days), office)
    except CalendarYearError as error:
        row.missing_year = error.year
    row.level = 0 if row.due_at is not None and row.due_at >= moment else row.level
    passed = [kind for kind, at in alarms(clock, row.deemed_days, office) if kind in DEEMED_LEVELS and at < moment]
    row.deemed_level = min(row.deemed_level, len(passed)) if row.deemed_at is not None else row.deemed_level
    row.next_alarm_at = min((at for _, at in alarms_of(row, pauses, calendar)), default=None)


def alarms_of(row: CaseClock, pauses: Iterable[ClockPause], calendar: Calendar) -> list[tuple[AlarmKind, datetime]]:
    """Return what has not been said yet about a clock, with the times at which it has to be."""
    clock, office = clock_of_row(row, pauses), calendar.of(row.office)
    told = {*list(LEVELS)[: row.level], *DEEMED_LEVELS[: row.deemed_level]}
    return [(kind, at) for kind, at in alarms(clock, row.deemed_days, office) if kind not in told]


def keep_change(session: Session, moment: datetime, row: CaseClock, before: "Before", reason: str) -> None:
    """Note the old due time when it changed (rule 6)."""
    if before.due_at == row.due_at:
        return
    session.add(
        DueChange(
            case_id=row.case_id,
            stage=row.stage,
            at=moment,
            reason=reason,
            old_due_at=before.due_at,
            new_due_at=row.due_at,
            old_version=before.version,
            new_version=row.calendar_version,
        )
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Before:
    """What a clock said before it was worked out again."""

    due_at: datetime | None
    version: int

    @classmethod
    def of(cls, row: CaseClock) -> "Before":
        """Remember a row."""
        return cls(due_at=row.due_at, version=row.calendar_version)


def _start(session: Session, now: datetime, start: StageStart, *, deemed_days: int | None) -> None:
    row = session.get(CaseClock, (start.case_id, start.stage))
    moment = log_time(session, now)
    if row is not None:
        _go_on(session, moment, row, start.office)
        return
    calendar = current_calendar(session)
    row = CaseClock(**_new_row(start, moment, calendar, deemed_days=deemed_days))
    session.add(row)
    session.flush()
    work_out(row, pauses_of(session, start.case_id), calendar, moment)
    session.flush()


def _go_on(session: Session, moment: datetime, row: CaseClock, office: str) -> None:
    """Let a clock that was stopped run on: the time between is a pause, the office may be another one."""
    if row.stopped_at is None and row.office == office:
        return
    before = Before.of(row)
    if row.stopped_at is not None:
        gap = {"started_at": row.stopped_at, "ended_at": moment}
        session.add(ClockPause(case_id=row.case_id, stage=row.stage, reason=str(PauseReason.CLOSED), **gap))
        row.stopped_at = None
    row.office = office
    session.flush()
    work_out(row, pauses_of(session, row.case_id), current_calendar(session), moment)
    keep_change(session, moment, row, before, "reopened")
    session.flush()


def _new_row(
    start: StageStart, moment: datetime, calendar: Calendar, *, deemed_days: int | None = None
) -> dict[str, object]:
    row = CaseClock(
        case_id=start.case_id,
        stage=start.stage,
        office=start.office,
        limit_days=start.working_days,
        started_at=moment,
        deemed_days=deemed_days,
        level=0,
        deemed_level=0,
    )
    work_out(row, (), calendar, moment)
    return {column.key: getattr(row, column.key) for column in table_of(CaseClock).columns}


def _stop(session: Session, moment: datetime, rows: Iterable[CaseClock | None], pauses: Iterable[ClockPause]) -> None:
    for row in rows:
        if row is not None and row.stopped_at is None:
            row.stopped_at, row.is_paused = moment, False
    for pause in pauses:
        if pause.ended_at is None:
            pause.ended_at = moment
    session.flush()


def _work_out_case(session: Session, moment: datetime, case_id: str, reason: str) -> None:
    """Work out every clock of a case that still runs."""
    calendar, pauses = current_calendar(session), pauses_of(session, case_id)
    running = (
        select(CaseClock).where(CaseClock.case_id == case_id, CaseClock.stopped_at.is_(None)).order_by(CaseClock.stage)
    )
    for row in session.scalars(running).all():
        before = Before.of(row)
        work_out(row, pauses, calendar, moment)
        keep_change(session, moment, row, before, reason)
    session.flush()


def pauses_of(session: Session, case_id: str) -> Sequence[ClockPause]:
    """Return the pauses of a case in the order in which they began."""
    return session.scalars(select(ClockPause).where(ClockPause.case_id == case_id).order_by(ClockPause.id)).all()


def pauses_by_case(session: Session, case_ids: Collection[str]) -> Mapping[str, Sequence[ClockPause]]:
    """Return the pauses of many cases in one statement; a case without any is not in it."""
    found: dict[str, list[ClockPause]] = {}
    for pause in session.scalars(select(ClockPause).where(ClockPause.case_id.in_(case_ids)).order_by(ClockPause.id)):
        found.setdefault(pause.case_id, []).append(pause)
    return found


def _open_pause(session: Session, case_id: str, reason: PauseReason, stage: str) -> ClockPause | None:
    query = select(ClockPause).where(
        ClockPause.case_id == case_id,
        ClockPause.stage == stage,
        ClockPause.reason == str(reason),
        ClockPause.ended_at.is_(None),
    )
    return session.scalar(query)


def _holds(pause: ClockPause, stage: str) -> bool:
    """Tell whether a pause holds the clock of a stage (rule 4); that one stage was closed holds nothing else."""
    if pause.stage in {WHOLE, stage}:
        return True
    return stage == WHOLE and pause.reason != PauseReason.CLOSED
