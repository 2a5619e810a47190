"""When a village office is expected to be there, and when it is excused. Values in, values out.

Rules:
1. An office is expected in its own week, if an administrator set one, else in the calendar's hours for villages; on a
   day off of the calendar nowhere. From the first opening to the last closing: the PC runs through the noon break.
2. A planned outage that covers the village excuses it, whatever the hour.
3. A year that the calendar does not have excuses nobody: a forgotten import must not silence the alarms.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum

from hub.calendar.rules import Calendar, CalendarYearError, EntryKind, OfficeCalendar
from protocol.ids import NodeId, VillageCode

DAYS = 7
ALL_VILLAGES = "village."
"""The kind of office that villages are in the calendar; also the office that stands for one without an own entry."""

_SPAN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_DAY_OFF = frozenset({EntryKind.NATIONAL, EntryKind.JOINT_LEAVE, EntryKind.CLOSURE})

Span = tuple[time, time]


class Excuse(StrEnum):
    """Why silence is no alarm."""

    CLOSED = "closed"
    MAINTENANCE = "maintenance"


class WeekError(ValueError):
    """A week that cannot be read."""


@dataclass(frozen=True, slots=True)
class Week:
    """Hours per weekday, Monday first; None on a day off."""

    days: tuple[Span | None, ...]

    @classmethod
    def parse(cls, text: str) -> "Week":
        """Read ``08:00-15:30`` for each weekday, separated by ``|``; an empty part is a day off.

        Raises:
            WeekError: not seven parts, an hour that is none, a closing before its opening, no open day at all.
        """
        parts = text.split("|")
        if len(parts) != DAYS or not any(part.strip() for part in parts):
            raise WeekError
        return cls(tuple(_span(part.strip()) for part in parts))

    def __str__(self) -> str:
        return "|".join("" if day is None else f"{day[0]:%H:%M}-{day[1]:%H:%M}" for day in self.days)


def _span(text: str) -> Span | None:
    if not text:
        return None
    found = _SPAN.fullmatch(text)
    if found is None:
        raise WeekError
    opens, closes = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if closes <= opens:
        raise WeekError
    return opens, closes


@dataclass(frozen=True, kw_only=True, slots=True)
class Outage:
    """A planned outage: ``scope`` is a subdistrict or village code, empty for the whole regency."""

    scope: str
    starts_at: datetime
    ends_at: datetime

    def covers(self, village: str, moment: datetime) -> bool:
        """Say whether it excuses a village at a moment."""
        return self.starts_at <= moment < self.ends_at and is_within(village, self.scope)


def is_within(village: str, scope: str) -> bool:
    """Say whether a village lies in a scope."""
    return scope in {"", village} or village.startswith(f"{scope}.")


@dataclass(frozen=True, kw_only=True)
class Excuses:
    """Who is excused at one moment; villages that are alike are looked up once."""

    moment: datetime
    calendar: Calendar
    weeks: Mapping[str, Week] = field(default_factory=dict)
    """Own weeks by village."""
    own_offices: frozenset[str] = frozenset()
    """Offices that the calendar has an entry for of their own."""
    outages: Iterable[Outage] = ()
    _known: dict[str, Excuse | None] = field(default_factory=dict, init=False, repr=False, compare=False)

    def of(self, node: NodeId) -> Excuse | None:
        """Return why a node need not be heard now; None when it should be (rules 1 and 2)."""
        return self.of_village(node.village)

    def of_village(self, village: VillageCode | str) -> Excuse | None:
        """Return why nothing of a village need be heard now."""
        if any(each.covers(village, self.moment) for each in self.outages):
            return Excuse.MAINTENANCE
        office = f"{ALL_VILLAGES}{village}"
        if village in self.weeks or office in self.own_offices:
            return self._closed(self.calendar.of(office), self.weeks.get(str(village)))
        if ALL_VILLAGES not in self._known:
            self._known[ALL_VILLAGES] = self._closed(self.calendar.of(ALL_VILLAGES), None)
        return self._known[ALL_VILLAGES]

    def _closed(self, office: OfficeCalendar, week: Week | None) -> Excuse | None:
        try:
            day = office.local_day(self.moment)
            span = expected_span(office, day, week)
            here = self.moment.astimezone(office.zone_on(day).offset).time()
        except CalendarYearError:
            return None  # rule 3
        return None if span is not None and span[0] <= here < span[1] else Excuse.CLOSED


def expected_span(office: OfficeCalendar, day: date, week: Week | None) -> Span | None:
    """Return from when until when an office is expected on a day; None on a day off (rule 1).

    Raises:
        CalendarYearError: the year is not in the calendar.
    """
    hours = office.hours_on(day)
    if week is None:
        return (hours[0][0], hours[-1][1]) if hours else None
    is_off = not hours and any(entry.kind in _DAY_OFF for entry in office.entries_on(day))
    return None if is_off else week.days[day.weekday()]
