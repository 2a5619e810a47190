"""Read models of clocks for screens: one case in full, many cases in three statements.

Network delay is the road's and stands apart: no clock of an office counts it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.calendar.rules import CalendarYearError
from hub.calendar.service import current_calendar
from hub.casework.clock import PauseReason, Reading, read_clock
from hub.casework.clock_tables import CaseClock, ClockPause, DueChange
from hub.casework.deadlines import WHOLE, clock_of_row
from hub.casework.tables import Case
from hub.intake.tables import Bundle
from hub.ledger.service import log_time

MOST_DELAY = timedelta(days=366)
"""A claim that is older says more about the node's clock than about the road."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockLine:
    """What one clock says now, or said when it stopped."""

    stage: str
    """A ``deadlines.clock_key``; empty for the whole case."""
    office: str
    limit_days: int
    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime | None
    """None while it stands, and while the calendar lacks a year."""
    deemed_at: datetime | None
    missing_year: int | None
    paused: PauseReason | None
    days_used: int | None
    """None while the calendar lacks a year."""
    days_left: int | None
    """0: due at the next closing; less: overdue."""
    level: int
    """0 clerk, 1 division head, 2 head, 3 inspectorate were told."""
    office_time: timedelta | None
    """Service hours in which it ran; None where the whole list is read."""
    waited: timedelta | None
    """How long the applicant had to act."""

    @property
    def is_overdue(self) -> bool:
        """Whether more days passed than the limit has."""
        return self.days_left is not None and self.days_left < 0


@dataclass(frozen=True, kw_only=True, slots=True)
class DueLine:
    """A due time that was replaced."""

    stage: str
    at: datetime
    reason: str
    old_due_at: datetime | None
    new_due_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseTimes:
    """Everything about the time of a case."""

    whole: ClockLine | None
    """None before it was called complete and correct."""
    stages: tuple[ClockLine, ...]
    """In the order in which they opened."""
    on_the_way: timedelta | None
    """From what the node's clock claimed to the hub; None where the claim cannot be true."""
    files_on_the_way: timedelta | None
    """From the application's arrival until its last file was here; None while some are missing."""
    history: tuple[DueLine, ...]


def clock_of(session: Session, case: Case, now: datetime) -> CaseTimes:
    """Return the clocks of a case that was loaded within the actor's scope."""
    rows = session.scalars(
        select(CaseClock).where(CaseClock.case_id == case.case_id).order_by(CaseClock.started_at, CaseClock.stage)
    ).all()
    lines = _lines(session, rows, now, with_hours=True)
    bundle = session.get_one(Bundle, case.bundle_id)
    return CaseTimes(
        whole=lines.get((case.case_id, WHOLE)),
        stages=tuple(line for line in lines.values() if line.stage != WHOLE),
        on_the_way=_delay(bundle),
        files_on_the_way=None if bundle.whole_at is None else bundle.whole_at - bundle.received_at,
        history=_history(session, case.case_id),
    )


def clocks_of(session: Session, case_ids: Collection[str], now: datetime) -> Mapping[tuple[str, str], ClockLine]:
    """Return the clocks of many cases by case and stage (empty: the whole case), in three statements."""
    rows = session.scalars(select(CaseClock).where(CaseClock.case_id.in_(case_ids))).all()
    return _lines(session, rows, now, with_hours=False)


def _lines(
    session: Session, rows: Collection[CaseClock], now: datetime, *, with_hours: bool
) -> dict[tuple[str, str], ClockLine]:
    cases = {row.case_id for row in rows}
    pauses: dict[str, list[ClockPause]] = {}
    for pause in session.scalars(select(ClockPause).where(ClockPause.case_id.in_(cases)).order_by(ClockPause.id)):
        pauses.setdefault(pause.case_id, []).append(pause)
    calendar, moment = current_calendar(session), log_time(session, now)
    found = {}
    for row in rows:
        clock = clock_of_row(row, pauses.get(row.case_id, ()))
        try:
            reading = read_clock(clock, calendar.of(row.office), moment, with_hours=with_hours)
        except CalendarYearError as error:
            found[row.case_id, row.stage] = _line(row, None, clock.reason_at(moment), error.year)
        else:
            found[row.case_id, row.stage] = _line(row, reading, reading.paused, row.missing_year)
    return found


def _line(row: CaseClock, reading: Reading | None, paused: PauseReason | None, missing_year: int | None) -> ClockLine:
    return ClockLine(
        stage=row.stage,
        office=row.office,
        limit_days=row.limit_days,
        started_at=row.started_at,
        stopped_at=row.stopped_at,
        due_at=row.due_at,
        deemed_at=row.deemed_at,
        missing_year=missing_year,
        paused=paused,
        days_used=None if reading is None else reading.days_used,
        days_left=None if reading is None else reading.days_left,
        level=row.level,
        office_time=None if reading is None else reading.office_time,
        waited=None if reading is None else reading.waited,
    )


def _history(session: Session, case_id: str) -> tuple[DueLine, ...]:
    rows: Iterable[DueChange] = session.scalars(
        select(DueChange).where(DueChange.case_id == case_id).order_by(DueChange.id)
    )
    return tuple(
        DueLine(stage=row.stage, at=row.at, reason=row.reason, old_due_at=row.old_due_at, new_due_at=row.new_due_at)
        for row in rows
    )


def _delay(bundle: Bundle) -> timedelta | None:
    """Return how long the application was on its way, if the node's claim can be true (D15)."""
    since = (bundle.received_at - _EPOCH) // timedelta(milliseconds=1) - bundle.claimed_ms
    return timedelta(milliseconds=since) if 0 <= since <= MOST_DELAY // timedelta(milliseconds=1) else None
