"""What is asked of documents, how much at a time, and again when it does not come."""

from itertools import pairwise

from protocol.mailbox import DocumentRequest
from tests.hub_stand_in import digest
from village_node.sync.rules.downloads import Downloads
from village_node.sync.rules.pacing import Limits

ONE, TWO = digest("one"), digest("two")
LIMITS = Limits()


def downloads(**missing: int) -> Downloads:
    made = Downloads(LIMITS, lambda: 0.5)
    for name, count in missing.items():
        made.want(digest(name), range(count))
    return made


def indexes(questions: list[DocumentRequest]) -> list[int]:
    return [index for each in questions for part in each.ranges for index in range(part.start, part.end)]


def test_few_pieces_are_asked_first_and_the_next_when_these_are_here() -> None:
    made = downloads(one=5)
    assert indexes(made.question(0)) == [0, 1]
    assert made.question(1_000) == []
    assert made.take(ONE, 0, 7_000)
    assert made.question(7_000) == []
    assert made.take(ONE, 1, 14_000)
    assert indexes(made.question(14_000)) == [2]  # 7 s a piece: one at a time, so that a receipt gets through


def test_a_fast_link_is_asked_for_more() -> None:
    made, now = downloads(one=40), 0
    sizes = []
    while asked := indexes(made.question(now)):
        sizes.append(len(asked))
        for index in asked:
            now += 100
            assert made.take(ONE, index, now)
    assert max(sizes) == LIMITS.pieces_most
    assert sum(sizes) == 40
    assert len(made) == 0


def test_what_does_not_come_is_asked_again_for_ever_at_growing_distance() -> None:
    made, now, times = downloads(one=3), 0, []
    for _ in range(12):
        while not made.question(now):
            now = max(now + 1, made.next_time())
        times.append(now)
        now += 1
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps == sorted(gaps)
    assert LIMITS.ping_longest <= gaps[-1] <= LIMITS.ping_longest * 1.5 + LIMITS.piece_patience + 1


def test_another_document_gets_its_turn_while_one_does_not_come() -> None:
    made = downloads(one=1, two=2)
    assert made.question(0)[0].document == ONE
    assert made.question(LIMITS.piece_patience)[0].document == TWO


def test_a_piece_that_nobody_asked_for_changes_nothing() -> None:
    made = downloads(one=3)
    assert not made.take(ONE, 0, 0)
    made.question(0)
    assert not made.take(ONE, 2, 0)
    assert not made.take(TWO, 0, 0)
    assert made.take(ONE, 0, 0)
    assert not made.take(ONE, 0, 0)


def test_a_new_session_asks_at_once_for_what_is_lacking() -> None:
    made = downloads(one=3)
    made.question(0)
    assert made.take(ONE, 0, 100)
    made.begin()
    assert 0 not in indexes(made.question(200))
    assert not made.take(ONE, 0, 300)


def test_pieces_that_did_not_open_are_wanted_again() -> None:
    made = downloads(one=1)
    made.question(0)
    assert made.take(ONE, 0, 10)
    assert made.question(20) == []
    made.want(ONE, [0])
    assert indexes(made.question(30)) == [0]
