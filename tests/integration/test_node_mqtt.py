"""The node's MQTT carrier against real brokers: links, reasons, last will, and a whole delivery over them."""

import gc
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from hub.authority.pki import HubClient
from protocol.ids import HubId, NodeId
from protocol.topics import Down, Up, beacon, down, parse_up, up_filter
from tests.brokers import Client, RealBroker, eventually
from tests.hub_stand_in import HubStandIn
from tests.node_link import OpeningHub
from tests.node_stand import NodeStand, a_command, a_file
from village_node.identity.hub import load_enrolled
from village_node.identity.keys import TlsFiles
from village_node.outbox.queries import ItemStep, get_item
from village_node.store.ports import SystemClock, SystemRandomness
from village_node.sync.carrier import Greeting, Outbound
from village_node.sync.mqtt import MqttCarrier, MqttOptions
from village_node.sync.rules import messages as m
from village_node.sync.rules.pacing import Limits
from village_node.sync.runner import NodeParts, Runner

NODE = NodeId("3314012001-01")
HUB = HubId("3314")
SOON = replace(Limits(), ping_first=1_000)
pytestmark = pytest.mark.broker


def options_of(broker: RealBroker) -> MqttOptions:
    found = broker.connect_options(str(NODE))
    assert found.cert_file is not None
    assert found.key_file is not None
    assert found.ca_file is not None
    tls = TlsFiles(key=found.key_file, certificate=found.cert_file, authority=found.ca_file)
    return MqttOptions(host=found.host, port=found.port, node=NODE, hub=HUB, tls=tls, keepalive_s=10)


@dataclass
class Watcher:
    """Writes down a carrier's events, and greets with growing session numbers."""

    made: queue.SimpleQueue[Callable[[], m.Event | None]] = field(default_factory=queue.SimpleQueue)
    session: int = 0

    def greet(self) -> Greeting:
        self.session += 1
        return Greeting(session=self.session, will=b"will %d" % self.session)

    def next(self, kind: type[m.Event], within_s: float = 10) -> m.Event:
        """Return the next event of this kind, skipping others."""
        while True:
            event = self.made.get(timeout=within_s)()
            if isinstance(event, kind):
                return event


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def carrier(broker: RealBroker, watcher: Watcher) -> Iterator[MqttCarrier]:
    made = MqttCarrier(options_of(broker), SystemRandomness())
    yield made
    made.stop(None)


@pytest.fixture
def intake(broker: RealBroker) -> Iterator[Client]:
    client = Client(broker.connect_options(HubClient.INTAKE), HubClient.INTAKE).start()
    client.subscribe(up_filter(HUB))
    yield client
    client.close()


def test_messages_go_both_ways_and_acknowledgements_name_their_token(
    carrier: MqttCarrier, watcher: Watcher, intake: Client
) -> None:
    carrier.start(watcher.made.put, watcher.greet)
    assert watcher.next(m.Connected) == m.Connected(1)
    carrier.publish(Outbound(kind=Up.BUNDLE, payload=b"manifest", token=77))
    assert watcher.next(m.Acknowledged) == m.Acknowledged(77)
    assert eventually(lambda: b"manifest" in intake.payloads())
    intake.publish(down(NODE, Down.RECEIPT), b"receipt")
    assert watcher.next(m.Received) == m.Received(Down.RECEIPT, b"receipt")
    intake.publish(beacon(HUB), b"here")
    assert watcher.next(m.BeaconHeard) == m.BeaconHeard(b"here")


def test_small_messages_are_not_held_back(carrier: MqttCarrier, watcher: Watcher) -> None:
    carrier.start(watcher.made.put, watcher.greet)
    watcher.next(m.Connected)
    assert carrier._link is not None
    opened = carrier._link.client.socket()
    assert isinstance(opened, socket.socket)
    assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_a_broken_link_publishes_the_will_and_comes_back_with_a_new_session(
    carrier: MqttCarrier, watcher: Watcher, intake: Client
) -> None:
    carrier.start(watcher.made.put, watcher.greet)
    watcher.next(m.Connected)
    assert carrier._link is not None
    opened = carrier._link.client.socket()
    assert isinstance(opened, socket.socket)
    opened.shutdown(socket.SHUT_RDWR)
    watcher.next(m.Disconnected)
    assert watcher.next(m.Connected) == m.Connected(2)
    assert eventually(lambda: b"will 1" in intake.payloads())


def test_a_farewell_goes_before_the_link_is_closed_and_the_will_does_not(
    carrier: MqttCarrier, watcher: Watcher, intake: Client
) -> None:
    carrier.start(watcher.made.put, watcher.greet)
    watcher.next(m.Connected)
    carrier.stop(Outbound(kind=Up.DEATH, payload=b"farewell"))
    assert eventually(lambda: b"farewell" in intake.payloads())
    assert b"will 1" not in intake.payloads()
    assert not [each for each in threading.enumerate() if each.name == "simpul-link"]


def test_a_killed_broker_is_noticed_and_found_again(broker: RealBroker, carrier: MqttCarrier, watcher: Watcher) -> None:
    carrier.start(watcher.made.put, watcher.greet)
    watcher.next(m.Connected)
    broker.kill()
    watcher.next(m.Disconnected)
    carrier.publish(Outbound(kind=Up.BUNDLE, payload=b"dropped", token=1))
    broker.start()
    carrier.hurry()
    assert isinstance(watcher.next(m.Connected, within_s=20), m.Connected)


def test_a_broker_of_another_authority_is_refused(
    broker: RealBroker, watcher: Watcher, tmp_path_factory: pytest.TempPathFactory
) -> None:
    options = options_of(broker)
    assert options.tls is not None
    foreign = NodeStand(tmp_path_factory.mktemp("foreign"))
    foreign.keys.write_certificates("-", options.tls.certificate.read_text())
    wrong = replace(options.tls, authority=foreign.keys.tls_files.authority)
    carrier = MqttCarrier(replace(options, tls=wrong), SystemRandomness())
    carrier.start(watcher.made.put, watcher.greet)
    assert watcher.next(m.Disconnected) == m.Disconnected("wrong_authority")
    carrier.stop(None)


@pytest.mark.parametrize(("host", "reason"), [("127.0.0.1", "refused"), ("no.such.host.invalid", "name")])
def test_the_reason_of_a_failed_connection_is_told(watcher: Watcher, host: str, reason: str) -> None:
    options = MqttOptions(host=host, port=9, node=NODE, hub=HUB, tls=None)
    carrier = MqttCarrier(options, SystemRandomness())
    carrier.start(watcher.made.put, watcher.greet)
    assert watcher.next(m.Disconnected) == m.Disconnected(reason)
    carrier.stop(None)


def test_a_missing_certificate_is_a_reason_and_not_the_end(watcher: Watcher, tmp_path: Path) -> None:
    tls = NodeStand(tmp_path).keys.tls_files
    carrier = MqttCarrier(MqttOptions(host="127.0.0.1", port=9, node=NODE, hub=HUB, tls=tls), SystemRandomness())
    carrier.start(watcher.made.put, watcher.greet)
    assert watcher.next(m.Disconnected) == m.Disconnected("certificate_missing")
    carrier.stop(None)


def test_a_lost_link_leaves_no_socket_behind(carrier: MqttCarrier, watcher: Watcher) -> None:
    carrier.start(watcher.made.put, watcher.greet)
    watcher.next(m.Connected)
    gc.collect()
    gc.disable()
    try:
        before = open_files()
        for _ in range(8):
            carrier.reconnect()
            watcher.next(m.Disconnected)
            carrier.hurry()
            watcher.next(m.Connected)
        assert open_files() - before < 8
    finally:
        gc.enable()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


class Bridge:
    """The hub stand-in behind a real broker."""

    def __init__(self, client: Client, opening: OpeningHub) -> None:
        self.client, self.opening = client, opening
        client.paho.on_message = self._on_message

    def _on_message(self, _client: object, _data: object, message: object) -> None:
        topic, payload = str(getattr(message, "topic", "")), bytes(getattr(message, "payload", b""))
        for kind, raw in self.opening.take(Outbound(kind=parse_up(topic).kind, payload=payload)):
            self.client.publish(down(NODE, kind), raw, wait=False)


def runner_over(stand: NodeStand, carrier: MqttCarrier, limits: Limits = SOON) -> Runner:
    with stand.database.reading() as session:
        enrolled = load_enrolled(session)
    parts = NodeParts(
        database=stand.database,
        files=stand.files,
        documents=stand.documents,
        parcels=stand.parcels,
        clock=SystemClock(),
        randomness=SystemRandomness(),
        keys=stand.keys,
        enrolled=enrolled,
        data_dir=stand.directory,
        limits=limits,
    )
    return Runner(parts, carrier)


def test_everything_arrives_although_the_broker_is_wiped_in_the_middle(
    broker: RealBroker, carrier: MqttCarrier, intake: Client, tmp_path: Path
) -> None:
    stand, hub = NodeStand(tmp_path / "node"), HubStandIn(1)
    officer = stand.add_officer()
    stand.enrol(hub)
    Bridge(intake, OpeningHub(hub, stand))
    items = [stand.seal(stand.unlock(officer), a_command(a_file(bytes(600_000)))) for _ in range(4)]
    runner = runner_over(stand, carrier)
    thread = threading.Thread(target=runner.run)
    thread.start()
    assert eventually(lambda: hub.cases, within_s=20)
    broker.kill()
    broker.wipe()
    assert eventually(lambda: intake.is_in, within_s=20)
    intake.subscribe(up_filter(HUB))
    runner.wake()
    assert eventually(lambda: all_whole(stand, [item.bundle for item in items]), within_s=60)
    runner.stop()
    thread.join(timeout=20)
    assert not thread.is_alive()
    assert {case.effects for case in hub.cases.values()} == {1}


def all_whole(stand: NodeStand, bundles: list[bytes]) -> bool:
    with stand.database.reading() as session:
        return all(get_item(session, bundle).step is ItemStep.WHOLE for bundle in bundles)
