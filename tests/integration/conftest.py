"""Fixtures that every integration test may ask for: ``broker``, ``clients``, ``database_url``."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import brokers, databases
from tests.brokers import Client, NetworkPki, RealBroker

NODE = "3314012001-01"
NEIGHBOUR = "3314012002-01"
LEAVER = "3314012003-01"  # tests may shut it out; the others stay
STRANGER = "3314012004-01"  # certified, but not let in by the embedded broker at the start

Connect = Callable[..., Client]


@pytest.fixture(scope="session")
def shared_pki(tmp_path_factory: pytest.TempPathFactory) -> NetworkPki:
    """One authority for the whole run."""
    return NetworkPki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(params=brokers.KINDS)
def broker_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def broker(broker_kind: str, tmp_path: Path, shared_pki: NetworkPki) -> Iterator[RealBroker]:
    """A running broker of each kind that lets NODE, NEIGHBOUR and LEAVER in."""
    made = brokers.make_broker(broker_kind, tmp_path / "broker", shared_pki, [NODE, NEIGHBOUR, LEAVER])
    made.start()
    yield made
    made.stop()


@pytest.fixture
def connect(broker: RealBroker) -> Iterator[Connect]:
    """Return a function that connects an identity (``client_id``, ``clean``); all clients leave after the test."""
    opened: list[Client] = []

    def _connect(identity: str, *, client_id: str | None = None, clean: bool = False) -> Client:
        client = Client(broker.connect_options(identity), client_id or identity, clean)
        opened.append(client)
        return client.start()

    yield _connect
    for client in opened:
        client.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[databases.PostgresServer]:
    """One server for the whole run."""
    with databases.postgres_server() as server:
        yield server


@pytest.fixture(params=databases.KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind, as a SQLAlchemy URL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'hub.db'}"
        return
    server: databases.PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url
