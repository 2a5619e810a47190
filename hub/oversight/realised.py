"""What was promised and what came of it: working days of decided cases, by service.

Days are those of the statutory clock: pauses, in which the applicant had to act, and the road do not count.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.calendar.service import current_calendar
from hub.casework.tables import Case
from hub.clocks.clock import days_used
from hub.clocks.deadlines import WHOLE, clock_of_row, pauses_by_case
from hub.clocks.tables import CaseClock

PAGE = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Realised:
    """One service: how many cases were decided, and in how many working days."""

    service: str
    cases: int
    standard: int
    """The longest promise among the versions that these cases were filed under."""
    median: float
    longest: int
    in_time: int


def realised_days(session: Session) -> tuple[Realised, ...]:
    """Return every service with decided cases, in the order of the codes.

    Raises:
        CalendarYearError: a case ran in a year that the calendar lacks.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    for service, days, limit in _decided(session):
        found.setdefault(service, []).append((days, limit))
    return tuple(_sum_up(service, days) for service, days in sorted(found.items()))


def _sum_up(service: str, cases: Sequence[tuple[int, int]]) -> Realised:
    return Realised(
        service=service,
        cases=len(cases),
        standard=max(limit for _, limit in cases),
        median=median(days for days, _ in cases),
        longest=max(days for days, _ in cases),
        in_time=sum(days <= limit for days, limit in cases),
    )


def _decided(session: Session) -> Iterator[tuple[str, int, int]]:
    """Yield service, days used and limit of every case whose clock stopped, some hundred rows at a time."""
    calendar, last = current_calendar(session), ""
    query = (
        select(CaseClock, Case.service)
        .join(Case)
        .where(CaseClock.stage == WHOLE, CaseClock.stopped_at.is_not(None), Case.outcome.not_in(("", "withdrawn")))
    )
    while rows := session.execute(query.where(CaseClock.case_id > last).order_by(CaseClock.case_id).limit(PAGE)).all():
        pauses = pauses_by_case(session, [row.case_id for row, _ in rows])
        for row, service in rows:
            clock = clock_of_row(row, pauses.get(row.case_id, ()))
            yield service, days_used(clock, calendar.of(row.office), row.stopped_at or row.started_at), row.limit_days
        last = rows[-1][0].case_id
