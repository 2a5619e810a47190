"""Who gets as far as a connection, on either broker."""

import socket
import ssl

import pytest

from hub.brokers.embedded import BrokerOptions
from protocol import topics
from protocol.ids import NodeId
from tests.brokers import HUB, Client, NetworkPki, RealBroker, eventually, tls_context
from tests.integration.conftest import LEAVER, NODE, STRANGER, Connect

pytestmark = pytest.mark.broker

CONNECT = bytes.fromhex("100d00044d5154540402003c000161")  # MQTT 3.1.1, clean, keep alive 60, client id "a"


def answer(options: BrokerOptions, context: ssl.SSLContext, packet: bytes = CONNECT) -> bytes:
    """Return what the broker says to a first packet; nothing at all when it only hangs up."""
    with socket.create_connection((options.host, options.port), timeout=5) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=options.host) as secured:
                secured.sendall(packet)
                return secured.recv(100)
        except (ssl.SSLError, ConnectionError):
            return b""


def trusting(broker: RealBroker) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=broker.connect_options(NODE).ca_file)


def test_an_enrolled_node_gets_in(broker: RealBroker) -> None:
    options = broker.connect_options(NODE)
    assert answer(options, tls_context(options)) == b"\x20\x02\x00\x00"


def test_b14_no_certificate_no_connection(broker: RealBroker) -> None:
    assert answer(broker.connect_options(NODE), trusting(broker)) == b""


def test_b14_a_certificate_of_a_look_alike_authority_is_refused(
    broker: RealBroker, tmp_path_factory: pytest.TempPathFactory
) -> None:
    impostor = NetworkPki(tmp_path_factory.mktemp("impostor"))
    context = trusting(broker)
    context.load_cert_chain(*impostor.files_of(NODE))
    assert answer(broker.connect_options(NODE), context) == b""


def test_b14_the_brokers_own_certificate_is_no_clients(broker: RealBroker) -> None:
    context = trusting(broker)
    files = broker.pki.files.broker
    context.load_cert_chain(files.cert_file, files.key_file)
    assert answer(broker.connect_options(NODE), context) in {b"", b"\x20\x02\x00\x05"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the old versions are what is asked for
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_b14_old_versions_of_tls_are_refused(broker: RealBroker, version: ssl.TLSVersion) -> None:
    options = broker.connect_options(NODE)
    context = tls_context(options)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    assert answer(options, context) == b""


def test_b14_plain_text_on_the_tls_port_is_refused(broker: RealBroker) -> None:
    options = broker.connect_options(NODE)
    with socket.create_connection((options.host, options.port), timeout=5) as plain:
        plain.sendall(CONNECT)
        try:
            said = plain.recv(100)
        except ConnectionError:
            said = b""
    assert b"\x20\x02\x00\x00" not in said


@pytest.mark.parametrize(
    "packet",
    [
        bytes.fromhex("300a0001612d") + b"early!",  # PUBLISH before CONNECT
        bytes.fromhex("8208000100036121230100"),  # SUBSCRIBE before CONNECT
        b"\x10\xff\xff\xff\x7f" + b"x" * 100,  # CONNECT that announces 256 MB
        b"\x10\xff\xff\xff\xff\xff",  # a length that never ends
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_b10_a_first_packet_that_is_no_connect_is_hung_up_on(broker: RealBroker, packet: bytes) -> None:
    options = broker.connect_options(NODE)
    assert b"\x20\x02\x00\x00" not in answer(options, tls_context(options), packet)
    assert answer(options, tls_context(options)) == b"\x20\x02\x00\x00"


def test_a_user_name_in_connect_does_not_beat_the_certificate(broker: RealBroker) -> None:
    options = broker.connect_options(NODE)
    rogue = Client(options, NODE)
    rogue.paho.username_pw_set("CN=hub-intake" if broker.kind == "embedded" else "hub-intake", "")
    rogue.start()
    if rogue.is_in:
        intake = Client(broker.connect_options("hub-intake"), "hub-intake").start()
        rogue.subscribe(topics.up_filter(HUB))
        intake.subscribe(topics.up_filter(HUB))
        rogue.publish(topics.up(NodeId(NODE), topics.Up.MAIL), b"x")
        assert eventually(intake.payloads)
        intake.close()
    assert rogue.payloads() == []
    rogue.close()


def test_a_node_that_is_enrolled_while_the_broker_runs_gets_in(broker: RealBroker, connect: Connect) -> None:
    node = connect(NODE)
    broker.set_identities([NODE, STRANGER])
    stranger = connect(STRANGER)
    assert eventually(lambda: stranger.is_in)
    assert node.disconnects == 0


def test_only_enrolled_nodes_get_in_to_the_embedded_broker(broker: RealBroker, connect: Connect) -> None:
    """There the entry decides; on Mosquitto the certificate does, and the hub gives none before enrolment."""
    stranger = connect(STRANGER)
    assert stranger.is_in == (broker.kind != "embedded")


def test_b15_a_node_that_is_shut_out_does_not_come_back(broker: RealBroker, connect: Connect) -> None:
    """NATS ends the open session too. Mosquitto keeps it: intake checks the node's status for every bundle."""
    leaver, node = connect(LEAVER), connect(NODE)
    broker.shut_out(LEAVER)
    if broker.kind == "embedded":
        assert eventually(lambda: leaver.disconnects > 0)
    options = broker.connect_options(LEAVER)
    assert eventually(lambda: answer(options, tls_context(options)) in {b"", b"\x20\x02\x00\x05"})
    leaver.close()
    assert node.disconnects == 0
