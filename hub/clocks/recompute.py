"""Working out the open deadlines anew when the calendar changed; what was due before is kept with the reason.

One transaction for all of them, the same as the change. A clock that started at the same moment with the calendar of
before is found by the worker: its row names the version that it was worked out with.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select, tuple_
from sqlalchemy.orm import Session

from hub.calendar.rules import Calendar
from hub.calendar.service import current_calendar
from hub.clocks.deadlines import Before, keep_change, pauses_by_case, work_out
from hub.clocks.tables import CaseClock
from hub.ledger.service import log_time, take_turn

PAGE = 500


def recompute_deadlines(session: Session, moment: datetime, calendar: Calendar) -> int:
    """Work out every clock that still runs with this calendar; return how many due times changed."""
    changed = 0
    for rows in _pages(session, calendar.version):
        pauses = pauses_by_case(session, {row.case_id for row in rows})
        for row in rows:
            before = Before.of(row)
            work_out(row, pauses.get(row.case_id, ()), calendar, moment)
            keep_change(session, moment, row, before, "calendar")
            changed += before.due_at != row.due_at
        session.flush()
        session.expunge_all()
    return changed


def recompute_stale(session: Session, now: datetime) -> int:
    """Work out clocks that an older version of the calendar is left in; for the worker, cheap when there are none."""
    calendar = current_calendar(session)
    if not session.scalar(select(exists().where(_is_stale(calendar.version)))):
        return 0
    take_turn(session)  # before any row is locked, as every move does
    return recompute_deadlines(session, log_time(session, now), calendar)


def _is_stale(version: int) -> ColumnElement[bool]:
    return CaseClock.stopped_at.is_(None) & (CaseClock.calendar_version != version)


def _pages(session: Session, version: int) -> Iterator[Sequence[CaseClock]]:
    last = ("", "")
    stale = select(CaseClock).where(_is_stale(version))
    key = tuple_(CaseClock.case_id, CaseClock.stage)
    while True:
        page = stale.where(key > last).order_by(CaseClock.case_id, CaseClock.stage).limit(PAGE)
        rows = session.scalars(page.with_for_update()).all()
        if not rows:
            return
        last = (rows[-1].case_id, rows[-1].stage)
        yield rows
