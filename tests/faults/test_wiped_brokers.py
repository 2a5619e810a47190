"""The broker is killed and forgets everything, again and again in the middle of transfers: everything arrives, unaided.

SIMPUL_DEEP=1 wipes a hundred times, else three times.
"""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from hub.authority.pki import HubClient
from protocol.topics import up_filter
from tests.brokers import HUB, Client, Mosquitto, NetworkPki, eventually, make_broker
from tests.faults.proof.results import keep
from tests.hub_stand_in import HubStandIn
from tests.integration.test_node_mqtt import NODE, Bridge, all_whole, options_of, runner_over
from tests.node_link import OpeningHub
from tests.node_stand import NodeStand, a_command, a_file
from village_node.store.ports import SystemRandomness
from village_node.sync.mqtt import MqttCarrier

pytestmark = [pytest.mark.faults, pytest.mark.broker, pytest.mark.timeout(900)]
WIPES = 100 if os.environ.get("SIMPUL_DEEP") else 3


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    made = make_broker("mosquitto-mtls", tmp_path / "broker", NetworkPki(tmp_path / "pki"), [NODE])
    assert isinstance(made, Mosquitto)
    made.start()
    yield made
    made.stop()


def test_everything_arrives_however_often_the_broker_forgets(broker: Mosquitto, tmp_path: Path) -> None:
    stand, hub, random = NodeStand(tmp_path / "node"), HubStandIn(1), Random(5)
    officer = stand.add_officer()
    stand.enrol(hub, numbers=9_000)
    intake = Client(broker.connect_options(HubClient.INTAKE), HubClient.INTAKE).start()
    intake.subscribe(up_filter(HUB))
    Bridge(intake, OpeningHub(hub, stand))
    unlocked, bundles = stand.unlock(officer), []
    runner = runner_over(stand, MqttCarrier(options_of(broker), SystemRandomness()))
    thread = threading.Thread(target=runner.run)
    thread.start()
    for _ in range(WIPES):
        bundles.append(stand.seal(unlocked, a_command(a_file(random.randbytes(200_000)))).bundle)
        runner.wake()
        time.sleep(random.uniform(0, 0.5))
        broker.kill()
        broker.wipe()
        assert eventually(lambda: intake.is_in, within_s=20)
        intake.subscribe(up_filter(HUB))
    assert eventually(lambda: all_whole(stand, bundles), within_s=120)
    runner.stop()
    thread.join(20)
    intake.close()
    assert {case.effects for case in hub.cases.values()} == {1}
    assert len(hub.cases) == WIPES
    keep("wipes", "mosquitto", {"wipes": WIPES})
