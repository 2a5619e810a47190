"""What nodes hear of the calendar: the days off, so that a village counts as the hub does."""

from collections.abc import Iterator
from datetime import date, timedelta

from hub.calendar.rules import EVERYBODY, Calendar, EntryKind
from protocol.notices import CalendarData, DayOff

CLOSING = frozenset({EntryKind.NATIONAL, EntryKind.JOINT_LEAVE, EntryKind.CLOSURE})

MOST_DAYS = 600
"""``CalendarData.days``; of more the newest are told."""


def calendar_data(calendar: Calendar) -> CalendarData:
    """Return the days off of all offices, then those of single ones. The office may be a kind with its dot.

    The version on the wire begins with 1 where the calendar is as shipped.
    """
    special = {entry.office for entry in calendar.entries if entry.kind is not EntryKind.OFFICE} - {EVERYBODY}
    everybody = list(_days_off(calendar, EVERYBODY))
    general = {day.day for day in everybody}
    single = (day for office in sorted(special) for day in _days_off(calendar, office) if day.day not in general)
    days = sorted([*everybody, *single], key=lambda each: (each.day, each.office))
    return CalendarData(version=calendar.version + 1, years=sorted(calendar.years), days=days[-MOST_DAYS:])


def _days_off(calendar: Calendar, office: str) -> Iterator[DayOff]:
    here = calendar.of(office)
    for year in sorted(calendar.years):
        day = date(year, 1, 1)
        while day.year == year:
            said = [entry for entry in here.entries_on(day) if entry.kind in CLOSING]
            if said and not here.is_working_day(day):
                name = "" if office == EVERYBODY else office
                yield DayOff(day=day.isoformat(), kind=str(said[-1].kind), name=said[-1].reason, office=name)
            day += timedelta(days=1)
