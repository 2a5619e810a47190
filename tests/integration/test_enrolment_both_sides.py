"""The village PC's own program is enrolled by the hub's own program, over their real addresses."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.network_site import Site, code_on, open_site
from tests.node_stand import NodeStand
from village_node.catalogue.service import newest_services
from village_node.identity import enrolment
from village_node.identity.errors import EnrolmentPendingError, EnrolmentRefusedError
from village_node.identity.hub import free_numbers, load_enrolled
from village_node.identity.officers import list_officers


@dataclass(frozen=True)
class Wire:
    """Carries the node's requests to the hub's web program."""

    site: Site

    def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        answer = self.site.node(path, body)
        return answer.status_code, answer.get_data()


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    with open_site(database_url, tmp_path / "hub") as made:
        yield made


@pytest.fixture
def pc(tmp_path: Path) -> NodeStand:
    stand = NodeStand(tmp_path / "node")
    stand.add_officer()
    return stand


def typed_code(site: Site, village: str = "33.14.05.2003") -> str:
    made = site.browser("budi").post("/network/enrolment/invite", {"village": village})
    return code_on(made.get_data(as_text=True))


def ask(site: Site, pc: NodeStand, code: str) -> enrolment.Asked:
    with pc.database.session() as session:
        return enrolment.ask(session, Wire(site), pc.keys, code, "simpul-node 0.1")


def decide(site: Site, asked: enrolment.Asked, decision: str) -> None:
    path = f"/network/enrolment/{asked.keys.code_id.hex()}/decision"
    site.browser("dewi").post(path, {"decision": decision})
    site.work()


def test_the_node_program_is_enrolled(site: Site, pc: NodeStand) -> None:
    asked = ask(site, pc, typed_code(site).lower())
    assert asked.fingerprint in site.browser("dewi").get("/network/enrolment")
    with pytest.raises(EnrolmentPendingError):
        enrolment.fetch(Wire(site), pc.keys, asked)
    decide(site, asked, "approve")
    checked = enrolment.fetch(Wire(site), pc.keys, asked)
    with pc.database.session() as session:
        enrolment.store_answer(session, pc.clock.now(), checked)
        assert load_enrolled(session).node == "3314052003-01"
        assert [officer.certified for officer in list_officers(session)] == [True]
        assert free_numbers(session) == 200
        assert len(newest_services(session)) == len(checked.answer.services) > 11


def test_a_refused_node_learns_it(site: Site, pc: NodeStand) -> None:
    asked = ask(site, pc, typed_code(site))
    decide(site, asked, "refuse")
    with pytest.raises(EnrolmentRefusedError):
        enrolment.fetch(Wire(site), pc.keys, asked)


def test_a_mistyped_code_is_refused(site: Site, pc: NodeStand) -> None:
    with pytest.raises(EnrolmentRefusedError):
        ask(site, pc, "0" * 16)
