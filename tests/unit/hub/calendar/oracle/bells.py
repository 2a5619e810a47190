"""The oracle of due times, written without the calendar's code and another way.

Each office has a bell that rings at the end of service, written down as times on its wall. The IANA time zones turn a
wall into minutes since 1970, and somebody sits there and listens, minute by minute: the first bell at or after the
beginning is that of day 0, and each further one uses up a day. In a pause nobody listens. Due is the bell of the last
day. Where the wall has no table of days off for the year, the listener gives up.

The days off were typed from the joint ministerial decrees (SKB) as day numbers per month, not copied from the CSV that
the program ships.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

NATIONAL = {
    2025: "1: 1 27 29; 3: 29 31; 4: 1 18 20; 5: 1 12 29; 6: 1 6 27; 8: 17; 9: 5; 12: 25",
    2026: "1: 1 16; 2: 17; 3: 19 21 22; 4: 3 5; 5: 1 14 27 31; 6: 1 16; 8: 17 25; 12: 25",
    2027: "1: 1 5; 2: 6; 3: 8 10 11 26 28; 5: 1 6 17 20; 6: 1 6; 8: 15 17; 12: 25 26",
}
LEAVE = {
    2025: "1: 28; 3: 28; 4: 2 3 4 7; 5: 13 30; 6: 9; 8: 18; 12: 26",
    2026: "2: 16; 3: 18 20 23 24; 5: 15 28; 12: 24",
    2027: "2: 5; 3: 9 12 15 25; 5: 18 19; 12: 24",
}
FASTING = (("2025-03-01", "2025-03-30"), ("2026-02-19", "2026-03-20"), ("2027-02-08", "2027-03-09"))

FIVE = ("16:00 16:00 16:00 16:00 16:30 - -", "15:00 15:00 15:00 15:00 15:30 - -")
SIX = ("14:30 14:30 14:30 14:30 11:30 13:00 -", "14:00 14:00 14:00 14:00 11:30 13:00 -")

# office: walls in ordinary times and in Ramadan, zone, whether joint leave is a day off
OFFICES = {
    "wib": (FIVE, "Asia/Jakarta", True),
    "six": (SIX, "Asia/Jakarta", True),
    "wita": (FIVE, "Asia/Makassar", True),
    "wit": (FIVE, "Asia/Jayapura", True),
    "mall": (FIVE, "Asia/Jakarta", False),
    "flood": (FIVE, "Asia/Jakarta", True),
}
# what befell the office "flood": three days under water, a Saturday instead, one short day
BEFELL = {"2026-12-01": "-", "2026-12-02": "-", "2026-12-03": "-", "2026-12-05": "12:00", "2026-12-09": "11:00"}

Span = tuple[datetime, datetime | None]


class NoTableError(Exception):
    """No days off are known for a year."""


def due(office: str, begun: datetime, days: int, pauses: Iterable[Span] = ()) -> datetime | None:
    """Listen until the bell of the last day; None when a pause without an end comes first.

    Raises:
        NoTableError: the listener came into a year without a table.
    """
    deaf = [(_minute_up(start), None if end is None else _minute_up(end)) for start, end in pauses]
    minute, heard = _minute_up(begun), 0
    while not any(start <= minute and end is None for start, end in deaf):
        is_deaf = any(start <= minute < (end or minute) for start, end in deaf)
        if minute in _bells(office, _year(office, minute)) and not is_deaf:
            heard += 1
        if heard == days + 1:
            return datetime.fromtimestamp(minute * 60, tz=ZoneInfo(OFFICES[office][1]))
        minute += 1
    return None


def _minute_up(moment: datetime) -> int:
    """Return the first whole minute at or after a moment."""
    return -int(-moment.timestamp() // 60)


def _year(office: str, minute: int) -> int:
    return _wall_day(OFFICES[office][1], minute // 60).year


@cache
def _wall_day(zone: str, hour: int) -> date:
    return datetime.fromtimestamp(hour * 3600, tz=ZoneInfo(zone)).date()


@cache
def _bells(office: str, year: int) -> frozenset[int]:
    """Return the minutes since 1970 at which the bell rings in a year."""
    if year not in NATIONAL:
        raise NoTableError(year)
    zone, rung, day = ZoneInfo(OFFICES[office][1]), set(), date(year, 1, 1)
    while day.year == year:
        wall = on_wall(office, day)
        if wall != "-":
            rung.add(int(datetime.fromisoformat(f"{day}T{wall}").replace(tzinfo=zone).timestamp()) // 60)
        day += timedelta(days=1)
    return frozenset(rung)


def on_wall(office: str, day: date) -> str:
    """Return what the wall says about the end of service on a day; a dash on a day off."""
    (ordinary, fasting), _, is_leave_off = OFFICES[office]
    if office == "flood" and str(day) in BEFELL:
        return BEFELL[str(day)]
    if _is_named(NATIONAL[day.year], day) or (is_leave_off and _is_named(LEAVE[day.year], day)):
        return "-"
    is_fasting = any(first <= str(day) <= last for first, last in FASTING)
    return (fasting if is_fasting else ordinary).split()[day.weekday()]


def _is_named(table: str, day: date) -> bool:
    months = dict(part.strip().split(": ") for part in table.split(";"))
    return str(day.day) in months.get(str(day.month), "").split()
