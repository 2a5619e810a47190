"""The broker dies, comes back, or forgets everything."""

import pytest

from protocol import topics
from protocol.ids import HubId, NodeId
from tests.brokers import RealBroker, eventually
from tests.integration.conftest import NODE, Connect

pytestmark = [pytest.mark.broker, pytest.mark.faults]

HUB = HubId("3314")
BUNDLE = topics.up(NodeId(NODE), topics.Up.BUNDLE)


def test_clients_come_back_by_themselves_after_a_kill(broker: RealBroker, connect: Connect) -> None:
    intake, node = connect("hub-intake"), connect(NODE)
    broker.kill()
    assert eventually(lambda: intake.disconnects > 0 and node.disconnects > 0)
    broker.start()
    assert eventually(lambda: intake.is_in and node.is_in)
    intake.subscribe(topics.up_filter(HUB))
    node.publish(BUNDLE, b"after")
    assert eventually(lambda: b"after" in intake.payloads())


@pytest.mark.parametrize("broker_kind", ["embedded"])
def test_the_embedded_broker_keeps_what_it_acknowledged(broker: RealBroker, connect: Connect) -> None:
    """Mosquitto acknowledges before it writes and may lose everything here, so nothing may lean on either."""
    intake, node = connect("hub-intake"), connect(NODE)
    intake.subscribe(topics.up_filter(HUB))
    intake.close()
    sent = [b"%d" % number for number in range(200)]
    for payload in sent:
        node.publish(BUNDLE, payload)
    broker.kill()
    broker.start()
    again = connect("hub-intake")
    assert again.session_present == [True]
    assert eventually(lambda: again.payloads() == sent, within_s=20)


def test_a_stop_in_order_keeps_sessions_on_both(broker: RealBroker, connect: Connect) -> None:
    intake, node = connect("hub-intake"), connect(NODE)
    intake.subscribe(topics.up_filter(HUB))
    intake.close()
    node.publish(BUNDLE, b"kept")
    broker.restart()
    again = connect("hub-intake")
    assert again.session_present == [True]
    assert eventually(lambda: again.payloads() == [b"kept"], within_s=20)


def test_a_wiped_broker_knows_nobody_and_works(broker: RealBroker, connect: Connect) -> None:
    node = connect(NODE)
    node.close()
    broker.wipe()
    intake, again = connect("hub-intake"), connect(NODE)
    assert again.session_present == [False]
    intake.subscribe(topics.up_filter(HUB))
    again.publish(BUNDLE, b"fresh")
    assert eventually(lambda: intake.payloads() == [b"fresh"])


def test_the_last_will_reaches_the_hub(broker: RealBroker, connect: Connect) -> None:
    intake = connect("hub-intake")
    intake.subscribe(topics.up_filter(HUB))
    node = connect(NODE)
    node.paho.will_set(topics.up(NodeId(NODE), topics.Up.DEATH), b"gone", 1)
    node.paho.reconnect()
    assert eventually(lambda: len(node.connects) == 2)
    opened = node.paho.socket()
    assert opened is not None
    node.paho.loop_stop()
    opened.close()  # no DISCONNECT: the broker speaks for the node
    assert eventually(lambda: intake.payloads() == [b"gone"])
