"""The page of the hub's messages: what was told stands on every page; a request is agreed to or refused here."""

from datetime import timedelta

import pytest

from protocol.requests import MaintenanceNotice, RemoteRequest
from protocol.wire import to_bytes
from tests.integration.node_pages import Browser, MovingClock, app, browser, clock, desk, furnished
from tests.village_desk import VillageDesk
from village_node.notices import service

__all__ = ["app", "browser", "clock", "desk", "furnished"]

NAME = "01KB000000000000000000000A"


@pytest.fixture
def asked(desk: VillageDesk, clock: MovingClock) -> None:
    at = clock.now_ms()
    request = RemoteRequest(request=NAME, action="self_test", asked_at=at, expires_at=at + 86_400_000)
    outage = MaintenanceNotice(window=NAME, starts_at=at, ends_at=at + 3_600_000, text="Router diganti")
    with desk.context.database.session() as session:
        service.store_request(session, clock.now(), to_bytes(request))
        service.store_outage(session, clock.now(), to_bytes(outage))


@pytest.mark.usefixtures("asked")
def test_every_page_tells_what_waits(browser: Browser) -> None:
    page = browser.get("/").text
    assert "Pusat meminta sesuatu dari komputer ini (1)" in page
    assert "Router diganti" in page


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(("decision", "state"), [("agree", "agreed"), ("refuse", "answered")])
def test_an_officer_decides_once(browser: Browser, desk: VillageDesk, decision: str, state: str) -> None:
    browser.post(f"/pusat/{NAME}", decision=decision)
    with desk.context.database.reading() as session:
        assert [each.state for each in service.list_requests(session)] == [state]
    browser.post(f"/pusat/{NAME}", decision="refuse")
    assert "sudah diputuskan" in browser.get("/pusat").text


@pytest.mark.usefixtures("asked")
def test_a_request_whose_time_is_over_waits_for_nobody(browser: Browser, clock: MovingClock) -> None:
    clock.at += timedelta(days=2)
    assert "Pusat meminta" not in browser.get("/masuk").text
