"""The road as in production: Mosquitto with mutual TLS, PostgreSQL, separate programs, production mode on."""

from collections.abc import Iterator

import pytest

from deploy.demo.accounting import Account, disagreements, take_account
from deploy.demo.cast import VILLAGES, people
from deploy.demo.network import DemoNetwork, fresh_directory
from deploy.demo.scenery import Scenery
from deploy.demo.work import Day, await_receipts, await_whole, decide
from loadtests.processes import ProcessError, free_port
from tests.databases import postgres_server
from tests.e2e.production import ProductionHub
from tests.requirements import require

pytestmark = [pytest.mark.e2e, pytest.mark.broker, pytest.mark.postgres, pytest.mark.timeout(600)]

SERVICES = ("SIP-BD", "APOTEK", "REKLAME")
ROLES = {"front_office", "agency_clerk", "network_admin"}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoNetwork]:
    program = require("mosquitto")
    directory = tmp_path_factory.mktemp("production")
    fresh_directory(directory)
    with postgres_server() as server, server.database() as url:
        hub = ProductionHub(directory=directory / "hub", database_url=url, mosquitto=program)
        made = DemoNetwork(
            directory=directory,
            villages=VILLAGES[:1],
            people=[each for each in people(VILLAGES[:1]) if each.role in ROLES],
            hub=hub,
            node_ports=[free_port()],
        )
        try:
            made.start()
            yield made
        finally:
            made.stop()


@pytest.fixture(scope="module")
def account(network: DemoNetwork) -> Account:
    day, officer, scenery = Day(), network.pcs[0].officer(), Scenery("production")
    officer.sign_in()
    services = {str(each.code): each for each in network.node_evidence[0].services()}
    day.slips += [officer.submit(scenery.application(services[code])) for code in SERVICES]
    day.names |= scenery.names
    await_whole(network, day)
    decide(network, day)
    await_receipts(network)
    return take_account(network, day, network.directory / "receipts")


def test_all_figures_agree(account: Account) -> None:
    assert list(disagreements(account)) == []


def test_agencies_have_taken_up_what_was_complete(account: Account) -> None:
    assert account.receipts["custody"] == account.moves["take"] >= 1
    assert account.verified == sum(account.receipts.values())


def test_the_embedded_default_is_refused_in_production(network: DemoNetwork) -> None:
    with pytest.raises(ProcessError, match="production"):
        network.hub.ask("run")
