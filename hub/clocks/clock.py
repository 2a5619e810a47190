"""Pure reading of a clock: a start, pauses with their reasons, perhaps an end; nothing ever resets it.

Rules (UU 30/2014, UU 25/2009; ``hub.calendar.rules`` for days and closings):
1. A clock runs from its start to its end, except in its pauses. Pauses that overlap count once.
2. A working day is used up at its closing, and only when the clock runs at that moment. ``days_used`` is the number of
   closings that passed while it ran, ``days_left`` the limit minus that: 0 means due at the next closing, less than 0
   overdue. A pause moves the due time by exactly the closings that lie in it.
3. Due is closing number ``limit + 1`` in the running time: the end of service hours of the last day.
4. While a clock stands nothing is due: when the pause ends is not the office's to say.
5. Time is log time: the caller passes moments that never go back.
6. What is late climbs: to the division head when it is overdue, to the head ``HEAD_AFTER`` working days later, to the
   inspectorate after ``INSPECTORATE_AFTER``. Days in a pause do not count.
7. Where silence counts as consent (UU 30/2014 article 53) the head is alarmed one working day ahead; when the day has
   passed that is a legal event. Nothing is ever issued by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from operator import itemgetter

from hub.calendar.rules import CalendarYearError, OfficeCalendar

HEAD_AFTER = 2
INSPECTORATE_AFTER = 5
"""Working days that a lower level has before the next one is told; the regency's own choice, no law."""


class AlarmKind(StrEnum):
    """What the clock has to say to somebody above the clerk."""

    DIVISION_HEAD = "division_head"
    HEAD = "head"
    INSPECTORATE = "inspectorate"
    DEEMED_AHEAD = "deemed_ahead"
    DEEMED = "deemed"


LEVELS = {AlarmKind.DIVISION_HEAD: 0, AlarmKind.HEAD: HEAD_AFTER, AlarmKind.INSPECTORATE: INSPECTORATE_AFTER}
"""The levels above the clerk, in order, and after how many working days over the limit they are told (rule 6)."""


DEEMED_LEVELS = (AlarmKind.DEEMED_AHEAD, AlarmKind.DEEMED)


class PauseReason(StrEnum):
    """Why a clock stands."""

    CORRECTION = "correction"  # the applicant has to correct or complete
    PAYMENT = "payment"  # the applicant has to pay
    CLOSED = "closed"  # decided, until it was reopened


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """One pause; without an end it lasts."""

    reason: PauseReason
    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """Everything that decides about a reading."""

    limit_days: int
    start: datetime
    end: datetime | None = None
    pauses: tuple[Pause, ...] = ()

    def reason_at(self, moment: datetime) -> PauseReason | None:
        """Return why the clock stands at a moment, None when it runs; of several the first one."""
        for pause in self.pauses:
            if pause.start <= moment and (pause.end is None or moment < pause.end):
                return pause.reason
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a clock says at a moment."""

    days_used: int
    days_left: int
    due_at: datetime | None
    paused: PauseReason | None
    office_time: timedelta
    """Service hours in which it ran."""
    waited: timedelta
    """Time in which it stood, nights and days off included."""

    @property
    def is_overdue(self) -> bool:
        """Whether more closings passed than the limit has."""
        return self.days_left < 0


Stretch = tuple[datetime, datetime | None]
"""From, until; None: open."""


def running(clock: Clock, *, until: datetime | None) -> Iterator[Stretch]:
    """Yield the stretches in which the clock ran, up to a moment (None: as if it never ended) (rule 1)."""
    at = clock.start
    for start, end in sorted(((each.start, each.end) for each in clock.pauses), key=itemgetter(0)):
        if end is not None and end <= at:  # before the start, or within a pause that is over
            continue
        if start > at:
            if until is not None and start >= until:
                break
            yield at, start
        if end is None:
            return
        at = end
    if until is None or at < until:
        yield at, until


def due_at(clock: Clock, calendar: OfficeCalendar) -> datetime | None:
    """Return when the limit is over, as if the clock never ended; None while it stands before that (rules 3, 4).

    Raises:
        CalendarYearError: the calendar lacks a year on the way.
    """
    left = clock.limit_days
    for start, end in running(clock, until=None):
        passed = None if end is None else calendar.closings_between(start, end)
        if passed is None or passed > left:
            return calendar.closing_after(start, left)
        left -= passed
    return None


def alarms(clock: Clock, deemed_days: int | None, calendar: OfficeCalendar) -> Iterator[tuple[AlarmKind, datetime]]:
    """Yield when somebody has to be told what, as far as the calendar reaches; nothing while it stands (rules 6, 7)."""
    limits = {kind: clock.limit_days + after for kind, after in LEVELS.items()}
    if deemed_days is not None:
        limits |= {AlarmKind.DEEMED_AHEAD: max(deemed_days - 1, 0), AlarmKind.DEEMED: deemed_days}
    for kind, days in limits.items():
        try:
            at = due_at(replace(clock, limit_days=days), calendar)
        except CalendarYearError:  # the import of that year works it out
            continue
        if at is not None:
            yield kind, at


def days_used(clock: Clock, calendar: OfficeCalendar, now: datetime) -> int:
    """Return how many closings passed while the clock ran (rule 2).

    Raises:
        CalendarYearError: the calendar lacks a year on the way.
    """
    until = _until(clock, now)
    return sum(calendar.closings_between(start, end or until) for start, end in running(clock, until=until))


def read_clock(clock: Clock, calendar: OfficeCalendar, now: datetime) -> Reading:
    """Return what the clock says now, or said when it ended.

    Raises:
        CalendarYearError: the calendar lacks a year on the way.
    """
    until = _until(clock, now)
    stretches = [(start, end or until) for start, end in running(clock, until=until)]
    used = sum(calendar.closings_between(*stretch) for stretch in stretches)
    ran = sum((end - start for start, end in stretches), timedelta())
    return Reading(
        days_used=used,
        days_left=clock.limit_days - used,
        due_at=due_at(clock, calendar),
        paused=clock.reason_at(now) if clock.end is None else None,
        office_time=sum((calendar.service_time(*stretch) for stretch in stretches), timedelta()),
        waited=max(until - clock.start, timedelta()) - ran,
    )


def _until(clock: Clock, now: datetime) -> datetime:
    return now if clock.end is None else min(now, clock.end)
