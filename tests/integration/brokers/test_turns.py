"""Hub and node are told several brokers: whichever answers is taken, and the next one after a loss."""

from collections.abc import Callable

import pytest

from hub.authority.pki import HubClient
from hub.intake.mqtt import BrokerOptions
from hub.intake.mqtt import MqttCarrier as HubCarrier
from hub.intake.shards import Shard
from protocol import topics
from protocol.ids import NodeId
from tests.brokers import HUB, RealBroker, eventually
from tests.integration.conftest import NODE, Connect
from village_node.identity.keys import TlsFiles
from village_node.store.ports import SystemRandomness
from village_node.sync.carrier import Greeting
from village_node.sync.mqtt import MqttCarrier as NodeCarrier
from village_node.sync.mqtt import MqttOptions
from village_node.sync.rules import messages as m

pytestmark = [pytest.mark.broker, pytest.mark.timeout(60)]

NOBODY = "127.0.0.77"


@pytest.mark.parametrize("hosts", ["{nobody},{here}", "{here},{nobody}", "{here}"])
def test_the_hub_finds_the_broker_that_answers_and_finds_it_again(broker: RealBroker, hosts: str) -> None:
    found = broker.connect_options(str(HubClient.WORKER))
    assert found.ca_file is not None
    assert found.cert_file is not None
    assert found.key_file is not None
    options = BrokerOptions(
        host=hosts.format(nobody=NOBODY, here=found.host),
        port=found.port,
        ca_file=found.ca_file,
        cert_file=found.cert_file,
        key_file=found.key_file,
    )
    carrier = HubCarrier(options, str(HubClient.WORKER))
    carrier.start()
    assert carrier.wait_connected(15)
    broker.restart()
    assert eventually(lambda: not carrier.wait_connected(0))
    assert carrier.wait_connected(20)
    carrier.stop()


def intake(broker: RealBroker, shard: Shard, client_id: str) -> HubCarrier:
    """Return the carrier of one intake, connected."""
    found = broker.connect_options(str(HubClient.INTAKE))
    assert found.ca_file is not None
    assert found.cert_file is not None
    assert found.key_file is not None
    options = BrokerOptions(
        host=found.host, port=found.port, ca_file=found.ca_file, cert_file=found.cert_file, key_file=found.key_file
    )
    made = HubCarrier(options, client_id, shard.filters(HUB), shard.foreign_filters(HUB))
    made.start()
    assert made.wait_connected(15)
    return made


def test_intakes_share_a_certificate_and_each_hears_its_own_subdistricts(broker: RealBroker, connect: Connect) -> None:
    """Also where a session of the name heard everything before the work was shared."""
    alone = intake(broker, Shard(number=1, of=1), "hub-intake-1")
    alone.stop()
    first, second = (intake(broker, Shard(number=each, of=2), f"hub-intake-{each}") for each in (1, 2))
    connect(NODE).publish(topics.up(NodeId(NODE), topics.Up.BUNDLE), b"bundle")  # of subdistrict 01: the second's
    assert [each.payload for each in second.receive(5, 0.1, 10)] == [b"bundle"]
    assert first.receive(5, 0.1, 1) == []
    for each in (first, second):
        each.stop()


def test_a_node_finds_the_broker_that_answers(broker: RealBroker) -> None:
    found = broker.connect_options(NODE)
    assert found.ca_file is not None
    assert found.cert_file is not None
    assert found.key_file is not None
    tls = TlsFiles(key=found.key_file, certificate=found.cert_file, authority=found.ca_file)
    host = f"{NOBODY}, {found.host}, 127.0.0.78"
    options = MqttOptions(host=host, port=found.port, node=NodeId(NODE), hub=HUB, tls=tls)
    carrier, made = NodeCarrier(options, SystemRandomness()), list[Callable[[], m.Event | None]]()
    carrier.start(made.append, lambda: Greeting(session=1, will=b"will"))
    assert eventually(lambda: any(isinstance(each(), m.Connected) for each in made), within_s=30)
    carrier.stop(None)
