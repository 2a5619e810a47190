"""Links that hang, brokers that swallow or are away, a hub that stands still: noticed in time, recovered by themselves.

Times are scaled down where the fault list speaks of minutes or a day; the limits that make it so are in each test.
"""

import contextlib
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import psutil
import pytest

from loadtests.administrators import Administrators
from loadtests.emulator.control import Emulator, emulated_link
from loadtests.emulator.tunnel import is_possible
from loadtests.enrol import Enrolled, enrol
from loadtests.processes import LocalHub, free_port
from loadtests.village import Made
from protocol.ids import HubId, NodeId
from protocol.topics import Up
from tests.faults.storm import family
from tests.link.fleet import Fleet, LightNode
from tests.link.site import wait
from tests.requirements import leave, require
from village_node.store.ports import SystemRandomness
from village_node.sync.carrier import Greeting, Outbound
from village_node.sync.mqtt import MqttCarrier, MqttOptions
from village_node.sync.rules import messages as m
from village_node.sync.rules.pacing import Limits

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

KEEPALIVE_S = 6
VILLAGES = 4
SERVICE = "D-DOM"
IMPATIENT = Limits(ping_first=1_000, ping_longest=4_000, silent_after=4_000)


# --- A22: a link that swallows everything and resets nothing ----------------------------------------------------------


@pytest.fixture
def link_to_broker() -> Iterator[tuple[Emulator, int]]:
    if why := is_possible():
        leave(f"needs real TCP over a link that vanishes: {why}")
    port = free_port()
    with emulated_link([port]) as link:
        broker = subprocess.Popen([*link.place.run_far, str(require("mosquitto")), "-p", str(port)])
        try:
            yield link, port
        finally:
            broker.terminate()
            broker.wait()


@pytest.mark.parametrize("is_busy", [False, True])
def test_a22_a_black_hole_is_noticed_within_one_and_a_half_keepalives(
    link_to_broker: tuple[Emulator, int], *, is_busy: bool
) -> None:
    link, port = link_to_broker
    made: queue.SimpleQueue[Callable[[], m.Event | None]] = queue.SimpleQueue()
    carrier = MqttCarrier(
        MqttOptions(
            host=link.place.host,
            port=link.place.ports[port],
            node=NodeId("3314012001-01"),
            hub=HubId("3314"),
            tls=None,
            keepalive_s=KEEPALIVE_S,
        ),
        SystemRandomness(),
    )
    carrier.start(made.put, lambda: Greeting(session=1, will=b"will"))
    _next(made, m.Connected)
    link.cut()
    began = time.monotonic()
    if is_busy:
        carrier.publish(Outbound(kind=Up.CHUNK, payload=bytes(49_000), token=1))
    _next(made, m.Disconnected, within_s=3 * KEEPALIVE_S)
    noticed_s = time.monotonic() - began
    carrier.stop(None)
    assert noticed_s <= 1.5 * KEEPALIVE_S + 2
    assert [each.name for each in threading.enumerate() if each.name.startswith(("paho", "simpul-link"))] == []


def _next(made: "queue.SimpleQueue[Callable[[], m.Event | None]]", kind: type[m.Event], within_s: float = 20) -> None:
    end = time.monotonic() + within_s
    while not isinstance(made.get(timeout=max(0.1, end - time.monotonic()))(), kind):
        pass


# --- with a whole hub -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHub]:
    require("nats-server")
    made = LocalHub(directory=tmp_path_factory.mktemp("hub"), settings={"SIMPUL_HUB_BEACON_S": "1"})
    made.ask("init")
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def enrolled(hub: LocalHub, tmp_path_factory: pytest.TempPathFactory) -> list[Enrolled]:
    directory: Path = tmp_path_factory.mktemp("nodes")
    administrators = Administrators.employ(hub)
    codes = administrators.villages()[:VILLAGES]
    return [enrol(hub, code, directory, administrators=administrators, random=Random(code)) for code in codes]


@pytest.fixture
def fleet(hub: LocalHub, enrolled: list[Enrolled]) -> Iterator[Fleet]:
    made = Fleet(
        [LightNode(enrolled=each, port=hub.broker_port, limits=IMPATIENT, keepalive_s=10) for each in enrolled]
    )
    made.start()
    wait(lambda: all(node.connected for node in made.nodes), "not all connect", 30)
    yield made
    made.stop()


def hand_in(fleet: Fleet) -> dict[bytes, LightNode]:
    """Let every village seal one application."""
    wanted: dict[bytes, LightNode] = {}
    for node in fleet.nodes:
        made = _seal(node)
        wanted[made.bundle] = node
        fleet.tell(node, node.seal_later(made))
    return wanted


def _seal(node: LightNode) -> Made:
    service = next(each for each in node.enrolled.services if each.code == SERVICE)
    return node.enrolled.village.seal_application(service)


def everything_is_whole(wanted: dict[bytes, LightNode], within_s: float) -> None:
    wait(lambda: all(node.states.get(bundle) == "whole" for bundle, node in wanted.items()), "not all arrive", within_s)


def effects(hub: LocalHub, wanted: dict[bytes, LightNode]) -> int:
    """Return how many rows the hub has for these bundles."""
    from deploy.demo.evidence import sqlite_rows  # noqa: PLC0415

    names = ",".join(f"x'{bundle.hex()}'" for bundle in wanted)
    rows = sqlite_rows(hub.directory / "data" / "hub.db")
    return int(str(rows(f"SELECT count(*) FROM bundle WHERE bundle_id IN ({names})")[0][0]))  # noqa: S608  # digests


@contextlib.contextmanager
def held(*processes: psutil.Process) -> Iterator[None]:
    """Stop processes where they are (SIGSTOP), and let them go on."""
    for each in processes:
        each.suspend()
    try:
        yield
    finally:
        for each in processes:
            each.resume()


def test_a21_a_hub_that_stands_still_does_everything_once_when_it_goes_on(hub: LocalHub, fleet: Fleet) -> None:
    everything = family_of(hub)
    with held(everything["intake"], everything["worker"]):
        wanted = hand_in(fleet)
        wait(lambda: all("hub_silent" in node.links for node in fleet.nodes), "nobody notices", 30)
    everything_is_whole(wanted, 60)
    assert effects(hub, wanted) == VILLAGES


def test_b17_everything_drains_after_the_broker_was_away(hub: LocalHub, fleet: Fleet) -> None:
    everything = family_of(hub)
    with held(everything["supervisor"]):
        everything["broker"].kill()
        wait(lambda: all(node.lost for node in fleet.nodes), "nobody notices", 30)
        wanted = hand_in(fleet)
        time.sleep(10)
        assert not any(node.received.keys() & wanted.keys() for node in fleet.nodes)
    everything_is_whole(wanted, 90)
    assert effects(hub, wanted) == VILLAGES


def family_of(hub: LocalHub) -> dict[str, psutil.Process]:
    from deploy.demo.network import DefaultHub  # noqa: PLC0415

    same = DefaultHub(directory=hub.directory, web_port=hub.web_port, broker_port=hub.broker_port)
    same.program = hub.program
    return family(same)
