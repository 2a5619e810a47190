"""axe finds nothing on the console's pages, small fleet and large, in both themes and languages."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Literal

import msgspec
import pytest
from playwright.sync_api import Browser, Page

from hub.accounts.rules import Role
from hub.health.alarm_rules import AlarmKind, Finding
from hub.health.alarms import keep_findings
from hub.health.hours import Week
from hub.health.planned import NewOutage, plan_outage, set_week
from hub.health.presence import on_health
from hub.network.requests import Words, ask_node, broadcast
from loadtests.province import Province, fill_province
from protocol.health import Figures, Health, HealthKind
from protocol.ids import NodeId, VillageCode
from protocol.requests import RequestAction
from tests.e2e.conftest import Check, Watch
from tests.e2e.hub_server import served, session_of
from tests.integration.fleet import a_node
from tests.integration.row_writer import RowWriter
from tests.webs import HubWeb, make_web

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

LOOKS = (("id", "light"), ("en", "dark"))
VILLAGE, NODE = VillageCode("33.14.05.2003"), NodeId("3314052003-01")
STOPS = {
    "small": ("/network", "/network?only=unwell", f"/network/{NODE}", f"/network/{NODE}?window=week", "/network/alarms",
              "/network/alarms/1", "/network/plans", "/network/hub"),
    "large": ("/network", "/network?state=dead", "/network?subdistrict=33.01.02"),
}  # fmt: skip


def prepared(directory: Path, *, nodes: int) -> HubWeb:
    """Return a hub with a node that has something of everything, and as many more nodes."""
    web = make_web(directory, f"sqlite:///{directory / 'hub.db'}")
    now, database = web.hub.clock.now(), web.hub.database
    with database.session() as session:
        a_node(session, "pc", VILLAGE)
        for beat in range(1, 4):
            kind = HealthKind.BIRTH if beat == 1 else HealthKind.HEARTBEAT
            figures = Figures(ram_free_mb=900 + beat, clock_offset_ms=40, rtt_ms=80 * beat, lost_percent=beat)
            health = Health(kind=kind, node=NODE, program="1", session=1, claimed_at=beat, figures=figures)
            on_health(session, now, msgspec.structs.replace(health, last_counter=3, disk_free_mb=200))
        finding = Finding(kind=AlarmKind.TWO_PROGRAMS, subject=str(NODE), node=str(NODE), evidence={"runs": ["a", "b"]})
        keep_findings(session, now, [AlarmKind.TWO_PROGRAMS], [finding])
        until = now + timedelta(hours=9)
        names = [f"01KB00000000000000000000{number}0" for number in range(3)]
        outage = NewOutage(
            window_id=names[0], scope="33.14.06", starts_at=now, ends_at=until, text="Router diganti", by="x"
        )
        plan_outage(session, now, outage)
        broadcast(session, now, Words(broadcast_id=names[1], scope="", text="Formulir baru", until=until, by="x"))
        ask_node(session, now, names[2], NODE, RequestAction.SELF_TEST, "x")
        set_week(session, now, VILLAGE, Week.parse("08:00-15:00||||||"), "x")
    if nodes:
        fill_province(RowWriter(database), Province(nodes=nodes, now_ms=web.hub.clock.now_ms(), random=Random(7)))
    return web


@pytest.fixture(scope="module", params=[("small", 0), ("large", 500)], ids=lambda param: str(param[0]))
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, HubWeb, str]]:
    name, nodes = request.param
    web = prepared(tmp_path_factory.mktemp(f"console-{name}"), nodes=nodes)
    with served(web.app) as address:
        yield name, web, address
    web.hub.database.dispose()


def opened(browser: Browser, web: HubWeb, url: str, look: Mapping[str, str]) -> Page:
    scheme: Literal["light", "dark"] = "dark" if look["theme"] == "dark" else "light"
    context = browser.new_context(viewport={"width": 1366, "height": 768}, color_scheme=scheme)
    person = web.actor(Role.NETWORK_ADMIN, "one-stop")
    cookies = {"simpul": session_of(web, person), "simpul_lang": look["language"]}
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
    return context.new_page()


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_the_console_is_accessible(
    browser: Browser, site: tuple[str, HubWeb, str], watch: Watch, axe: Check, language: str, theme: str
) -> None:
    name, web, url = site
    page = opened(browser, web, url, {"language": language, "theme": theme})
    page.on("request", watch.request)
    page.on("console", watch.console)
    for path in STOPS[name]:
        answer = page.goto(f"{url}{path}")
        assert answer is not None
        assert answer.status == 200, path
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    assert (watch.outside, watch.unexpected()) == ([], [])
    page.context.close()
