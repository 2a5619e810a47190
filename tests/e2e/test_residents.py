"""A resident with a phone and a slip: finds the case, sees who looked, takes the receipts home; axe finds nothing."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from hub.accounts.rules import Role
from tests.e2e.conftest import Check, Watch
from tests.e2e.hub_server import served
from tests.integration.test_residents_tracking import CODE, with_code
from tests.webs import HubWeb, make_web, post

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(200)]
LOOKS = (("id", "light"), ("en", "dark"))


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWeb]:
    directory: Path = tmp_path_factory.mktemp("residents")
    made = make_web(directory, f"sqlite:///{directory / 'hub.db'}")
    case_id = made.case("APOTEK", change=with_code)
    clerk = made.browser(Role.FRONT_OFFICE)
    post(clerk, f"/cases/{case_id}/take", stage="completeness", seat=0, version=1)
    post(clerk, f"/cases/{case_id}/reveal", why="mencocokkan KTP di loket")
    yield made
    made.hub.database.dispose()


@pytest.fixture(scope="module")
def url(web: HubWeb) -> Iterator[str]:
    with served(web.app) as address:
        yield address


@pytest.fixture(params=LOOKS, ids="-".join)
def phone(request: pytest.FixtureRequest, browser: Browser, url: str, watch: Watch) -> Iterator[Page]:
    language, theme = request.param
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, color_scheme="dark" if theme == "dark" else "light"
    )
    context.add_cookies([{"name": "simpul_lang", "value": language, "url": url}])
    page = context.new_page()
    page.on("request", watch.request)
    page.on("console", watch.console)
    yield page
    context.close()
    assert (watch.outside, watch.unexpected()) == ([], [])


def test_a_slip_in_the_hand_is_enough(web: HubWeb, url: str, phone: Page, axe: Check, tmp_path: Path) -> None:
    page = phone
    page.goto(f"{url}/lacak")
    axe(page)
    page.fill("#number", str(web.newest().registration_no))
    page.fill("#code", CODE.lower())
    page.locator("main form button[type=submit]").last.click()
    page.locator("#looks").wait_for()
    page.screenshot(path=tmp_path / "tracked.png", full_page=True)
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert "mencocokkan KTP di loket" in page.inner_text("main")
    assert page.url == f"{url}/lacak"
    with page.expect_download() as download:
        page.locator("main form button[type=submit]").first.click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        assert sum(name.endswith(".cbor") for name in archive.namelist()) >= 2
