"""Pages about letters: signing, opening, proposing a revocation, registers, and the public page that verifies."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.accounts.rules import Role, network_of
from hub.accounts.throttle import WINDOW_S, count
from hub.casework.commands import ProposalKind
from hub.casework.tables import CaseEvent, CaseProposal
from hub.permits.labels import ANSWERS
from hub.permits.service import reserve
from hub.permits.verify import MOST_MARKS, Answer
from hub.permits.verify_views import QUOTA
from protocol.permit import Revoked, verify_revocations, verify_seal
from tests.webs import HubWeb, make_web, post, token_of


@pytest.fixture
def web(tmp_path: Path, database_url: str) -> Iterator[HubWeb]:
    made = make_web(tmp_path, database_url)
    yield made
    made.hub.database.dispose()


def qr_of(web: HubWeb, case_id: str) -> str:
    """Return the text of the QR code of a case that is ready, by reserving its letter."""
    with web.hub.database.session() as session:
        return reserve(session, web.town.now(), web.desk.head(), web.desk.command(case_id), web.desk.tools).paper.qr


def verify(web: HubWeb, **values: object) -> tuple[int, str]:
    browser = web.browser()
    answer = browser.post("/verifikasi", data={"csrf_token": token_of(browser), **values})
    return answer.status_code, answer.text


def says(text: str, answer: Answer) -> bool:
    shown = re.search(r'id="verdict">(.*?)</h2>', text, re.DOTALL)
    return shown is not None and ANSWERS[answer].text in shown[1]


def test_the_head_signs_on_the_page(web: HubWeb) -> None:
    case_id = web.desk.ready("PM")
    browser = web.browser_of(web.desk.head())
    assert "Tanda tangani sekarang" in browser.get(f"/cases/{case_id}/letter").text
    answer = post(browser, f"/cases/{case_id}/letter/sign", version=web.town.load(case_id).version_id)
    assert answer.status_code == 303
    shown = browser.get(f"/cases/{case_id}/letter").text
    assert "500.16.7/001/DPMPTSP/XI/2026" in shown
    assert "Tanda tangani sekarang" not in shown


def test_a_clerk_may_not_sign(web: HubWeb) -> None:
    case_id = web.desk.ready("PM")
    answer = post(
        web.browser(Role.FRONT_OFFICE), f"/cases/{case_id}/letter/sign", version=web.town.load(case_id).version_id
    )
    assert answer.status_code == 403
    assert web.desk.numbers() == []


def test_a_stale_page_signs_nothing(web: HubWeb) -> None:
    case_id = web.desk.ready("PM")
    assert post(web.browser_of(web.desk.head()), f"/cases/{case_id}/letter/sign", version=1).status_code == 409
    assert web.desk.numbers() == []


def test_opening_the_file_is_noted(web: HubWeb) -> None:
    case_id = web.desk.signed("PM")
    answer = web.browser_of(web.desk.head()).get(f"/cases/{case_id}/letter.pdf")
    with web.hub.database.reading() as session:
        looks = session.scalars(
            select(CaseEvent.names).where(CaseEvent.case_id == case_id, CaseEvent.kind == "file_viewed")
        ).all()
    assert answer.data.startswith(b"%PDF")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert looks == ["letter"]


def test_a_case_without_a_letter_has_no_file(web: HubWeb) -> None:
    case_id = web.desk.ready("PM")
    assert web.browser_of(web.desk.head()).get(f"/cases/{case_id}/letter.pdf").status_code == 404


def test_registers_are_listed_and_saved(web: HubWeb) -> None:
    web.desk.signed("PM")
    web.desk.signed("D-SKU")
    head = web.browser_of(web.desk.head())
    auditor = web.browser(Role.INSPECTORATE)
    assert "500.3.1/001" not in head.get("/registers").text
    assert "500.3.1/001" in auditor.get("/registers").text
    assert "500.16.7/001" not in auditor.get("/registers?year=2025").text
    assert '"500.16.7/001/DPMPTSP/XI/2026","1","2026"' in head.get("/registers.csv").text


def test_a_revocation_needs_a_second_office_and_reaches_the_public_page(web: HubWeb) -> None:
    case_id = web.desk.ready("PM")
    text = qr_of(web, case_id)
    web.desk.sign(case_id)
    head = web.browser_of(web.desk.head())
    page = {"code": "violation", "reason": "Ketentuan izin dilanggar"}
    version = web.town.load(case_id).version_id
    assert post(head, f"/cases/{case_id}/letter/revoke", version=version, **page).status_code == 303
    assert says(verify(web, text=text)[1], Answer.GENUINE)
    row = next(row for row in web.town.open_rows(case_id) if row.stage == "proposal")
    web.town.worker(case_id, row.role, row.office).answer()
    status, shown = verify(web, text=text)
    assert says(shown, Answer.REVOKED)
    assert "Ketentuan dilanggar" in shown
    assert status == 200


@pytest.mark.parametrize(
    "form", [{"code": "violation", "reason": "pendek"}, {"code": "nonsense", "reason": "Alasan panjang"}, {}]
)
def test_a_revocation_without_a_reason_is_refused(web: HubWeb, form: dict[str, str]) -> None:
    case_id = web.desk.signed("PM")
    version = web.town.load(case_id).version_id
    answer = post(web.browser_of(web.desk.head()), f"/cases/{case_id}/letter/revoke", version=version, **form)
    assert answer.status_code == 422
    assert form.get("reason", "") in answer.text
    assert [row.stage for row in web.town.open_rows(case_id)] == ["handover"]


def test_the_public_page_knows_text_and_file(web: HubWeb) -> None:
    case_id = web.desk.ready("PM")
    text = qr_of(web, case_id)
    assert says(verify(web, text=text)[1], Answer.NOT_OURS)  # a number alone is no letter
    content = web.desk.pdf(web.desk.sign(case_id))
    for shown in (verify(web, text=f"{text}\r\n")[1], verify(web, file=(io.BytesIO(content), "x.pdf"))[1]):
        assert says(shown, Answer.GENUINE)
        assert "500.16.7/001/DPMPTSP/XI/2026" in shown
        assert web.town.made[-1].manifest.applicant.name in shown
        assert str(web.town.made[-1].manifest.applicant.nik) not in shown


def test_a_changed_file_is_shown_beside_the_ledger_s_facts(web: HubWeb) -> None:
    content = bytearray(web.desk.pdf(web.desk.sign(web.desk.ready("PM"))))
    content[len(content) // 3] ^= 1
    shown = verify(web, file=(io.BytesIO(bytes(content)), "x.pdf"))[1]
    assert says(shown, Answer.CHANGED)
    assert "500.16.7/001/DPMPTSP/XI/2026" in shown


def test_an_expired_letter_is_said_to_be_so(web: HubWeb) -> None:
    case_id = web.desk.ready("D-SKU")
    with web.hub.database.session() as session:
        head = web.desk.head("village.33.14.01.2001")
        text = reserve(session, web.town.now(), head, web.desk.command(case_id), web.desk.tools).paper.qr
    web.desk.sign(case_id)
    assert says(verify(web, text=text)[1], Answer.GENUINE)
    web.hub.clock.move(40 * 86_400)
    assert says(verify(web, text=text)[1], Answer.EXPIRED)


def test_a_genuine_refusal_is_no_permit(web: HubWeb) -> None:
    content = web.desk.pdf(web.desk.sign(web.desk.ready("PM", decision="refused")))
    shown = verify(web, file=(io.BytesIO(content), "x.pdf"))[1]
    assert says(shown, Answer.GENUINE)
    assert "bukan izin" in shown


def test_a_refusal_of_a_reopened_case_holds_no_longer(web: HubWeb) -> None:
    case_id = web.desk.ready("PM", decision="refused")
    content = web.desk.pdf(web.desk.sign(case_id))
    web.town.work_off(case_id)
    web.town.worker(case_id, "head", "one-stop").propose(ProposalKind.REOPEN)
    with web.hub.database.reading() as session:
        office = session.scalars(select(CaseProposal.asked_office).where(CaseProposal.state == "open")).one()
    web.town.worker(case_id, "head", office).answer()
    assert says(verify(web, file=(io.BytesIO(content), "x.pdf"))[1], Answer.SUPERSEDED)


@pytest.mark.parametrize(
    "text",
    ["SIMPUL1:", "SIMPUL1:AAA", "https://simpul.example/v?n=1", "x" * 900, "{{7*7}}", "<script>alert(1)</script>"],
)
def test_what_is_not_ours_gets_one_answer(web: HubWeb, text: str) -> None:
    status, shown = verify(web, text=text)
    assert (status, says(shown, Answer.NOT_OURS)) == (200, True)
    assert f">{text}" not in shown


def test_nothing_given_is_asked_again(web: HubWeb) -> None:
    assert verify(web, text=" \r\n")[0] in {200, 422}
    assert verify(web)[0] == 422


def test_a_file_that_is_too_large_is_refused(web: HubWeb) -> None:
    assert verify(web, file=(io.BytesIO(b"%PDF" + b"x" * 1_100_000), "x.pdf"))[0] == 413


def test_strangers_get_key_list_and_seal(web: HubWeb) -> None:
    case_id = web.desk.ready("PM")
    content = web.desk.pdf(web.desk.sign(case_id))
    (permit,) = web.desk.permits(case_id)
    browser, key = web.browser(), web.desk.tools.key.public_key()
    assert browser.get("/verifikasi/kunci.json").json == {"hub": "3314", "permit": key.public_bytes_raw().hex()}
    assert verify_revocations(browser.get("/verifikasi/pencabutan/1.cbor").data, key).revoked == []
    assert browser.get("/verifikasi/pencabutan/2.cbor").status_code == 404
    seal = browser.get(f"/verifikasi/segel/{permit.mark.hex()}.cbor").data
    assert verify_seal(seal, key, content).mark == permit.mark
    assert browser.get(f"/verifikasi/segel/{'0' * 32}.cbor").status_code == 404
    assert browser.get("/verifikasi/segel/zz.cbor").status_code == 404


def test_the_list_holds_what_was_revoked(web: HubWeb) -> None:
    case_id = web.desk.signed("PM")
    version = web.town.load(case_id).version_id
    form = {"code": "error", "reason": "Surat salah ketik parah"}
    post(web.browser_of(web.desk.head()), f"/cases/{case_id}/letter/revoke", version=version, **form)
    row = next(row for row in web.town.open_rows(case_id) if row.stage == "proposal")
    web.town.worker(case_id, row.role, row.office).answer()
    part = verify_revocations(web.browser().get("/verifikasi/pencabutan/1.cbor").data, web.desk.tools.key.public_key())
    (permit,) = web.desk.permits(case_id)
    assert permit.state == "revoked"
    assert part.revoked == [Revoked(mark=permit.mark, at_s=part.revoked[0].at_s, code="error")]
    assert part.number == 2


def test_who_proposed_is_offered_to_take_it_back_and_the_other_office_to_agree(web: HubWeb) -> None:
    case_id = web.desk.signed("PM")
    head = web.browser_of(web.desk.head())
    version = web.town.load(case_id).version_id
    post(head, f"/cases/{case_id}/letter/revoke", version=version, code="violation", reason="Ketentuan izin dilanggar")
    row = next(row for row in web.town.open_rows(case_id) if row.stage == "proposal")
    own, other = head.get(f"/cases/{case_id}").text, web.browser(Role.HEAD, row.office).get(f"/cases/{case_id}").text
    choice = re.compile(r'<input[^>]*name="agrees"[^>]*type="radio"')
    assert ("Tarik usul saya" in own, bool(choice.search(own))) == (True, False)
    assert ("Tarik usul saya" in other, bool(choice.search(other))) == (False, True)
    found = re.search(r'name="proposal" value="([^"]+)"', own)
    assert found is not None
    back = {"version": web.town.load(case_id).version_id, "proposal": found[1], "agrees": "no"}
    assert post(head, f"/cases/{case_id}/answer", **back).status_code == 303
    assert "Tarik usul saya" not in head.get(f"/cases/{case_id}").text


def test_a_file_full_of_marks_costs_the_register_little(web: HubWeb) -> None:
    """Fault F24: a megabyte holds 20,000 marks, and strangers may send it."""
    content = web.desk.pdf(web.desk.sign(web.desk.ready("PM"))) + b"one byte more"
    few = b"simpul-permit:%032x\n" % 0 * 200
    many = b"".join(b"simpul-permit:%032x\n" % number for number in range(MOST_MARKS))
    assert says(verify(web, file=(io.BytesIO(few + content), "x.pdf"))[1], Answer.CHANGED)
    assert says(verify(web, file=(io.BytesIO(many + content), "x.pdf"))[1], Answer.NOT_OURS)


def test_who_verifies_without_end_waits(web: HubWeb) -> None:
    with web.hub.database.session() as session:
        network = network_of("127.0.0.1")
        for _ in range(QUOTA.visitor):
            count(session, web.hub.clock.now(), QUOTA, network)
    assert verify(web, text="SIMPUL1:X")[0] == 429
    web.hub.clock.move(WINDOW_S)
    assert verify(web, text="SIMPUL1:X")[0] == 200
