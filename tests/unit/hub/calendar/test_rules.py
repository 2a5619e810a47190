"""Working days, closings and service hours: what always holds, and what one entry changes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.calendar.rules import Calendar, CalendarYearError, EntryKind, Zone, faults_of, names
from tests.unit.hub.calendar.sample_calendar import a_calendar, at_office, office_entry, special

DAYS = st.integers(0, 60)
MOMENT = st.timedeltas(timedelta(), timedelta(days=900)).map(lambda since: datetime(2025, 1, 2, tzinfo=UTC) + since)
OFFICE = st.sampled_from(["wib", "six", "wita", "wit", "mall", "flood"])


@pytest.mark.parametrize(("year", "days"), [(2025, 237), (2026, 240), (2027, 242)])
def test_working_days_of_the_years(year: int, days: int) -> None:
    here = at_office("wib")
    assert sum(here.is_working_day(date(year, 1, 1) + timedelta(days=each)) for each in range(365)) == days


@pytest.mark.parametrize("office", ["wib", "six", "wit"])
@pytest.mark.parametrize(("day", "hours"), [("2026-11-23", 37.5), ("2026-03-02", 32.5)])
def test_hours_of_a_week_are_those_of_the_regulation(office: str, day: str, hours: float) -> None:
    monday = datetime.fromisoformat(day).replace(tzinfo=UTC)
    assert at_office(office).service_time(monday, monday + timedelta(days=7)) == timedelta(hours=hours)


@given(OFFICE, MOMENT, DAYS)
def test_nothing_is_due_on_a_day_off_or_outside_of_the_end_of_service(office: str, begun: datetime, days: int) -> None:
    here = at_office(office)
    due = here.due_at(begun, days)
    day = here.local_day(due)
    assert due >= begun
    assert here.is_working_day(day)
    assert here.closing_on(day) == due


@given(OFFICE, MOMENT, st.timedeltas(timedelta(), timedelta(days=40)), DAYS)
def test_who_begins_later_is_never_due_earlier(office: str, begun: datetime, later: timedelta, days: int) -> None:
    here = at_office(office)
    assert here.due_at(begun, days) <= here.due_at(begun + later, days)
    assert here.due_at(begun, days) < here.due_at(begun, days + 1)


@given(OFFICE, MOMENT, DAYS)
def test_counting_back_gives_the_days(office: str, begun: datetime, days: int) -> None:
    here = at_office(office)
    assert here.closings_between(begun, here.due_at(begun, days)) == days


@given(OFFICE, st.lists(MOMENT, min_size=3, max_size=3))
def test_time_adds_up(office: str, moments: list[datetime]) -> None:
    here, (start, middle, end) = at_office(office), sorted(moments)
    whole = here.closings_between(start, end)
    assert here.closings_between(start, middle) + here.closings_between(middle, end) == whole


@given(OFFICE, MOMENT, st.timedeltas(timedelta(), timedelta(days=9)), st.timedeltas(timedelta(), timedelta(days=9)))
def test_service_hours_add_up(office: str, start: datetime, one: timedelta, two: timedelta) -> None:
    here, middle = at_office(office), start + one
    parts = here.service_time(start, middle) + here.service_time(middle, middle + two)
    assert parts == here.service_time(start, middle + two)
    assert here.service_time(middle, start) == timedelta()


@pytest.mark.parametrize("day", [date(2024, 12, 31), date(2028, 1, 1), date(2028, 2, 29)])
def test_a_missing_year_is_an_error_and_not_a_year_without_holidays(day: date) -> None:
    here = at_office("wib")
    with pytest.raises(CalendarYearError, match=str(day.year)) as caught:
        here.is_working_day(day)
    assert caught.value.year == day.year


def test_a_year_that_is_missing_in_the_middle_is_an_error() -> None:
    whole = a_calendar()
    gap = Calendar(version=1, years=frozenset({2025, 2027}), patterns=whole.patterns, entries=whole.entries)
    here = gap.of("wib")
    with pytest.raises(CalendarYearError, match="2026"):
        here.due_at(datetime(2025, 12, 30, tzinfo=UTC), 30)
    with pytest.raises(CalendarYearError, match="2026"):
        here.closings_between(datetime(2025, 12, 30, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC))


def test_the_closer_entry_holds_and_of_two_the_later() -> None:
    shut = special(EntryKind.CLOSURE, "2026-12-09", "2026-12-09")
    vote = special(EntryKind.OPENING, "2026-12-09", "2026-12-09", "one-stop")
    village = special(EntryKind.OPENING, "2026-12-09", "2026-12-09", "village.")
    changed = special(EntryKind.CLOSURE, "2026-12-09", "2026-12-09", "village.33.14.01.2001")
    calendar = a_calendar(changed, village, vote, shut)
    open_offices = [
        office
        for office in ("one-stop", "agency.dlh", "village.33.14.01.2001", "village.33.14.01.2002")
        if calendar.of(office).is_working_day(date(2026, 12, 9))
    ]
    assert open_offices == ["one-stop", "village.33.14.01.2002"]
    assert (
        not a_calendar(vote, special(EntryKind.CLOSURE, "2026-12-09", "2026-12-09", "one-stop"))
        .of("one-stop")
        .is_working_day(date(2026, 12, 9))
    )


def test_an_opening_on_a_sunday_has_mondays_hours() -> None:
    here = a_calendar(special(EntryKind.OPENING, "2026-11-29", "2026-11-29")).of("one-stop")
    assert here.closing_on(date(2026, 11, 29)) == datetime(2026, 11, 29, 9, tzinfo=UTC)


def test_an_office_changes_its_week_from_a_day_on() -> None:
    six = office_entry("agency.dlh", "six_day", Zone.WITA)
    changed = type(six)(
        kind=six.kind, first=date(2026, 6, 1), last=six.last, reason="", office=six.office, policy=six.policy
    )
    here = a_calendar(changed).of("agency.dlh")
    assert (here.is_working_day(date(2026, 5, 30)), here.is_working_day(date(2026, 6, 6))) == (False, True)
    assert (here.zone_on(date(2026, 5, 30)), here.zone_on(date(2026, 6, 6))) == (Zone.WIB, Zone.WITA)


def test_a_kind_of_office_is_named_with_its_dot() -> None:
    assert names("village.", "village.33.14.01.2001")
    assert not names("village.", "villager")
    assert not names("one-stop", "one-stop-2")


def test_what_makes_a_calendar_useless_is_said() -> None:
    base = a_calendar()
    wrong = office_entry("x", "no_such_week", Zone.WIB)
    backwards = special(EntryKind.CLOSURE, "2026-12-09", "2026-12-08")
    kept = [entry for entry in base.entries if entry.first != date(2026, 8, 17)]
    assert list(faults_of(base.years, base.patterns, base.entries)) == []
    assert list(faults_of(base.years, base.patterns, [*kept, wrong, backwards])) == [
        "office x: no pattern no_such_week",
        "closure 2026-12-09: ends before it begins, or has no policy",
        "year 2026: 2026-08-17 is missing",
    ]
