"""The one place where moves touch the clocks of ``deadlines.py``.

Payment and handover have no clock of their own: there the applicant has to act. The clock of the whole case stands
while a correction is asked or a payment is due, and stops when nothing is left but the handover.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.calendar.rules import CalendarYearError
from hub.calendar.service import current_calendar
from hub.casework.tables import Case, CaseStage
from hub.clocks.clock import PauseReason, read_clock
from hub.clocks.deadlines import (
    WHOLE,
    StageStart,
    clock_of_row,
    pause_clock,
    resume_clock,
    stage_closed,
    stage_opened,
    stages_opened,
    start_clock,
    stop_clock,
)
from hub.clocks.tables import CaseClock, ClockPause
from protocol.catalogue import Service, StageAction

_APPLICANTS_TURN = frozenset({StageAction.PAYMENT, StageAction.HANDOVER})


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """What the clock of the whole case says: the last day, and the working days that are left."""

    due_on: date | None = None
    days_left: int | None = None


def begin_stages(session: Session, now: datetime, starts: Sequence[StageStart]) -> None:
    """Start the clocks of the first stages of new cases."""
    stages_opened(session, now, starts)


def begin_case(session: Session, now: datetime, case: Case, service: Service) -> None:
    """Start the statutory clock: the case is complete and correct."""
    start_clock(session, now, case, service)


def begin_stage(session: Session, now: datetime, row: CaseStage, service: Service) -> None:
    """Start the clock of a stage that opened, or let the case stand where the applicant has to pay."""
    stage = service.stage(row.stage)
    if stage is None:
        return
    if stage.action is StageAction.PAYMENT:
        pause_clock(session, now, row.case_id, PauseReason.PAYMENT, row.stage)
    if stage.action not in _APPLICANTS_TURN:
        start = StageStart(case_id=row.case_id, stage=row.stage, office=row.office, working_days=stage.working_days)
        stage_opened(session, now, start)


def end_stages(session: Session, now: datetime, rows: Iterable[CaseStage]) -> None:
    """Stop the clocks of stages that are done or skipped, and what stood for their sake."""
    for case_id, stage, action in dict.fromkeys((row.case_id, row.stage, row.action) for row in rows):
        if action == StageAction.PAYMENT:
            resume_clock(session, now, case_id, PauseReason.PAYMENT, stage)
        stage_closed(session, now, case_id, stage)


def wait_for_correction(session: Session, now: datetime, row: CaseStage) -> None:
    """Let stage and case stand until the village has answered."""
    pause_clock(session, now, row.case_id, PauseReason.CORRECTION, row.stage)


def go_on_after_correction(session: Session, now: datetime, case_id: str, stage: str) -> None:
    """Let stage and case run on."""
    resume_clock(session, now, case_id, PauseReason.CORRECTION, stage)


def end_case(session: Session, now: datetime, case_id: str) -> None:
    """Stop every clock of the case."""
    stop_clock(session, now, case_id)


def promise(session: Session, now: datetime, case_id: str) -> Promise:
    """Return what the village can be told about the promised time; nothing where no clock runs."""
    row = session.get(CaseClock, (case_id, WHOLE))
    if row is None:
        return Promise()
    pauses = session.scalars(select(ClockPause).where(ClockPause.case_id == case_id).order_by(ClockPause.id)).all()
    office = current_calendar(session).of(row.office)
    due_on = None if row.due_at is None else office.local_day(row.due_at)
    try:
        left = read_clock(clock_of_row(row, pauses), office, now).days_left
    except CalendarYearError:  # the due time is open too until the year is there (rule 5 of ``deadlines``)
        return Promise(due_on=due_on)
    return Promise(due_on=due_on, days_left=left)
