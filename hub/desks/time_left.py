"""Pure: how much time a desk has, in working days and in a word that needs no colour."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.calendar.rules import Calendar, CalendarYearError

NEAR_DAYS = 2
"""Working days left from which on a line says that it is near: today, tomorrow and the day after."""


class Haste(StrEnum):
    """How urgent something is."""

    OVERDUE = "overdue"
    TODAY = "today"
    NEAR = "near"
    CALM = "calm"
    PAUSED = "paused"
    UNKNOWN = "unknown"  # the calendar lacks a year
    NONE = "none"  # no clock runs


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeLeft:
    """What a line of the queue says about time; ``days`` is less than 0 when it is overdue."""

    haste: Haste
    days: int = 0
    due_at: datetime | None = None


NO_CLOCK = TimeLeft(haste=Haste.NONE)


def time_left(calendar: Calendar, office: str, due_at: datetime | None, now: datetime, *, is_paused: bool) -> TimeLeft:
    """Return the working days until a due time, by the calendar of the office that has to keep it.

    0 is due at the next closing; -1 says that one closing has passed since it was due (``clock.read_clock``).
    """
    if is_paused:
        return TimeLeft(haste=Haste.PAUSED)
    if due_at is None:
        return TimeLeft(haste=Haste.UNKNOWN)
    own = calendar.of(office)
    try:
        days = own.closings_between(now, due_at) if now <= due_at else -own.closings_between(due_at, now)
    except CalendarYearError:
        return TimeLeft(haste=Haste.UNKNOWN, due_at=due_at)
    return TimeLeft(haste=_haste(days), days=days, due_at=due_at)


def near_until(calendar: Calendar, office: str, now: datetime) -> datetime:
    """Return the closing up to which something is near; now when the calendar does not reach so far."""
    try:
        return calendar.of(office).closing_after(now, NEAR_DAYS)
    except CalendarYearError:
        return now


def _haste(days: int) -> Haste:
    if days < 0:
        return Haste.OVERDUE
    if days == 0:
        return Haste.TODAY
    return Haste.NEAR if days <= NEAR_DAYS else Haste.CALM
