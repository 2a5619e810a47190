"""A village's PC that floods, half-opens and lies to the broker: the others do not notice. Fault list B05 to B09."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from statistics import quantiles

import psutil
import pytest

from hub.brokers.embedded import BrokerOptions
from protocol import topics
from protocol.ids import NodeId
from tests.brokers import HUB, Client, Embedded, Mosquitto, RealBroker, eventually
from tests.integration.brokers.raw import ACCEPTED, Line, connect_packet, publish_packet
from tests.integration.conftest import NEIGHBOUR, NODE, STRANGER, Connect

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]

VICTIM, ROGUE = NodeId(NODE), NodeId(NEIGHBOUR)
MB = 1_000_000
USER_PROPERTY = b"\x26\x00\x01k\x00\x01v"


@pytest.fixture
def rogue(broker: RealBroker) -> BrokerOptions:
    """What a hostile village holds: a certificate of its own."""
    return broker.connect_options(NEIGHBOUR)


def process_of(broker: RealBroker) -> psutil.Process:
    assert isinstance(broker, Embedded | Mosquitto)
    assert broker.broker.pid is not None
    return psutil.Process(broker.broker.pid)


def opened(options: BrokerOptions, *, level: int = 4) -> Line:
    """Return the connection of a rogue that the broker let in."""
    line = Line(options)
    line.send(connect_packet(NEIGHBOUR.encode(), level=level))
    assert line.answer()[:1] == b"\x20"
    return line


@pytest.fixture
def watched(connect: Connect) -> Iterator[tuple[Client, Client]]:
    """The intake and an honest village; after the attack a bundle still has to go through, in order of sending."""
    intake, node = connect("hub-intake"), connect(NODE)
    intake.subscribe(topics.up_filter(HUB))
    yield intake, node
    node.publish(topics.up(VICTIM, topics.Up.BUNDLE), b"honest")
    assert eventually(lambda: b"honest" in intake.payloads())
    assert (intake.disconnects, node.disconnects) == (0, 0)


@pytest.mark.parametrize("topic", [topics.up(VICTIM, topics.Up.DEATH), "$CONTROL/dynamic-security/v1", "$SYS/broker"])
def test_b05_a_will_on_a_foreign_topic_is_never_spoken(
    broker: RealBroker, watched: tuple[Client, Client], topic: str
) -> None:
    intake, _ = watched
    liar = Client(broker.connect_options(NEIGHBOUR), NEIGHBOUR)
    liar.paho.will_set(topic, b"dead", 1)
    liar.start()
    held = liar.paho.socket()
    liar.paho.loop_stop()
    if held is not None:
        held.close()
    probe = Client(broker.connect_options("hub-worker"), "hub-worker").start()
    probe.publish(topics.beacon(HUB), b"beacon")
    time.sleep(1)
    probe.close()
    assert intake.payloads() == []


@pytest.mark.parametrize("name", [b"#", b"a/+/b", b"+", b"nul\x00", b"\xff\xfe", b"x" * 65_535, b"../" * 9])
@pytest.mark.usefixtures("watched")
def test_b06_a_name_that_is_none_harms_nobody(rogue: BrokerOptions, name: bytes) -> None:
    """Refused, or replaced by the certificate's own: in no case a session under the name."""
    with Line(rogue) as line:
        line.send(connect_packet(name))
        if line.answer(2) == ACCEPTED:
            line.send(publish_packet(topics.up(VICTIM, topics.Up.BUNDLE), b"forged"))
    with Line(rogue) as line:
        line.send(connect_packet(NEIGHBOUR.encode(), user=name))
        assert line.answer(2) in {ACCEPTED, b"", b"\x20\x02\x00\x05", b"\x20\x02\x00\x04"}


@pytest.mark.usefixtures("watched")
def test_b07_half_a_greeting_is_let_go_and_others_get_in_meanwhile(broker: RealBroker, rogue: BrokerOptions) -> None:
    """A rogue holds 100 connections open, each with half a CONNECT; an honest village needs no longer than usual."""
    times = []
    broker.set_identities([NODE, NEIGHBOUR, STRANGER])
    with ExitStack() as stack:
        lines = [stack.enter_context(Line(rogue)) for _ in range(100)]
        for line in lines:
            line.send(connect_packet(NEIGHBOUR.encode())[:9])
        for _ in range(20):
            begun = time.monotonic()
            with Line(broker.connect_options(STRANGER)) as honest:
                honest.send(connect_packet(STRANGER.encode()))
                assert honest.answer() == ACCEPTED
            times.append(time.monotonic() - begun)
    assert quantiles(times, n=20)[-1] < 1.0


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize("keepalive", [0, 65_535])
def test_b07_who_never_says_anything_holds_one_place(broker: RealBroker, rogue: BrokerOptions, keepalive: int) -> None:
    """No limit binds MQTT 3.1.1 clients to a keepalive; the client id bound to the certificate makes it one place.

    The embedded broker does not bind it, one more reason why it stays on loopback.
    """
    with ExitStack() as stack:
        lines = [stack.enter_context(Line(rogue)) for _ in range(20)]
        for number, line in enumerate(lines):
            line.send(connect_packet(b"idle-%d" % number, keepalive=keepalive))
            assert line.answer() == ACCEPTED
        gone = [line.is_hung_up(0.2) for line in lines]
    assert sum(gone) == (0 if broker.kind == "embedded" else len(lines) - 1)


@pytest.mark.usefixtures("watched")
def test_b08_a_flood_of_user_properties_is_cut_off_at_the_packets_limit(
    broker: RealBroker, rogue: BrokerOptions
) -> None:
    if broker.kind == "embedded":
        with Line(rogue) as line:
            line.send(connect_packet(NEIGHBOUR.encode(), level=5))
            assert line.answer()[:4] != b"\x20\x03\x00\x00"  # it does not speak MQTT 5 at all
        return
    properties = USER_PROPERTY * 20_000
    size, length = len(properties), b""
    while size or not length:
        size, low = divmod(size, 128)
        length += bytes([low | (0x80 if size else 0)])
    with opened(rogue, level=5) as line:
        line.send(publish_packet(topics.up(ROGUE, topics.Up.MAIL), b"", properties=length + properties))
        assert line.is_hung_up(5)


@pytest.mark.usefixtures("watched")
def test_b08_the_processor_rests_after_a_flood(broker: RealBroker, rogue: BrokerOptions) -> None:
    process = process_of(broker)
    with opened(rogue) as line:
        for number in range(2_000):
            topic = topics.up(VICTIM, topics.Up.BUNDLE)  # not its own: thrown away
            if not line.send(publish_packet(topic, bytes(1_000), mid=number % 60_000 + 1)):
                break
            if number % 100 == 0:
                line.answer(0.05)
    assert eventually(lambda: process.cpu_percent(0.5) < 20, within_s=30)  # percent of a core


@pytest.mark.usefixtures("watched")
def test_b09_half_done_qos_2_does_not_grow_the_broker(broker: RealBroker, rogue: BrokerOptions) -> None:
    """NATS ends who tries; Mosquitto holds what is half done within its limits (CVE-2023-28366 leaked)."""
    process, topic = process_of(broker), topics.up(ROGUE, topics.Up.MAIL)
    with opened(rogue) as line:
        before, alive = process.memory_info().rss, True
        for round_ in range(100):
            mids = [7 if round_ % 2 else (round_ * 100 + number) % 60_000 + 1 for number in range(200)]
            alive = line.send(*(publish_packet(topic, bytes(100), qos=2, mid=mid) for mid in mids))
            line.answer(0.02)
            if not alive:
                break
        grown = process.memory_info().rss - before
    assert grown < 40 * MB
    assert not alive or broker.kind != "embedded"


def test_a_flood_on_its_own_topic_fills_nobody_elses_line(broker: RealBroker, connect: Connect) -> None:
    """With the hub away, one village sends without end: the neighbour's bundle waits beside it and is not lost."""
    intake = connect("hub-intake")
    intake.subscribe(topics.up_filter(HUB))
    intake.close()
    with opened(broker.connect_options(NEIGHBOUR)) as line:
        for number in range(3_000):
            if not line.send(publish_packet(topics.up(ROGUE, topics.Up.MAIL), bytes(500), mid=number + 1)):
                break
            if number % 50 == 0:
                line.answer(0.02)
    node = connect(NODE)
    node.publish(topics.up(VICTIM, topics.Up.BUNDLE), b"honest")
    again = connect("hub-intake")
    assert eventually(lambda: b"honest" in again.payloads(), within_s=40)
