"""When an office is expected: its own week or the calendar's, days off, planned outages."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.calendar.loader import shipped
from hub.calendar.rules import Calendar
from hub.health.hours import Excuse, Excuses, Outage, Week, WeekError, is_within
from protocol.ids import NodeId

CALENDAR = Calendar(version=0, years=shipped().years, patterns=shipped().patterns, entries=shipped().entries)
NODE, NEIGHBOUR = NodeId("3314052003-01"), NodeId("3314062001-01")
VILLAGE = "33.14.05.2003"
TUESDAY = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # 10:00 WIB
NIGHT, SUNDAY, CHRISTMAS = TUESDAY + timedelta(hours=14), TUESDAY - timedelta(days=2), TUESDAY + timedelta(days=31)
LATE_WEEK = Week.parse("||22:00-23:59||||")


def excuse(moment: datetime, node: NodeId = NODE, week: Week | None = None, outage: Outage | None = None) -> object:
    weeks = {} if week is None else {VILLAGE: week}
    outages = () if outage is None else (outage,)
    return Excuses(moment=moment, calendar=CALENDAR, weeks=weeks, outages=outages).of(node)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [(TUESDAY, None), (NIGHT, Excuse.CLOSED), (SUNDAY, Excuse.CLOSED), (CHRISTMAS, Excuse.CLOSED)],
)
def test_the_calendar_says_when_an_office_is_expected(moment: datetime, expected: Excuse | None) -> None:
    assert excuse(moment) == expected


def test_an_office_with_hours_of_its_own_is_expected_then() -> None:
    wednesday_evening = TUESDAY + timedelta(days=1, hours=12, minutes=30)
    assert excuse(wednesday_evening) is Excuse.CLOSED
    assert excuse(wednesday_evening, week=LATE_WEEK) is None
    assert excuse(TUESDAY, week=LATE_WEEK) is Excuse.CLOSED


def test_a_holiday_stands_above_the_own_week() -> None:
    every_day = Week.parse("|".join(["08:00-15:00"] * 7))
    assert excuse(SUNDAY, week=every_day) is None
    assert excuse(CHRISTMAS, week=every_day) is Excuse.CLOSED


@pytest.mark.parametrize("scope", ["", "33.14.05", VILLAGE])
def test_an_outage_excuses_its_scope_for_its_time(scope: str) -> None:
    outage = Outage(scope=scope, starts_at=TUESDAY, ends_at=TUESDAY + timedelta(hours=1))
    assert excuse(TUESDAY, outage=outage) is Excuse.MAINTENANCE
    assert excuse(TUESDAY + timedelta(hours=1), outage=outage) is None
    assert (excuse(TUESDAY, NEIGHBOUR, outage=outage) is Excuse.MAINTENANCE) is (scope == "")


def test_a_year_without_holidays_excuses_nobody() -> None:
    assert excuse(datetime(2199, 11, 24, 20, tzinfo=UTC)) is None


def test_a_scope_is_no_beginning_of_a_number() -> None:
    assert not is_within("33.14.05.2003", "33.14.0")


@pytest.mark.parametrize(
    "text", ["", "||||||", "08:00-15:00", "15:00-08:00||||||", "08:00-08:00||||||", "24:00-25:00||||||", "x||||||"]
)
def test_a_week_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(WeekError):
        Week.parse(text)


def test_a_week_reads_as_it_was_written() -> None:
    text = "08:00-15:30|08:00-15:30||||08:00-11:00|"
    assert str(Week.parse(text)) == text
