"""From text to entries: what is shipped with the program, and what an administrator imports.

Everything wrong is a ``CalendarDataError`` with file, place and reason.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from importlib import resources

from hub.calendar.errors import CalendarDataError
from hub.calendar.rules import EVERYBODY, Entry, EntryKind, Hours, Pattern, Policy, Zone, faults_of

MAX_TEXT = 100_000
MAX_REASON = 200
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ALWAYS = (date(2000, 1, 1), date(2200, 12, 31))
_DAY_OFF = (EntryKind.NATIONAL, EntryKind.JOINT_LEAVE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shipped:
    """The calendar that comes with this program."""

    years: frozenset[int]
    patterns: tuple[Pattern, ...]
    entries: tuple[Entry, ...]


@cache
def shipped() -> Shipped:
    """Return the calendar that comes with this program; read once.

    Raises:
        CalendarDataError: anything wrong with it.
    """
    folder = resources.files("hub.calendar") / "data"
    text = {name: (folder / name).read_text(encoding="utf-8") for name in _FILES}
    patterns = parse_patterns("patterns.csv", text["patterns.csv"])
    holidays = parse_holidays("holidays.csv", text["holidays.csv"])
    ramadan, offices = parse_ramadan("ramadan.csv", text["ramadan.csv"]), parse_offices(text["offices.csv"])
    years = frozenset(entry.first.year for entry in holidays)
    entries = (*offices, *ramadan, *holidays)
    for fault in faults_of(years, patterns, entries):
        raise CalendarDataError("shipped calendar", "data", fault)
    return Shipped(years=years, patterns=patterns, entries=entries)


_FILES = ("patterns.csv", "holidays.csv", "ramadan.csv", "offices.csv")


def parse_holidays(file: str, text: str) -> tuple[Entry, ...]:
    """Read days off from CSV text with the columns date, kind, name.

    Raises:
        CalendarDataError: a wrong header, date or kind, a date that is there twice.
    """
    found: dict[date, Entry] = {}
    for place, row in _rows(file, text, ["date", "kind", "name"]):
        day, kind = _day(file, place, row["date"]), row["kind"]
        if kind not in _DAY_OFF:
            raise CalendarDataError(file, place, "kind must be national_holiday or joint_leave")
        if day in found:
            raise CalendarDataError(file, place, f"{day} is there twice")
        found[day] = Entry(kind=EntryKind(kind), first=day, last=day, reason=_reason(file, place, row["name"]))
    return tuple(found.values())


def parse_ramadan(file: str, text: str) -> tuple[Entry, ...]:
    """Read the fasting months from CSV text with the columns first, last, name.

    Raises:
        CalendarDataError: a wrong header or date.
    """
    return tuple(
        Entry(
            kind=EntryKind.RAMADAN,
            first=_day(file, place, row["first"]),
            last=_day(file, place, row["last"]),
            reason=_reason(file, place, row["name"]),
        )
        for place, row in _rows(file, text, ["first", "last", "name"])
    )


def parse_offices(text: str, file: str = "offices.csv") -> tuple[Entry, ...]:
    """Read how offices work from CSV text with the columns office, pattern, zone, joint_leave.

    Raises:
        CalendarDataError: a wrong header, zone or word.
    """
    first, last = _ALWAYS
    return tuple(
        Entry(
            kind=EntryKind.OFFICE,
            first=first,
            last=last,
            office=row["office"] or EVERYBODY,
            reason="",
            policy=parse_policy(file, place, f"{row['pattern']} {row['zone']} {row['joint_leave']}"),
        )
        for place, row in _rows(file, text, ["office", "pattern", "zone", "joint_leave"])
    )


def parse_patterns(file: str, text: str) -> tuple[Pattern, ...]:
    """Read week patterns from CSV text with the columns pattern, season, weekday, hours.

    Raises:
        CalendarDataError: a wrong header, season, weekday or hour.
    """
    weeks: dict[str, dict[str, list[Hours]]] = {}
    for place, row in _rows(file, text, ["pattern", "season", "weekday", "hours"]):
        if row["season"] not in {"ordinary", "ramadan"} or row["weekday"] not in _WEEKDAYS:
            raise CalendarDataError(file, place, "season or weekday is wrong")
        week = weeks.setdefault(row["pattern"], {"ordinary": [()] * 7, "ramadan": [()] * 7})
        week[row["season"]][_WEEKDAYS.index(row["weekday"])] = parse_hours(file, place, row["hours"])
    return tuple(
        Pattern(name=name, ordinary=tuple(week["ordinary"]), ramadan=tuple(week["ramadan"]))
        for name, week in weeks.items()
    )


def parse_hours(file: str, place: str, text: str) -> Hours:
    """Read ``07:30-12:00 13:00-16:00``.

    Raises:
        CalendarDataError: not hours, or not in order.
    """
    try:
        spans = [span.split("-") for span in text.split()]
        hours = tuple((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in spans)
    except ValueError:
        raise CalendarDataError(file, place, "hours must read 07:30-12:00 13:00-16:00") from None
    moments = [moment for span in hours for moment in span]
    if any(moment.tzinfo is not None for moment in moments) or moments != sorted(set(moments)):
        raise CalendarDataError(file, place, "hours must follow each other")
    return hours


def hours_text(hours: Hours) -> str:
    """Return hours as ``parse_hours`` reads them."""
    return " ".join(f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in hours)


def parse_policy(file: str, place: str, text: str) -> Policy:
    """Read ``five_day WIB closed``.

    Raises:
        CalendarDataError: another number of words, an unknown zone, neither open nor closed.
    """
    words = text.split()
    if len(words) != 3 or words[1] not in {*Zone} or words[2] not in {"open", "closed"}:  # noqa: PLR2004  # three words
        raise CalendarDataError(file, place, "must be a pattern, WIB, WITA or WIT, open or closed")
    return Policy(pattern=words[0], zone=Zone(words[1]), opens_on_joint_leave=words[2] == "open")


def policy_text(policy: Policy) -> str:
    """Return a policy as ``parse_policy`` reads it."""
    return f"{policy.pattern} {policy.zone} {'open' if policy.opens_on_joint_leave else 'closed'}"


def _rows(file: str, text: str, columns: list[str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    if len(text) > MAX_TEXT:
        raise CalendarDataError(file, "line 1", f"more than {MAX_TEXT} characters")
    rows = csv.DictReader(text.splitlines(), strict=True)
    try:
        if rows.fieldnames != columns:
            raise CalendarDataError(file, "line 1", f"columns must be {','.join(columns)}")
        for row in rows:
            place = f"line {rows.line_num}"
            if len(row) != len(columns) or None in row.values():
                raise CalendarDataError(file, place, "wrong number of columns")
            yield place, row
    except csv.Error:
        raise CalendarDataError(file, f"line {rows.line_num}", "not CSV") from None


def _day(file: str, place: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CalendarDataError(file, place, "a date is wrong") from None


def _reason(file: str, place: str, text: str) -> str:
    if not 1 <= len(text) <= MAX_REASON:
        raise CalendarDataError(file, place, f"a name of 1 to {MAX_REASON} letters is needed")
    return text
