"""Every move by its form: what it does, what a refusal shows, and that nothing typed is lost."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub.accounts.rules import Role
from hub.casework.rules import CaseRule
from hub.desks.labels import RULES
from tests.webs import HubWeb, make_web, post


@pytest.fixture
def web(tmp_path: Path, database_url: str) -> Iterator[HubWeb]:
    made = make_web(tmp_path, database_url)
    yield made
    made.hub.database.dispose()


def send(web: HubWeb, browser: FlaskClient, case_id: str, move: str, **values: object) -> TestResponse:
    """Send a form of the case page with the version that is on it now."""
    values.setdefault("version", web.load(case_id).version_id)
    return post(browser, f"/cases/{case_id}/{move}", **values)


def usual(web: HubWeb, case_id: str) -> FlaskClient:
    """Return the browser of who usually does what is open."""
    row = web.town.open_rows(case_id)[0]
    return web.browser_of(web.town.at(row.role, row.office))


WALK: dict[str, tuple[str, dict[str, object]]] = {
    "completeness": ("complete", {}),
    "draft": ("finish", {"stage": "draft", "seat": 0, "note": "konsep pertama"}),
    "initials": ("finish", {"stage": "initials", "seat": 0}),
    "decision": ("decide", {"verdict": "granted"}),
    "recording": ("finish", {"stage": "recording", "seat": 0, "reference": "REG-1"}),
}


def walk(web: HubWeb, case_id: str, until: str) -> None:
    """Let the usual people do what is open by the forms that the page offers, up to a stage."""
    while (row := web.town.open_rows(case_id)[0]).stage != until:
        if row.stage in WALK:
            move, values = WALK[row.stage]
            browser = usual(web, case_id)
            assert f'action="/cases/{case_id}/{move}"' in browser.get(f"/cases/{case_id}").text, row.stage
            answer = send(web, browser, case_id, move, **values)
            assert answer.status_code == 303, (row.stage, answer.status_code, re.findall(r"alert-\w+.*", answer.text))
        else:
            web.town.do(case_id, row)


@pytest.mark.parametrize("service", ["PM", "KK"])
def test_a_case_walks_from_desk_to_desk_by_hand(web: HubWeb, service: str) -> None:
    case_id = web.case(service)
    walk(web, case_id, "handover")
    row = web.town.open_rows(case_id)[0]
    village = web.browser(Role.VILLAGE_OFFICER, row.office)
    assert send(web, village, case_id, "hand-over", note="diterima sendiri").status_code == 303
    assert web.load(case_id).state == "closed"


def test_a_visit_is_signed_with_its_minutes(web: HubWeb) -> None:
    case_id = web.case("APOTEK")
    walk(web, case_id, "inspection")
    browser = usual(web, case_id)
    place = {"stage": "inspection", "seat": 0}
    minutes = {"day": "2026-11-25", "where": "Apotek", "people": "tim", "note": "denah sesuai", "verdict": "yes"}
    early = send(web, browser, case_id, "minutes", **place, **minutes)
    assert (early.status_code, RULES[CaseRule.NOT_TAKEN] in early.text) == (422, True)
    assert "denah sesuai" in early.text
    assert send(web, browser, case_id, "take", **place).status_code == 303
    assert send(web, browser, case_id, "minutes", **place, **minutes).status_code == 303
    assert "Yang hadir: tim" in browser.get(f"/cases/{case_id}").text


def test_agencies_recommend_beside_each_other(web: HubWeb) -> None:
    case_id = web.case("REKLAME")
    walk(web, case_id, "technical_view")
    for stage, office in (("technical_view", "agency.dpupr"), ("order_view", "agency.satpol-pp")):
        browser = web.browser(Role.AGENCY_CLERK, office)
        assert send(web, browser, case_id, "take", stage=stage, seat=0).status_code == 303
        given = send(
            web, browser, case_id, "opinion", stage=stage, seat=0, verdict="conditions", note="lampu dipadamkan 22.00"
        )
        assert given.status_code == 303
    assert web.town.open_rows(case_id)[0].stage == "tax"


def test_a_correction_is_asked_from_the_page(web: HubWeb) -> None:
    case_id, browser = web.case("APOTEK"), web.browser(Role.FRONT_OFFICE)
    answer = send(
        web, browser, case_id, "ask", stage="completeness", seat=0, reason="data_wrong", form_fields=["pharmacy_name"]
    )
    assert (answer.status_code, web.load(case_id).state) == (303, "returned")
    assert "Menunggu perbaikan" in browser.get(f"/cases/{case_id}").text


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
    answer = post(web.browser(Role.FRONT_OFFICE), f"/cases/{case_id}/ask", stage="completeness", seat=0, **values)
    assert answer.status_code == status
    assert str(values["note"]).strip() in answer.text
    assert web.load(case_id).state == "received"


TYPED = {
    "opinion": {"verdict": "no", "note": "alasan yang diketik"},
    "minutes": {"verdict": "no", "note": "alasan yang diketik", "where": "x", "people": "y", "day": "2026-11-25"},
    "finish": {"note": "alasan yang diketik"},
    "decide": {"verdict": "refused", "note": "alasan yang diketik"},
    "confirm": {"agrees": "no", "note": "alasan yang diketik"},
    "answer": {"agrees": "no", "note": "alasan yang diketik", "proposal": "x"},
    "hand-over": {"note": "alasan yang diketik"},
    "reroute": {"office": "agency.dlh", "reason": "alasan yang diketik"},
    "withdraw": {"reason": "alasan yang diketik"},
    "propose": {"reason": "alasan yang diketik"},
}


@pytest.mark.parametrize("move", sorted(TYPED))
def test_every_refused_form_comes_back_with_what_was_typed(web: HubWeb, move: str) -> None:
    case_id = web.case("APOTEK")
    web.town.work_off(case_id, until="draft")
    before = web.load(case_id).version_id
    browser = web.browser(Role.AGENCY_CLERK)
    answer = send(web, browser, case_id, move, stage="inspection", seat=0, version=1, **TYPED[move])
    assert answer.status_code in {403, 409, 422}
    assert "Yang Anda ketik masih ada di bawah." in answer.text or move == "answer"
    assert "alasan yang diketik" in answer.text or move == "answer"  # no proposal is open: there is no form
    assert web.load(case_id).version_id == before


@pytest.mark.parametrize("move", sorted(TYPED))
def test_an_empty_form_says_what_is_missing(web: HubWeb, move: str) -> None:
    case_id = web.case("APOTEK")
    answer = send(web, web.browser(Role.FRONT_OFFICE), case_id, move)
    assert answer.status_code in {403, 409, 422}
    assert 'id="errors"' in answer.text


def test_the_second_clerk_sees_what_the_first_did(web: HubWeb) -> None:
    case_id, slow = web.case("APOTEK"), web.browser(Role.FRONT_OFFICE)
    send(web, web.browser(Role.FRONT_OFFICE), case_id, "complete")
    answer = send(
        web,
        slow,
        case_id,
        "ask",
        stage="completeness",
        seat=0,
        version=1,
        reason="other",
        note="ditulis panjang lebar",
    )
    assert answer.status_code == 409
    assert "Dinyatakan lengkap dan benar" in answer.text
    assert "ditulis panjang lebar" in answer.text


def test_a_double_click_makes_one_receipt(web: HubWeb) -> None:
    case_id, browser = web.case("APOTEK"), web.browser(Role.FRONT_OFFICE)
    assert [send(web, browser, case_id, "complete", version=1).status_code for _ in range(2)] == [303, 409]
    assert web.sign_receipts() == 1


def test_extra_fields_change_nothing(web: HubWeb) -> None:
    case_id = web.case("APOTEK")
    send(web, web.browser(Role.FRONT_OFFICE), case_id, "complete", state="closed", village="x", outcome="issued")
    case = web.load(case_id)
    assert (case.state, case.village, case.outcome) == ("in_progress", "33.14.01.2001", "")


def test_a_refusal_waits_for_a_second_person_of_another_office(web: HubWeb) -> None:
    case_id = web.case("SIP-BD")
    walk(web, case_id, "decision")
    head = usual(web, case_id)
    assert send(web, head, case_id, "decide", verdict="refused", note="STR sudah kedaluwarsa").status_code == 303
    assert web.load(case_id).outcome == ""
    assert "menunggu badan kedua" in head.get(f"/cases/{case_id}").text
    row = next(each for each in web.town.open_rows(case_id) if each.stage == "proposal")
    other = web.browser(Role.HEAD, row.office)
    proposal = re.search(r'name="proposal" value="([^"]+)"', other.get(f"/cases/{case_id}").text)
    assert proposal is not None
    assert send(web, other, case_id, "answer", proposal=proposal[1], agrees="yes").status_code == 303
    assert web.load(case_id).outcome == "refused"


def test_the_rule_of_two_bodies_is_quoted(web: HubWeb) -> None:
    case_id = web.case("REKLAME")
    web.town.work_off(case_id, until="confirmation")
    decider = web.browser(Role.HEAD)
    answer = send(web, decider, case_id, "confirm", agrees="yes")
    assert answer.status_code == 403
    assert RULES[CaseRule.NOT_YOUR_STAGE] in answer.text or RULES[CaseRule.SAME_OFFICE] in answer.text
    second = web.browser(Role.HEAD, "agency.dpupr")
    assert send(web, second, case_id, "confirm", agrees="yes").status_code == 303


def test_an_application_is_taken_back_and_reopened_by_two(web: HubWeb) -> None:
    case_id = web.case("PM")
    assert send(web, web.browser(Role.FRONT_OFFICE), case_id, "withdraw", reason="pemohon batal").status_code == 303
    assert web.load(case_id).state == "withdrawn"
    head = web.browser(Role.HEAD)
    assert send(web, head, case_id, "propose", reason="ternyata jadi juga").status_code == 303
    assert "Buka kembali berkas" in head.get(f"/cases/{case_id}").text


def test_work_is_given_to_another_office_with_a_reason(web: HubWeb) -> None:
    case_id = web.case("REKLAME")
    walk(web, case_id, "technical_view")
    front = web.browser(Role.FRONT_OFFICE)
    values: dict[str, object] = {"stage": "technical_view", "seat": 0, "office": "agency.dlh"}
    assert send(web, front, case_id, "reroute", **values, reason="").status_code == 422
    assert send(web, front, case_id, "reroute", **values, reason="jalan provinsi, bukan kabupaten").status_code == 303
    assert web.town.desk(case_id, "technical_view").office == "agency.dlh"


def test_a_newer_case_taken_first_is_marked(web: HubWeb) -> None:
    web.case("APOTEK")
    web.hub.clock.move(60)
    case_id, browser = web.case("APOTEK"), web.browser(Role.FRONT_OFFICE)
    assert "1 berkas yang lebih lama masih menunggu" in browser.get(f"/cases/{case_id}").text
    send(web, browser, case_id, "take", stage="completeness", seat=0)
    assert "Di luar urutan" in browser.get(f"/cases/{case_id}").text
