"""What the embedded broker alone promises."""

import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from hub.brokers.embedded import BrokerStartError, EmbeddedBroker
from tests.brokers import Client, NetworkPki, eventually
from tests.integration.conftest import NODE
from tests.requirements import require

pytestmark = pytest.mark.broker


@pytest.fixture
def embedded(tmp_path: Path, shared_pki: NetworkPki) -> Iterator[EmbeddedBroker]:
    require("nats-server")
    broker = EmbeddedBroker(tmp_path / "broker", 0, shared_pki.files, [NODE])
    broker.start()
    yield broker
    broker.stop()


def listening(pid: int) -> set[str]:
    return {each.laddr.ip for each in psutil.Process(pid).net_connections("tcp") if each.status == psutil.CONN_LISTEN}


def test_b16_it_listens_on_loopback_alone(embedded: EmbeddedBroker) -> None:
    assert embedded.pid is not None
    assert listening(embedded.pid) == {"127.0.0.1"}


@pytest.mark.parametrize("user", ["CN=hub-intake", f"CN={NODE}", ""])
def test_nobody_is_allowed_on_the_nats_port(embedded: EmbeddedBroker, user: str) -> None:
    assert embedded.pid is not None
    ports = {
        each.laddr.port
        for each in psutil.Process(embedded.pid).net_connections("tcp")
        if each.status == psutil.CONN_LISTEN
    } - {embedded.port}
    for port in ports:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
            plain.recv(2000)
            plain.sendall(f"CONNECT {json.dumps({'user': user, 'pass': '', 'verbose': True})}\r\nSUB > 1\r\n".encode())
            assert b"Authorization Violation" in plain.recv(2000)
    assert len(ports) == 1


def test_identities_given_before_the_start_are_let_in_at_once(tmp_path: Path, shared_pki: NetworkPki) -> None:
    require("nats-server")
    broker = EmbeddedBroker(tmp_path / "new" / "broker", 0, shared_pki.files, ())
    broker.set_identities([NODE])
    broker.start()
    cert_file, key_file = shared_pki.files_of(NODE)
    client = Client(broker.options(cert_file=cert_file, key_file=key_file), NODE).start()
    assert client.is_in
    client.close()
    broker.stop()


def test_starting_twice_is_starting_once(embedded: EmbeddedBroker) -> None:
    before = embedded.pid
    embedded.start()
    assert embedded.pid == before


def test_a_broker_left_behind_by_a_killed_hub_is_ended(embedded: EmbeddedBroker, shared_pki: NetworkPki) -> None:
    orphan = embedded.pid
    assert orphan is not None
    successor = EmbeddedBroker(embedded.directory, embedded.port, shared_pki.files, [NODE])
    successor.start()
    assert eventually(lambda: not embedded.is_running())
    assert successor.pid != orphan
    successor.stop()


def test_a_foreign_process_with_the_old_pid_is_left_alone(tmp_path: Path, shared_pki: NetworkPki) -> None:
    require("nats-server")
    broker = EmbeddedBroker(tmp_path, 0, shared_pki.files, [])
    with subprocess.Popen(["sleep", "60"]) as foreign:
        (tmp_path / "broker.pid").write_text(str(foreign.pid))
        broker.start()
        broker.stop()
        assert foreign.poll() is None
        foreign.send_signal(signal.SIGKILL)


def test_a_port_of_another_program_is_said_by_name(tmp_path: Path, shared_pki: NetworkPki) -> None:
    require("nats-server")
    with socket.create_server(("127.0.0.1", 0)) as other:
        broker = EmbeddedBroker(tmp_path, other.getsockname()[1], shared_pki.files, [])
        with pytest.raises(BrokerStartError, match="taken"):
            broker.start()


def test_a_certificate_that_the_broker_cannot_read_is_said(tmp_path: Path) -> None:
    require("nats-server")
    pki = NetworkPki(tmp_path / "pki")
    pki.files.broker.cert_file.write_bytes(b"damaged")
    with pytest.raises(BrokerStartError, match="nats-server ended"):
        EmbeddedBroker(tmp_path / "broker", 0, pki.files, []).start()


def test_its_log_holds_no_topic(embedded: EmbeddedBroker) -> None:
    embedded.stop()
    assert "simpul/v1" not in (embedded.directory / "broker.log").read_text()
