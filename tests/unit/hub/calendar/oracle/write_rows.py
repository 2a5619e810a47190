"""``python -m tests.unit.hub.calendar.oracle.write_rows``: writes ``rows.csv`` from the oracle alone.

Columns: office, begun (on the office's wall), working days, pauses, due (on the wall; ``no 2028``: that year is not
known; ``stands``: a pause lasts), note. Checked by hand with a wall calendar:

* Tue 24 Nov 2026 09:00, 3 days: 25, 26, 27 Nov, a Friday: 16:30.
* Tue 24 Nov 2026 16:01, 1 day: day 0 is Wed 25, due Thu 26 at 16:00.
* Fri 27 Nov 2026 10:00, 1 day: Mon 30 at 16:00.
* Tue 17 Mar 2026 10:00, 1 day: 18 leave, 19 Nyepi, 20 leave, 21 and 22 Eid at the weekend, 23 and 24 leave: Wed 25.
* Thu 27 Mar 2025 14:00, 1 day (Ramadan): 28 leave, 29 Nyepi, 30 Sunday, 31 Mar and 1 Apr Eid, 2 to 4 leave, 5 and 6
  weekend, 7 leave: Tue 8 Apr at 16:00. The longest closed run of the three years: 11 days.
* Thu 27 Mar 2025 15:01, 0 days: after the Ramadan closing of 15:00, so day 0 is Tue 8 Apr: due then.
* Fri 15 Aug 2025 10:00, 1 day: 16 Saturday, 17 Independence Day, 18 leave that was added late: Tue 19 Aug.
* The mall (open on joint leave), the same: Mon 18 Aug at 16:00.
* Wed 23 Dec 2026 10:00, 1 day: 24 leave, 25 Christmas, weekend: Mon 28 Dec at 16:00.
* Thu 31 Dec 2026 10:00, 1 day: 1 Jan a holiday, weekend: Mon 4 Jan 2027. The 31st itself is a working day.
* Fri 31 Dec 2027 17:00, 0 days: day 0 lies in 2028: not known.
* Six days a week, Fri 27 Nov 2026 12:00, 0 days: closed at 11:30, so Saturday 28 Nov at 13:00.
* WIT, Tue 24 Nov 2026 16:00, 0 days: in time, due the same minute; that is 14:00 in Jakarta.
* Flood, Mon 30 Nov 2026 10:00, 1 day: 1 to 3 Dec under water, Fri 4 Dec at 16:30. 2 days: the Saturday at 12:00.
* Pause from Wed 25 Nov 2026 10:00 to Fri 27 Nov 10:00 in 3 days from Tue 24 Nov: closings of 25 and 26 do not count:
  27, 30 Nov, 1 Dec.
* Pause from 08:00 to 15:00 of one day: no closing in it, nothing moves.
"""

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from tests.unit.hub.calendar.oracle.bells import OFFICES, NoTableError, due

FILE = Path(__file__).with_name("rows.csv")
COLUMNS = ["office", "begun", "days", "pauses", "due", "note"]
ROUGHLY = 170

BY_HAND = (
    ("wib", "2026-11-24T09:00", 3, "", "ends on a Friday"),
    ("wib", "2026-11-24T16:00", 1, "", "complete in the minute of closing"),
    ("wib", "2026-11-24T16:01", 1, "", "complete after closing"),
    ("wib", "2026-11-24T06:00", 1, "", "complete before opening"),
    ("wib", "2026-11-27T10:00", 1, "", "over a weekend"),
    ("wib", "2026-11-27T16:29", 0, "", "a Friday closes later"),
    ("wib", "2026-11-28T10:00", 1, "", "on a Saturday"),
    ("wib", "2026-11-29T23:59", 0, "", "on a Sunday before midnight"),
    ("wib", "2026-11-30T00:00", 0, "", "at midnight"),
    ("wib", "2026-03-17T10:00", 1, "", "Eid 2026"),
    ("wib", "2026-03-17T15:30", 5, "", "Eid 2026 after the Ramadan closing"),
    ("wib", "2025-03-27T14:00", 1, "", "Eid 2025, 11 days closed"),
    ("wib", "2025-03-27T15:01", 0, "", "Eid 2025 after the Ramadan closing"),
    ("wib", "2027-03-05T09:00", 3, "", "Eid 2027"),
    ("mall", "2026-03-17T10:00", 1, "", "Eid 2026, open on joint leave"),
    ("mall", "2025-08-15T10:00", 1, "", "joint leave added late, open"),
    ("wib", "2025-08-15T10:00", 1, "", "joint leave added late, closed"),
    ("wib", "2026-12-23T10:00", 1, "", "Christmas 2026"),
    ("wib", "2026-12-31T10:00", 0, "", "31 December works"),
    ("wib", "2026-12-31T10:00", 1, "", "over the new year"),
    ("wib", "2025-12-31T16:30", 14, "", "over the new year, after closing"),
    ("wib", "2027-12-31T10:00", 0, "", "the last day that is known"),
    ("wib", "2027-12-31T17:00", 0, "", "day 0 in a year that is not known"),
    ("wib", "2027-12-27T10:00", 7, "", "due in a year that is not known"),
    ("wib", "2028-02-29T10:00", 1, "", "29 February of a year that is not known"),
    ("wib", "2024-12-31T10:00", 1, "", "a year before the table"),
    ("wib", "2026-02-27T10:00", 1, "", "no 29 February in 2026"),
    ("six", "2026-11-27T12:00", 0, "", "six days, after the Friday closing"),
    ("six", "2026-11-28T09:00", 2, "", "six days, Saturday works"),
    ("six", "2026-03-20T09:00", 1, "", "six days, Eid"),
    ("wita", "2026-11-24T16:00", 0, "", "WITA closing"),
    ("wita", "2026-11-24T16:01", 0, "", "WITA after closing, in Jakarta still open"),
    ("wit", "2026-11-24T16:00", 0, "", "WIT closing"),
    ("wit", "2027-01-01T00:30", 0, "", "in WIT the new year, in UTC the old one"),
    ("wit", "2026-12-31T23:59", 1, "", "WIT before midnight"),
    ("flood", "2026-11-30T10:00", 1, "", "flood: three days closed"),
    ("flood", "2026-11-30T10:00", 2, "", "flood: a Saturday instead"),
    ("flood", "2026-12-08T10:00", 1, "", "flood: a short day"),
    ("flood", "2026-12-09T11:01", 0, "", "flood: after the end of the short day"),
    ("wib", "2026-11-24T09:00", 3, "2026-11-25T10:00/2026-11-27T10:00", "a pause over two closings"),
    ("wib", "2026-11-24T09:00", 3, "2026-11-25T08:00/2026-11-25T15:00", "a pause within a day"),
    ("wib", "2026-11-24T09:00", 3, "2026-11-25T16:00/2026-11-25T16:01", "a pause of one minute at closing"),
    ("wib", "2026-11-24T09:00", 3, "2026-11-25T15:00/2026-11-25T16:00", "a pause that ends at closing"),
    ("wib", "2026-11-24T09:00", 3, "2026-11-24T10:00/2026-11-26T10:00", "a pause over day 0"),
    ("wib", "2026-11-24T09:00", 2, "2026-11-25T10:00/2026-12-02T09:00 2026-12-02T10:00/2026-12-03T09:00", "two pauses"),
    ("wib", "2026-11-24T09:00", 2, "2026-11-25T10:00/2026-12-02T09:00 2026-11-26T10:00/2026-12-01T09:00", "nested"),
    ("wib", "2026-11-24T09:00", 5, "2026-11-26T10:00/", "a pause that lasts"),
    ("wib", "2026-11-24T09:00", 1, "2026-11-30T10:00/", "due before the pause that lasts"),
    ("wib", "2026-03-16T09:00", 3, "2026-03-17T09:00/2026-03-25T09:00", "a pause over Eid"),
    ("wib", "2027-12-20T09:00", 5, "2027-12-23T09:00/2028-01-10T09:00", "a pause into a year that is not known"),
)

HOLIDAY_EVES = ("2025-01-24", "2025-03-26", "2025-05-28", "2026-02-13", "2026-05-13", "2027-02-04", "2027-05-14")


def lines() -> Iterator[list[str]]:
    """Yield every row of the table."""
    for office, begun, days, pauses, note in BY_HAND:
        yield row(office, begun, days, pauses, note)
    for office in OFFICES:
        for eve in HOLIDAY_EVES:
            yield row(office, f"{eve}T13:45", 2, "", "before a run of days off")
    chance = Random("days off")
    for _ in range(ROUGHLY):
        office, days = chance.choice(list(OFFICES)), chance.choice([0, 1, 2, 3, 5, 7, 14, 30])
        wall = datetime(2025, 1, 1) + timedelta(minutes=chance.randrange(1_090 * 1_440))  # noqa: DTZ001  # no zone yet
        pauses = _pauses(chance, wall) if chance.random() < 0.3 else ""
        yield row(office, wall.isoformat(timespec="minutes"), days, pauses, "by chance")


def _pauses(chance: Random, begun: datetime) -> str:
    start = begun + timedelta(minutes=chance.randrange(4 * 1_440))
    end = start + timedelta(minutes=chance.randrange(9 * 1_440))
    return f"{start.isoformat(timespec='minutes')}/{end.isoformat(timespec='minutes')}"


def row(office: str, begun: str, days: int, pauses: str, note: str) -> list[str]:
    """Return one row, worked out by the oracle."""
    try:
        found = due(office, on_wall(office, begun), days, read_pauses(office, pauses))
    except NoTableError as error:
        return [office, begun, str(days), pauses, f"no {error}", note]
    wall = "stands" if found is None else found.replace(tzinfo=None).isoformat(timespec="minutes")
    return [office, begun, str(days), pauses, wall, note]


def read_pauses(office: str, text: str) -> list[tuple[datetime, datetime | None]]:
    """Read the pauses of a row."""
    spans = [span.split("/") for span in text.split()]
    return [(on_wall(office, start), on_wall(office, end) if end else None) for start, end in spans]


def on_wall(office: str, text: str) -> datetime:
    """Return the moment at which an office's wall shows this."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(OFFICES[office][1]))


def table() -> str:
    """Return the whole file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(lines())
    return text.getvalue()


if __name__ == "__main__":
    FILE.write_text(table(), encoding="utf-8")
