"""Stolen, suspended, let in again, and what was put aside: the administrator's pages, on both databases."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub.authority.eviction import cut_sessions
from hub.authority.takeover import TakeOver
from hub.intake.tables import IntakeQuarantine
from hub.registry.rules import NodeStatus
from hub.registry.service import load_node
from protocol.ids import NodeId
from tests.integration.fleet import NOW, a_node
from tests.integration.network_site import Site, open_site

NODE = NodeId("3314052003-01")
PAGE = f"/network/{NODE}"


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    with open_site(database_url, tmp_path) as made:
        with made.database.session() as session:
            a_node(session)
        yield made


def status(site: Site) -> NodeStatus:
    with site.database.reading() as session:
        node = load_node(session, NODE)
    assert node is not None
    return node.status


def test_one_button_for_a_stolen_pc_and_the_page_says_when_it_was_cut(site: Site) -> None:
    browser = site.browser("budi")
    assert "PC hilang atau dicuri" in browser.get(PAGE)
    browser.post(f"{PAGE}/revoke", {"reason": "lost", "sure": "yes"}, page=PAGE)
    assert status(site) is NodeStatus.REVOKED
    assert "sedang diputus" in browser.get(PAGE)
    cut_sessions(site.database, NOW + timedelta(seconds=1), lambda _: TakeOver.CUT)
    page = browser.get(PAGE)
    assert "diputus pukul" in page
    assert "PC hilang atau dicuri" not in page


def test_two_persons_let_a_suspended_node_in_again(site: Site) -> None:
    first, second = site.browser("budi"), site.browser("dewi")
    first.post(f"{PAGE}/suspend", {}, page=PAGE)
    assert status(site) is NodeStatus.SUSPENDED
    first.post(f"{PAGE}/resume", {}, page=PAGE)
    first.post(f"{PAGE}/resume", {}, page=PAGE)
    assert status(site) is NodeStatus.SUSPENDED
    assert "Aturan dua orang" in first.get(PAGE)
    second.post(f"{PAGE}/resume", {}, page=PAGE)
    assert status(site) is NodeStatus.ACTIVE


def test_what_was_put_aside_is_listed_and_linked(site: Site) -> None:
    with site.database.session() as session:
        session.add(
            IntakeQuarantine(
                message=bytes(32),
                node_id=str(NODE),
                bundle_id=b"\xab" * 32,
                code="node_revoked",
                raw=bytes(2_000),
                kept_at=NOW,
            )
        )
    browser = site.browser("budi")
    page = browser.get(f"/network/quarantine?node={NODE}")
    assert "abababababababab" in page
    assert "Simpulnya dicabut atau ditangguhkan" in page
    assert "Tidak ada yang dikarantina" in browser.get("/network/quarantine?node=3314052003-02")
    assert str(NODE) in browser.get("/network/quarantine")
