"""Pure decisions about service hours, working days and due times. Times are aware; answers are in UTC.

Rules (Perpres 21/2023; UU 25/2009 for the promise):
1. An office serves in the hours of its week pattern, in Ramadan in shorter ones. National holidays are days off; joint
   leave (cuti bersama) is one too, unless the office opens then. A closure or an opening of one day beats all of that,
   and one that names the office beats one for everybody; of two for the same, the later one holds.
2. A working day of an office is a day with service hours; it is used up at its *closing*, the end of those hours.
3. What begins on a working day up to its closing has that day as day 0; what begins later, or on a day off, has the
   next working day as day 0. A limit of n working days is due at the closing of the n-th working day after day 0.
   So: due is closing number n + 1, counted from the beginning.
4. A year that the calendar does not have is an error: "no holidays known" must never pass for "no holidays".
5. Indonesia's three zones have no summer time: WIB is UTC+7, WITA UTC+8, WIT UTC+9.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from enum import StrEnum
from itertools import pairwise

EVERYBODY = "*"
"""Stands for all offices in an entry."""

_ONE_DAY = timedelta(days=1)
_DAYS = 7


class CalendarYearError(Exception):
    """A date in a year whose holidays are not known."""

    def __init__(self, year: int) -> None:
        """Keep the year."""
        super().__init__(f"no holidays known for {year}")
        self.year = year


class Zone(StrEnum):
    """The time zones of Indonesia (rule 5)."""

    WIB = "WIB"
    WITA = "WITA"
    WIT = "WIT"

    @property
    def offset(self) -> tzinfo:
        """The zone as Python knows it."""
        return _OFFSETS[self]


_OFFSETS: Mapping[Zone, tzinfo] = {
    Zone.WIB: timezone(timedelta(hours=7), "WIB"),
    Zone.WITA: timezone(timedelta(hours=8), "WITA"),
    Zone.WIT: timezone(timedelta(hours=9), "WIT"),
}


class EntryKind(StrEnum):
    """What an entry of the calendar says."""

    NATIONAL = "national_holiday"
    JOINT_LEAVE = "joint_leave"
    RAMADAN = "ramadan"
    CLOSURE = "closure"
    OPENING = "opening"
    OFFICE = "office"
    """From ``first`` on, an office has this week pattern, zone and habit on joint leave."""


Span = tuple[time, time]
"""Local time from, until."""

Hours = tuple[Span, ...]
"""The service hours of one day, without the break; the last span ends at the closing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """A week: hours per weekday, Monday first, in ordinary times and in Ramadan. No hours: a day off."""

    name: str
    ordinary: tuple[Hours, ...]
    ramadan: tuple[Hours, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """How an office works: which pattern, in which zone, open on joint leave or not."""

    pattern: str
    zone: Zone
    opens_on_joint_leave: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One entry. ``office`` is a code, a kind with its dot (``village.``), or ``*``."""

    kind: EntryKind
    first: date
    last: date
    reason: str
    """The name of a holiday; why an office is closed or open."""
    office: str = EVERYBODY
    hours: Hours = ()
    """Hours of an opening; none: those that the weekday has, or Monday's where it has none."""
    policy: Policy | None = None

    def covers(self, day: date, office: str) -> bool:
        """Tell whether the entry speaks of this office on this day."""
        return self.first <= day <= self.last and names(self.office, office)


def names(pattern: str, office: str) -> bool:
    """Tell whether an entry's office means this one: itself, its kind (``village.``), or everybody."""
    return pattern in {EVERYBODY, office} or (pattern.endswith(".") and office.startswith(pattern))


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """One version of the calendar: the years that are complete, the patterns, the entries in the order of entering."""

    version: int
    years: frozenset[int]
    patterns: tuple[Pattern, ...]
    entries: tuple[Entry, ...]
    _offices: dict[str, "OfficeCalendar"] = field(default_factory=dict, init=False, repr=False, compare=False)

    def of(self, office: str) -> "OfficeCalendar":
        """Return the calendar of one office; made once."""
        found = self._offices.get(office)
        if found is None:
            found = OfficeCalendar(office, self)
            self._offices[office] = found
        return found


class OfficeCalendar:
    """The working days of one office."""

    def __init__(self, office: str, calendar: Calendar) -> None:
        """Take what concerns the office out of the calendar; later entries and closer names come last."""
        self.office = office
        self._years = calendar.years
        self._patterns = {pattern.name: pattern for pattern in calendar.patterns}
        mine = sorted((entry for entry in calendar.entries if names(entry.office, office)), key=_closeness)
        self._policies = [entry for entry in mine if entry.kind is EntryKind.OFFICE]
        self._days: dict[date, list[Entry]] = {}
        for entry in mine:
            if entry.kind is not EntryKind.OFFICE:
                for day in _days_of(entry):
                    self._days.setdefault(day, []).append(entry)
        self._closings: dict[int, tuple[datetime, ...]] = {}

    def hours_on(self, day: date) -> Hours:
        """Return the service hours of a day, in local time; none on a day off (rule 1).

        Raises:
            CalendarYearError: the year is not in the calendar.
        """
        if day.year not in self._years:
            raise CalendarYearError(day.year)
        policy, entries = self._policy_on(day), self._days.get(day, [])
        kinds = {entry.kind for entry in entries}
        pattern = self._patterns[policy.pattern]
        week = pattern.ramadan if EntryKind.RAMADAN in kinds else pattern.ordinary
        special = [entry for entry in entries if entry.kind in {EntryKind.CLOSURE, EntryKind.OPENING}]
        if special:
            return () if special[-1].kind is EntryKind.CLOSURE else _opening_hours(special[-1], day, week)
        is_joint_leave = EntryKind.JOINT_LEAVE in kinds and not policy.opens_on_joint_leave
        return () if EntryKind.NATIONAL in kinds or is_joint_leave else week[day.weekday()]

    def entries_on(self, day: date) -> tuple[Entry, ...]:
        """Return what the calendar says about this day; the one that holds comes last."""
        return tuple(self._days.get(day, ()))

    def is_working_day(self, day: date) -> bool:
        """Tell whether the office serves on this day.

        Raises:
            CalendarYearError: the year is not in the calendar.
        """
        return bool(self.hours_on(day))

    def closing_on(self, day: date) -> datetime | None:
        """Return the end of service of a day; None on a day off.

        Raises:
            CalendarYearError: the year is not in the calendar.
        """
        hours = self.hours_on(day)
        return self._at(day, hours[-1][1]) if hours else None

    def day_zero(self, begun: datetime) -> date:
        """Return the day that counts as day 0 of what begins now (rule 3).

        Raises:
            CalendarYearError: a year on the way is not in the calendar.
        """
        return self.local_day(self.closing_after(begun, 0))

    def due_at(self, begun: datetime, working_days: int) -> datetime:
        """Return when ``working_days`` that begin now are over (rule 3).

        Raises:
            CalendarYearError: a year on the way is not in the calendar.
        """
        return self.closing_after(begun, working_days)

    def closing_after(self, begun: datetime, skipped: int) -> datetime:
        """Return the closing at or after ``begun``, after leaving out ``skipped`` of them.

        Raises:
            CalendarYearError: a year on the way is not in the calendar.
        """
        year = self.local_day(begun).year
        closings = self._of_year(year)
        place = bisect_left(closings, begun) + skipped
        while place >= len(closings):
            place -= len(closings)
            year += 1
            closings = self._of_year(year)
        return closings[place]

    def closings_between(self, start: datetime, end: datetime) -> int:
        """Return how many closings lie at or after ``start`` and before ``end``; 0 when ``end`` is not later.

        Raises:
            CalendarYearError: a year between is not in the calendar.
        """
        if end <= start:
            return 0
        years = range(self.local_day(start).year, self.local_day(end).year + 1)
        return sum(bisect_left(self._of_year(year), end) - bisect_left(self._of_year(year), start) for year in years)

    def service_time(self, start: datetime, end: datetime) -> timedelta:
        """Return how long the office served between two moments, breaks left out; 0 when ``end`` is not later.

        Raises:
            CalendarYearError: a year between is not in the calendar.
        """
        day, total = self.local_day(start), timedelta()
        while day <= self.local_day(end) and start < end:
            for opens, closes in self.hours_on(day):
                served = min(end, self._at(day, closes)) - max(start, self._at(day, opens))
                total += max(served, timedelta())
            day += _ONE_DAY
        return total

    def zone_on(self, day: date) -> Zone:
        """Return the office's time zone on a day."""
        return self._policy_on(day).zone

    def local_day(self, moment: datetime) -> date:
        """Return the date on the office's wall at a moment."""
        here = self._policy_on(moment.astimezone(UTC).date()).zone.offset
        return moment.astimezone(here).date()

    def _policy_on(self, day: date) -> Policy:
        found = [entry.policy for entry in self._policies if entry.first <= day <= entry.last]
        policy = found[-1] if found else None
        if policy is None:
            raise CalendarYearError(day.year)
        return policy

    def _of_year(self, year: int) -> tuple[datetime, ...]:
        found = self._closings.get(year)
        if found is None:
            found = tuple(self._read_year(year))
            self._closings[year] = found
        return found

    def _read_year(self, year: int) -> Iterator[datetime]:
        if year not in self._years:
            raise CalendarYearError(year)
        day = date(year, 1, 1)
        while day.year == year:
            closing = self.closing_on(day)
            if closing is not None:
                yield closing
            day += _ONE_DAY

    def _at(self, day: date, moment: time) -> datetime:
        return datetime.combine(day, moment, self._policy_on(day).zone.offset).astimezone(UTC)


def faults_of(years: Iterable[int], patterns: Iterable[Pattern], entries: Iterable[Entry]) -> Iterator[str]:
    """Yield what makes a calendar useless: wrong patterns, unknown pattern names, holidays of a year left out."""
    known = {pattern.name: pattern for pattern in patterns}
    for pattern in known.values():
        yield from _pattern_faults(pattern)
    national = set()
    for entry in entries:
        yield from _entry_faults(entry, known)
        if entry.kind is EntryKind.NATIONAL:
            national.add(entry.first)
    for year in sorted(set(years)):
        for month, number in FIXED_HOLIDAYS:
            if date(year, month, number) not in national:
                yield f"year {year}: {date(year, month, number)} is missing"


def _pattern_faults(pattern: Pattern) -> Iterator[str]:
    if len(pattern.ordinary) != _DAYS or len(pattern.ramadan) != _DAYS:
        yield f"pattern {pattern.name}: needs seven days"
    if not any(pattern.ordinary) or not any(pattern.ramadan):
        yield f"pattern {pattern.name}: has no hours"
    if not all(map(_is_in_order, (*pattern.ordinary, *pattern.ramadan))):
        yield f"pattern {pattern.name}: hours are not in order"


def _entry_faults(entry: Entry, patterns: Mapping[str, Pattern]) -> Iterator[str]:
    if entry.last < entry.first or (entry.kind is EntryKind.OFFICE) != (entry.policy is not None):
        yield f"{entry.kind} {entry.first}: ends before it begins, or has no policy"
    if entry.policy is not None and entry.policy.pattern not in patterns:
        yield f"office {entry.office}: no pattern {entry.policy.pattern}"
    if not _is_in_order(entry.hours):
        yield f"{entry.kind} {entry.first}: hours are not in order"


FIXED_HOLIDAYS = ((1, 1), (5, 1), (8, 17), (12, 25))
"""Holidays of every year; a year without them was not entered completely."""


def _is_in_order(hours: Hours) -> bool:
    moments = [moment for span in hours for moment in span]
    return all(earlier < later for earlier, later in pairwise(moments))


def _opening_hours(entry: Entry, day: date, week: tuple[Hours, ...]) -> Hours:
    return entry.hours or week[day.weekday()] or next(hours for hours in week if hours)


def _closeness(entry: Entry) -> int:
    """Sort entries for everybody before those for a kind, and those before the ones that name the office."""
    return 0 if entry.office == EVERYBODY else 1 if entry.office.endswith(".") else 2


def _days_of(entry: Entry) -> Iterator[date]:
    day = entry.first
    while day <= entry.last:
        yield day
        day += _ONE_DAY
