"""Queue and case page in a browser's shoes: scope, masks, looks, forms that lose nothing."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from markupsafe import escape
from sqlalchemy import select

from hub.accounts.rules import Role
from hub.casework.tables import CaseEvent
from protocol.bundle import Manifest
from tests.webs import HubWeb, make_web, post


@pytest.fixture
def web(tmp_path: Path, database_url: str) -> Iterator[HubWeb]:
    made = make_web(tmp_path, database_url)
    yield made
    made.hub.database.dispose()


def events(web: HubWeb, kind: str) -> int:
    with web.hub.database.reading() as session:
        return len(session.scalars(select(CaseEvent).where(CaseEvent.kind == kind)).all())


def test_the_queue_is_the_home_page(web: HubWeb) -> None:
    web.case("APOTEK")
    answer = web.browser(Role.FRONT_OFFICE).get("/", follow_redirects=True)
    assert answer.status_code == 200
    assert web.newest().registration_no in answer.text


def test_the_queue_shows_my_office_alone(web: HubWeb) -> None:
    web.case("KK")
    number = web.newest().registration_no
    assert number not in web.browser(Role.FRONT_OFFICE).get("/cases").text
    assert number in web.browser(Role.FRONT_OFFICE, "civil-registry").get("/cases").text
    assert number in web.browser(Role.INSPECTORATE).get("/cases").text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("service=APOTEK", True),
        ("service=PM", False),
        ("state=received", True),
        ("state=complete", False),
        ("subdistrict=33.14.01", True),
        ("subdistrict=33.14.02", False),
        ("subdistrict=nonsense", True),
        ("number=0000001", True),
        ("number=0000099", False),
        ("number=%25", True),
        ("view=mine", False),
        ("after=nonsense", True),
        ("after=99999999999999.Z", False),
    ],
)
def test_the_filter_is_in_the_address(web: HubWeb, query: str, found: bool) -> None:
    web.case("APOTEK")
    number = web.newest().registration_no
    answer = web.browser(Role.FRONT_OFFICE).get(f"/cases?{query}")
    assert answer.status_code == 200
    assert (number in answer.text) is found


def test_pages_follow_each_other_by_key(web: HubWeb) -> None:
    numbers = []
    for _ in range(27):
        web.hub.clock.move(1)
        web.case("PM")
        numbers.append(web.newest().registration_no)
    browser = web.browser(Role.FRONT_OFFICE)
    first = browser.get("/cases").text
    address = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = browser.get(address).text
    assert [number in first for number in numbers] == [True] * 25 + [False] * 2
    assert [number in second for number in numbers] == [False] * 25 + [True] * 2


def test_the_csv_holds_exactly_what_is_filtered(web: HubWeb) -> None:
    web.case("APOTEK")
    wanted = web.newest().registration_no
    web.case("PM")
    answer = web.browser(Role.FRONT_OFFICE).get("/cases/export.csv?service=APOTEK")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row[0] for row in rows[1:]] == [wanted]


def test_a_case_page_masks_and_notes_the_look(web: HubWeb) -> None:
    case_id = web.case("APOTEK")
    applicant = web.newest().applicant
    answer = web.browser(Role.FRONT_OFFICE).get(f"/cases/{case_id}")
    assert applicant.nik is not None
    assert applicant.nik not in answer.text
    assert f"{applicant.nik[:6]}******{applicant.nik[12:]}" in answer.text
    assert events(web, "viewed") == 1


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


def test_an_attachment_comes_in_a_sandbox(web: HubWeb) -> None:
    case_id = web.case("APOTEK")
    answer = web.browser(Role.FRONT_OFFICE).get(f"/cases/{case_id}/files/0")
    assert answer.data == b"\xff\xd8scan"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("inline; filename=lampiran-1.")
    assert events(web, "file_viewed") == 1


def test_an_attachment_on_its_way_is_not_there(web: HubWeb) -> None:
    case_id, browser = web.case("APOTEK", whole=False), web.browser(Role.FRONT_OFFICE)
    assert browser.get(f"/cases/{case_id}/files/0").status_code == 404
    assert browser.get(f"/cases/{case_id}/files/99").status_code == 404
    assert "masih dalam perjalanan" in browser.get(f"/cases/{case_id}").text


def test_the_three_moves_by_hand(web: HubWeb) -> None:
    case_id = web.case("APOTEK")
    done = post(web.browser(Role.FRONT_OFFICE), f"/cases/{case_id}/complete", version=1)
    assert done.status_code == 303
    taken = post(web.browser(Role.AGENCY_CLERK), f"/cases/{case_id}/custody", version=2)
    assert taken.status_code == 303
    assert web.load(case_id).state == "taken_up"


def test_a_return_by_hand(web: HubWeb) -> None:
    case_id, browser = web.case("APOTEK"), web.browser(Role.FRONT_OFFICE)
    answer = post(
        browser, f"/cases/{case_id}/return", version=1, reason="data_wrong", form_fields=["pharmacy_name"], note="x"
    )
    assert (answer.status_code, web.load(case_id).state) == (303, "returned")


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"version": 1, "reason": ""}, 422),
        ({"version": 1, "reason": "nonsense"}, 422),
        ({"version": 1, "reason": "data_wrong"}, 422),
        ({"version": 1, "reason": "data_wrong", "form_fields": ["state"]}, 422),
        ({"version": 7, "reason": "other", "note": "ditulis panjang lebar"}, 409),
        ({"version": "x", "reason": "other", "note": "ditulis panjang lebar"}, 409),
        ({"version": 1, "reason": "other", "note": "ditulis panjang " * 80}, 422),
    ],
)
def test_nothing_typed_is_lost_when_a_return_is_refused(web: HubWeb, values: dict[str, object], status: int) -> None:
    case_id = web.case("APOTEK")
    values.setdefault("note", "catatan yang diketik")
    answer = post(web.browser(Role.FRONT_OFFICE), f"/cases/{case_id}/return", **values)
    assert answer.status_code == status
    assert str(values["note"]).strip() in answer.text
    assert web.load(case_id).state == "received"


def test_the_second_clerk_sees_what_the_first_did(web: HubWeb) -> None:
    case_id, slow = web.case("APOTEK"), web.browser(Role.FRONT_OFFICE)
    post(web.browser(Role.FRONT_OFFICE), f"/cases/{case_id}/complete", version=1)
    answer = post(slow, f"/cases/{case_id}/return", version=1, reason="other", note="ditulis panjang lebar")
    assert answer.status_code == 409
    assert "Dinyatakan lengkap dan benar" in answer.text
    assert "ditulis panjang lebar" in answer.text


def test_a_double_click_makes_one_receipt(web: HubWeb) -> None:
    case_id, browser = web.case("APOTEK"), web.browser(Role.FRONT_OFFICE)
    assert [post(browser, f"/cases/{case_id}/complete", version=1).status_code for _ in range(2)] == [303, 409]
    assert web.sign_receipts() == 1


def test_extra_fields_change_nothing(web: HubWeb) -> None:
    case_id = web.case("APOTEK")
    post(web.browser(Role.FRONT_OFFICE), f"/cases/{case_id}/complete", version=1, state="taken_up", village="x")
    assert (web.load(case_id).state, web.load(case_id).village) == ("complete", "33.14.01.2001")


def test_a_receipt_can_be_had_from_the_page(web: HubWeb) -> None:
    case_id, browser = web.case("APOTEK"), web.browser(Role.FRONT_OFFICE)
    address = browser.get(f"/cases/{case_id}").text.split("/receipts/")[1].split('"')[0]
    answer = browser.get(f"/cases/{case_id}/receipts/{address}")
    assert answer.headers["Content-Type"] == "application/cbor"
    assert browser.get(f"/cases/{case_id}/receipts/999999").status_code == 404
