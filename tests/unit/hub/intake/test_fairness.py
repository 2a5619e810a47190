"""Turns and allowances: a flood stands in its own line, and ends at its own quota."""

from hypothesis import given
from hypothesis import strategies as st

from hub.intake.carrier import Incoming
from hub.intake.fairness import TOLD_PER_MINUTE, USUAL, Allowances, Lines, Quota
from protocol.ids import NodeId
from protocol.topics import Up, up

FLOOD, QUIET = NodeId("3314012001-01"), NodeId("3314012002-01")
SMALL = Quota(messages_per_s=2, burst=10, mb_per_day=1)


def message(node: NodeId, number: int = 0, kind: Up = Up.BUNDLE, size: int = 1) -> Incoming:
    return Incoming(up(node, kind), bytes(size), number)


def taken(lines: Lines, most: int) -> list[tuple[str, object]]:
    return [(each.topic.split("/")[5], each.mark) for each in lines.take(most)]


def test_a_flood_does_not_stand_in_a_neighbours_way() -> None:
    lines = Lines()
    lines.add([message(FLOOD, number) for number in range(1_000)])
    lines.add([message(QUIET, 7)])
    assert (str(QUIET), 7) in taken(lines, 2)


def test_forms_go_before_chunks() -> None:
    lines = Lines()
    lines.add([message(FLOOD, number, Up.CHUNK) for number in range(500)])
    lines.add([message(QUIET, 1, Up.CHUNK), message(QUIET, 2)])
    assert taken(lines, 3) == [(str(QUIET), 2), (str(FLOOD), 0), (str(QUIET), 1)]


@given(st.lists(st.tuples(st.sampled_from([FLOOD, QUIET]), st.integers(0, 99)), max_size=60), st.integers(1, 9))
def test_nothing_is_lost_and_each_nodes_order_is_kept(sent: list[tuple[NodeId, int]], most: int) -> None:
    lines, came = Lines(), []
    lines.add([message(node, number) for node, number in sent])
    while len(lines):
        came += taken(lines, most)
    for node in (FLOOD, QUIET):
        assert [number for name, number in came if name == node] == [number for name, number in sent if name == node]


def test_a_quota_ends_a_flood_and_refills_with_time() -> None:
    allowances = Allowances(SMALL)
    assert sum(allowances.admits(message(FLOOD), 0.0) for _ in range(100)) == SMALL.burst
    assert sum(allowances.admits(message(FLOOD), 3.0) for _ in range(100)) == 3 * SMALL.messages_per_s


def test_a_quota_is_each_nodes_own() -> None:
    allowances = Allowances(SMALL)
    for _ in range(100):
        allowances.admits(message(FLOOD), 0.0)
    assert allowances.admits(message(QUIET), 0.0)


def test_bytes_count_too() -> None:
    allowances = Allowances(SMALL)
    assert sum(allowances.admits(message(FLOOD, size=2**18), 0.0) for _ in range(9)) == 4


def test_a_clock_that_goes_back_gives_nothing() -> None:
    allowances = Allowances(SMALL)
    assert sum(allowances.admits(message(FLOOD), 1_000.0 - number) for number in range(100)) == SMALL.burst


def test_a_month_of_work_is_below_the_usual_quota() -> None:
    allowances = Allowances(USUAL)
    ten_mbit_per_s = 25
    assert all(allowances.admits(message(FLOOD), number / ten_mbit_per_s) for number in range(500 * 7))


def test_only_the_first_refusals_of_a_minute_are_told() -> None:
    allowances = Allowances(SMALL)
    assert sum(allowances.is_told(message(FLOOD), 0.0) for _ in range(1_000)) == TOLD_PER_MINUTE
