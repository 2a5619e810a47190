"""A broker that acknowledges and swallows (PUBACK "Success" all the same): the node knows it, goes on, and arrives.

A30: a size limit that its operator set. B12: the uplink of one village is taken away, its beacon goes on. Times are
scaled down: the node calls the hub silent after 3 s instead of 3 minutes.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.authority.pki import HubClient
from protocol.ids import HubId
from protocol.topics import beacon, up_filter
from tests.brokers import Client, Mosquitto, NetworkPki, eventually, make_broker
from tests.hub_stand_in import HubStandIn
from tests.integration.test_node_mqtt import NODE, Bridge, options_of, runner_over
from tests.node_link import OpeningHub
from tests.node_stand import NodeStand
from village_node.inbox.tables import LinkRecord
from village_node.outbox.queries import ItemStep, get_item
from village_node.store.ports import SystemRandomness
from village_node.sync.mqtt import MqttCarrier
from village_node.sync.rules.pacing import Limits

pytestmark = [pytest.mark.faults, pytest.mark.broker, pytest.mark.timeout(120)]

HUB = HubId("3314")
SMALLER_THAN_A_FORM = 900
IMPATIENT = Limits(ping_first=1_000, ping_longest=3_000, silent_after=3_000)


@dataclass
class Swallower:
    """A Mosquitto that begins to swallow, and stops again."""

    broker: Mosquitto

    @property
    def _config(self) -> Path:
        return self.broker.broker.directory / "mosquitto.conf"

    def by_size(self) -> Callable[[], None]:
        return self._change(self._config, lambda text: f"{text}\nmessage_size_limit {SMALLER_THAN_A_FORM}\n")

    def by_access(self) -> Callable[[], None]:
        acl = self.broker.broker.config.acl_file
        return self._change(acl, lambda text: text.replace("pattern write", "# pattern write"))

    def _change(self, path: Path, change: Callable[[str], str]) -> Callable[[], None]:
        before = path.read_text(encoding="utf-8")
        path.write_text(change(before), encoding="utf-8")
        self.broker.broker.reload()

        def undo() -> None:
            path.write_text(before + "\nmessage_size_limit 0\n" * (path == self._config), encoding="utf-8")
            self.broker.broker.reload()

        return undo


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    made = make_broker("mosquitto-mtls", tmp_path / "broker", NetworkPki(tmp_path / "pki"), [NODE])
    assert isinstance(made, Mosquitto)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def hub_client(broker: Mosquitto) -> Iterator[Client]:
    client = Client(broker.connect_options(HubClient.INTAKE), HubClient.INTAKE).start()
    client.subscribe(up_filter(HUB))
    yield client
    client.close()


@pytest.mark.parametrize("how", ["by_size", "by_access"], ids=["a30", "b12"])
def test_what_is_swallowed_is_known_and_arrives_in_the_end(
    broker: Mosquitto, hub_client: Client, tmp_path: Path, how: str
) -> None:
    stand, hub = NodeStand(tmp_path / "node"), HubStandIn(1)
    officer = stand.add_officer()
    stand.enrol(hub)
    Bridge(hub_client, OpeningHub(hub, stand))
    item = stand.seal(stand.unlock(officer))
    stop_swallowing = getattr(Swallower(broker), how)()
    carrier = MqttCarrier(options_of(broker), SystemRandomness())
    runner = runner_over(stand, carrier, IMPATIENT)
    thread = threading.Thread(target=runner.run)
    thread.start()
    try:
        assert eventually(lambda: link(stand).reason == "hub_silent", within_s=20)
        assert link(stand).connected
        hub_client.publish(beacon(HUB), hub.beacon(), wait=False)
        assert eventually(lambda: link(stand).last_beacon_at is not None)
        stop_swallowing()
        assert eventually(lambda: step(stand, item.bundle) is ItemStep.WHOLE, within_s=40)
        assert link(stand).reason == ""
    finally:
        runner.stop()
        thread.join(15)


def link(stand: NodeStand) -> LinkRecord:
    with stand.database.reading() as session:
        return session.scalars(select(LinkRecord)).one()


def step(stand: NodeStand, bundle: bytes) -> ItemStep:
    with stand.database.reading() as session:
        return get_item(session, bundle).step
