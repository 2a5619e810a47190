"""What an officer reads in each of the six states of an item, in a real browser; axe finds nothing in any of them."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Check
from tests.e2e.node_program import OfficerPages
from tests.e2e.outbox_states import STATES, served

pytestmark = pytest.mark.e2e

SAID = {
    "waiting": ("Alamat pusat tidak ditemukan", "petugas desa", "nama server pusat tidak ditemukan"),
    "sending": ("berkasnya sedang dikirim", "program di komputer ini", "sisa "),
    "hub-silent": ("pusat sendiri tidak terdengar", "pusat kabupaten", "Isian dikirim 4 kali"),
    "uplink-dropped": ("jalur ke atas terputus", "administrator jaringan kabupaten", "kirim lewat USB"),
    "rejected": ("Ada lampiran wajib yang kurang", "petugas desa", "Kode: attachments_invalid"),
    "whole": ("semua berkas utuh di pusat", "loket pusat", "100 %"),
}


@pytest.mark.parametrize("state", STATES)
def test_the_item_says_why_whose_turn_and_what_was_tried(page: Page, axe: Check, tmp_path: Path, state: str) -> None:
    with served(state, tmp_path / "node") as site:
        OfficerPages(page, site.url).sign_in()
        axe(page)
        page.goto(site.url + site.item)
        for words in SAID[state]:
            expect(page.locator("main")).to_contain_text(words)
        axe(page)


@pytest.mark.parametrize("state", ["waiting", "uplink-dropped", "sending"])
def test_in_english_and_dark_axe_finds_nothing_either(browser: Browser, axe: Check, tmp_path: Path, state: str) -> None:
    with served(state, tmp_path / "node") as site:
        context = browser.new_context(color_scheme="dark", locale="id-ID")
        context.add_cookies([{"name": "simpul-language", "value": "en", "url": site.url}])
        page = context.new_page()
        page.goto(site.url)
        page.get_by_label("Siti Aminah").check()
        page.locator("#pin").fill("739154")
        page.locator("main form .btn-primary").click()
        page.wait_for_url(f"{site.url}/")
        for path in ("/", site.item, "/bantuan", "/nomor", "/penduduk"):
            page.goto(site.url + path)
            expect(page.locator("html")).to_have_attribute("lang", "en")
            axe(page)
        context.close()


def test_the_road_is_tested_by_a_click_and_each_step_is_told(page: Page, axe: Check, tmp_path: Path) -> None:
    with served("waiting", tmp_path / "node") as site:
        OfficerPages(page, site.url).sign_in()
        page.goto(f"{site.url}/bantuan")
        page.get_by_role("button", name="Uji jalan ke pusat").click()
        steps = page.locator("#tested ~ ol li, section:has(#tested) li")
        expect(steps).to_have_count(12)
        expect(page.locator("section:has(#tested)")).to_contain_text("server pusat menolak sambungan")
        axe(page)


def test_a_resident_is_imported_found_and_taken_with_the_keyboard(page: Page, axe: Check, tmp_path: Path) -> None:
    export = tmp_path / "penduduk.csv"
    export.write_text("nama,nik,alamat,rt,rw,sex,tempatlahir,tanggallahir,pekerjaan_id\n"
                      "SRI LESTARI,3314994503850002,Jl. Raya 7,3,12,2,SRAGEN,1985-03-05,88\n")  # fmt: skip
    with served("whole", tmp_path / "node") as site:
        OfficerPages(page, site.url).sign_in()
        page.goto(f"{site.url}/penduduk")
        page.set_input_files("#file", str(export))
        page.get_by_role("button", name="Impor").press("Enter")
        expect(page.locator("main")).to_contain_text("1 warga diambil.", timeout=20_000)
        axe(page)
        OfficerPages(page, site.url).start("D-SKU")
        page.get_by_role("link", name="Ambil dari data penduduk").press("Enter")
        page.get_by_label("NIK lengkap, atau awal nama").fill("sri")
        page.keyboard.press("Enter")
        expect(page.locator(".rows h3")).to_have_text("SRI LESTARI")
        axe(page)
        page.get_by_role("button", name="Pakai data ini").press("Enter")
        expect(page.locator("#in-birth_date")).to_have_value("05-03-1985")
        assert "SRI" not in page.url
