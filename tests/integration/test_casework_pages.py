"""The case page in a browser's shoes: masks, looks, files, corrections, proof."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from markupsafe import escape
from sqlalchemy import select

from hub.accounts.rules import Role
from hub.attachments.rules import EICAR
from hub.attachments.service import check_waiting
from hub.attachments.tables import AttachmentCheck
from hub.casework.quarantine import announcer
from hub.casework.tables import CaseEvent
from protocol.bundle import Manifest
from protocol.notices import CaseNews
from tests.hostile_files import a_pdf, script, with_gps
from tests.requirements import require
from tests.webs import HubWeb, make_web, post


@pytest.fixture
def web(tmp_path: Path, database_url: str) -> Iterator[HubWeb]:
    made = make_web(tmp_path, database_url)
    yield made
    made.hub.database.dispose()


def events(web: HubWeb, kind: str) -> int:
    with web.hub.database.reading() as session:
        return len(session.scalars(select(CaseEvent).where(CaseEvent.kind == kind)).all())


def a_pdf_file(manifest: Manifest) -> Manifest:
    files = [
        msgspec.structs.replace(file, media_type="application/pdf", name="denah.pdf") for file in manifest.attachments
    ]
    return msgspec.structs.replace(manifest, attachments=files)


def test_a_case_page_masks_and_notes_the_look(web: HubWeb) -> None:
    case_id = web.case("APOTEK")
    applicant = web.newest().applicant
    answer = web.browser(Role.FRONT_OFFICE).get(f"/cases/{case_id}")
    assert applicant.nik is not None
    assert applicant.nik not in answer.text
    assert f"{applicant.nik[:6]}******{applicant.nik[12:]}" in answer.text
    assert events(web, "viewed") == 1


def test_who_has_no_nik_on_record_is_told_that_own_cases_are_not_seen(web: HubWeb) -> None:
    case_id, words = web.case("APOTEK"), "Belum diperiksa apakah ini perkara Anda sendiri"
    assert words in web.browser(Role.FRONT_OFFICE).get(f"/cases/{case_id}").text
    known = web.town.person(Role.FRONT_OFFICE, "one-stop", nik_index=bytes(32))
    assert words not in web.browser_of(known).get(f"/cases/{case_id}").text


HOSTILE = '"><script>alert(1)</script>{{7*7}}<img src=x onerror=alert(1)>'


def test_what_the_village_wrote_stays_text(web: HubWeb) -> None:
    def spoil(manifest: Manifest) -> Manifest:
        applicant = msgspec.structs.replace(manifest.applicant, name=HOSTILE, address=HOSTILE)
        files = [msgspec.structs.replace(file, name=HOSTILE) for file in manifest.attachments]
        return msgspec.structs.replace(manifest, applicant=applicant, attachments=files)

    case_id = web.case("APOTEK", change=spoil)
    text = web.browser(Role.FRONT_OFFICE).get(f"/cases/{case_id}").text
    assert text.count(str(escape(HOSTILE))) > 1
    assert "<script>alert" not in text
    assert "<img src=x" not in text


@pytest.mark.parametrize("name", ["Ma'ruf", "X", 'Budi "Si Kumis"', "Sri-Rahayu " * 9, "ʻAʼisyah", "محمد"])
def test_names_are_shown_as_they_are(web: HubWeb, name: str) -> None:
    def rename(manifest: Manifest) -> Manifest:
        return msgspec.structs.replace(
            manifest, applicant=msgspec.structs.replace(manifest.applicant, name=name.strip())
        )

    case_id = web.case("APOTEK", change=rename)
    assert str(escape(name.strip())) in web.browser(Role.FRONT_OFFICE).get(f"/cases/{case_id}").text


def test_a_reason_opens_personal_data_once(web: HubWeb) -> None:
    case_id, browser = web.case("APOTEK"), web.browser(Role.AGENCY_CLERK, "agency.dpupr")
    assert post(browser, f"/cases/{case_id}/reveal", why="mencocokkan dengan KTP").status_code == 404
    browser = web.browser(Role.FRONT_OFFICE)
    opened = post(browser, f"/cases/{case_id}/reveal", why="mencocokkan dengan KTP")
    assert str(web.newest().applicant.nik) in opened.text
    assert str(web.newest().applicant.nik) not in browser.get(f"/cases/{case_id}").text
    assert events(web, "revealed") == 1


def test_without_a_reason_nothing_opens(web: HubWeb) -> None:
    case_id = web.case("APOTEK")
    answer = post(web.browser(Role.FRONT_OFFICE), f"/cases/{case_id}/reveal", why="ya")
    assert answer.status_code == 422
    assert str(web.newest().applicant.nik) not in answer.text
    assert events(web, "revealed") == 0


def test_an_attachment_is_shown_as_a_picture_in_a_sandbox(web: HubWeb) -> None:
    case_id = web.case("APOTEK", file=with_gps())
    answer = web.browser(Role.FRONT_OFFICE).get(f"/cases/{case_id}/files/0/0")
    assert answer.content_type == "image/jpeg"
    assert b"rumah pemohon" not in answer.data
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("inline; filename=lampiran-1-1.")
    assert events(web, "file_viewed") == 1


def test_an_active_pdf_is_flagged_and_shown_as_a_picture(web: HubWeb) -> None:
    require("pdftoppm")
    case_id, browser = web.case("APOTEK", file=script(), change=a_pdf_file), web.browser(Role.FRONT_OFFICE)
    assert browser.get(f"/cases/{case_id}/files/0/0").content_type == "image/png"
    assert "PDF berisi skrip" in browser.get(f"/cases/{case_id}").text


def test_each_page_can_be_seen(web: HubWeb) -> None:
    require("pdftoppm")
    case_id, browser = web.case("APOTEK", file=a_pdf(pages=2), change=a_pdf_file), web.browser(Role.FRONT_OFFICE)
    statuses = [
        browser.get(f"/cases/{case_id}/files/0/0?page={page}").status_code for page in ("1", "2", "3", "x", "-5")
    ]
    assert statuses == [200, 200, 415, 200, 200]
    assert "Halaman" in browser.get(f"/cases/{case_id}").text


def test_malware_is_put_aside_and_the_case_goes_on(web: HubWeb) -> None:
    case_id, browser = web.case("APOTEK", file=EICAR), web.browser(Role.FRONT_OFFICE)
    files = len(web.newest().attachments)
    assert check_waiting(web.hub.context.stores, web.hub.clock.now(), announcer(web.tools)) == files
    answer = browser.get(f"/cases/{case_id}/files/0/0")
    assert (answer.status_code, EICAR in answer.data) == (423, False)
    assert events(web, "file_viewed") == 0
    news = [each for each in web.town.told if isinstance(each, CaseNews) and each.event == "quarantined"]
    assert [each.code for each in news] == ["malware"] * files
    assert "Berisi program jahat" in browser.get(f"/cases/{case_id}").text
    assert post(browser, f"/cases/{case_id}/complete", version=1).status_code == 303


def test_whoever_opens_first_finds_it_and_says_it_once(web: HubWeb) -> None:
    case_id, browser = web.case("APOTEK", file=b"<html>" * 99), web.browser(Role.FRONT_OFFICE)
    assert [browser.get(f"/cases/{case_id}/files/0/0").status_code for _ in range(2)] == [423, 423]
    others = len(web.newest().attachments) - 1
    assert check_waiting(web.hub.context.stores, web.hub.clock.now(), announcer(web.tools)) == others
    assert events(web, "quarantined") == 1 + others
    with web.hub.database.reading() as session:
        assert set(session.scalars(select(AttachmentCheck.findings))) == {"type_unknown"}


def test_the_same_file_twice_has_two_links(web: HubWeb) -> None:
    def rename(manifest: Manifest) -> Manifest:
        files = [
            msgspec.structs.replace(file, name=f"ktp-{number}.jpg") for number, file in enumerate(manifest.attachments)
        ]
        return msgspec.structs.replace(manifest, attachments=files)

    case_id = web.case("APOTEK", change=rename)  # the same bytes for every requirement
    text = web.browser(Role.FRONT_OFFICE).get(f"/cases/{case_id}").text
    assert [text.count(f"ktp-{number}.jpg</a>") for number in (0, 1)] == [1, 1]
    assert [f"/files/0/{number}&#34;" in text or f'/files/0/{number}"' in text for number in (0, 1)] == [True, True]


def test_an_attachment_on_its_way_is_not_there(web: HubWeb) -> None:
    case_id, browser = web.case("APOTEK", whole=False), web.browser(Role.FRONT_OFFICE)
    for place in ("0/0", "0/99", "9/0", "0/99999999999999999999"):
        assert browser.get(f"/cases/{case_id}/files/{place}").status_code == 404
    assert "masih dalam perjalanan" in browser.get(f"/cases/{case_id}").text


def test_two_cases_stand_side_by_side(web: HubWeb) -> None:
    first, second = web.case("APOTEK"), web.case("APOTEK")
    browser = web.browser(Role.FRONT_OFFICE)
    text = browser.get(f"/cases/{first}/beside/{second}").text
    assert all(str(manifest.registration_no) in text for manifest in web.sealed)
    assert events(web, "viewed") == 2
    assert browser.get(f"/cases/{first}/beside/{web.case('KK')}").status_code == 404


def test_a_receipt_can_be_had_from_the_page(web: HubWeb) -> None:
    case_id, browser = web.case("APOTEK"), web.browser(Role.FRONT_OFFICE)
    address = browser.get(f"/cases/{case_id}").text.split("/receipts/")[1].split('"')[0]
    answer = browser.get(f"/cases/{case_id}/receipts/{address}")
    assert answer.headers["Content-Type"] == "application/cbor"
    assert browser.get(f"/cases/{case_id}/receipts/999999").status_code == 404


def test_every_look_of_every_kind_is_one_event(web: HubWeb) -> None:
    case_id, browser = web.case("APOTEK"), web.browser(Role.FRONT_OFFICE)
    for _ in range(3):
        browser.get(f"/cases/{case_id}")
        browser.get(f"/cases/{case_id}/files/0/0")
        browser.get(f"/cases/{case_id}/files/0/0?size=large")
    post(browser, f"/cases/{case_id}/reveal", why="mencocokkan dengan KTP")
    assert [events(web, kind) for kind in ("viewed", "file_viewed", "revealed")] == [3, 6, 1]
