"""Turns and allowances: a flood stands in its own line, at its own pace, and the line has an end."""

from hypothesis import given
from hypothesis import strategies as st

from hub.intake.carrier import Incoming
from hub.intake.fairness import TOLD_PER_MINUTE, USUAL, Lines, Quota
from protocol.ids import NodeId
from protocol.topics import Up, up

FLOOD, QUIET = NodeId("3314012001-01"), NodeId("3314012002-01")
WIDE = Quota(messages_per_s=1_000, burst=1_000, mb_per_day=100, line=1_000)
SMALL = Quota(messages_per_s=2, burst=10, mb_per_day=1, line=20)


def message(node: NodeId, number: int = 0, kind: Up = Up.BUNDLE, size: int = 1) -> Incoming:
    return Incoming(up(node, kind), bytes(size), number)


def taken(lines: Lines, most: int, now: float = 0.0) -> list[tuple[str, object]]:
    return [(each.topic.split("/")[5], each.mark) for each in lines.take(most, now)]


def flood(lines: Lines, count: int, *, kind: Up = Up.BUNDLE, size: int = 1) -> int:
    """Let so many messages come at once; return how many were refused."""
    return len(lines.add([message(FLOOD, number, kind, size) for number in range(count)], 0.0))


def test_a_flood_does_not_stand_in_a_neighbours_way() -> None:
    lines = Lines(WIDE)
    flood(lines, 1_000)
    lines.add([message(QUIET, 7)], 0.0)
    assert (str(QUIET), 7) in taken(lines, 2)


def test_forms_go_before_chunks() -> None:
    lines = Lines(WIDE)
    flood(lines, 500, kind=Up.CHUNK)
    lines.add([message(QUIET, 1, Up.CHUNK), message(QUIET, 2)], 0.0)
    assert taken(lines, 3) == [(str(QUIET), 2), (str(FLOOD), 0), (str(QUIET), 1)]


@given(st.lists(st.tuples(st.sampled_from([FLOOD, QUIET]), st.integers(0, 99)), max_size=60), st.integers(1, 9))
def test_nothing_is_lost_and_each_nodes_order_is_kept(sent: list[tuple[NodeId, int]], most: int) -> None:
    lines, came, now = Lines(SMALL), [], 0.0
    messages = [message(*each) for each in sent]
    refused = set(map(id, lines.add(messages, now)))
    stayed = [(str(node), mark) for (node, mark), each in zip(sent, messages, strict=True) if id(each) not in refused]
    while len(lines):
        now += lines.wait_s(now) or 0.0
        came += taken(lines, most, now)
    for name in (str(FLOOD), str(QUIET)):
        assert [each for each in came if each[0] == name] == [each for each in stayed if each[0] == name]


def test_who_is_too_fast_waits_and_the_others_do_not() -> None:
    lines = Lines(SMALL)
    flood(lines, 20)
    assert len(taken(lines, 100)) == SMALL.burst
    lines.add([message(QUIET, 7)], 0.0)
    assert taken(lines, 100) == [(str(QUIET), 7)]
    assert lines.wait_s(0.0) == 1 / SMALL.messages_per_s
    assert len(taken(lines, 100, now=3.0)) == 3 * SMALL.messages_per_s


def test_a_line_has_an_end() -> None:
    assert flood(Lines(SMALL), 100) == 100 - SMALL.line


def test_a_node_that_follows_the_protocol_never_meets_the_end_of_its_line() -> None:
    lines = Lines(USUAL)
    assert flood(lines, 32) == 0
    for turn in range(5_000):
        now = turn * 0.001
        for _ in taken(lines, 100, now):
            assert lines.add([message(FLOOD, turn)], now) == []


def test_the_bytes_of_a_day_have_an_end() -> None:
    assert flood(Lines(SMALL), 9, size=2**18) == 9 - 4


def test_a_clock_that_goes_back_gives_nothing() -> None:
    lines = Lines(SMALL)
    flood(lines, 20)
    assert sum(len(taken(lines, 100, now=1_000.0 - turn)) for turn in range(50)) == SMALL.burst


def test_nobody_waits_when_nobody_is_there() -> None:
    assert Lines(SMALL).wait_s(0.0) is None


def test_only_the_first_refusals_of_a_minute_are_told() -> None:
    lines = Lines(SMALL)
    assert sum(lines.is_told(message(FLOOD), 0.0) for _ in range(1_000)) == TOLD_PER_MINUTE
