"""Three brokers of a cluster on loopback: one network, and the same fences as on a single broker."""

import contextlib
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from deploy.brokers.cluster import ClusterMember, ClusterMemberError
from hub.brokers.cluster import ClusterError, ClusterPlan, parse_members, write_cluster, write_identities
from hub.brokers.embedded import BrokerOptions
from protocol import topics
from protocol.ids import NodeId
from tests.brokers import HUB, Client, NetworkPki, eventually, free_port
from tests.clusters import HOSTS
from tests.integration.conftest import LEAVER, NEIGHBOUR, NODE
from tests.requirements import require

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]

MEMBERS = parse_members(",".join(f"b{number}={host}" for number, host in enumerate(HOSTS, 1)))
PORT, ROUTES = free_port(), free_port()
KNOWN = [NODE, NEIGHBOUR, LEAVER]


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> NetworkPki:
    """An authority whose broker certificate names all three addresses."""
    return NetworkPki(tmp_path_factory.mktemp("pki"), broker_hosts=(*HOSTS, "localhost"))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, pki: NetworkPki) -> Iterator[list[ClusterMember]]:
    require("nats-server")
    out = tmp_path_factory.mktemp("cluster")
    plan = ClusterPlan(members=MEMBERS, port=PORT, route_port=ROUTES, store="store")
    write_cluster(out, plan, pki.files, KNOWN, now=datetime.now(UTC))
    made = [ClusterMember(out / member.name) for member in MEMBERS]
    for member in made:
        member.start()
    for member in made:
        member.wait_ready()
    yield made
    for member in made:
        member.stop()


Join = Callable[..., Client]


@pytest.fixture
def join(cluster: list[ClusterMember], pki: NetworkPki) -> Iterator[Join]:
    """Return a function that connects an identity to one of the three brokers."""
    assert len(cluster) == len(HOSTS)
    opened: list[Client] = []

    def _join(identity: str, place: int) -> Client:
        cert_file, key_file = pki.files_of(identity)
        options = BrokerOptions(
            host=HOSTS[place], port=PORT, ca_file=pki.files.ca_file, cert_file=cert_file, key_file=key_file
        )
        deadline = time.monotonic() + 20
        while True:  # the cluster elects for some seconds after its start, and lets nobody in meanwhile
            client = Client(options, identity).start()
            opened.append(client)
            if client.is_in or time.monotonic() > deadline:
                return client
            client.close()

    yield _join
    for client in opened:
        client.close()


def test_what_goes_in_at_one_broker_comes_out_at_another(join: Join) -> None:
    intake, node = join("hub-intake", 0), join(NODE, 2)
    intake.subscribe(topics.up_filter(HUB))
    node.subscribe(topics.down_filter(NodeId(NODE)))
    node.publish(topics.up(NodeId(NODE), topics.Up.BUNDLE), bytes(60_000))
    intake.publish(topics.down(NodeId(NODE), topics.Down.RECEIPT), b"receipt")
    assert eventually(lambda: len(intake.payloads()) == 1 and node.payloads() == [b"receipt"], within_s=20)


def test_b01_and_b02_hold_across_brokers(join: Join) -> None:
    intake, rogue = join("hub-intake", 0), join(NEIGHBOUR, 1)
    intake.subscribe(topics.up_filter(HUB))
    rogue.subscribe("#")
    rogue.subscribe(topics.down_filter(NodeId(NODE)))
    rogue.publish(topics.up(NodeId(NODE), topics.Up.BUNDLE), b"forged")
    rogue.publish(topics.up(NodeId(NEIGHBOUR), topics.Up.BUNDLE), b"own")
    intake.publish(topics.down(NodeId(NODE), topics.Down.RECEIPT), b"not the rogue's")
    assert eventually(lambda: b"own" in intake.payloads(), within_s=20)
    assert b"forged" not in intake.payloads()
    assert rogue.payloads() == []


@pytest.mark.parametrize("holder", ["another broker", "a village", "the broker's own to clients", "nobody"])
def test_only_the_brokers_of_the_cluster_join_as_brokers(
    cluster: list[ClusterMember], pki: NetworkPki, holder: str
) -> None:
    """With the hub's authority in that place every village could join, and read everything that is carried."""
    shown = {
        "another broker": (cluster[1].directory / "routes.crt", cluster[1].directory / "routes.key"),
        "a village": pki.files_of(NODE),
        "the broker's own to clients": (pki.files.broker.cert_file, pki.files.broker.key_file),
    }
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if holder in shown:
        context.load_cert_chain(*shown[holder])
    said = b""
    with socket.create_connection((HOSTS[0], ROUTES), timeout=5) as plain, contextlib.suppress(OSError):
        said = context.wrap_socket(plain).recv(4_096)
    assert said.startswith(b"INFO ") == (holder == "another broker")


def test_b15_who_is_shut_out_is_cut_off_at_every_broker(cluster: list[ClusterMember], join: Join) -> None:
    leaver, node = join(LEAVER, 1), join(NODE, 1)
    assert leaver.is_in
    began = time.monotonic()
    changed = write_identities([member.directory for member in cluster], [NODE, NEIGHBOUR], HUB)
    for member in cluster:
        member.read_again()
    assert eventually(lambda: leaver.disconnects > 0)
    assert time.monotonic() - began < 5
    assert len(changed) == len(cluster)
    assert node.disconnects == 0
    write_identities([member.directory for member in cluster], KNOWN, HUB)
    for member in cluster:
        member.read_again()


def test_writing_the_same_identities_again_writes_nothing(cluster: list[ClusterMember]) -> None:
    assert write_identities([member.directory for member in cluster], KNOWN, HUB) == []


def test_the_start_script_starts_again_what_died_and_ends_all(tmp_path: Path, pki: NetworkPki) -> None:
    require("nats-server")
    plan = ClusterPlan(members=MEMBERS, port=free_port(), route_port=free_port(), store="store")
    write_cluster(tmp_path, plan, pki.files, KNOWN, now=datetime.now(UTC))
    command = [sys.executable, "-m", "deploy.brokers.cluster", "run", *(str(tmp_path / each.name) for each in MEMBERS)]
    script = psutil.Popen(command)
    assert eventually(lambda: len(script.children()) == len(MEMBERS))
    victim = script.children()[0]
    victim.kill()
    assert eventually(lambda: len(script.children()) == len(MEMBERS) and victim not in script.children())
    started = script.children()
    script.terminate()
    assert script.wait(30) == 0
    assert not any(each.is_running() for each in started)


def test_a_configuration_of_somebody_else_is_not_started(tmp_path: Path) -> None:
    require("nats-server")
    (tmp_path / "broker.conf").write_text("port: -1\nhost: 127.0.0.1\n")
    (tmp_path / "identities.conf").write_text("")
    member = ClusterMember(tmp_path)
    member.start()
    with pytest.raises(ClusterMemberError, match="not of simpul-hub"):
        member.wait_ready()
    member.stop()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b1=10.0.0.1",
        "b1=10.0.0.1,b2=10.0.0.2",
        "b1=a,b2=b,b3=c,b4=d",
        "b1=a,b1=b,b3=c",
        "b1=a,b2=a,b3=c",
        "b1,b2,b3",
    ],
)
def test_what_is_no_cluster_is_refused(text: str) -> None:
    with pytest.raises(ClusterError):
        parse_members(text)
