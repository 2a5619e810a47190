"""An application from the first letter to the printed slip, through the node's own pages."""

import pytest

from tests.integration.node_pages import ROAD, Browser, MovingClock, app, browser, clock, desk, fill, furnished
from tests.village_desk import PIN, VillageDesk
from village_node.outbox.queries import list_items

__all__ = ["app", "browser", "clock", "desk", "furnished"]

NAME = "Suparmi"


def sealed(browser: Browser, draft: str) -> str:
    """Sign a draft and return the address of its slip."""
    answer = browser.post(f"/isian/{draft}/tanda-tangan", pin=PIN)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def test_services_are_found_by_a_few_letters_in_both_languages(browser: Browser) -> None:
    assert "Surat Keterangan Usaha" in browser.get("/layanan?q=usah").text
    assert "Surat Keterangan Usaha" in browser.get("/layanan?q=business").text
    assert "Tidak ada layanan dengan kata itu" in browser.get("/layanan?q=zzz").text


def test_requirements_time_with_its_origin_and_fee_stand_before_the_start(browser: Browser) -> None:
    text = browser.get("/layanan/JALAN").text
    for words in ("Surat pengantar desa/kelurahan", "1 hari kerja", "ketentuan Kabupaten Sragen", "Rp500/m²"):
        assert words in text
    assert "GRATIS" in browser.get("/layanan/D-SKU").text


def test_each_field_is_saved_on_its_own(browser: Browser) -> None:
    draft = browser.start()
    answer = browser.script(f"/isian/{draft}/simpan", {"key": "length", "value": "12,5"}).get_json()
    assert (answer["saved"], answer["problem"]) == ("Tersimpan pukul 09.12.00", "")
    assert 'value="12,5"' in browser.get(f"/isian/{draft}").text


def test_the_fee_follows_what_is_typed(browser: Browser) -> None:
    draft = browser.start()
    for key, typed, fee in (("length", "12,5", "dihitung dari isian"), ("width", "5", "Rp31.250")):
        assert browser.script(f"/isian/{draft}/simpan", {"key": key, "value": typed}).get_json()["fee"] == fee


def test_a_nik_that_disagrees_with_the_form_asks_for_a_reason_and_does_not_block(browser: Browser) -> None:
    draft = browser.start("D-SKU")
    browser.script(f"/isian/{draft}/simpan", {"key": "pemohon.nik", "value": "3314994503850002"})
    answer = browser.script(f"/isian/{draft}/simpan", {"key": "birth_date", "value": "06-03-1985"}).get_json()
    assert answer["reason_wanted"]
    browser.script(f"/isian/{draft}/simpan", {"key": "pemohon.nik_reason", "value": "KTP salah cetak"})
    text = browser.get(f"/isian/{draft}/periksa").text
    assert "Tanggal lahir di dalam NIK berbeda dengan isian." in text
    assert "Alasan petugas: KTP salah cetak" in text


def test_what_is_wrong_is_kept_and_named(browser: Browser) -> None:
    draft = browser.start()
    answer = browser.script(f"/isian/{draft}/simpan", {"key": "length", "value": "12 meter"}).get_json()
    assert "tidak terbaca" in answer["problem"]
    assert 'value="12 meter"' in browser.get(f"/isian/{draft}").text


def test_a_nik_is_called_plausible_and_a_foreign_one_warned_about(browser: Browser) -> None:
    draft = browser.start()
    answer = browser.script(f"/isian/{draft}/simpan", {"key": "pemohon.nik", "value": "3402014503850001"}).get_json()
    assert "perempuan, lahir 5 Maret 1985" in answer["fact"]
    assert "dari luar kabupaten" in answer["warnings"]["pemohon.nik"]
    assert not answer["problem"]


@pytest.mark.parametrize("body", [{"key": "nonsense", "value": "x"}, {"key": "length", "value": "9" * 5000}, {}])
def test_inputs_that_the_form_has_not_are_refused(browser: Browser, body: dict[str, str]) -> None:
    answer = browser.script(f"/isian/{browser.start()}/simpan", body)
    assert answer.status_code == 400
    assert "tidak dikenal formulir" in answer.get_json()["problem"]


def test_going_on_with_problems_shows_them_and_keeps_everything(browser: Browser) -> None:
    draft = browser.start()
    answer = browser.post(f"/isian/{draft}", **{**ROAD, "closure": "full"})
    assert answer.status_code == 422
    assert 'href="#in-detour"' in answer.text
    assert 'value="Suparmi"' in answer.text


def test_a_hidden_field_is_not_asked_for(browser: Browser) -> None:
    draft = browser.start()
    assert browser.post(f"/isian/{draft}", **{**ROAD, "detour": "lewat sawah"}).status_code == 302
    assert "lewat sawah" not in browser.get(f"/isian/{draft}/periksa").text


def test_an_incomplete_draft_cannot_be_signed(browser: Browser) -> None:
    draft = browser.start()
    assert browser.get(f"/isian/{draft}/tanda-tangan").headers["Location"] == f"/isian/{draft}/periksa"
    assert browser.post(f"/isian/{draft}/tanda-tangan", pin=PIN).headers["Location"] == f"/isian/{draft}/periksa"


def test_a_wrong_pin_signs_nothing(browser: Browser, desk: VillageDesk) -> None:
    draft = fill(browser)
    answer = browser.post(f"/isian/{draft}/tanda-tangan", pin="111112")
    assert answer.status_code == 403
    assert "PIN salah." in answer.text
    with desk.context.database.reading() as session:
        assert list_items(session) == []


def test_the_slip_tells_what_the_resident_needs(browser: Browser) -> None:
    text = browser.get(sealed(browser, fill(browser))).text
    for words in (
        "Tanda terima sementara", "3314-26-0000001-04", "Rp31.250", "1 hari kerja", "Surat pengantar desa/kelurahan",
        "Kode lacak", "Sidik berkas", "Belum diterima pusat", NAME,
    ):  # fmt: skip
        assert words in text, words


def test_a_free_service_says_gratis_in_big_letters(browser: Browser) -> None:
    assert 'class="gratis"' in browser.get("/layanan/D-SKU").text


def test_the_qr_is_a_picture_of_its_own(browser: Browser) -> None:
    slip = sealed(browser, fill(browser))
    answer = browser.get(slip.replace("tanda-terima", "qr.svg"))
    assert (answer.mimetype, answer.data[:4]) == ("image/svg+xml", b"<svg")


def test_sealing_takes_the_draft_away_and_puts_the_item_into_the_queue(browser: Browser, desk: VillageDesk) -> None:
    draft = fill(browser)
    sealed(browser, draft)
    assert browser.get(f"/isian/{draft}").status_code == 404
    assert not (desk.context.settings.data_dir / "drafts" / draft).exists()
    text = browser.get("/").text
    assert "3314-26-0000001-04" in text
    assert "Luring, 1 berkas menunggu" in text


def test_signing_twice_makes_one_item(browser: Browser, desk: VillageDesk) -> None:
    draft = fill(browser)
    sealed(browser, draft)
    assert browser.post(f"/isian/{draft}/tanda-tangan", pin=PIN).status_code == 404
    with desk.context.database.reading() as session:
        assert len(list_items(session)) == 1


def test_the_item_page_says_why_it_waits_and_whose_turn_it_is(browser: Browser) -> None:
    text = browser.get(sealed(browser, fill(browser)).replace("/tanda-terima", "")).text
    for words in (
        "Program baru dimulai dan sedang menyambung.",
        "program di komputer ini",
        "Rantai penyerahan",
        "KTP pemohon",
    ):
        assert words in text


def test_news_are_sent_only_when_there_are_any(browser: Browser) -> None:
    first = browser.get("/keadaan/kiriman", X_Requested_With="simpul-live")
    again = browser.get("/keadaan/kiriman", If_None_Match=first.headers["ETag"])
    sealed(browser, fill(browser))
    changed = browser.get("/keadaan/kiriman", If_None_Match=first.headers["ETag"])
    assert (first.status_code, again.status_code, changed.status_code) == (200, 304, 200)


def test_nothing_readable_about_the_resident_lies_on_the_disk(browser: Browser, desk: VillageDesk) -> None:
    draft = fill(browser, purpose_detail="RAHASIA-KELUARGA")
    sealed(browser, fill(browser))
    folder = desk.context.settings.data_dir
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert draft.encode() in content
    for secret in (b"Suparmi", b"3314994503850002", b"RAHASIA-KELUARGA", b"ktp.jpg", b"\xff\xd8\xff\xe0"):
        assert secret not in content


def test_an_officer_is_added_with_an_own_pin(browser: Browser, app: object) -> None:
    assert browser.post("/petugas", name="Joko", pin="111111", again="111111").status_code == 422
    assert browser.post("/petugas", name="Joko", pin="591837", again="591838").status_code == 422
    assert browser.post("/petugas", name="Joko Susilo", pin="591837", again="591837").status_code == 302
    text = browser.get("/petugas").text
    assert text.index("Joko Susilo") < text.rindex("menunggu pengesahan pusat")


def test_who_is_not_certified_is_told_to_wait_and_keeps_the_draft(browser: Browser, desk: VillageDesk) -> None:
    browser.post("/petugas", name="Joko Susilo", pin="591837", again="591837")
    officer = browser.get("/masuk").text.split("Joko Susilo")[0].rsplit('value="', 1)[1].split('"')[0]
    browser.sign_in(officer, "591837")
    draft = fill(browser)
    answer = browser.post(f"/isian/{draft}/tanda-tangan", pin="591837")
    assert answer.status_code == 409
    assert "belum disahkan pusat" in answer.text
    assert browser.get(f"/isian/{draft}").status_code == 200


def test_the_whole_site_speaks_english_too(browser: Browser, clock: MovingClock) -> None:
    browser.post("/bahasa", language="en", next="/layanan/JALAN")
    text = browser.get("/layanan/JALAN").text
    assert "Requirements" in text
    assert "1 working days" in text
    assert "Persyaratan" not in text
