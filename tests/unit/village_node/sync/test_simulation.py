"""The shipped engine in a hostile world: nothing lost (P2), one effect (P3), "received" only from receipts (I6)."""

import pytest

from tests.unit.village_node.sync.world import Hostility, World

RUNS = 1_000
HOUR = 3_600_000


def live(seed: int) -> World:
    """Run one world: half an hour of hostility, then it heals and everything must arrive."""
    world = World(seed, Hostility(), items=3)
    for part in range(6):
        if part % 3 == seed % 3:
            world.hub_writes()
        world.run(world.now + HOUR // 12)
    world.heal()
    world.run(world.now + 2 * HOUR)
    return world


def check(world: World) -> None:
    """Compare node and hub when all is quiet."""
    assert set(world.disk.states.values()) == {"whole"}
    assert world.engine.waiting == 0
    for item in world.disk.items:
        case = world.hub.cases[item.bundle]
        assert case.effects == 1
        assert world.disk.receipts[item.bundle] == set(case.receipts.values())
    assert world.disk.notices == world.hub.notices
    assert world.disk.newest is not None
    assert world.hub.ledger.root(world.disk.newest.size) == world.disk.newest.root
    assert world.disk.flags == []


@pytest.mark.parametrize("part", range(10))
def test_everything_arrives_once_in_a_thousand_hostile_worlds(part: int) -> None:
    for seed in range(part * RUNS // 10, (part + 1) * RUNS // 10):
        check(live(seed))


def test_a_seed_repeats_the_run() -> None:
    first, second = live(7), live(7)
    assert (first.now, first.sent_chunks, first.disk.receipts) == (second.now, second.sent_chunks, second.disk.receipts)


def test_a_broker_wiped_again_and_again_loses_nothing() -> None:
    world = World(11, Hostility(loss=0.9, swallow=0.5, cut=0.05, crash=0), items=5)
    world.run(24 * HOUR)
    world.heal()
    world.run(world.now + 3 * HOUR)
    check(world)


def test_a_rejected_item_steps_aside_and_the_others_arrive() -> None:
    world = World(5, Hostility(), items=4)
    poison = world.disk.items[0].bundle
    world.hub.rejects[poison] = "answers_invalid"
    world.run(HOUR)
    world.heal()
    world.run(world.now + 3 * HOUR)
    assert world.disk.states.pop(poison) == "rejected"
    assert set(world.disk.states.values()) == {"whole"}
    assert world.engine.waiting == 0


def test_thirty_days_offline_and_five_hundred_bundles_drain_oldest_first() -> None:
    world = World(3, Hostility(loss=0, doubling=0, most_delay=300, cut=0, crash=0, swallow=0), items=500)
    world.run(2 * HOUR)
    assert set(world.disk.states.values()) == {"whole"}
    order = [case.facts.counter for case in world.hub.cases.values()]
    assert max(abs(place - counter) for place, counter in enumerate(order, 1)) < 20


def test_a_silent_hub_costs_little_traffic() -> None:
    world = World(9, Hostility(loss=0, doubling=0, most_delay=300, cut=0, crash=0, swallow=1), items=100)
    world.run(24 * HOUR)
    assert world.sent_manifests < 400  # 2 KB each: below 1 MB a day
    world.heal()
    world.run(world.now + HOUR)
    assert world.engine.waiting == 0
