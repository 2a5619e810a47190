"""The real program against a real broker, killed with -9 again and again: all arrives, once, unaided (A17)."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random

import pytest

from hub.authority.pki import HubClient
from hub.authority.pki_check import check_request
from protocol.health import HealthKind
from protocol.ids import NodeId
from protocol.topics import up_filter
from tests.architecture.source import ROOT
from tests.brokers import HUB, Client, RealBroker, eventually
from tests.hub_stand_in import HubStandIn
from tests.integration.test_node_mqtt import Bridge, all_whole
from tests.integration.test_node_program import free_port
from tests.node_link import OpeningHub
from tests.node_stand import NodeStand, a_command, a_file
from village_node.identity.officers import list_officers
from village_node.outbox.queries import list_flags, list_receipts
from village_node.store.engine import Database

KILLS = 6
pytestmark = [pytest.mark.broker, pytest.mark.faults, pytest.mark.slow]


@pytest.fixture
def stand(broker: RealBroker, tmp_path: Path) -> NodeStand:
    """A node on the disk that this broker lets in."""
    stand = NodeStand(tmp_path / "node")
    stand.add_officer()
    options = broker.connect_options("3314012001-01")
    assert options.ca_file is not None
    proven = check_request(stand.keys.signing_request())
    authority = broker.pki.files.authority
    made = authority.issue_node(NodeId("3314012001-01"), proven, now=datetime.now(UTC), entropy=os.urandom)
    tls = (authority.with_chain(made).decode(), options.ca_file.read_text())
    stand.enrol(HubStandIn(1), tls=tls, port=options.port)
    return stand


class Program:
    """``simpul-node`` as a process."""

    def __init__(self, directory: Path) -> None:
        own = {"SIMPUL_NODE_DATA_DIR": str(directory), "SIMPUL_NODE_UI_PORT": str(free_port())}
        self._environment = {**os.environ, **own}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        line = [sys.executable, "-m", "village_node.app"]
        self._process = subprocess.Popen(line, cwd=ROOT, env=self._environment, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def program(stand: NodeStand) -> Iterator[Program]:
    made = Program(stand.directory)
    yield made
    made.kill()


@pytest.fixture
def hub(broker: RealBroker, stand: NodeStand) -> Iterator[OpeningHub]:
    client = Client(broker.connect_options(HubClient.INTAKE), HubClient.INTAKE).start()
    opening = OpeningHub(HubStandIn(1), stand)
    Bridge(client, opening)
    client.subscribe(up_filter(HUB))
    yield opening
    client.close()


def test_a_program_killed_at_random_moments_delivers_everything_once(
    stand: NodeStand, program: Program, hub: OpeningHub
) -> None:
    with stand.database.reading() as session:
        officer = list_officers(session)[0].officer
    unlocked, random = stand.unlock(officer), Random(1)
    bundles = []
    for number in range(KILLS):
        bundles += [stand.seal(unlocked, a_command(a_file(random.randbytes(300_000)))).bundle for _ in range(2)]
        program.start()
        assert eventually(partial(has_been_born, hub, number + 1), within_s=60)
        time.sleep(random.random() * 0.4)
        program.kill()
    program.start()
    assert eventually(lambda: all_whole(stand, bundles), within_s=120)
    program.kill()
    check(stand, hub, bundles)


def check(stand: NodeStand, hub: OpeningHub, bundles: list[bytes]) -> None:
    """Compare disk and hub as a stranger would."""
    database = Database(stand.directory / "node.db")
    assert database.check() == []
    with database.reading() as session:
        assert list_flags(session) == []
        for bundle in bundles:
            assert sorted(list_receipts(session, bundle)) == sorted(hub.hub.cases[bundle].receipts.values())
            assert len(hub.file(bundle, 0)) == 300_000
    assert len(hub.hub.cases) == len(bundles)


def has_been_born(hub: OpeningHub, times: int) -> bool:
    """Tell whether so many sessions, all with a number of their own, began."""
    return len({health.session for health in hub.healths if health.kind is HealthKind.BIRTH}) == times
