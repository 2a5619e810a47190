"""How far a node is sent ahead of its cursor, and when the same notice goes again."""

from datetime import UTC, datetime, timedelta

from hub.dispatch.ahead import AGAIN, WINDOW, SentAhead
from protocol.ids import NodeId

NODE = NodeId("3314012001-01")
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def send(ahead: SentAhead, cursor: int, newest: int, now: datetime = NOW) -> list[int]:
    """Return the numbers that go to the node when its mailbox has ``newest`` notices."""
    stretch = ahead.stretch(NODE, cursor, now)
    numbers = list(range(stretch.after + 1, min(newest, stretch.after + stretch.limit) + 1))
    if numbers:
        ahead.note(NODE, cursor, numbers[-1], now)
    return numbers


def test_a_thin_line_gets_every_notice_once() -> None:
    ahead, on_the_way, cursor = SentAhead(), list[int](), 0
    on_the_way += send(ahead, cursor, 1_000)
    for _ in range(1_000):  # one notice comes through, and the node writes its cursor
        cursor += 1
        on_the_way += send(ahead, cursor, 1_000)
    assert on_the_way == list(range(1, 1_001))


def test_what_was_lost_goes_again_after_a_while() -> None:
    ahead = SentAhead()
    first = send(ahead, 0, 3)
    assert send(ahead, 0, 3, NOW + AGAIN / 2) == []
    assert send(ahead, 0, 3, NOW + AGAIN) == first


def test_a_new_notice_goes_at_once() -> None:
    ahead = SentAhead()
    send(ahead, 0, 3)
    assert send(ahead, 3, 4) == [4]


def test_a_restored_computer_gets_what_it_lost() -> None:
    ahead = SentAhead()
    send(ahead, 40, 60)
    assert send(ahead, 10, 60) == list(range(11, 61))


def test_a_clock_set_back_holds_nothing_up() -> None:
    ahead = SentAhead()
    send(ahead, 0, 3)
    assert send(ahead, 0, 3, NOW - timedelta(days=1)) == [1, 2, 3]


def test_no_more_than_a_window_is_on_the_way() -> None:
    ahead = SentAhead()
    assert len(send(ahead, 0, 10 * WINDOW)) == WINDOW
    assert send(ahead, 0, 10 * WINDOW) == []


def test_a_cursor_beyond_everything_asks_for_nothing() -> None:
    ahead = SentAhead()
    assert send(ahead, 2**53, 10) == []
