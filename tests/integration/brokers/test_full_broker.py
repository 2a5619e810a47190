"""B18: the nodes' listener of Mosquitto is full of rogues; B16: the embedded broker is asked for more than it may."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy.brokers.mosquitto import MosquittoBroker, TlsFiles
from hub.brokers.embedded import EX_CONFIG, LIMITS
from protocol import topics
from protocol.ids import NodeId
from tests.brokers import HUB, Client, Mosquitto, NetworkPki, eventually, free_port
from tests.integration.conftest import NODE
from tests.requirements import require

pytestmark = pytest.mark.broker

MOST = 10


@pytest.fixture
def small(tmp_path: Path, shared_pki: NetworkPki) -> Iterator[Mosquitto]:
    """A Mosquitto that takes ten connections of nodes."""
    tls, program = TlsFiles.of(shared_pki.files.directory), require("mosquitto")
    made = MosquittoBroker(tmp_path / "broker", hub=HUB, tls=tls, program=program, max_nodes=MOST)
    made.start()
    yield Mosquitto(made, shared_pki)
    made.stop()


def test_b18_the_hub_gets_in_when_the_nodes_listener_is_full(small: Mosquitto) -> None:
    node = Client(small.connect_options(NODE), NODE).start()
    with ExitStack() as stack:
        listener = small.broker.config.nodes
        for _ in range(3 * MOST):
            stack.enter_context(socket.create_connection((listener.host, listener.port), timeout=5))
        intake = Client(small.connect_options("hub-intake"), "hub-intake").start()
        assert intake.is_in
        intake.subscribe(topics.up_filter(HUB))
        node.publish(topics.up(NodeId(NODE), topics.Up.BUNDLE), b"who was in before, works on")
        assert eventually(intake.payloads)
    again = Client(small.connect_options(NODE), NODE)
    assert eventually(lambda: _gets_in(again)), "the rogues left, and nobody gets in"
    for client in (node, intake, again):
        client.close()


def _gets_in(client: Client) -> bool:
    try:
        return client.start().is_in
    except OSError:
        return False


def run_hub(tmp_path: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "SIMPUL_HUB_DATA_DIR": str(tmp_path / "data"), "SIMPUL_HUB_WEB_PORT": str(free_port())}
    environment |= {f"SIMPUL_HUB_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "hub.cli", "run"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "settings",
    [
        {"broker_host": "0.0.0.0"},  # what is refused
        {"broker_host": "192.0.2.7"},
        {
            "production": "true",
            "database_url": "postgresql+psycopg://nobody@/nothing",
            "trusted_hosts": "hub.sragen.example",
        },
    ],
)
def test_b16_the_embedded_broker_refuses_strangers_and_production(tmp_path: Path, settings: dict[str, str]) -> None:
    done = run_hub(tmp_path, **settings)
    assert done.returncode == EX_CONFIG
    assert "embedded broker" in done.stderr
    assert not (tmp_path / "data").exists()


def test_its_limits_are_printed_before_it_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run_hub(tmp_path, broker_port=str(taken.getsockname()[1]))
    assert done.returncode == EX_CONFIG  # the port is taken: it ends by itself
    assert [line for line in done.stderr.splitlines() if line.startswith("embedded broker: ")] == [
        f"embedded broker: {limit}" for limit in LIMITS
    ]
