"""C02, C05, C06, C09: which certificates open a connection on each real broker, and which never do."""

import os
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from hub.authority.expiry import Expiring, expiries
from hub.authority.pki import CertificateAuthority, key_usage, name_of, urns
from hub.authority.pki_files import open_pki
from hub.authority.revocation import renew_revocation_list
from hub.authority.root import Root
from hub.storage.engine import Database
from protocol import topics
from protocol.ids import NodeId
from tests import brokers
from tests.brokers import HUB, Client, NetworkPki, RealBroker, eventually
from tests.integration.brokers.test_broker_tls import answer
from tests.integration.conftest import NODE
from tests.integration.fleet import fresh_database
from village_node.health.road import walk
from village_node.identity.keys import TlsFiles

pytestmark = pytest.mark.broker

DAY = timedelta(days=1)
WELCOME = b"\x20\x02\x00\x00"
REFUSED = {b"", b"\x20\x02\x00\x05"}


@dataclass
class Own:
    """An authority and a broker of this test alone."""

    pki: NetworkPki
    broker: RealBroker

    def says(self, chain: Path, key: Path, trust: Path) -> bytes:
        """Return what the broker says to a node with these files; a broker that it does not believe raises."""
        options = self.broker.connect_options(NODE)
        context = ssl.create_default_context(cafile=trust)
        context.load_cert_chain(chain, key)
        return answer(options, context)

    def read_list(self) -> None:
        """Let the broker read the revocation list, if it is one that does."""
        if isinstance(self.broker, brokers.Mosquitto):
            self.broker.broker.reload()

    def reload(self) -> None:
        """Let the broker read everything again, as an administrator does after a roll-over."""
        self.broker.restart()


@pytest.fixture
def own(broker_kind: str, tmp_path: Path) -> Iterator[Own]:
    pki = NetworkPki(tmp_path / "pki")
    made = brokers.make_broker(broker_kind, tmp_path / "broker", pki, [NODE])
    made.start()
    yield Own(pki, made)
    made.stop()


@dataclass(frozen=True)
class Recipe:
    """What is wrong with a leaf of the right authority."""

    name: str = NODE
    life: tuple[timedelta, timedelta] = (-DAY, DAY)
    is_ca: bool = False
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH


def write_leaf(folder: Path, authority: CertificateAuthority, recipe: Recipe) -> tuple[Path, Path]:
    key, now = Ed25519PrivateKey.generate(), datetime.now(UTC)
    leaf = (
        x509.CertificateBuilder(authority.certificate.subject, name_of(recipe.name), key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + recipe.life[0])
        .not_valid_after(now + recipe.life[1])
        .add_extension(x509.BasicConstraints(ca=recipe.is_ca, path_length=None), critical=True)
        .add_extension(key_usage(signs_certificates=recipe.is_ca), critical=True)
        .add_extension(x509.ExtendedKeyUsage([recipe.purpose]), critical=False)
        .add_extension(urns(f"urn:simpul:node:{recipe.name}"), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
        .sign(authority.key, SHA256())
    )
    chain, private = folder / "leaf.crt", folder / "leaf.key"
    chain.write_bytes(authority.with_chain(leaf))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return chain, private


def test_a_leaf_of_this_recipe_is_good_when_nothing_is_wrong(own: Own, tmp_path: Path) -> None:
    files = write_leaf(tmp_path, own.pki.files.authority, Recipe())
    assert own.says(*files, own.pki.files.ca_file) == WELCOME


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(purpose=ExtendedKeyUsageOID.SERVER_AUTH),
        Recipe(purpose=ExtendedKeyUsageOID.EMAIL_PROTECTION),
        Recipe(life=(-2 * DAY, -DAY)),
        Recipe(life=(DAY, 2 * DAY)),
    ],
    ids=["for servers", "for mail", "over", "not yet"],
)
def test_c05_right_authority_wrong_leaf(own: Own, tmp_path: Path, recipe: Recipe) -> None:
    files = write_leaf(tmp_path, own.pki.files.authority, recipe)
    assert own.says(*files, own.pki.files.ca_file) in REFUSED


def test_c05_a_leaf_that_is_an_authority(own: Own, tmp_path: Path) -> None:
    """Mosquitto refuses it. The embedded broker does not look at that: one more reason to use it for demos alone."""
    files = write_leaf(tmp_path, own.pki.files.authority, Recipe(is_ca=True))
    assert (own.says(*files, own.pki.files.ca_file) in REFUSED) == (own.broker.kind != "embedded")


@pytest.mark.parametrize("name", ["*", "+", "#", "3314012001-0*"])
def test_c05_a_wildcard_for_a_name_is_no_node(own: Own, tmp_path: Path, name: str) -> None:
    """Ours gives none. Mosquitto would let it in, since the authority is right, but it hears nobody's messages."""
    chain, key = write_leaf(tmp_path, own.pki.files.authority, Recipe(name=name))
    if own.broker.kind == "embedded":
        assert own.says(chain, key, own.pki.files.ca_file) in REFUSED
        return
    intake = Client(own.broker.connect_options("hub-intake"), "hub-intake").start()
    rogue = Client(replace(own.broker.connect_options(NODE), cert_file=chain, key_file=key), "rogue", clean=True)
    if eventually(rogue.start, within_s=1):
        for topic in ("#", topics.down_filter(NodeId(NODE))):
            rogue.subscribe(topic)
        intake.publish(topics.down(NodeId(NODE), topics.Down.RECEIPT), b"receipt")
        intake.publish(topics.beacon(HUB), b"beacon")
    assert b"receipt" not in rogue.payloads()
    for each in (rogue, intake):
        each.close()


def test_c05_an_issuing_key_that_is_over_opens_nothing(own: Own, tmp_path: Path) -> None:
    keys, past = own.pki.files.keys, datetime.now(UTC) - timedelta(days=1200)
    root = Root.load(keys.root().key_pem, keys.root().certificate_pem)
    old = root.issue_issuer(HUB, own.pki.files.authority.trust, now=past, entropy=os.urandom)
    files = write_leaf(tmp_path, old, Recipe())
    assert own.says(*files, own.pki.files.ca_file) in REFUSED


def test_c06_a_broker_of_another_name_gets_no_certificate_and_no_data(own: Own) -> None:
    """The node hangs up within the handshake: the server sees it begin, and never a byte of MQTT."""
    chain, key = own.pki.files_of(NODE)
    files = own.pki.files
    open_pki(files.directory, HUB, now=datetime.now(UTC), entropy=os.urandom, broker_hosts=("elsewhere.example",))
    seen: list[bytes | type[BaseException]] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.broker.cert_file, files.broker.key_file)
    context.load_verify_locations(files.ca_file)
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = threading.Thread(target=_serve_once, args=(listening, context, seen))
        serving.start()
        steps = list(
            walk("127.0.0.1", listening.getsockname()[1], TlsFiles(key=key, certificate=chain, authority=files.ca_file))
        )
        serving.join(10)
    assert steps[-1].code == "wrong_name"
    assert len(seen) == 1
    assert not isinstance(seen[0], bytes)


def _serve_once(listening: socket.socket, context: ssl.SSLContext, seen: list[bytes | type[BaseException]]) -> None:
    opened, _ = listening.accept()
    with opened:
        try:
            with context.wrap_socket(opened, server_side=True) as secured:
                seen.append(secured.recv(100))
        except OSError as error:
            seen.append(type(error))


def test_c09_everybody_gets_in_during_a_roll_over(own: Own, tmp_path: Path) -> None:
    """Old and new roots at the node, old and new leaves, before and after the broker's own change."""
    files = own.pki.files
    old_leaf, only_old = own.pki.files_of(NODE), tmp_path / "old-roots.crt"
    only_old.write_bytes(files.ca_file.read_bytes())
    now = datetime.now(UTC)
    files.keys.roll_over(files.keys.root(), HUB, now=now, entropy=os.urandom)
    open_pki(files.directory, HUB, now=now, entropy=os.urandom)
    own.reload()
    (tmp_path / "new").mkdir()
    new_leaf = write_leaf(tmp_path / "new", files.authority, Recipe())
    only_new = tmp_path / "new-roots.crt"
    only_new.write_bytes(files.keys.root().certificate_pem)
    matrix = {
        (leaf is new_leaf, trust.name): own.says(*leaf, trust)
        for leaf in (old_leaf, new_leaf)
        for trust in (only_old, files.ca_file, only_new)
    }
    assert matrix == dict.fromkeys(matrix, WELCOME)
    assert len(matrix) == 6


def test_c09_after_the_old_root_is_retired_only_the_new_one_counts(own: Own, tmp_path: Path) -> None:
    files = own.pki.files
    old_leaf, now = own.pki.files_of(NODE), datetime.now(UTC)
    files.keys.roll_over(files.keys.root(), HUB, now=now, entropy=os.urandom)
    open_pki(files.directory, HUB, now=now, entropy=os.urandom)
    assert files.keys.retire_old_roots() == 1
    own.reload()
    assert own.says(*write_leaf(tmp_path, files.authority, Recipe()), files.ca_file) == WELCOME
    assert own.says(*old_leaf, files.ca_file) in REFUSED


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with fresh_database(f"sqlite:///{tmp_path / 'hub.db'}") as made:
        yield made


def test_c02_an_old_revocation_list_refuses_everybody_and_the_worker_mends_it(own: Own, database: Database) -> None:
    """Mosquitto alone reads one. The alarm comes days before: the list of yesterday has six days left."""
    files, now = own.pki.files, datetime.now(UTC)
    files.write_revocation_list([], now=now - timedelta(days=8))
    own.read_list()
    expected = WELCOME if own.broker.kind == "embedded" else b""
    assert eventually(lambda: own.says(*own.pki.files_of(NODE), files.ca_file) == expected)
    with database.reading() as session:
        worst = expiries(session, files, now)[0]
    assert worst.what is Expiring.REVOCATION_LIST
    assert worst.days < 0
    assert renew_revocation_list(database, files, now)
    own.read_list()
    assert eventually(lambda: own.says(*own.pki.files_of(NODE), files.ca_file) == WELCOME)
    with database.reading() as session:
        days = {each.what: each.days for each in expiries(session, files, now)}
    assert days[Expiring.REVOCATION_LIST] >= 6
