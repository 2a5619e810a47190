"""Reading a clock: pauses add exactly, nothing resets, days used and left belong together."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hub.calendar.rules import CalendarYearError
from hub.clocks.clock import Clock, Pause, PauseReason, days_used, due_at, read_clock, running
from tests.unit.hub.calendar.sample_calendar import at_office

HERE = at_office("wib")
MOMENT = st.timedeltas(timedelta(), timedelta(days=780)).map(lambda since: datetime(2025, 1, 2, tzinfo=UTC) + since)
LENGTH, DAYS = st.timedeltas(timedelta(), timedelta(days=12)), st.integers(0, 30)


def wib(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    """Return a moment of 2026 in WIB."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=7)


def pause(start: datetime, end: datetime | None = None, reason: PauseReason = PauseReason.CORRECTION) -> Pause:
    return Pause(reason=reason, start=start, end=end)


@given(MOMENT, DAYS, LENGTH, LENGTH)
def test_a_pause_adds_exactly_the_closings_that_lie_in_it(
    start: datetime, days: int, delay: timedelta, length: timedelta
) -> None:
    plain = Clock(limit_days=days, start=start)
    due, stands = due_at(plain, HERE), pause(start + delay, start + delay + length)
    assume(due is not None and stands.end is not None and due >= stands.start)
    lost = HERE.closings_between(start + delay, start + delay + length)
    moved = due_at(Clock(limit_days=days, start=start, pauses=(stands,)), HERE)
    assert moved == HERE.closing_after(start, days + lost)


@given(MOMENT, DAYS, LENGTH, LENGTH, LENGTH)
def test_a_pause_cut_in_two_is_the_same_pause(
    start: datetime, days: int, delay: timedelta, one: timedelta, two: timedelta
) -> None:
    begin = start + delay
    whole = (pause(begin, begin + one + two),)
    parts = (pause(begin + one, begin + one + two), pause(begin, begin + one))
    assert due_at(Clock(limit_days=days, start=start, pauses=whole), HERE) == due_at(
        Clock(limit_days=days, start=start, pauses=parts), HERE
    )


@given(MOMENT, DAYS, LENGTH, LENGTH)
def test_days_used_never_fall_and_go_with_due(start: datetime, days: int, one: timedelta, two: timedelta) -> None:
    clock = Clock(limit_days=days, start=start, pauses=(pause(start + one, start + one + two),))
    due = due_at(clock, HERE)
    assert due is not None
    assert days_used(clock, HERE, due) == days
    assert days_used(clock, HERE, due + timedelta(milliseconds=1)) == days + 1
    assert days_used(clock, HERE, start + one) <= days_used(clock, HERE, start + one + two)


@given(MOMENT, DAYS, LENGTH, LENGTH)
def test_time_of_the_office_and_time_of_the_applicant_are_the_whole(
    start: datetime, days: int, one: timedelta, two: timedelta
) -> None:
    clock = Clock(limit_days=days, start=start, pauses=(pause(start + one, start + one + two),))
    now = start + one + two + timedelta(days=3)
    reading = read_clock(clock, HERE, now)
    assert reading.waited == two
    served = HERE.service_time(start, start + one) + HERE.service_time(start + one + two, now)
    assert reading.office_time == served


def test_while_it_stands_nothing_is_due_and_the_reason_is_said() -> None:
    clock = Clock(limit_days=3, start=wib(24, 9), pauses=(pause(wib(25, 10)),))
    reading = read_clock(clock, HERE, wib(30, 9))
    assert (reading.due_at, reading.paused, reading.days_used, reading.days_left) == (
        None,
        PauseReason.CORRECTION,
        1,
        2,
    )
    assert not reading.is_overdue


def test_what_was_due_before_it_stood_stays_due() -> None:
    clock = Clock(limit_days=1, start=wib(24, 9), pauses=(pause(wib(30, 10)),))
    reading = read_clock(clock, HERE, wib(30, 11))
    assert (reading.due_at, reading.days_left, reading.is_overdue) == (wib(25, 16), -3, True)


@pytest.mark.parametrize(
    ("now", "used", "left"),
    [
        (wib(24, 9), 0, 1),
        (wib(24, 16), 0, 1),  # the closing itself is still in time
        (wib(24, 16, 1), 1, 0),
        (wib(25, 16), 1, 0),
        (wib(25, 16, 1), 2, -1),
        (wib(28, 9), 4, -3),
    ],
)
def test_days_pass_at_closings(now: datetime, used: int, left: int) -> None:
    reading = read_clock(Clock(limit_days=1, start=wib(24, 9)), HERE, now)
    assert (reading.days_used, reading.days_left, reading.is_overdue) == (used, left, left < 0)


def test_a_stopped_clock_says_what_it_said_then() -> None:
    clock = Clock(limit_days=1, start=wib(24, 9), end=wib(25, 10))
    assert read_clock(clock, HERE, wib(25, 10)) == read_clock(clock, HERE, wib(31, 9, month=12))
    assert due_at(clock, HERE) == wib(25, 16)


def test_stretches_end_where_they_have_to() -> None:
    clock = Clock(
        limit_days=1, start=wib(24, 9), pauses=(pause(wib(23, 9), wib(24, 10)), pause(wib(26, 9), wib(27, 9)))
    )
    assert list(running(clock, until=wib(25, 9))) == [(wib(24, 10), wib(25, 9))]
    assert list(running(clock, until=wib(26, 12))) == [(wib(24, 10), wib(26, 9))]
    assert list(running(clock, until=None)) == [(wib(24, 10), wib(26, 9)), (wib(27, 9), None)]


def test_a_pause_before_the_start_takes_nothing_from_a_later_one() -> None:
    """A correction that was asked before the file was complete is over; the payment comes later."""
    early, late = pause(wib(20, 9), wib(23, 9)), pause(wib(25, 9), wib(26, 9))
    clock = Clock(limit_days=2, start=wib(24, 9), pauses=(early, late))
    assert list(running(clock, until=None)) == [(wib(24, 9), wib(25, 9)), (wib(26, 9), None)]
    assert due_at(clock, HERE) == wib(27, 16, 30)


def test_a_year_that_is_not_known_is_an_error() -> None:
    clock = Clock(limit_days=5, start=datetime(2027, 12, 29, tzinfo=UTC))
    with pytest.raises(CalendarYearError):
        due_at(clock, HERE)
    with pytest.raises(CalendarYearError):
        days_used(clock, HERE, datetime(2028, 1, 3, tzinfo=UTC))
