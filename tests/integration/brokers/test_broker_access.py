"""What an enrolled but hostile node can do on either broker. Case numbers: docs, fault list B."""

import pytest

from protocol import topics
from protocol.ids import HubId, NodeId
from tests.brokers import RealBroker, eventually
from tests.integration.conftest import NEIGHBOUR, NODE, Connect

pytestmark = pytest.mark.broker

HUB = HubId("3314")
VICTIM = NodeId(NODE)
BUNDLE = topics.up(VICTIM, topics.Up.BUNDLE)
RECEIPT = topics.down(VICTIM, topics.Down.RECEIPT)


def test_a_bundle_goes_up_and_a_receipt_comes_down(connect: Connect) -> None:
    intake, node = connect("hub-intake"), connect(NODE)
    intake.subscribe(topics.up_filter(HUB))
    node.subscribe(topics.down_filter(VICTIM))
    node.publish(BUNDLE, b"bundle")
    intake.publish(RECEIPT, b"receipt")
    assert eventually(lambda: intake.payloads() == [b"bundle"] and node.payloads() == [b"receipt"])


def test_the_worker_reaches_every_node(connect: Connect) -> None:
    worker, node = connect("hub-worker"), connect(NODE)
    node.subscribe(topics.down_filter(VICTIM))
    node.subscribe(topics.beacon(HUB))
    worker.publish(topics.down(VICTIM, topics.Down.MAIL), b"mail")
    worker.publish(topics.beacon(HUB), b"beacon")
    assert eventually(lambda: sorted(node.payloads()) == [b"beacon", b"mail"])


@pytest.mark.parametrize(
    "topic",
    [
        *(topics.up(VICTIM, kind) for kind in topics.Up),
        topics.down(VICTIM, topics.Down.RECEIPT),
        topics.down(NodeId(NEIGHBOUR), topics.Down.RECEIPT),
        topics.beacon(HUB),
    ],
)
def test_b01_what_a_rogue_publishes_elsewhere_reaches_nobody(connect: Connect, topic: str) -> None:
    intake, node, rogue = connect("hub-intake"), connect(NODE), connect(NEIGHBOUR)
    intake.subscribe(topics.up_filter(HUB))
    node.subscribe(topics.down_filter(VICTIM))
    node.subscribe(topics.beacon(HUB))
    rogue.publish(topic, b"forged")
    node.publish(BUNDLE, b"end")
    intake.publish(RECEIPT, b"end")
    assert eventually(lambda: intake.payloads() and node.payloads())
    assert intake.payloads() == [b"end"]
    assert node.payloads() == [b"end"]


@pytest.mark.parametrize(
    "topic_filter",
    [
        "#",
        "+/#",
        "simpul/#",
        topics.up_filter(HUB),
        topics.down_filter(VICTIM),
        topics.up_filter(HUB).replace("/up/", "/down/"),
        "$SYS/#",
        "$share/rogue/simpul/#",
        "$MQTT/#",
        "$MQTT/sub/#",
        "$JS/#",
        "_INBOX/#",
    ],
)
def test_b02_a_rogue_overhears_nothing(connect: Connect, topic_filter: str) -> None:
    intake, node, rogue = connect("hub-intake"), connect(NODE), connect(NEIGHBOUR)
    intake.subscribe(topics.up_filter(HUB))
    node.subscribe(topics.down_filter(VICTIM))
    rogue.subscribe(topic_filter)
    node.publish(BUNDLE, b"sealed")
    intake.publish(RECEIPT, b"receipt")
    assert eventually(lambda: intake.payloads() and node.payloads())
    # The rogue's own answer comes after all that it could have overheard.
    rogue.subscribe(topics.down_filter(NodeId(NEIGHBOUR)))
    intake.publish(topics.down(NodeId(NEIGHBOUR), topics.Down.RECEIPT), b"own")
    assert eventually(lambda: b"own" in rogue.payloads())
    assert rogue.payloads() == [b"own"]


def test_b03_a_rogue_with_the_neighbours_client_id_reads_nothing(connect: Connect) -> None:
    intake, node = connect("hub-intake"), connect(NODE)
    node.subscribe(topics.down_filter(VICTIM))
    node.close()
    intake.publish(RECEIPT, b"while away")
    rogue = connect(NEIGHBOUR, client_id=NODE)
    rogue.subscribe(topics.down_filter(VICTIM))
    intake.publish(RECEIPT, b"while the rogue is there")
    rogue.subscribe(topics.down_filter(NodeId(NEIGHBOUR)))
    intake.publish(topics.down(NodeId(NEIGHBOUR), topics.Down.RECEIPT), b"own")
    assert eventually(lambda: b"own" in rogue.payloads())
    assert rogue.payloads() == [b"own"]


def test_b03_the_offline_victim_still_gets_what_waits_for_it(connect: Connect) -> None:
    intake, node = connect("hub-intake"), connect(NODE)
    node.subscribe(topics.down_filter(VICTIM))
    node.close()
    intake.publish(RECEIPT, b"while away")
    connect(NEIGHBOUR, client_id=NODE).close()
    again = connect(NODE)
    assert again.session_present == [True]
    assert eventually(lambda: again.payloads() == [b"while away"], within_s=20)


def test_b03_the_online_victim(broker: RealBroker, connect: Connect) -> None:
    """Mosquitto binds the client id to the certificate. NATS cannot: the victim is cut off once and comes back."""
    intake, node = connect("hub-intake"), connect(NODE)
    node.subscribe(topics.down_filter(VICTIM))
    rogue = connect(NEIGHBOUR, client_id=NODE)
    if broker.kind == "embedded":
        assert eventually(lambda: node.disconnects == 1)
    rogue.close()
    assert eventually(lambda: node.is_in)
    intake.publish(RECEIPT, b"receipt")
    assert eventually(lambda: node.payloads() == [b"receipt"], within_s=20)
    assert node.disconnects == (1 if broker.kind == "embedded" else 0)


def test_b03_a_clean_takeover_wipes_the_session_on_the_embedded_broker_only(
    broker: RealBroker, connect: Connect
) -> None:
    """The known limit of the embedded broker, kept visible: why a node asks for its receipts by sending again."""
    node = connect(NODE)
    node.subscribe(topics.down_filter(VICTIM))
    node.close()
    connect(NEIGHBOUR, client_id=NODE, clean=True).close()
    assert connect(NODE).session_present == [broker.kind != "embedded"]


def test_b04_a_retained_message_is_refused_or_marked(broker: RealBroker, connect: Connect) -> None:
    """Mosquitto cuts the sender off. NATS keeps it; what is replayed is marked, and intake drops what is marked."""
    rogue = connect(NODE)
    rogue.publish(BUNDLE, b"old", retain=True, wait=broker.kind == "embedded")
    if broker.kind != "embedded":
        assert eventually(lambda: rogue.disconnects > 0)
    rogue.close()
    intake = connect("hub-intake", clean=True)
    intake.subscribe(topics.up_filter(HUB))
    connect(NEIGHBOUR).publish(topics.up(NodeId(NEIGHBOUR), topics.Up.BUNDLE), b"new")
    assert eventually(lambda: b"new" in intake.payloads())
    assert [each.payload for each in intake.heard if not each.retain] == [b"new"]


def test_a_message_over_the_limit_cuts_its_sender_off_and_goes_nowhere(connect: Connect) -> None:
    intake, node = connect("hub-intake"), connect(NODE)
    intake.subscribe(topics.up_filter(HUB))
    node.publish(BUNDLE, bytes(71_000), wait=False)
    assert eventually(lambda: node.disconnects > 0)
    assert intake.payloads() == []


def test_the_largest_message_of_the_protocol_passes(connect: Connect) -> None:
    intake, node = connect("hub-intake"), connect(NODE)
    intake.subscribe(topics.up_filter(HUB))
    node.publish(BUNDLE, bytes(60_000))
    assert eventually(lambda: [len(each) for each in intake.payloads()] == [60_000])
