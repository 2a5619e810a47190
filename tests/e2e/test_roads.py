"""The whole road of one application of each kind: real programs, a real browser on both sides, up to the closed case.

The order of the tests is free; each makes its own application in the one small regency of the module.
"""

import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from deploy.demo.evidence import VERIFIER
from loadtests.processes import wait_for
from tests.e2e.qr_reader import qr_of
from tests.e2e.road_desk import TRAVEL_S
from tests.e2e.road_village import Sent, attach
from tests.e2e.road_world import SCAN, World
from tests.requirements import require

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

CORRECTED = "Tepi Jalan Solo-Purwodadi KM 12, sisi timur"


@pytest.fixture(scope="module")
def regency(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    require("nats-server")
    made = World.start(browser, tmp_path_factory.mktemp("roads"))
    yield made
    made.stop()


@pytest.fixture
def world(regency: World) -> Iterator[World]:
    """The regency; during a test every page stays at home and writes no error that the test did not expect."""
    yield regency
    outside, errors = list(regency.watch.outside), regency.watch.unexpected()
    regency.watch.outside.clear()
    regency.watch.errors.clear()
    regency.watch.expected.clear()
    assert (outside, errors) == ([], [])


def pdf_words(pdf: bytes) -> str:
    """Return the words of a letter in one line."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def squeezed(text: str) -> str:
    """Return a text without blanks: where a line of a letter ends depends on the name in it."""
    return "".join(text.split())


def closed_at_the_village(world: World, sent: Sent, person: str) -> None:
    """Hand the result over with the officer's PIN and wait until the hub's receipt says that the case is closed."""
    world.counter.hand_over(person)
    world.counter.sees(sent, "Diserahkan di desa", "Diserahkan kepada pemohon")


def test_a_village_letter_ends_at_the_village(world: World, tmp_path: Path) -> None:
    brought = world.application("D-SKU")
    sent = world.counter.submit(brought)
    world.desk("desa.3314012005").complete(sent.number)
    head = world.desk("kades.3314012005")
    head.decide(sent.number, "dikabulkan", "Usaha diketahui oleh desa.")
    letter = head.sign(sent.number)
    world.counter.open_decision(sent)
    expect(world.counter.page.locator("main")).to_contain_text(letter)
    assert world.counter.document().startswith(b"%PDF")
    closed_at_the_village(world, sent, brought.typed["pemohon.name"])
    world.counter.sees(sent, "Diterima pusat", "Lengkap dan benar", "Diputus", "Surat ditandatangani")
    kinds = world.verified_receipts(sent.bundle, tmp_path)
    assert kinds[-2:] == ["decided", "handed_over"]
    head.find(sent.number, view="all")
    head.shows_state("Selesai", "Diterbitkan")


def test_a_delegated_service_is_decided_by_the_subdistrict_head(world: World, tmp_path: Path) -> None:
    brought = world.application("PERHELATAN")
    sent = world.counter.submit(brought)
    section, head = world.desk("kec.kalijambe"), world.desk("camat.kalijambe")
    section.complete(sent.number)
    section.finish(sent.number)
    head.decide(sent.number, "dikabulkan", "Tempat dan waktu acara sesuai.")
    letter = head.sign(sent.number)
    world.counter.open_decision(sent)
    expect(world.counter.page.locator("main")).to_contain_text(letter)
    expect(world.counter.page.locator("main")).to_contain_text("Kec. Kalijambe")
    assert "Camat" in pdf_words(world.counter.document())
    closed_at_the_village(world, sent, brought.typed["pemohon.name"])
    world.counter.sees(sent, "Konsep keputusan dibuat", "Diputus", "Surat ditandatangani")
    assert {"complete", "decided", "handed_over"} <= set(world.verified_receipts(sent.bundle, tmp_path))
    head.find(sent.number, view="all")
    head.shows_state("Selesai", "Diterbitkan")


def test_a_birth_is_recorded_in_the_register(world: World, tmp_path: Path) -> None:
    brought = world.application("AKTA-L")
    sent = world.counter.submit(brought)
    registrar, head = world.desk("capil"), world.desk("kadiscapil")
    registrar.complete(sent.number)
    registrar.finish(sent.number, reference="3314-LU-24112026-0007")
    head.decide(sent.number, "dikabulkan", "Data sesuai dengan berkas.")
    world.counter.open_decision(sent)
    closed_at_the_village(world, sent, brought.typed["pemohon.name"])
    world.counter.sees(sent, "Lengkap dan benar", "Dicatat dalam register", "Diputus")
    assert {"complete", "decided", "handed_over"} <= set(world.verified_receipts(sent.bundle, tmp_path))
    head.find(sent.number, view="all")
    head.shows_state("Selesai", "Dicatat dalam register")
    expect(head.page.locator("main")).to_contain_text("3314-LU-24112026-0007")


def test_a_building_approval_is_followed_in_the_national_system(world: World, tmp_path: Path) -> None:
    sent = world.counter.submit(world.application("PBG"))
    front, works, environment = world.desk("loket1"), world.desk("dpupr"), world.desk("dlh")
    front.complete(sent.number)
    expect(front.page.locator("main")).to_contain_text("Layanan ini diputus di sistem nasional (SIMBG)")
    for desk in (works, environment):
        desk.take(sent.number)
    environment.opinion(sent.number, "menyetujui", "Tidak ada dampak penting.")
    works.minutes(sent.number, world.network.today(), "Rencana teknis sesuai.")
    front.finish(sent.number, button="Terbit di sistem nasional", reference="PBG-331401-24112026-001")
    front.shows_state("Terbit di sistem nasional")
    world.counter.read_decision(sent)
    expect(world.counter.page.locator("main")).to_contain_text("PBG-331401-24112026-001")
    expect(world.counter.page.locator("#pin")).to_have_count(0)
    world.counter.sees(sent, "Lengkap dan benar", "Dikerjakan instansi", "Pendapat teknis", "Terbit di sistem nasional")
    assert {"complete", "custody"} <= set(world.verified_receipts(sent.bundle, tmp_path))
    front.find(sent.number, view="all")
    front.shows_state("Selesai")


def test_a_refusal_needs_a_second_office_and_reaches_the_village_with_reasons(world: World, tmp_path: Path) -> None:
    brought = world.application("PERHELATAN")
    sent = world.counter.submit(brought)
    section, head, second = world.desk("kec.kalijambe"), world.desk("camat.kalijambe"), world.desk("kepala")
    reasons = "Jalan desa sedang diperbaiki pada hari itu."
    section.complete(sent.number)
    section.finish(sent.number)
    head.decide(sent.number, "ditolak", reasons)
    head.find(sent.number, view="all")
    expect(head.page.locator("#actions")).to_contain_text("Baru terjadi bila disetujui orang kedua")
    expect(head.form("answer").get_by_role("radio")).to_have_count(0)
    expect(head.form("answer").get_by_role("button", name="Tarik usul saya")).to_be_visible()
    second.agree(sent.number, "Penolakan", "Alasannya cukup.")
    letter = head.sign(sent.number)
    world.counter.open_decision(sent)
    expect(world.counter.page.get_by_role("heading", level=1)).to_contain_text("Ditolak")
    expect(world.counter.page.locator("main")).to_contain_text(reasons)
    words = squeezed(pdf_words(world.counter.document()))
    assert [each for each in (letter, "DITOLAK", reasons, "Keberatan", "Banding") if squeezed(each) not in words] == []
    closed_at_the_village(world, sent, brought.typed["pemohon.name"])
    assert {"decided", "handed_over"} <= set(world.verified_receipts(sent.bundle, tmp_path))
    head.find(sent.number, view="all")
    head.shows_state("Selesai", "Ditolak")


def test_two_clerks_at_once_lose_nothing(world: World) -> None:
    world.watch.expected.append("409")
    sent = world.counter.submit(world.application("SIP-BD"))
    first, second = world.desk("loket1"), world.desk("loket2")
    second.find(sent.number)
    form = second.open_ask(sent.number)
    form.get_by_label("Alasan").select_option(label="Dokumen tidak terbaca")
    form.get_by_role("group", name="Dokumen yang harus diperbaiki").get_by_role("checkbox").first.check()
    form.get_by_label("Catatan untuk desa").fill("Foto ijazah terlalu gelap.")
    first.complete(sent.number)
    form.get_by_role("button", name="Kembalikan").click()
    said = second.page.get_by_role("alert")
    expect(said).to_contain_text("Orang lain lebih dahulu mengubah berkas ini")
    expect(said).to_contain_text("Dinyatakan lengkap dan benar")
    expect(said).to_contain_text(first.name)
    expect(second.page.get_by_label("Catatan untuk desa")).to_have_value("Foto ijazah terlalu gelap.")
    expect(second.page.get_by_label("Catatan untuk desa")).to_be_visible()


def test_a_permit_from_two_agencies_and_two_bodies_until_it_is_revoked(world: World, tmp_path: Path) -> None:
    brought = world.application("REKLAME")
    sent = world.counter.submit(brought)
    recommended_with_a_correction(world, sent)
    paid(world, sent)
    letter = decided_by_two_bodies(world, sent)
    code = printed_at_the_village(world, sent, letter, tmp_path)
    closed_at_the_village(world, sent, brought.typed["pemohon.name"])
    world.desk("kepala").find(sent.number, view="all")
    world.desk("kepala").shows_state("Selesai", "Diterbitkan")
    kinds = world.verified_receipts(sent.bundle, tmp_path / "receipts")
    assert {"arrived", "whole", "complete", "custody", "returned", "decided", "handed_over"} <= set(kinds)
    keys = saved(world, "/verifikasi/kunci.json", tmp_path / "keys.json")
    holds_without_the_hub(world, code, keys, letter)
    revoked(world, sent, code, letter)
    lists = saved(world, "/verifikasi/pencabutan/1.cbor", tmp_path / "list.cbor")
    assert permit_verdict(code, keys, lists).startswith("REFUTED")


def recommended_with_a_correction(world: World, sent: Sent) -> None:
    """Let two agencies work at the same time; one of them asks, the village answers."""
    front, works, order = world.desk("loket1"), world.desk("dpupr"), world.desk("satpolpp")
    front.complete(sent.number)
    assert works.has_on_desk(sent.number)
    works.take(sent.number)
    order.take(sent.number)
    order.opinion(sent.number, "menyetujui", "Tidak mengganggu ketertiban.")
    works.ask(sent.number, ["Titik lokasi pemasangan"], ["Foto lokasi"], "Titik lokasi tidak jelas.")
    works.shows_state("Menunggu perbaikan")
    assert not world.desk("bpkpd").has_on_desk(sent.number)
    world.counter.sees(sent, "Pendapat teknis", "Dikembalikan ke desa")
    corrected_at_the_village(world, sent)
    works.find(sent.number)
    expect(works.page.locator("main")).to_contain_text("Diperbaiki. Sebelumnya:")
    expect(works.page.locator("main")).to_contain_text(CORRECTED)
    works.opinion(sent.number, "menyetujui dengan syarat", "Tiang tidak di atas saluran air.")


def corrected_at_the_village(world: World, sent: Sent) -> None:
    """Change what was asked; nothing else can be changed."""
    counter, works = world.counter, world.desk("dpupr")
    counter.begin_correction(sent)
    expect(counter.page.locator("main")).to_contain_text("Titik lokasi tidak jelas.")
    assert counter.editable() == {"location", "location_photo"}
    counter.page.locator("#in-location").fill(CORRECTED)
    counter.saved()
    attach(counter.page, "location_photo", SCAN)
    expect(counter.page.locator(".files li")).to_have_count(1)
    counter.send_correction(sent)
    counter.sees(sent, "Perbaikan diterima pusat", "Berkas perbaikan utuh di pusat")
    works.find(sent.number)


def paid(world: World, sent: Sent) -> None:
    """Let the revenue agency set the tax and record the proof of payment."""
    revenue = world.desk("bpkpd")
    code = revenue.assess(sent.number, "1.250.000", "SKPD-2026-0417")
    world.counter.sees(sent, "Biaya ditetapkan")
    expect(world.counter.page.locator("main")).to_contain_text("Rp1.250.000")
    expect(world.counter.page.locator("main")).to_contain_text(code)
    revenue.pay(sent.number, code, "1.250.000", world.network.today())
    world.counter.sees(sent, "Pembayaran dicatat")


def decided_by_two_bodies(world: World, sent: Sent) -> str:
    """Draft, initials, the head's decision, the second body's agreement, signature; return the letter's number."""
    world.desk("loket1").finish(sent.number)
    world.desk("kabid1").finish(sent.number)
    head, second = world.desk("kepala"), world.desk("ka.dpupr")
    head.decide(sent.number, "dikabulkan", "Pendapat kedua dinas terpenuhi.")
    assert not head.has_on_desk(sent.number)
    second.confirm(sent.number, "Sesuai dengan pemeriksaan teknis.")
    letter = head.sign(sent.number)
    world.counter.sees(sent, "Konsep keputusan dibuat", "Konsep diparaf", "Keputusan dikuatkan", "Surat ditandatangani")
    expect(world.counter.page.locator(".timeline")).not_to_contain_text("Kode:")
    return letter


def printed_at_the_village(world: World, sent: Sent, letter: str, folder: Path) -> str:
    """Open the letter at the village; return the text of the QR code on it."""
    world.counter.open_decision(sent)
    expect(world.counter.page.locator("main")).to_contain_text(letter)
    pdf, file = world.counter.document(), folder / "letter.pdf"
    file.write_bytes(pdf)
    found = subprocess.run([require("pdfsig"), "-nocert", str(file)], capture_output=True, text=True, check=False)
    assert "Signature is Valid" in found.stdout
    assert "Total document signed" in found.stdout
    assert all(each in pdf_words(pdf) for each in (letter, sent.number, CORRECTED))
    return qr_of(pdf)


def holds_without_the_hub(world: World, code: str, keys: Path, letter: str) -> None:
    """Judge the code at the village and with the stranger's program while the hub is down."""
    world.network.hub.stop()
    try:
        verdict = world.counter.judge(code)
        expect(verdict).to_contain_text("Asli dan masih berlaku")
        expect(verdict).to_contain_text(letter)
        assert permit_verdict(code, keys).startswith("HOLDS")
        assert permit_verdict(with_one_letter_changed(code), keys).startswith("REFUTED")
    finally:
        world.network.hub.start()


def revoked(world: World, sent: Sent, code: str, letter: str) -> None:
    """Let one office propose the revocation and another agree; the public page and the village then refuse the code."""
    head, second, stranger = world.desk("kepala"), world.desk("ka.dpupr"), world.fresh_page()
    head.propose_revocation(sent.number, "Ketentuan dilanggar", "Dipasang di atas saluran air.")
    assert "Asli dan berlaku" in public_verdict(world, stranger, code)
    second.agree(sent.number, "Pencabutan izin", "Pelanggaran terbukti.")
    assert "Sudah dicabut" in public_verdict(world, stranger, code)
    stranger.context.close()
    world.counter.sees(sent, "Surat dicabut")
    verdict = world.counter.judge(code)
    again = "SUDAH DICABUT"
    wait_for(lambda: again in world.counter.judge(code).inner_text(), "no list of revocations", within_s=TRAVEL_S)
    expect(verdict).to_contain_text(letter)


def public_verdict(world: World, page: Page, code: str) -> str:
    """Return what the hub's public page says to somebody without an account."""
    page.goto(f"{world.network.hub.url}/verifikasi")
    page.get_by_label("Isi kode QR").fill(code)
    page.get_by_role("button", name="Periksa").click()
    return page.locator("#verdict").inner_text()


def permit_verdict(code: str, keys: Path, *lists: Path) -> str:
    """Return what ``simpul-verify permit`` prints."""
    command = [sys.executable, str(VERIFIER), "permit", "--keys", str(keys), "--qr", code]
    command += ["--revoked", *map(str, lists)] if lists else []
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def with_one_letter_changed(code: str) -> str:
    place = len(code) // 2
    return f"{code[:place]}{'A' if code[place] != 'A' else 'B'}{code[place + 1 :]}"


def saved(world: World, path: str, file: Path) -> Path:
    """Save what the hub offers to everybody."""
    file.write_bytes(world.desk("kepala").page.request.get(f"{world.network.hub.url}{path}").body())
    return file
