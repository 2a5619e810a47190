"""Names and times."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from hub.storage.ports import SystemClock, SystemIds, SystemRandomness, to_ms
from protocol.ids import CROCKFORD


class ClockAt:
    def __init__(self, ms: int) -> None:
        self.ms = ms

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.ms / 1_000, tz=UTC)

    def now_ms(self) -> int:
        return self.ms


class Zeros:
    def token(self, size: int) -> bytes:
        return bytes(size)


@given(earlier=st.integers(0, 2**48 - 2), step=st.integers(1, 1_000))
def test_names_sort_by_time(earlier: int, step: int) -> None:
    later = min(earlier + step, 2**48 - 1)
    names = [SystemIds(ClockAt(ms), SystemRandomness()).new() for ms in (earlier, later)]
    assert names == sorted(names)
    assert all(len(name) == 26 and set(name) <= set(CROCKFORD) for name in names)


def test_a_name_has_the_layout_of_a_ulid() -> None:
    assert SystemIds(ClockAt(1_469_918_176_385), Zeros()).new() == "01ARYZ6S41" + "0" * 16


def test_names_of_one_millisecond_differ() -> None:
    ids = SystemIds(ClockAt(1), SystemRandomness())
    assert len({ids.new() for _ in range(1_000)}) == 1_000


def test_the_clock_is_aware_and_agrees_with_itself() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert abs(clock.now_ms() - to_ms(clock.now())) < 1_000


@given(moment=st.datetimes(timezones=st.just(timezone(timedelta(hours=7)))))
def test_milliseconds_are_rounded_down(moment: datetime) -> None:
    ms = to_ms(moment)
    whole = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    assert timedelta(0) <= moment - whole < timedelta(milliseconds=1)
