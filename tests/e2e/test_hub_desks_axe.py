"""axe finds nothing on the desks' pages, whatever stage a case is at, in both themes and languages, at 1366×768."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from hub.accounts.rules import Actor, Role
from tests.e2e.conftest import Check, Watch
from tests.e2e.hub_server import served, session_of
from tests.hostile_files import script
from tests.integration.test_casework_pages import a_pdf_file
from tests.webs import HubWeb, make_web, post

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]
LOOKS = (("id", "light"), ("en", "dark"))


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWeb]:
    directory: Path = tmp_path_factory.mktemp("desks")
    made = make_web(directory, f"sqlite:///{directory / 'hub.db'}")
    yield made
    made.hub.database.dispose()


@pytest.fixture(scope="module")
def url(web: HubWeb) -> Iterator[str]:
    with served(web.app) as address:
        yield address


@pytest.fixture(scope="module")
def stops(web: HubWeb) -> Mapping[str, tuple[Actor, str]]:
    """Who looks at which page: a case at each kind of stage, lists, and the page of delegations."""
    front, found = web.town.at("front_office", "one-stop"), dict[str, tuple[Actor, str]]()
    for service, stage in (("APOTEK", ""), ("APOTEK", "inspection"), ("REKLAME", "confirmation"), ("PM", "initials")):
        case_id = web.case(service, file=script(), change=a_pdf_file) if service == "APOTEK" else web.case(service)
        web.town.work_off(case_id, until=stage or "completeness")
        row = web.town.open_rows(case_id)[0]
        worker = web.town.at(row.role, row.office)
        if stage == "inspection":
            post(web.browser_of(worker), f"/cases/{case_id}/take", stage=stage, seat=0)
        found[f"case-{row.stage}"] = (worker, f"/cases/{case_id}")
    asked = web.case("SIP-BD")
    values = {"stage": "completeness", "seat": 0, "version": 1, "reason": "other", "note": "mohon diperbaiki isiannya"}
    post(web.browser_of(front), f"/cases/{asked}/ask", **values)
    refused = web.case("SIP-BD")
    web.town.work_off(refused, until="decision")
    head = web.town.at("head", "one-stop")
    version = web.load(refused).version_id
    post(web.browser_of(head), f"/cases/{refused}/decide", verdict="refused", note="STR kedaluwarsa", version=version)
    web.hub.clock.move(9 * 86_400)
    return found | {
        "case-returned": (front, f"/cases/{asked}"),
        "case-proposal": (head, f"/cases/{refused}"),
        "queue": (front, "/cases"),
        "queue-office": (front, "/cases?view=office&due=overdue"),
        "queue-all": (web.actor(Role.INSPECTORATE), "/cases?view=all"),
        "beside": (front, f"/cases/{asked}/beside/{refused}"),
        "delegations": (head, "/delegations"),
    }


@dataclass(frozen=True, kw_only=True)
class Desks:
    """The pages with a browser that opens them."""

    web: HubWeb
    url: str
    browser: Browser
    stops: Mapping[str, tuple[Actor, str]]

    def open(self, person: Actor, look: tuple[str, str] = LOOKS[0]) -> Page:
        """Return an empty page of a person."""
        language, theme = look
        context = self.browser.new_context(
            viewport={"width": 1366, "height": 768}, color_scheme="dark" if theme == "dark" else "light"
        )
        context.add_cookies(
            [
                {"name": "simpul", "value": session_of(self.web, person), "url": self.url},
                {"name": "simpul_lang", "value": language, "url": self.url},
            ]
        )
        return context.new_page()


@pytest.fixture(scope="module")
def desks(web: HubWeb, url: str, browser: Browser, stops: Mapping[str, tuple[Actor, str]]) -> Desks:
    return Desks(web=web, url=url, browser=browser, stops=stops)


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_axe_finds_nothing_at_the_desks(
    desks: Desks, axe: Check, watch: Watch, look: tuple[str, str], tmp_path: Path
) -> None:
    watch.expected = ["postMessage"]  # axe asks the frame of pictures, which as a sandbox answers nobody
    for name, (person, path) in desks.stops.items():
        page = desks.open(person, look)
        page.on("request", watch.request)
        page.on("console", watch.console)
        page.goto(desks.url + path)
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
        page.context.close()
    assert (watch.outside, watch.unexpected()) == ([], [])


def test_the_queue_is_walked_by_keys(desks: Desks) -> None:
    page = desks.open(desks.stops["queue"][0])
    page.goto(f"{desks.url}/cases")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "typed"
    page.locator("#queue tbody th a").first.focus()
    page.keyboard.press("x")
    assert page.locator("#queue input[type=checkbox]:checked").count() == 1
    page.keyboard.press("Enter")
    page.wait_for_url(f"{desks.url}/cases/*")
    page.context.close()


def test_a_picture_is_looked_at_beside_the_answers(desks: Desks) -> None:
    person, path = desks.stops["case-completeness"]
    page = desks.open(person)
    page.goto(desks.url + path)
    with page.expect_response("**/files/0/0*") as answer:
        page.locator("a[target=lampiran]").first.click()
    assert answer.value.status == 200
    assert page.url == desks.url + path
    page.context.close()
