"""A clock is judged by what the hub signed: behind it is impossible, ahead needs a living link to be seen."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.village_node.web.conftest import Speak, bare, speak
from village_node.health.clock import ClockState, HubTimes, judge_clock
from village_node.web.diagnosis import clock_words

__all__ = ["bare", "speak"]

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("hub", "state", "off_by"),
    [
        (HubTimes(), ClockState.PLAUSIBLE, timedelta()),
        (HubTimes(newest=NOW - 99 * HOUR), ClockState.PLAUSIBLE, timedelta()),
        (HubTimes(newest=NOW + timedelta(minutes=9)), ClockState.PLAUSIBLE, timedelta()),
        (HubTimes(newest=NOW + 3 * HOUR), ClockState.BEHIND, 3 * HOUR),
        (HubTimes(newest=NOW - HOUR, ahead=-3 * HOUR), ClockState.AHEAD, 3 * HOUR),
        (HubTimes(newest=NOW - HOUR, ahead=-timedelta(minutes=3)), ClockState.PLAUSIBLE, timedelta()),
        (HubTimes(newest=NOW - HOUR, ahead=-3 * HOUR, heard_at=NOW - HOUR), ClockState.AHEAD, 3 * HOUR),
        (HubTimes(newest=NOW - HOUR, ahead=-30 * HOUR, heard_at=NOW + 29 * HOUR), ClockState.PLAUSIBLE, timedelta()),
        (HubTimes(newest=NOW + 87_600 * HOUR, ahead=timedelta()), ClockState.BEHIND, 87_600 * HOUR),
    ],
)
def test_a_clock_is_judged_by_what_the_hub_signed(hub: HubTimes, state: ClockState, off_by: timedelta) -> None:
    found = judge_clock(NOW, hub)
    assert (found.state, found.off_by, found.is_wrong) == (state, off_by, state is not ClockState.PLAUSIBLE)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (3 * HOUR, "Jam komputer ini terlambat 3 jam 0 menit dari pusat."),
        (timedelta(days=4), "Jam komputer ini terlambat 4 hari dari pusat."),
        (timedelta(days=3_660), "Jam komputer ini terlambat 10 tahun dari pusat."),
    ],
)
def test_the_difference_is_said_as_people_say_it(speak: Speak, ahead: timedelta, words: str) -> None:
    with speak("id"):
        assert clock_words(judge_clock(NOW, HubTimes(newest=NOW + ahead))) == words
