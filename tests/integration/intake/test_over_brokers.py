"""The whole road: a village's messages through a real broker, the shipped carrier and runner, and the answers back."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.authority.pki import HubClient
from hub.intake.carrier import Incoming, Outgoing
from hub.intake.fairness import Quota
from hub.intake.mqtt import BrokerOptions, MqttCarrier
from hub.intake.runner import IntakeRunner, Pace
from protocol.receipt import ReceiptKind
from protocol.topics import down_filter, up_filter
from tests.brokers import Client, RealBroker, eventually
from tests.hostile import BUNDLE_CODES, REFUSED_CODES, SERVICE, Scene, neighbours
from tests.hubs import HUB, TestHub, bundle_of, chunks_of, make_hub
from tests.integration.conftest import Connect

WIDE = Quota(messages_per_s=10_000, burst=10_000, mb_per_day=10_000, line=10_000)
"""What comes at once here is many tricks, not a flood."""


@pytest.fixture
def hub(tmp_path: Path) -> TestHub:
    """A hub on SQLite: databases are compared in the other tests."""
    return make_hub(tmp_path / "hub", f"sqlite:///{tmp_path / 'hub.db'}")


@pytest.fixture
def scene(hub: TestHub) -> Scene:
    return neighbours(hub)


@pytest.fixture
def village(scene: Scene, connect: Connect) -> Client:
    """The connection of the village, listening for answers."""
    client = connect(str(scene.village.node))
    client.subscribe(down_filter(scene.village.node))
    return client


def carrier_of(broker: RealBroker, identity: HubClient) -> MqttCarrier:
    """Return the shipped carrier, listening as the intake does."""
    found = broker.connect_options(str(identity))
    assert found.ca_file is not None
    assert found.cert_file is not None
    assert found.key_file is not None
    options = BrokerOptions(
        host=found.host,
        port=found.port,
        ca_file=found.ca_file,
        cert_file=found.cert_file,
        key_file=found.key_file,
    )
    return MqttCarrier(options, str(identity), [up_filter(HUB)])


@contextmanager
def running(hub: TestHub, broker: RealBroker) -> Iterator[MqttCarrier]:
    """Run the intake on a thread of its own."""
    carrier = carrier_of(broker, HubClient.INTAKE)
    stopped = threading.Event()
    runner = IntakeRunner(hub.context, carrier, Pace(most=50, linger_s=0.005, quota=WIDE), stopped.wait)
    thread = threading.Thread(target=runner.run, args=(stopped.is_set,))
    carrier.start()
    thread.start()
    try:
        assert carrier.wait_connected(10)
        yield carrier
    finally:
        stopped.set()
        thread.join(10)
        carrier.stop()


def _send(client: Client, messages: list[Incoming]) -> None:
    for message in messages:
        client.publish(message.topic, message.payload)


def test_bundle_and_scans_come_back_as_two_verified_receipts(
    hub: TestHub, scene: Scene, village: Client, broker: RealBroker
) -> None:
    made = scene.village.seal_application(SERVICE, [b"scan" * 30_000])
    with running(hub, broker):
        _send(village, [bundle_of(scene.village, made), *chunks_of(scene.village, made)])
        assert eventually(lambda: len(village.payloads()) == 2)

    receipts = hub.receipts([Outgoing("x/down/receipt", raw) for raw in village.payloads()])
    assert [receipt.subject.kind for receipt in receipts] == [ReceiptKind.ARRIVED, ReceiptKind.WHOLE]


def test_every_trick_is_answered_with_its_code(hub: TestHub, scene: Scene, village: Client, broker: RealBroker) -> None:
    tricks = {
        name: trick for name, trick in {**BUNDLE_CODES, **REFUSED_CODES}.items() if name != "chunk from the neighbour"
    }
    with running(hub, broker):
        for name in sorted(tricks, key=_revocations_last):
            code, spoil = tricks[name]
            key = scene.village.officer_key
            before = len(village.payloads())
            _send(village, spoil(scene))
            scene.village.officer_key = key
            assert eventually(lambda: any(code.encode() in raw for raw in village.payloads()[before:])), name  # noqa: B023


def test_what_was_sent_while_the_intake_was_down_is_taken_afterwards(
    hub: TestHub, scene: Scene, village: Client, broker: RealBroker
) -> None:
    with running(hub, broker):
        pass
    made = [scene.village.seal_application(SERVICE) for _ in range(5)]
    _send(village, [bundle_of(scene.village, item) for item in made])

    with running(hub, broker):
        assert eventually(lambda: len(hub.cases) == len(made), within_s=30)


def test_a_retained_message_is_ignored(hub: TestHub, scene: Scene, broker: RealBroker, connect: Connect) -> None:
    if broker.kind != "embedded":
        return  # Mosquitto disconnects whoever retains: tests/integration/brokers
    client = connect(str(scene.village.node))
    message = bundle_of(scene.village, scene.village.seal_application(SERVICE))
    client.publish(message.topic, message.payload, retain=True)

    with running(hub, broker):
        probe = scene.village.seal_application(SERVICE)
        client.publish(bundle_of(scene.village, probe).topic, probe.message)
        assert eventually(lambda: len(hub.cases) == 1)
    assert hub.cases[0].bundle_id == probe.bundle


def _revocations_last(name: str) -> tuple[bool, bool, str]:
    return ("node revoked" in name, "revoked" in name, name)


def test_a_carrier_that_may_not_listen_says_so(broker: RealBroker) -> None:
    """Mosquitto grants the subscription of a stranger to a topic and then sends nothing: there nobody can notice."""
    carrier = carrier_of(broker, HubClient.WORKER)
    carrier.start()
    try:
        assert eventually(lambda: carrier.is_deaf or carrier.wait_connected(0.1))
        assert carrier.is_deaf == (broker.kind == "embedded")
    finally:
        carrier.stop()


def test_a_carrier_that_listens_is_not_deaf(broker: RealBroker) -> None:
    carrier = carrier_of(broker, HubClient.INTAKE)
    assert not carrier.is_deaf
    carrier.start()
    assert carrier.wait_connected(10)
    assert not carrier.is_deaf
    carrier.stop()
    assert not carrier.is_deaf
