"""The parts of the engine alone: pacing, mailbox, witness, deliveries; and that all of them are pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.checkpoint import CheckpointRef
from protocol.chunks import MissingRange, Need
from protocol.ids import HubId, RegistrationNo
from protocol.mailbox import Control, Notice, NoticeKind, ProofRequest
from tests.architecture import checks
from tests.architecture.source import modules
from tests.hub_stand_in import NODE, HubStandIn, digest
from village_node.sync.rules.deliveries import Deliveries
from village_node.sync.rules.mailbox import MOST_EARLY, Mailbox
from village_node.sync.rules.messages import ItemFacts
from village_node.sync.rules.pacing import Limits, Window, back_off
from village_node.sync.rules.witness import Finding, Witness

LIMITS = Limits()


def test_engine_and_rules_can_do_no_io() -> None:
    pure = [each for each in modules("village_node") if each.path.startswith(("village_node/sync/rules/",))]
    engine = [each for each in modules("village_node") if each.path == "village_node/sync/engine.py"]
    assert len(pure) == 9
    assert [line for each in (*pure, *engine) for line in checks.impure_rules(each)] == []


@given(attempt=st.integers(0, 10_000), roll=st.floats(0, 1, exclude_max=True))
def test_the_wait_stays_between_half_the_first_and_one_and_a_half_of_the_longest(attempt: int, roll: float) -> None:
    wait = back_off(attempt, roll, first=LIMITS.ping_first, longest=LIMITS.ping_longest)
    assert LIMITS.ping_first // 2 <= wait <= LIMITS.ping_longest * 1.5


def test_nodes_that_start_together_spread_out() -> None:
    waits = {back_off(1, number / 208, first=20_000, longest=100_000) // 1_000 for number in range(208)}
    assert len(waits) == 20


def carried(*, chunk_ms: int, round_trip_ms: int, chunks: int = 30) -> tuple[int, list[int], list[int]]:
    """Send chunks through a link of one pace; return its idle time after the start, and how long each chunk waited."""
    window, now, free_at, idle = Window(LIMITS), 0, 0, 0
    on_way: list[tuple[int, int]] = []
    waits: list[int] = []
    counts: list[int] = []
    while len(waits) < chunks:
        while window.room_at(now) <= now:
            window.departed(now)
            idle += max(0, now - free_at) if len(waits) >= 3 else 0
            waits.append(max(0, free_at - now))
            free_at = max(now, free_at) + chunk_ms
            on_way.append((free_at + round_trip_ms, now))
            counts.append(len(on_way))
        now = min(on_way[0][0], window.room_at(now))
        if now == on_way[0][0]:
            window.acknowledged(now, sent_at=on_way.pop(0)[1])
    return idle, waits, counts


@pytest.mark.parametrize("chunk_ms", [6_200, 1_560, 390, 100])
def test_the_window_keeps_a_satellite_link_full(chunk_ms: int) -> None:
    idle, _, counts = carried(chunk_ms=chunk_ms, round_trip_ms=700)
    assert idle == 0
    assert max(counts) <= LIMITS.window_most


def test_the_window_does_not_flood_a_slow_link() -> None:
    _, waits, _ = carried(chunk_ms=6_200, round_trip_ms=700)
    assert max(waits[4:]) <= LIMITS.lead


def test_without_a_known_pace_two_chunks_are_on_their_way() -> None:
    window = Window(LIMITS)
    window.departed(0)
    assert window.room_at(0) == 0
    window.departed(0)
    assert window.room_at(10**6) > 10**9


def test_what_is_lost_makes_room() -> None:
    window = Window(LIMITS)
    for _ in range(LIMITS.window_least):
        window.departed(0)
    window.lost(LIMITS.window_least)
    assert window.room_at(5) == 5


def notice(number: int) -> Notice:
    return Notice(node=NODE, number=number, kind=NoticeKind.LEASE, time=0, body=b"")


@given(st.permutations(range(1, 13)), st.lists(st.integers(1, 12), max_size=20))
def test_notices_come_out_in_order_and_once(order: list[int], repeated: list[int]) -> None:
    box = Mailbox(0)
    taken = [each.number for number in (*repeated, *order) for each, _ in box.take(notice(number), b"")]
    assert taken == list(range(1, 13))
    assert not box.has_gap


def test_a_flood_of_notices_from_the_future_is_bounded() -> None:
    box = Mailbox(0)
    for number in range(2, 10_000):
        box.take(notice(number), b"")
    assert len(box._early) == MOST_EARLY
    assert [each.number for each, _ in box.take(notice(1), b"")][-1] == MOST_EARLY + 1


@pytest.fixture
def hub() -> HubStandIn:
    return HubStandIn(1)


def grown(hub: HubStandIn) -> None:
    hub.ledger.append(digest(str(len(hub.ledger.entries))))


def test_the_memory_moves_forward_only_along_a_proof(hub: HubStandIn) -> None:
    old = hub.ledger.ref()
    witness = Witness(old)
    grown(hub)
    assert witness.offer(hub.ledger.checkpoint()).finding is Finding.OPEN
    assert witness.newest == old
    assert witness.question() == ProofRequest(old_size=old.size, new_size=old.size + 1)
    assert witness.offer(hub.ledger.checkpoint(), old).finding is Finding.ADVANCED
    assert witness.question() is None


def test_an_older_checkpoint_is_linked_by_an_answer_and_moves_nothing(hub: HubStandIn) -> None:
    older = hub.ledger.checkpoint()
    grown(hub)
    witness = Witness(hub.ledger.ref())
    assert witness.offer(older).finding is Finding.OPEN
    path = hub.ledger.consistency(older.size, older.size + 1)
    outcome = witness.answer(Control(node=NODE, old_size=older.size, new_size=older.size + 1, path=path))
    assert outcome is not None
    assert outcome.finding is Finding.LINKED
    assert witness.is_linked(older)


def test_a_beacon_of_a_smaller_ledger_is_asked_about_though_it_is_known(hub: HubStandIn) -> None:
    older = hub.ledger.checkpoint()
    witness = Witness(hub.ledger.ref())
    grown(hub)
    witness.offer(hub.ledger.checkpoint(), CheckpointRef(size=older.size, root=older.root))
    assert witness.is_linked(older)
    assert witness.hear(older).finding is Finding.OPEN
    assert witness.question() == ProofRequest(old_size=older.size, new_size=older.size + 1)


def test_an_answer_that_nobody_asked_for_is_nothing(hub: HubStandIn) -> None:
    witness = Witness(hub.ledger.ref())
    assert witness.answer(Control(node=NODE, old_size=1, new_size=2, path=[])) is None


def test_two_candidates_of_one_size_are_a_split_view(hub: HubStandIn) -> None:
    other = HubStandIn(1)
    witness = Witness(hub.ledger.ref())
    grown(hub)
    other.ledger.append(b"another face")
    witness.offer(hub.ledger.checkpoint())
    assert witness.offer(other.ledger.checkpoint()).finding is Finding.SPLIT


def test_candidates_are_bounded(hub: HubStandIn) -> None:
    witness = Witness(hub.ledger.ref())
    for _ in range(200):
        grown(hub)
        witness.offer(hub.ledger.checkpoint())
    question = witness.question()
    assert question is not None
    assert (question.new_size, len(witness._candidates)) == (203, 64)


def an_item(counter: int, *chunks: int) -> ItemFacts:
    return ItemFacts(
        bundle=digest(f"b{counter}"),
        message_digest=digest(f"m{counter}"),
        counter=counter,
        registration_no=RegistrationNo.build(HubId("3314"), 2026, counter),
        named=None,
        chunks=chunks,
    )


def deliveries(*items: ItemFacts) -> Deliveries:
    made = Deliveries(LIMITS, lambda: 0.5)
    for item in items:
        made.add(item, 0)
    return made


def test_manifests_go_oldest_first_and_only_so_many_without_an_answer() -> None:
    made = deliveries(*[an_item(number) for number in range(40, 0, -1)])
    sent = []
    while (delivery := made.next_manifest(0, probing=False)) is not None:
        made.manifest_sent(delivery, 0)
        sent.append(delivery.facts.counter)
    assert sent == list(range(1, LIMITS.unanswered + 1))


def test_small_goes_before_large() -> None:
    large, small = an_item(1, 50), an_item(2, 1)
    made = deliveries(large, small)
    for item in (large, small):
        made.arrived(item.bundle, 0)
    chosen = made.next_chunk(0)
    assert chosen is not None
    assert chosen[0].facts == small


def test_an_item_without_answers_gives_its_place_to_others() -> None:
    made = deliveries(*[an_item(number) for number in range(1, 18)])
    now = 0
    for _ in range(200):
        now += 60_000
        while (delivery := made.next_manifest(now, probing=False)) is not None:
            made.manifest_sent(delivery, now)
    last = made.find(digest("b17"))
    assert last is not None
    assert last.attempts > 0


@given(
    ranges=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 600), st.integers(0, 600)), max_size=20),
    chunks=st.lists(st.integers(0, 30), max_size=3),
)
def test_whatever_the_hub_asks_only_chunks_that_exist_are_sent(
    ranges: list[tuple[int, int, int]], chunks: list[int]
) -> None:
    item = an_item(1, *chunks)
    made = deliveries(item)
    made.arrived(item.bundle, 0)
    asked = [MissingRange(attachment=file, start=start, end=end) for file, start, end in ranges]
    made.needs(Need(bundle=item.bundle, ranges=asked), 0)
    while (chosen := made.next_chunk(0)) is not None:
        file, index = chosen[1]
        assert index < item.chunks[file]


def test_after_a_cut_one_question_comes_when_nothing_else_is_left() -> None:
    deliveries, (item,) = Deliveries(Limits(budget=3), lambda: 0.5), [facts_of_chunks(4)]
    deliveries.add(item, 0)
    deliveries.arrived(item.bundle, 0)
    assert deliveries.next_chunk(0) is not None
    deliveries.link_lost()
    deliveries.link_found(10)
    assert deliveries.next_manifest(10, probing=False) is None  # three chunks never went: they go first
    for _ in range(2):
        chosen = deliveries.next_chunk(10)
        assert chosen is not None
        deliveries.chunk_acknowledged(item.bundle, chosen[1], 20)
    assert deliveries.next_manifest(20, probing=False) is not None  # the budget is used up: ask


def facts_of_chunks(count: int) -> ItemFacts:
    return ItemFacts(
        bundle=digest("b"),
        message_digest=digest("m"),
        counter=1,
        registration_no=RegistrationNo.build(HubId("3314"), 2026, 1),
        named=None,
        chunks=(count,),
    )
