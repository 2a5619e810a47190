"""The shipped calendar with offices that differ: for the tests of due times."""

from datetime import date, time

from hub.calendar.loader import shipped
from hub.calendar.rules import Calendar, Entry, EntryKind, OfficeCalendar, Policy, Zone

ALWAYS = (date(2000, 1, 1), date(2200, 12, 31))


def office_entry(office: str, pattern: str, zone: Zone, *, opens: bool = False) -> Entry:
    """Return how an office works, from ever to ever."""
    policy = Policy(pattern=pattern, zone=zone, opens_on_joint_leave=opens)
    first, last = ALWAYS
    return Entry(kind=EntryKind.OFFICE, first=first, last=last, reason="", office=office, policy=policy)


def special(kind: EntryKind, first: str, last: str, office: str = "*", until: str = "") -> Entry:
    """Return a closure or an opening; ``until`` is the end of its hours."""
    hours = ((time(7, 30), time.fromisoformat(until)),) if until else ()
    return Entry(
        kind=kind,
        first=date.fromisoformat(first),
        last=date.fromisoformat(last),
        reason="sebab",
        office=office,
        hours=hours,
    )


OFFICES = (
    office_entry("six", "six_day", Zone.WIB),
    office_entry("wita", "five_day", Zone.WITA),
    office_entry("wit", "five_day", Zone.WIT),
    office_entry("mall", "five_day", Zone.WIB, opens=True),
    special(EntryKind.CLOSURE, "2026-12-01", "2026-12-03", "flood"),
    special(EntryKind.OPENING, "2026-12-05", "2026-12-05", "flood", until="12:00"),
    special(EntryKind.OPENING, "2026-12-09", "2026-12-09", "flood", until="11:00"),
)


def a_calendar(*entries: Entry) -> Calendar:
    """Return the shipped calendar with more entries."""
    base = shipped()
    return Calendar(version=1, years=base.years, patterns=base.patterns, entries=(*base.entries, *entries))


CALENDAR = a_calendar(*OFFICES)


def at_office(office: str) -> OfficeCalendar:
    """Return the calendar of one of the offices."""
    return CALENDAR.of(office)
