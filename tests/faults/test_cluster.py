"""A cluster of three brokers: any one is killed in traffic, nothing is lost, and receipts go on within 15 s."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Self

import pytest

from loadtests.administrators import Administrators
from loadtests.enrol import Enrolled, enrol
from tests import databases
from tests.clusters import HOSTS, ClusterHub
from tests.link.fleet import Fleet, LightNode
from tests.link.site import wait
from tests.requirements import require

pytestmark = [pytest.mark.faults, pytest.mark.broker, pytest.mark.timeout(240)]

VILLAGES = 4
SERVICE = "D-DOM"
EVERY_S = 0.25
BEFORE_S, AFTER_S = 3.0, 9.0
MOST_PAUSE_S = 15.0


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterHub]:
    """Two intakes on PostgreSQL behind three brokers."""
    require("nats-server")
    with databases.postgres_server() as server, server.database() as url:
        settings = {"SIMPUL_HUB_BEACON_S": "2", "SIMPUL_HUB_DATABASE_URL": url}
        made = ClusterHub(directory=tmp_path_factory.mktemp("hub"), settings=settings, intakes=2)
        made.ask("init")
        made.start()
        yield made
        made.stop()


@pytest.fixture(scope="module")
def enrolled(hub: ClusterHub, tmp_path_factory: pytest.TempPathFactory) -> list[Enrolled]:
    directory: Path = tmp_path_factory.mktemp("nodes")
    administrators = Administrators.employ(hub)
    by_subdistrict = {code[:8]: code for code in administrators.villages()}
    codes = list(by_subdistrict.values())[:VILLAGES]  # subdistricts that follow each other: both intakes have work
    made = [enrol(hub, code, directory, administrators=administrators, random=Random(code)) for code in codes]
    for each in made:
        hub.wait_known(str(each.village.node))
    return made


@pytest.fixture
def fleet(hub: ClusterHub, enrolled: list[Enrolled]) -> Iterator[Fleet]:
    made = Fleet([LightNode(enrolled=each, port=hub.broker_port, host=",".join(HOSTS)) for each in enrolled])
    made.start()
    wait(lambda: all(node.connected for node in made.nodes), "not all connect", 40)
    yield made
    made.stop()


class Traffic:
    """Applications of all villages, one after the other, until told to stop."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.wanted: dict[bytes, LightNode] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        turn = 0
        while not self._over.wait(EVERY_S):
            node = self.fleet.nodes[turn % len(self.fleet.nodes)]
            service = next(each for each in node.enrolled.services if each.code == SERVICE)
            made = node.enrolled.village.seal_application(service)
            self.wanted[made.bundle] = node
            self.fleet.tell(node, node.seal_later(made))
            turn += 1


def longest_pause(traffic: Traffic, since: float) -> float:
    """Return the longest time without any receipt, from the kill on."""
    times = sorted(at for node in traffic.fleet.nodes for at in node.received.values() if at > since)
    assert times
    return max(later - earlier for earlier, later in zip([since, *times], times, strict=False))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_any_one_broker_is_killed_in_traffic(hub: ClusterHub, fleet: Fleet, place: int) -> None:
    victim = hub.members[place]
    with Traffic(fleet) as traffic:
        time.sleep(BEFORE_S)
        victim.kill()
        killed = time.monotonic()
        time.sleep(AFTER_S)
        victim.start()
    wait(lambda: all(node.states.get(each) == "whole" for each, node in traffic.wanted.items()), "a bundle is lost", 60)
    pause = longest_pause(traffic, killed)
    print(f"broker {place + 1} of 3 killed: {len(traffic.wanted)} bundles, none lost, {pause:.1f} s without a receipt")
    assert pause <= MOST_PAUSE_S
    victim.wait_ready()


def test_one_of_two_intakes_is_killed_in_traffic_and_the_other_goes_on(hub: ClusterHub, fleet: Fleet) -> None:
    victim = hub.running["intake-2"]
    with Traffic(fleet) as traffic:
        time.sleep(BEFORE_S)
        victim.kill()
        killed = time.monotonic()
        time.sleep(AFTER_S)
        went_on = {node.enrolled.village.node for node in fleet.nodes if max(node.received.values()) > killed + 2}
        victim.start("intake")
    wait(lambda: all(node.states.get(each) == "whole" for each, node in traffic.wanted.items()), "a bundle is lost", 60)
    assert 0 < len(went_on) < len(fleet.nodes)
