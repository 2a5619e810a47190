"""Corrections, decisions, genuineness and sticks in a real browser; axe finds nothing on their pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page
from pypdf import PdfWriter

from protocol.permit import qr_text, sign_facts
from protocol.receipt import ReceiptKind
from tests.e2e.conftest import Check, Watch
from tests.e2e.node_program import NodeProgram, OfficerPages
from tests.e2e.test_node_pages import complete, sign
from tests.integration.node_pages import photo
from tests.integration.test_node_ui_corrections import ANSWERS
from tests.integration.test_node_ui_decisions import facts
from tests.village_desk import PIN, open_desk
from tests.village_post import Post

pytestmark = pytest.mark.e2e

Look = tuple[str, Literal["light", "dark"]]


def a_pdf() -> bytes:
    writer, target = PdfWriter(), BytesIO()
    for _ in range(2):
        writer.add_blank_page(width=595, height=842)
    writer.write(target)
    return target.getvalue()


@dataclass(frozen=True, kw_only=True)
class Office:
    """A running node with one returned and one decided application."""

    url: str
    post: Post
    returned: str
    decided: str
    state: Path
    scan: Path


@pytest.fixture(scope="module")
def office(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("cases")
    program = NodeProgram(folder / "node")
    program.start()
    context = browser.new_context(locale="id-ID")
    pages = OfficerPages(context.new_page(), program.url)
    pages.sign_in()
    scan = folder / "scan.jpg"
    scan.write_bytes(photo())
    returned, decided = sign(pages, complete(pages, scan)), sign(pages, complete(pages, scan))
    post = Post(open_desk(folder / "node"))
    for path in (returned, decided):
        bundle = bytes.fromhex(path.rsplit("/", 1)[1])
        post.receipt(bundle, ReceiptKind.ARRIVED)
        post.receipt(bundle, ReceiptKind.WHOLE)
        post.receipt(bundle, ReceiptKind.COMPLETE, office="one-stop")
        post.news(bundle, "complete", due_on="2026-12-08", days_left=10)
    post.news(bytes.fromhex(decided.rsplit("/", 1)[1]), "assessed", amount_rp=150_000, payment_code="8830-0012")
    post.ask(bytes.fromhex(returned.rsplit("/", 1)[1]), ANSWERS)
    post.decide(bytes.fromhex(decided.rsplit("/", 1)[1]), content=a_pdf())
    context.storage_state(path=folder / "state.json")
    yield Office(url=program.url, post=post, returned=returned, decided=decided, state=folder / "state.json", scan=scan)
    program.kill()


def dressed(browser: Browser, office: Office, watch: Watch, look: Look = ("id", "light")) -> Page:
    language, theme = look
    context = browser.new_context(
        storage_state=office.state, viewport={"width": 1366, "height": 768}, color_scheme=theme, locale="id-ID"
    )
    context.add_cookies([{"name": "simpul-language", "value": language, "url": office.url}])
    page = context.new_page()
    page.on("request", watch.request)
    page.on("console", watch.console)
    page.on("pageerror", lambda error: watch.errors.append(str(error)))
    return page


LOOKS: list[Look] = [("id", "light"), ("id", "dark"), ("en", "light"), ("en", "dark")]


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_axe_finds_nothing(browser: Browser, office: Office, axe: Check, look: Look, watch: Watch) -> None:
    page = dressed(browser, office, watch, look)
    page.goto(office.url)
    axe(page)
    decision = page.locator("a[href^='/keputusan/']").first.get_attribute("href")
    for path in (office.returned, office.decided, f"{office.decided}/tanda-terima", decision, "/keaslian", "/usb"):
        page.goto(f"{office.url}{path}")
        axe(page)
    page.goto(office.url)
    page.locator("form[action^='/perbaikan/'] button").click()
    page.wait_for_url("**/perbaikan/*")
    axe(page)
    watch.expected.append("422")
    page.locator("main form[data-save] .btn-primary").click()
    page.locator("#problems").wait_for()
    axe(page)
    assert (watch.outside, watch.unexpected()) == ([], [])
    page.context.close()


def test_a_code_is_judged_and_every_answer_passes_axe(
    browser: Browser, office: Office, axe: Check, watch: Watch
) -> None:
    page = dressed(browser, office, watch)
    for text, words in (
        (qr_text(sign_facts(facts(valid_until="2099-01-01"), office.post.hub.permit_key)), "Asli dan masih berlaku"),
        (qr_text(sign_facts(facts(valid_until="2026-11-21"), office.post.hub.permit_key)), "sudah habis"),
        (qr_text(sign_facts(facts(), office.post.hub.message_key)), "BUKAN terbitan"),
        ("SIMPUL-TT1:3314", "bukan teks kode QR"),
    ):
        page.goto(f"{office.url}/keaslian")
        page.get_by_label("Teks kode QR").fill(text)
        page.get_by_role("button", name="Periksa").click()
        page.locator("#verdict").get_by_text(words).wait_for()
        axe(page)
    page.context.close()


def test_the_document_opens_in_the_browsers_own_viewer(browser: Browser, office: Office, watch: Watch) -> None:
    page = dressed(browser, office, watch)
    page.goto(office.url)
    page.locator("a[href^='/keputusan/']").first.click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Buka dan cetak").click()
    viewer = opened.value
    viewer.wait_for_load_state()
    assert viewer.url.endswith("/dokumen")
    assert "chrome-error" not in viewer.evaluate("location.href")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Simpan PDF").click()
    assert Path(saved.value.path()).read_bytes().startswith(b"%PDF")
    page.context.close()


def test_the_result_is_handed_over(browser: Browser, office: Office, axe: Check, watch: Watch) -> None:
    page = dressed(browser, office, watch)
    page.goto(office.url)
    page.locator("a[href^='/keputusan/']").first.click()
    page.get_by_label("Nama penerima").fill("Suparmi")
    page.get_by_label("PIN Siti Aminah").first.fill(PIN)
    page.get_by_role("button", name="Catat penyerahan").click()
    page.get_by_text("Diterima Suparmi").wait_for()
    axe(page)
    page.goto(f"{office.url}{office.decided}")
    page.get_by_text("Diserahkan di desa").wait_for()
    page.context.close()


def test_a_correction_from_the_task_to_the_outbox(browser: Browser, office: Office, axe: Check, watch: Watch) -> None:
    page = dressed(browser, office, watch)
    page.goto(office.url)
    page.locator("form[action^='/perbaikan/'] button").click()
    page.wait_for_url("**/perbaikan/*")
    page.locator("#in-road_name").fill("Jalan Veteran")
    page.keyboard.press("Tab")
    page.locator("#saved").get_by_text("Tersimpan pukul").wait_for()
    page.set_input_files("#file-id_card", str(office.scan))
    page.locator(".files li").first.wait_for()
    assert page.locator("#in-road_name").input_value() == "Jalan Veteran"
    page.get_by_role("button", name="Lanjut periksa").click()
    page.get_by_role("heading", name="Periksa perbaikan bersama pemohon").wait_for()
    assert page.locator("ins").inner_text() == "Jalan Veteran"
    axe(page)
    page.get_by_label("PIN Siti Aminah").first.fill(PIN)
    page.get_by_role("button", name="Simpan & kirim perbaikan").click()
    page.wait_for_url(f"**{office.returned}")
    page.get_by_text("Perbaikan tersimpan di sini").wait_for()
    axe(page)
    assert (watch.outside, watch.unexpected()) == ([], [])
    page.context.close()


def test_a_parcel_is_saved_and_no_page_scrolls_sideways(browser: Browser, office: Office, watch: Watch) -> None:
    page = dressed(browser, office, watch)
    page.goto(f"{office.url}/usb")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Simpan paket ke stik").click()
    assert Path(saved.value.path()).read_bytes().startswith(b"simpul parcel 1\n")
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/", "/usb", "/keaslian", office.decided, office.returned):
        page.goto(f"{office.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    page.context.close()
