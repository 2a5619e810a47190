"""Due times against the oracle: its table of more than 200 rows, and rows that hypothesis makes up (fault D17)."""

import csv
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.calendar.rules import CalendarYearError
from hub.clocks.clock import Clock, Pause, PauseReason, due_at
from tests.unit.hub.calendar.oracle import bells, write_rows
from tests.unit.hub.calendar.sample_calendar import at_office

ROWS = list(csv.DictReader(write_rows.FILE.read_text(encoding="utf-8").splitlines()))
OFFICE = st.sampled_from(list(bells.OFFICES))
BEGUN = st.integers(0, 1_000 * 86_400 * 1_000).map(
    lambda ms: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
LENGTH = st.timedeltas(timedelta(), timedelta(days=9))


def our_due(office: str, begun: datetime, days: int, spans: list[bells.Span]) -> datetime | None:
    pauses = tuple(Pause(reason=PauseReason.CORRECTION, start=start, end=end) for start, end in spans)
    return due_at(Clock(limit_days=days, start=begun, pauses=pauses), at_office(office))


def whole(moment: datetime) -> datetime:
    """Return the whole minute of a moment: the oracle listens minute by minute."""
    return moment.replace(second=0, microsecond=0)


def answer(row: dict[str, str]) -> str:
    """Return what the program says to a row, in the words of the table."""
    office, begun = row["office"], write_rows.on_wall(row["office"], row["begun"])
    try:
        found = our_due(office, begun, int(row["days"]), write_rows.read_pauses(office, row["pauses"]))
    except CalendarYearError as error:
        return f"no {error.year}"
    if found is None:
        return "stands"
    return found.astimezone(begun.tzinfo).replace(tzinfo=None).isoformat(timespec="minutes")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['office']} {row['begun']} {row['days']} {row['note']}")
def test_row(row: dict[str, str]) -> None:
    assert answer(row) == row["due"]


def test_the_table_is_what_the_oracle_says() -> None:
    assert write_rows.FILE.read_text(encoding="utf-8") == write_rows.table()


def test_the_table_covers_what_it_has_to() -> None:
    begun = Counter(row["begun"][:4] for row in ROWS)
    assert len(ROWS) >= 200
    assert min(begun["2025"], begun["2026"], begun["2027"]) >= 40
    assert Counter(row["office"] for row in ROWS).keys() == bells.OFFICES.keys()
    assert {row["due"] for row in ROWS} >= {"no 2028", "no 2024", "stands"}
    assert sum(bool(row["pauses"]) for row in ROWS) >= 30


@settings(max_examples=150, deadline=None)
@given(office=OFFICE, begun=BEGUN, days=st.integers(0, 20), delay=LENGTH, length=LENGTH)
def test_any_row(office: str, begun: datetime, days: int, delay: timedelta, length: timedelta) -> None:
    start, end = whole(begun + delay), whole(begun + delay + length)
    spans: list[bells.Span] = [(start, end)]
    assert our_due(office, whole(begun), days, spans) == bells.due(office, whole(begun), days, spans)


@settings(max_examples=200, deadline=None)
@given(office=OFFICE, day=st.dates(date(2025, 1, 1), date(2027, 12, 31)))
def test_the_wall_of_any_day(office: str, day: date) -> None:
    closing, wall = at_office(office).closing_on(day), bells.on_wall(office, day)
    zone = write_rows.on_wall(office, f"{day}T00:00").tzinfo
    assert wall == ("-" if closing is None else f"{closing.astimezone(zone):%H:%M}")
