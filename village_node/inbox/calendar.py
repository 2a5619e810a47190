"""The hub's days off, version by version, and how many working days are left until a day."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from protocol.limits import MAX_NOTICE_BODY_BYTES
from protocol.notices import CalendarData
from protocol.wire import from_bytes
from village_node.inbox.news import day_of
from village_node.inbox.tables import CalendarVersion

SATURDAY = 5
OPENING = "opening"
"""Kind of an entry that says that an office is open after all."""

FARTHEST = 400
"""Days that are counted at most: no promise is longer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """The newest version."""

    version: int
    years: frozenset[int]
    closed: frozenset[tuple[date, str]]
    """Day and office; an empty office is every office."""
    opened: frozenset[tuple[date, str]] = frozenset()
    """Days on which an office (or all of them) works all the same: the last word about a day."""

    def working_days_left(self, today: date, due: date, office: str = "") -> int | None:
        """Return how many working days come after today up to and with ``due``; negative when it is past.

        None when the calendar says nothing about one of the years, or the day is too far away.
        """
        first, last = sorted((today, due))
        if abs((due - today).days) > FARTHEST or not {first.year, last.year} <= self.years:
            return None
        between = (first + timedelta(days=step) for step in range(1, (last - first).days + 1))
        count = sum(1 for day in between if self._is_working(day, office))
        return count if due >= today else -count

    def _is_working(self, day: date, office: str) -> bool:
        about = {(day, ""), (day, office)}
        return bool(about & self.opened) or (day.weekday() < SATURDAY and not about & self.closed)


def store_calendar(session: Session, now: datetime, body: bytes) -> None:
    """Keep a version; one that is here already never changes.

    Raises:
        ProtocolError: not such a body.
    """
    data = from_bytes(body, CalendarData, max_bytes=MAX_NOTICE_BODY_BYTES)
    if session.get(CalendarVersion, data.version) is None:
        session.add(CalendarVersion(version=data.version, raw=body, received_at=now))
        session.flush()


def newest_calendar(session: Session) -> Calendar | None:
    """Return the newest version; None before the first."""
    raw = session.scalar(select(CalendarVersion.raw).order_by(CalendarVersion.version.desc()).limit(1))
    if raw is None:
        return None
    data = from_bytes(raw, CalendarData, max_bytes=MAX_NOTICE_BODY_BYTES)
    days = [(day_of(each.day), each.office, each.kind == OPENING) for each in data.days]
    closed = frozenset((day, office) for day, office, is_open in days if day is not None and not is_open)
    opened = frozenset((day, office) for day, office, is_open in days if day is not None and is_open)
    return Calendar(version=data.version, years=frozenset(data.years), closed=closed, opened=opened)
