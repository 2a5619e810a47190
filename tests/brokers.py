"""Real brokers for tests: the embedded one and Mosquitto with mutual TLS, behind one shape.

Certificates are made once per run (``NetworkPki``); a broker starts in about 20 ms, so each test may have its own.
"""

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol

import paho.mqtt.client as mqtt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from deploy.brokers.mosquitto import MosquittoBroker, TlsFiles
from hub.authority.pki import HubClient, Revocation
from hub.authority.pki_check import check_request
from hub.authority.pki_files import LOOPBACK_HOSTS, PkiFiles, open_pki
from hub.brokers.embedded import BrokerOptions, EmbeddedBroker
from protocol.ids import HubId, NodeId
from tests.requirements import require

HUB = HubId("3314")
KINDS = ("embedded", "mosquitto-mtls")


class NetworkPki:
    """An authority with the certificates that tests ask for, each made once."""

    def __init__(self, directory: Path, broker_hosts: Sequence[str] = LOOPBACK_HOSTS) -> None:
        now = datetime.now(UTC)
        self.files: PkiFiles = open_pki(directory, HUB, now=now, entropy=os.urandom, broker_hosts=broker_hosts)
        self._nodes = directory / "nodes"
        self._nodes.mkdir(exist_ok=True)

    def files_of(self, identity: str) -> tuple[Path, Path]:
        """Return certificate and key of a node or of one of the hub's programs."""
        if identity in set(HubClient):
            credentials = self.files.client(HubClient(identity))
            return credentials.cert_file, credentials.key_file
        cert_file, key_file = self._nodes / f"{identity}.crt", self._nodes / f"{identity}.key"
        if not cert_file.exists():
            self._enrol(NodeId(identity), cert_file, key_file)
        return cert_file, key_file

    def revoke(self, identity: str) -> None:
        """Put a certificate on the revocation list; brokers must be told to read it."""
        serial = x509.load_pem_x509_certificate(self.files_of(identity)[0].read_bytes()).serial_number
        now = datetime.now(UTC)
        self.files.write_revocation_list([Revocation(serial=serial, revoked_at=now)], now=now)

    def _enrol(self, node: NodeId, cert_file: Path, key_file: Path) -> None:
        key = Ed25519PrivateKey.generate()
        request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, None)
        proven = check_request(request.public_bytes(Encoding.DER))
        certificate = self.files.authority.issue_node(node, proven, now=datetime.now(UTC), entropy=os.urandom)
        key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        cert_file.write_bytes(self.files.authority.with_chain(certificate))


class RealBroker(Protocol):
    """What a test may do with a broker, whichever it is."""

    kind: str
    pki: NetworkPki

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...
    def restart(self) -> None: ...
    def wipe(self) -> None: ...
    def connect_options(self, identity: str) -> BrokerOptions: ...
    def set_identities(self, identities: Iterable[str]) -> None: ...
    def shut_out(self, identity: str) -> None: ...


@dataclass
class Embedded:
    """The embedded broker with the shape of ``RealBroker``."""

    broker: EmbeddedBroker
    pki: NetworkPki
    identities: set[str]
    kind: str = "embedded"

    def start(self) -> None:
        self.broker.start()

    def stop(self) -> None:
        self.broker.stop()

    def kill(self) -> None:
        self.broker.kill()

    def restart(self) -> None:
        self.broker.restart()

    def wipe(self) -> None:
        """Forget everything and come back empty."""
        self.broker.wipe()
        self.broker.start()

    def connect_options(self, identity: str) -> BrokerOptions:
        cert_file, key_file = self.pki.files_of(identity)
        return self.broker.options(cert_file=cert_file, key_file=key_file)

    def set_identities(self, identities: Iterable[str]) -> None:
        self.identities = set(identities)
        self.broker.set_identities(self.identities)

    def shut_out(self, identity: str) -> None:
        """Make the broker refuse an enrolled node: take its entry away."""
        self.set_identities(self.identities - {identity})


@dataclass
class Mosquitto:
    """Mosquitto with the shape of ``RealBroker``. Its access list is a pattern: any enrolled node may come."""

    broker: MosquittoBroker
    pki: NetworkPki
    kind: str = "mosquitto-mtls"

    def start(self) -> None:
        self.broker.start()

    def stop(self) -> None:
        self.broker.stop()

    def kill(self) -> None:
        self.broker.kill()

    def restart(self) -> None:
        self.broker.restart()

    def wipe(self) -> None:
        """Forget everything and come back empty."""
        self.broker.wipe()
        self.broker.start()

    def connect_options(self, identity: str) -> BrokerOptions:
        cert_file, key_file = self.pki.files_of(identity)
        config = self.broker.config
        listener = config.programs if identity in set(HubClient) else config.nodes
        ca_file = config.tls.ca_file
        return BrokerOptions(
            host=listener.host, port=listener.port, ca_file=ca_file, cert_file=cert_file, key_file=key_file
        )

    def set_identities(self, identities: Iterable[str]) -> None:
        """Do nothing: the certificate is enough."""

    def shut_out(self, identity: str) -> None:
        """Make the broker refuse an enrolled node: revoke its certificate."""
        self.pki.revoke(identity)
        self.broker.reload()


def make_broker(kind: str, directory: Path, pki: NetworkPki, identities: Iterable[str]) -> RealBroker:
    """Return a broker that is not started yet; leave the test where its program is missing."""
    if kind == "embedded":
        require("nats-server")
        allowed = set(identities)
        return Embedded(EmbeddedBroker(directory, 0, pki.files, allowed), pki, allowed)
    program = require("mosquitto")
    broker = MosquittoBroker(directory, hub=HUB, tls=TlsFiles.of(pki.files.directory), program=program)
    return Mosquitto(broker, pki)


def tls_context(options: BrokerOptions) -> ssl.SSLContext:
    """Return a context that trusts the hub's authority alone and shows the client's certificate."""
    context = ssl.create_default_context(cafile=options.ca_file)
    if options.cert_file is not None:
        context.load_cert_chain(options.cert_file, options.key_file)
    return context


def free_port() -> int:
    """Return a port of loopback that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def eventually(condition: Callable[[], object], *, within_s: float = 10) -> bool:
    """Return whether the condition comes true in time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())


def _without_delay(_client: mqtt.Client, _userdata: object, opened: object) -> None:
    """Send small packets at once, as both programs do."""
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@dataclass(frozen=True)
class Heard:
    """A message as it arrived."""

    topic: str
    payload: bytes
    retain: bool


@dataclass
class Client:
    """A plain MQTT 3.1.1 client that writes down what happens to it."""

    options: BrokerOptions
    client_id: str
    clean: bool = False
    transport: Literal["tcp", "websockets"] = "tcp"
    heard: list[Heard] = field(default_factory=list)
    connects: list[str] = field(default_factory=list)
    disconnects: int = 0
    session_present: list[bool] = field(default_factory=list)
    granted: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        made = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.client_id,
            clean_session=self.clean,
            protocol=mqtt.MQTTv311,
            transport=self.transport,
        )
        made.tls_set_context(tls_context(self.options))
        made.reconnect_delay_set(min_delay=1, max_delay=1)
        made.on_socket_open = _without_delay
        made.on_connect = self._on_connect
        made.on_disconnect = self._on_disconnect
        made.on_message = self._on_message
        made.on_subscribe = self._on_subscribe
        self.paho = made
        self._lock = threading.Lock()

    def start(self) -> "Client":
        """Connect and wait for the answer.

        Raises:
            OSError: refused by the network or in TLS.
        """
        self.paho.connect(self.options.host, self.options.port, keepalive=30)
        self.paho.loop_start()
        assert eventually(lambda: self.connects or self.disconnects)
        return self

    @property
    def is_in(self) -> bool:
        """Whether the broker let the client in, and it is still connected."""
        return self.paho.is_connected() and self.connects[-1:] == ["Success"]

    def subscribe(self, topic_filter: str) -> str:
        """Subscribe and return the broker's answer."""
        _, mid = self.paho.subscribe(topic_filter, 1)
        assert mid is not None
        assert eventually(lambda: mid in self.granted)
        return self.granted[mid]

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, wait: bool = True) -> None:
        """Publish at QoS 1 and wait until the broker says that it has it."""
        sent = self.paho.publish(topic, payload, 1, retain)
        if wait:
            sent.wait_for_publish(10)
            assert sent.is_published()

    def payloads(self) -> list[bytes]:
        """Return what arrived, in order."""
        with self._lock:
            return [each.payload for each in self.heard]

    def close(self) -> None:
        """Leave in order."""
        self.paho.disconnect()
        self.paho.loop_stop()

    def _on_connect(
        self, _client: mqtt.Client, _userdata: object, flags: mqtt.ConnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        self.connects.append(str(reason))
        self.session_present.append(flags.session_present)

    def _on_disconnect(
        self, _client: mqtt.Client, _userdata: object, _flags: object, _reason: ReasonCode, _properties: object
    ) -> None:
        self.disconnects += 1

    def _on_message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        with self._lock:
            self.heard.append(Heard(topic=message.topic, payload=bytes(message.payload), retain=message.retain))

    def _on_subscribe(
        self, _client: mqtt.Client, _userdata: object, mid: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        self.granted[mid] = str(reasons[0])
