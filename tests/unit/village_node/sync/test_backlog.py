"""Thirty days without a link and 500 applications, in simulated time: what goes first, what it costs, who must act."""

from dataclasses import replace

import pytest

from tests.unit.village_node.sync.world import LIMITS, Hostility, World
from village_node.sync.rules import messages as m
from village_node.sync.rules.deliveries import Deliveries
from village_node.sync.rules.pacing import Limits

DAY = 86_400_000
DAYS, ITEMS = 30, 500
STILL = Hostility(loss=0, doubling=0, most_delay=0, cut=0, crash=0, swallow=0)


class Month(World):
    """A village that seals and seals; the link comes when the test says so."""

    def __init__(self, seed: int) -> None:
        self.may_connect = False
        self.sent: list[m.SendAction] = []
        self.woken = 0
        super().__init__(seed, STILL, items=0)

    def _connect_later(self) -> None:
        if self.may_connect:
            super()._connect_later()

    def _feed(self, event: m.Event) -> None:
        self.woken += isinstance(event, m.Ticked)
        super()._feed(event)

    def _send(self, action: m.SendAction) -> None:
        self.sent.append(action)
        super()._send(action)

    def away(self) -> None:
        """Thirty days of work without a link."""
        for number in range(ITEMS):
            self.run((number + 1) * DAYS * DAY // ITEMS)
            self._feed(m.ItemSealed(self.seal(number + 1)))

    def back(self) -> None:
        """The link is there again, and nobody does anything."""
        self.may_connect = True
        self._connect_later()
        self.run(self.now + DAY // 24)

    def counter(self, bundle: bytes) -> int:
        return next(item.counter for item in self.disk.items if item.bundle == bundle)


@pytest.fixture(scope="module")
def month() -> Month:
    world = Month(3)
    world.away()
    return world


@pytest.fixture(scope="module")
def drained(month: Month) -> Month:
    assert month.sent == []
    month.back()
    return month


def test_a_month_without_a_link_keeps_the_pc_quiet(month: Month) -> None:
    assert month.woken <= DAYS * 24 + ITEMS * 2


def test_all_of_it_is_whole_within_the_hour_and_nobody_had_to_act(drained: Month) -> None:
    assert set(drained.disk.states.values()) == {"whole"}
    assert drained.disk.flags == []


def test_the_oldest_form_goes_first(drained: Month) -> None:
    first = list(dict.fromkeys(each.bundle for each in drained.sent if isinstance(each, m.SendManifest)))
    assert [drained.counter(bundle) for bundle in first] == list(range(1, ITEMS + 1))


def test_of_what_is_there_the_smallest_goes_first(month: Month) -> None:
    deliveries = Deliveries(Limits(), lambda: 0.5)
    items = [replace(item, chunks=(size,)) for item, size in zip(month.disk.items, (5, 1, 3), strict=False)]
    for item in items:
        deliveries.add(item, 0)
        deliveries.arrived(item.bundle, 0)
    taken = [chosen[0].facts.bundle for _ in range(9) if (chosen := deliveries.next_chunk(0)) is not None]
    large, small, middle = (item.bundle for item in items)
    assert taken == [small, *[middle] * 3, *[large] * 5]


def test_no_chunk_goes_twice_and_hardly_a_form(drained: Month) -> None:
    chunks = [(each.bundle, each.attachment, each.index) for each in drained.sent if isinstance(each, m.SendChunk)]
    assert len(chunks) == len(set(chunks)) == sum(sum(item.chunks) for item in drained.disk.items)
    assert sum(isinstance(each, m.SendManifest) for each in drained.sent) <= ITEMS + len(chunks) // LIMITS.budget


@pytest.mark.parametrize("seed", range(5))
def test_of_what_was_swallowed_only_that_goes_again(seed: int) -> None:
    """Fault A03: one message in twenty vanishes behind its acknowledgement."""
    world = World(seed, replace(STILL, swallow=0.05), items=60)
    world.run(2 * DAY)
    chunks = sum(sum(item.chunks) for item in world.disk.items)
    assert set(world.disk.states.values()) == {"whole"}
    assert world.sent_chunks <= chunks * 1.10
