"""axe finds nothing on any page of the village node: light and dark, Indonesian and English, on screen and on paper."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Check, Watch
from tests.e2e.node_program import NodeProgram, OfficerPages
from tests.integration.node_pages import ROAD, photo

pytestmark = pytest.mark.e2e

Look = tuple[str, Literal["light", "dark"]]
LOOKS: list[Look] = [("id", "light"), ("id", "dark"), ("en", "light"), ("en", "dark")]
PAGES = [
    "/", "/layanan", "/layanan/JALAN", "/layanan/D-SKU", "/petugas", "/bantuan", "/nomor", "/penduduk", "/pusat",
    "/tidak-ada",
    "{draft}", "{draft}/berkas", "{draft}/periksa", "{draft}/tanda-tangan", "{draft}/penduduk", "{empty}",
    "{empty}/periksa", "{item}", "{item}/tanda-terima",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Office:
    """A running node with a finished draft, an empty one and a sealed item, and the cookies of its officer."""

    url: str
    paths: dict[str, str]
    state: Path


@pytest.fixture(scope="module")
def office(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    program = NodeProgram(folder / "node")
    program.start()
    context = browser.new_context(locale="id-ID")
    pages = OfficerPages(context.new_page(), program.url)
    pages.sign_in()
    scan = folder / "scan.jpg"
    scan.write_bytes(photo())
    item = sign(pages, complete(pages, scan))
    paths = {"item": item, "draft": complete(pages, scan), "empty": empty(pages)}
    context.storage_state(path=folder / "state.json")
    yield Office(url=program.url, paths=paths, state=folder / "state.json")
    program.kill()


def empty(pages: OfficerPages) -> str:
    pages.start("AKTA-L")
    return pages.page.url.removeprefix(pages.url)


def complete(pages: OfficerPages, scan: Path) -> str:
    """Fill in an application and return its path."""
    page = pages.page
    pages.start("JALAN")
    page.get_by_label("Hajatan").check()
    page.get_by_label("Sebagian lajur").check()
    for key, text in ROAD.items():
        if key not in {"purpose", "closure"}:
            page.locator(f"#in-{key.replace('.', '-')}").fill(text)
    path = page.url.removeprefix(pages.url)
    page.get_by_role("button", name="Lanjut ke berkas").click()
    for place, requirement in enumerate(("village_letter", "id_card", "road_map"), start=1):
        page.set_input_files(f"#file-{requirement}", str(scan))
        page.locator(".files li").nth(place - 1).wait_for()
    return path


def sign(pages: OfficerPages, path: str) -> str:
    """Sign an application and return the path of its item."""
    page = pages.page
    page.goto(f"{pages.url}{path}/tanda-tangan")
    page.locator("#pin").fill("739154")
    page.get_by_role("button", name="Simpan & kirim").click()
    page.wait_for_url("**/tanda-terima")
    return page.url.removeprefix(pages.url).removesuffix("/tanda-terima")


def dressed(browser: Browser, office: Office, watch: Watch, look: Look) -> Page:
    """Return a page of the officer in a language and a theme."""
    language, theme = look
    context = browser.new_context(
        storage_state=office.state, viewport={"width": 1366, "height": 768}, color_scheme=theme, locale="id-ID"
    )
    context.add_cookies([{"name": "simpul-language", "value": language, "url": office.url}])
    page = context.new_page()
    page.on("request", watch.request)
    page.on("console", watch.console)
    return page


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_axe_finds_nothing(browser: Browser, office: Office, axe: Check, look: Look, watch: Watch) -> None:
    watch.expected.append("404")
    page = dressed(browser, office, watch, look)
    for path in PAGES:
        page.goto(office.url + path.format(**office.paths))
        page.wait_for_load_state()
        assert page.locator("html").get_attribute("lang") == look[0]
        assert page.locator("html").get_attribute("data-bs-theme") == look[1]
        axe(page)
    assert (watch.outside, watch.unexpected()) == ([], [])
    page.context.close()


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_axe_finds_nothing_where_something_is_wrong(
    browser: Browser, office: Office, axe: Check, look: Look, watch: Watch
) -> None:
    page = dressed(browser, office, watch, look)
    page.goto(office.url + office.paths["empty"])
    page.locator("main form .btn-primary").click()
    page.locator("#problems").wait_for()
    axe(page)
    page.goto(f"{office.url}/masuk")
    axe(page)
    page.goto(f"{office.url}{office.paths['draft']}/tanda-tangan")
    page.evaluate("document.getElementById('lock').showModal()")
    axe(page)
    page.context.close()


def test_no_page_scrolls_sideways_on_a_small_screen(browser: Browser, office: Office, watch: Watch) -> None:
    watch.expected.append("404")
    page = dressed(browser, office, watch, ("id", "light"))
    page.set_viewport_size({"width": 360, "height": 740})
    for path in PAGES:
        page.goto(office.url + path.format(**office.paths))
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    page.context.close()


def test_the_slip_prints_on_one_sheet_without_the_screen_around_it(
    browser: Browser, office: Office, watch: Watch
) -> None:
    page = dressed(browser, office, watch, ("id", "dark"))
    page.goto(f"{office.url}{office.paths['item']}/tanda-terima")
    page.emulate_media(media="print")
    assert not page.locator(".masthead").is_visible()
    assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 1
    page.context.close()
