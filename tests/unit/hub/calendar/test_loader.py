"""What is shipped can be read, and what an administrator brings is refused with its place."""

from datetime import date, time

import pytest

from hub.calendar.errors import CalendarDataError
from hub.calendar.loader import (
    hours_text,
    parse_holidays,
    parse_hours,
    parse_offices,
    parse_patterns,
    parse_policy,
    parse_ramadan,
    policy_text,
    shipped,
)
from hub.calendar.rules import EntryKind, Zone

HEAD = "date,kind,name\n"


def test_what_is_shipped() -> None:
    kinds = [entry.kind for entry in shipped().entries]
    assert shipped().years == {2025, 2026, 2027}
    assert (kinds.count(EntryKind.NATIONAL), kinds.count(EntryKind.JOINT_LEAVE)) == (52, 27)
    assert kinds.count(EntryKind.RAMADAN) == 3


def test_joint_leave_is_told_apart() -> None:
    kinds = {entry.first: entry.kind for entry in shipped().entries}
    assert kinds[date(2025, 8, 18)] is EntryKind.JOINT_LEAVE
    assert kinds[date(2026, 8, 17)] is EntryKind.NATIONAL


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "line 1"),
        ("day,kind\n", "line 1"),
        (HEAD + "2026-02-30,national_holiday,x\n", "line 2"),
        (HEAD + "2026-01-01,libur,x\n", "line 2"),
        (HEAD + "2026-01-01,ramadan,x\n", "line 2"),
        (HEAD + "2026-01-01,joint_leave,\n", "line 2"),
        (HEAD + "2026-01-01,joint_leave\n", "line 2"),
        (HEAD + "2026-01-01,joint_leave,x,y\n", "line 2"),
        (HEAD + "2026-01-01,joint_leave," + "x" * 201 + "\n", "line 2"),
        (HEAD + "2026-01-01,joint_leave,x\n2026-01-01,joint_leave,y\n", "line 3"),
        (HEAD + '2026-01-01,joint_leave,"x\n', "line 1"),
        (HEAD + "x" * 100_001, "line 1"),
    ],
)
def test_wrong_holidays_are_refused_with_their_place(text: str, place: str) -> None:
    with pytest.raises(CalendarDataError) as caught:
        parse_holidays("holidays.csv", text)
    assert (caught.value.file, caught.value.place) == ("holidays.csv", place)


@pytest.mark.parametrize(
    "text", ["07:30", "07:30-25:00", "12:00-07:30", "07:30-12:00 11:00-16:00", "07:30-07:30", "a-b"]
)
def test_wrong_hours_are_refused(text: str) -> None:
    with pytest.raises(CalendarDataError):
        parse_hours("f", "p", text)


def test_hours_and_policies_come_back_as_they_were() -> None:
    hours = parse_hours("f", "p", "07:30-12:00 13:00-16:00")
    assert hours == ((time(7, 30), time(12)), (time(13), time(16)))
    assert hours_text(hours) == "07:30-12:00 13:00-16:00"
    assert policy_text(parse_policy("f", "p", "six_day WIT open")) == "six_day WIT open"


@pytest.mark.parametrize("text", ["", "six_day", "six_day UTC open", "six_day WIB ajar", "six_day WIB open now"])
def test_a_wrong_policy_is_refused(text: str) -> None:
    with pytest.raises(CalendarDataError):
        parse_policy("f", "p", text)


def test_offices_of_other_zones_can_be_shipped() -> None:
    entry = parse_offices("office,pattern,zone,joint_leave\nvillage.,six_day,WITA,open\n")[0]
    assert entry.policy is not None
    assert (entry.office, entry.policy.zone, entry.policy.opens_on_joint_leave) == ("village.", Zone.WITA, True)


@pytest.mark.parametrize("row", ["five,winter,monday,07:30-12:00", "five,ordinary,senin,07:30-12:00"])
def test_a_wrong_pattern_is_refused(row: str) -> None:
    with pytest.raises(CalendarDataError):
        parse_patterns("f", f"pattern,season,weekday,hours\n{row}\n")


def test_a_wrong_ramadan_is_refused() -> None:
    with pytest.raises(CalendarDataError):
        parse_ramadan("f", "first,last,name\n2028-01-28,2028-02-30,Ramadan\n")
