"""The whole road as processes: village page, node, broker, hub, clerk, agency, receipts back, checked by a stranger."""

from collections.abc import Iterator

import pytest

from deploy.demo.accounting import Account, disagreements, take_account
from deploy.demo.cast import VILLAGES
from deploy.demo.network import DemoNetwork, fresh_directory
from deploy.demo.scenery import Scenery
from deploy.demo.work import Day, await_receipts, await_whole, decide
from tests.requirements import require

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SERVICES = ("SIP-BD", "APOTEK", "SIP-DR")


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """Three applications of one village, all with the health agency."""
    require("nats-server")
    directory = tmp_path_factory.mktemp("road")
    fresh_directory(directory)
    network = DemoNetwork.default(directory, VILLAGES[:1], roles=("front_office", "agency_clerk"))
    try:
        network.start()
        day = Day()
        submit(network, day)
        await_whole(network, day)
        decide(network, day)
        await_receipts(network)
        yield take_account(network, day, directory / "receipts")
    finally:
        network.stop()


def submit(network: DemoNetwork, day: Day) -> None:
    officer, scenery = network.pcs[0].officer(), Scenery("road")
    officer.sign_in()
    services = {str(each.code): each for each in network.node_evidence[0].services()}
    day.slips += [officer.submit(scenery.application(services[code])) for code in SERVICES]
    day.names |= scenery.names


def test_all_figures_agree(account: Account) -> None:
    assert list(disagreements(account)) == []


def test_the_agency_works_on_what_the_front_office_called_complete(account: Account) -> None:
    desks = dict(account.routed)
    assert account.moves["complete"] + account.moves["ask"] >= 1
    assert sum(desks["agency.dinkes"].values()) == account.receipts["complete"]
    assert account.receipts["custody"] == account.moves["take"] >= 1


def test_every_receipt_holds_for_a_stranger(account: Account) -> None:
    assert account.refuted == []
    assert account.verified == account.due_at_villages >= 3 + 3 + account.moves["complete"]
