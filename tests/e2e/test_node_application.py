"""An application filled in offline in a real browser, with power cuts in between."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Watch
from tests.e2e.node_program import POWER_CUT, NodeProgram, OfficerPages
from tests.village_desk import PIN

pytestmark = pytest.mark.e2e

WHO = {"pemohon__name": "Suparmi", "pemohon__nik": "3314994503850002", "pemohon__address": "Dukuh Krajan RT 003/RW 012"}
ROAD = {
    "purpose_detail": "Resepsi", "road_name": "Jalan Raya", "road_village": "33.14.01.2001", "length": "12,5",
    "width": "5", "start_date": "05-12-2026", "end_date": "06-12-2026", "start_time": "07.00", "end_time": "17.00",
    "guard_count": "4", "guard_phone": "081234567890",
}  # fmt: skip


@pytest.fixture
def program(tmp_path: Path) -> Iterator[NodeProgram]:
    made = NodeProgram(tmp_path / "node")
    made.start()
    yield made
    made.kill()


@pytest.fixture
def officer(program: NodeProgram, page: Page) -> OfficerPages:
    pages = OfficerPages(page, program.url)
    pages.sign_in()
    return pages


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "ktp.jpg"
    Image.effect_noise((3000, 2000), 60).convert("RGB").save(path, quality=92)
    return path


def attach(page: Page, requirement: str, path: Path) -> None:
    files = page.locator(".files li")
    before = files.count()
    page.set_input_files(f"#file-{requirement}", str(path))
    expect(files).to_have_count(before + 1)


def test_an_application_survives_power_cuts_and_is_printed_offline(
    officer: OfficerPages, program: NodeProgram, scan: Path, watch: Watch
) -> None:
    page = officer.page
    officer.start("JALAN")
    officer.fill(**WHO, length="12,5")
    officer.saved()
    address = page.url
    power_cut(program, officer, watch)
    page.goto(address)
    expect(page.locator("#in-pemohon-name")).to_have_value("Suparmi")
    expect(page.locator("#in-length")).to_have_value("12,5")
    page.get_by_label("Hajatan").check()
    page.get_by_label("Sebagian lajur").check()
    officer.fill(**ROAD)
    page.get_by_role("button", name="Lanjut ke berkas").click()
    attach(page, "village_letter", scan)
    power_cut(program, officer, watch)
    page.goto(f"{address}/berkas")
    expect(page.locator(".files li")).to_have_count(1)
    for requirement in ("id_card", "road_map"):
        attach(page, requirement, scan)
    page.get_by_role("button", name="Lanjut periksa").click()
    page.get_by_role("link", name="Lanjut tanda tangan").click()
    page.locator("#pin").fill(PIN)
    page.get_by_role("button", name="Simpan & kirim").click()
    expect(page.get_by_role("heading", name="Tanda terima sementara")).to_be_visible()
    slip = page.url
    power_cut(program, officer, watch)
    page.goto(slip)
    expect(page.locator(".slip")).to_contain_text("Rp31.250")
    expect(page.locator(".slip img")).to_have_js_property("complete", True)
    assert page.locator(".slip img").bounding_box() is not None


def power_cut(program: NodeProgram, officer: OfficerPages, watch: Watch) -> None:
    """Kill the program, start it again, and sign in again: the open vault died with it."""
    watch.expected += POWER_CUT
    program.kill()
    program.start()
    officer.sign_in()


def test_conditional_fields_come_and_go_with_the_answer(officer: OfficerPages) -> None:
    officer.start("JALAN")
    detour = officer.page.locator("#in-detour")
    expect(detour).to_be_hidden()
    officer.page.get_by_label("Seluruh lajur").check()
    expect(detour).to_be_visible()
    officer.page.get_by_label("Sebagian lajur").check()
    expect(detour).to_be_hidden()


def test_a_nik_is_judged_while_it_is_typed(officer: OfficerPages) -> None:
    officer.start("JALAN")
    officer.fill(pemohon__nik="331499")
    fact = officer.page.locator("#in-pemohon-nik-fact")
    expect(fact).to_have_text("6 dari 16 angka.")
    officer.fill(pemohon__nik="3314994503850002")
    expect(fact).to_contain_text("perempuan, lahir 5 Maret 1985")


def test_a_nik_that_disagrees_asks_for_a_reason_and_lets_the_officer_go_on(officer: OfficerPages) -> None:
    page = officer.page
    officer.start("D-SKU")
    reason = page.locator("#in-pemohon-nik_reason")
    expect(reason).to_be_hidden()
    officer.fill(pemohon__nik="3314994503850002", birth_date="06-03-1985")
    expect(page.locator("#in-pemohon-nik-warn")).to_contain_text("berbeda dengan isian")
    expect(page.locator("#in-birth_date-fact")).to_have_text("6 Maret 1985")
    expect(reason).to_be_visible()


def test_a_restart_behind_an_open_form_asks_for_the_pin_and_keeps_what_was_typed(
    officer: OfficerPages, program: NodeProgram, watch: Watch
) -> None:
    watch.expected += [*POWER_CUT, "401", "400"]
    page = officer.page
    officer.start("JALAN")
    program.kill()
    program.start()
    officer.fill(pemohon__name="Suparmi")
    page.keyboard.press("Tab")
    dialog = page.get_by_role("dialog", name="Layar terkunci")
    expect(dialog).to_be_visible(timeout=10_000)
    dialog.get_by_label("PIN").fill(PIN)
    dialog.get_by_role("button", name="Buka kunci").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#saved")).to_contain_text("Tersimpan pukul")
    page.reload()
    expect(page.locator("#in-pemohon-name")).to_have_value("Suparmi")


def test_a_photo_is_taken_with_the_camera(officer: OfficerPages) -> None:
    page = officer.page
    officer.start("D-DOM")
    page.goto(f"{page.url}/berkas")
    page.get_by_role("button", name="Kamera").first.click()
    page.get_by_role("button", name="Ambil foto").click()
    page.get_by_role("button", name="Pakai foto ini").click()
    expect(page.locator(".files li")).to_have_count(1)


def test_the_keyboard_alone_finds_a_service(officer: OfficerPages) -> None:
    page = officer.page
    page.goto(f"{officer.url}/layanan")
    page.locator("main").click(position={"x": 2, "y": 2})
    page.keyboard.press("/")
    page.keyboard.type("usaha")
    expect(page.locator("#found")).to_contain_text("layanan ditemukan")
    expect(page.get_by_role("link", name="Surat Keterangan Usaha")).to_be_visible()
    expect(page.get_by_role("link", name="Akta")).to_be_hidden()


def test_the_link_is_said_in_words_while_there_is_none(officer: OfficerPages) -> None:
    expect(officer.page.locator("[data-link]")).to_contain_text("Luring sejak", timeout=15_000)
