"""Villages whose line lets only port 443 through: nginx with the shipped configuration, Mosquitto behind it."""

import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.brokers.mosquitto import MosquittoBroker, TlsFiles
from hub.brokers.embedded import BrokerOptions
from protocol import topics
from protocol.ids import NodeId
from tests.brokers import HUB, Client, Mosquitto, NetworkPki, eventually, free_port, tls_context
from tests.integration.conftest import LEAVER, NEIGHBOUR, NODE
from tests.requirements import require
from village_node.identity.keys import TlsFiles as TlsPaths
from village_node.store.ports import SystemRandomness
from village_node.sync.carrier import Greeting, Outbound
from village_node.sync.mqtt import MqttCarrier, MqttOptions
from village_node.sync.rules import messages as m

pytestmark = pytest.mark.broker

DEPLOY = Path(__file__).parents[3] / "deploy"
MODULE = Path("/usr/lib/nginx/modules/ngx_stream_module.so")


@pytest.fixture
def mosquitto(tmp_path: Path, shared_pki: NetworkPki) -> Iterator[Mosquitto]:
    program = require("mosquitto")
    made = MosquittoBroker(tmp_path / "b", hub=HUB, tls=TlsFiles.of(shared_pki.files.directory), program=program)
    made.start()
    yield Mosquitto(made, shared_pki)
    made.stop()


@pytest.fixture
def door(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[int]:
    """The shipped stream configuration on free ports; ``localhost`` stands for the broker's public name."""
    nginx, public = require("nginx"), free_port()
    text = (DEPLOY / "nginx/simpul-stream.conf").read_text()
    assert "listen [::]:443;" in text
    for shipped, here in (
        ("broker.sragenkab.example", "localhost"),
        ("listen [::]:443;", ""),
        ("listen 443;", f"listen 127.0.0.1:{public};"),
        ("9444", str(free_port())),
        ("9443", str(mosquitto.broker.config.websockets_port)),
    ):
        text = text.replace(shipped, here)
    (tmp_path / "stream.conf").write_text(
        f"load_module {MODULE};\ndaemon off;\npid {tmp_path}/nginx.pid;\nerror_log {tmp_path}/nginx.log;\n"
        f"events {{}}\n{text}"
    )
    process = subprocess.Popen([nginx, "-p", str(tmp_path), "-c", str(tmp_path / "stream.conf")])
    assert eventually(lambda: socket.socket().connect_ex(("127.0.0.1", public)) == 0)
    yield public
    process.terminate()
    process.wait(10)


def through(door: int, mosquitto: Mosquitto, identity: str, client_id: str = "") -> Client:
    """Return a village's connection on the web's port, by websockets."""
    cert_file, key_file = mosquitto.pki.files_of(identity)
    options = BrokerOptions(
        host="localhost",
        port=door,
        ca_file=mosquitto.broker.config.tls.ca_file,
        cert_file=cert_file,
        key_file=key_file,
    )
    return Client(options, client_id or identity, transport="websockets").start()


def test_a_village_works_over_the_webs_port(mosquitto: Mosquitto, door: int) -> None:
    village, node = through(door, mosquitto, NODE), NodeId(NODE)
    intake = Client(mosquitto.connect_options("hub-intake"), "hub-intake").start()
    intake.subscribe(topics.up_filter(HUB))
    village.subscribe(topics.down_filter(node))
    village.publish(topics.up(node, topics.Up.BUNDLE), bytes(60_000))
    intake.publish(topics.down(node, topics.Down.RECEIPT), b"receipt")
    assert eventually(lambda: len(intake.payloads()) == 1 and village.payloads() == [b"receipt"])
    village.close()
    intake.close()


def test_the_shipped_node_takes_that_road_and_keeps_small_messages_moving(mosquitto: Mosquitto, door: int) -> None:
    cert_file, key_file = mosquitto.pki.files_of(NODE)
    tls = TlsPaths(key=key_file, certificate=cert_file, authority=mosquitto.broker.config.tls.ca_file)
    options = MqttOptions(host="localhost", port=door, node=NodeId(NODE), hub=HUB, tls=tls, websockets=True)
    carrier, made = MqttCarrier(options, SystemRandomness()), list[Callable[[], m.Event | None]]()
    carrier.start(made.append, lambda: Greeting(session=1, will=b"will"))
    assert eventually(lambda: any(isinstance(each(), m.Connected) for each in made))
    intake = Client(mosquitto.connect_options("hub-intake"), "hub-intake").start()
    intake.subscribe(topics.up_filter(HUB))
    carrier.publish(Outbound(kind=topics.Up.BUNDLE, payload=bytes(60_000), token=1))
    assert eventually(lambda: [len(each) for each in intake.payloads()] == [60_000])
    carrier.stop(None)
    intake.close()


def test_b01_its_certificate_says_there_too_where_it_may_write(mosquitto: Mosquitto, door: int) -> None:
    intake = Client(mosquitto.connect_options("hub-intake"), "hub-intake").start()
    intake.subscribe(topics.up_filter(HUB))
    rogue = through(door, mosquitto, NEIGHBOUR)
    rogue.publish(topics.up(NodeId(NODE), topics.Up.BUNDLE), b"forged")
    rogue.publish(topics.up(NodeId(NEIGHBOUR), topics.Up.BUNDLE), b"own")
    assert eventually(lambda: intake.payloads() == [b"own"])
    rogue.close()
    intake.close()


def test_b03_a_neighbours_client_id_is_not_taken_over_there(mosquitto: Mosquitto, door: int) -> None:
    victim = through(door, mosquitto, NODE)
    rogue = through(door, mosquitto, NEIGHBOUR, client_id=NODE)
    rogue.publish(topics.up(NodeId(NEIGHBOUR), topics.Up.BUNDLE), b"own")
    assert (victim.disconnects, rogue.disconnects) == (0, 0)
    victim.close()
    rogue.close()


def test_b14_no_certificate_no_websocket(mosquitto: Mosquitto, door: int) -> None:
    context = ssl.create_default_context(cafile=mosquitto.broker.config.tls.ca_file)
    request = b"GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    with socket.create_connection(("127.0.0.1", door), timeout=5) as plain:
        try:
            with context.wrap_socket(plain, server_hostname="localhost") as secured:
                secured.sendall(request)
                said = secured.recv(100)
        except (ssl.SSLError, ConnectionError):
            said = b""
    assert said == b""


def test_b15_a_revoked_certificate_is_refused_there_too(mosquitto: Mosquitto, door: int) -> None:
    through(door, mosquitto, LEAVER).close()
    mosquitto.shut_out(LEAVER)

    def is_refused() -> bool:
        context = tls_context(mosquitto.connect_options(LEAVER))
        with socket.create_connection(("127.0.0.1", door), timeout=5) as plain:
            try:
                with context.wrap_socket(plain, server_hostname="localhost") as secured:
                    secured.sendall(b"GET /mqtt HTTP/1.1\r\n\r\n")
                    return secured.recv(100) == b""
            except (ssl.SSLError, ConnectionError):
                return True

    assert eventually(is_refused)
