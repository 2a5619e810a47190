"""A resident follows their case by number and code: what the page tells, what not, and how often it may be asked."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from hub.accounts.labels import ROLE_LABELS
from hub.accounts.rules import Role
from hub.casework.rules import Correction
from hub.intake.tables import BundleReceipt
from hub.residents.views import QUOTA
from protocol.bundle import Manifest
from protocol.ids import grouped, tracking_commitment
from protocol.receipt import ReturnReason
from tests.webs import HubWeb, make_web, post

CODE = "7KQ2M9D4XHT3V8NB"
OTHER = "7KQ2M9D4XHT3V8NC"


@pytest.fixture
def web(tmp_path: Path, database_url: str) -> Iterator[HubWeb]:
    made = make_web(tmp_path, database_url)
    yield made
    made.hub.database.dispose()


def with_code(manifest: Manifest) -> Manifest:
    return msgspec.structs.replace(manifest, tracking=tracking_commitment(CODE))


def ask(web: HubWeb, number: str = "", code: str = CODE, path: str = "/lacak") -> TestResponse:
    return post(web.browser(), path, number=number or str(web.newest().registration_no), code=code)


def test_number_and_code_open_the_case_and_name_nobody(web: HubWeb) -> None:
    web.case("APOTEK", change=with_code)
    applicant = web.newest().applicant
    answer = ask(web, code=grouped(CODE).lower())
    assert answer.status_code == 200
    assert "Sekarang di" in answer.text
    assert "Diterima" in answer.text
    for secret in (applicant.name, applicant.nik, applicant.phone, applicant.address):
        assert secret
        assert secret not in answer.text


def test_the_text_of_the_slips_qr_code_is_enough(web: HubWeb) -> None:
    web.case("APOTEK", change=with_code)
    slip = f"SIMPUL-TT1:{web.newest().registration_no}:{CODE}:{'0' * 64}"
    assert ask(web, number=slip, code="").status_code == 200


def test_a_wrong_code_and_a_number_of_nobody_are_one_answer(web: HubWeb) -> None:
    web.case("APOTEK", change=with_code)
    number = str(web.newest().registration_no)
    wrong, nobody = ask(web, code=OTHER), ask(web, number="3314-26-9999999-12")
    assert (wrong.status_code, nobody.status_code) == (404, 404)
    alike = wrong.text.replace(OTHER, CODE).replace(number, "3314-26-9999999-12")
    assert re.sub(r'value="I[^"]+"', "", alike) == re.sub(r'value="I[^"]+"', "", nobody.text)
    assert number not in ask(web, number="3314-26-9999999-12").text


def test_a_look_is_shown_with_role_office_and_reason(web: HubWeb) -> None:
    case_id = web.case("APOTEK", change=with_code)
    assert "Belum ada yang membukanya" in ask(web).text
    clerk = web.actor(Role.FRONT_OFFICE)
    browser = web.browser_of(clerk)
    browser.get(f"/cases/{case_id}")
    post(browser, f"/cases/{case_id}/reveal", why="mencocokkan KTP di loket")
    page = ask(web).text
    assert "melihat berkas, data pribadi disamarkan" in page
    assert "membuka data pribadi; alasan: mencocokkan KTP di loket" in page
    assert str(ROLE_LABELS[Role.FRONT_OFFICE]) in page
    assert clerk.person_id not in page


def test_what_is_asked_is_named(web: HubWeb) -> None:
    case_id = web.case("APOTEK", change=with_code)
    clerk = web.actor(Role.FRONT_OFFICE)
    web.town.as_(clerk, case_id).take("completeness")
    asked = Correction(reason=ReturnReason.DATA_WRONG, fields=("sipa_no",), requirements=(), note="tidak terbaca")
    web.town.as_(clerk, case_id).ask("completeness", asked)
    page = ask(web).text
    assert "Yang diminta dari Anda" in page
    assert "Nomor SIPA" in page
    assert "tidak terbaca" not in page


def test_every_receipt_can_be_taken_home(web: HubWeb) -> None:
    web.case("APOTEK", change=with_code)
    answer = ask(web, path="/lacak/tanda-terima")
    with web.hub.database.reading() as session:
        kept = {row.ledger_index: row.raw for row in session.scalars(select(BundleReceipt)) if row.raw}
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        found = {int(name.split("-")[0]): archive.read(name) for name in archive.namelist() if name.endswith(".cbor")}
    assert kept
    assert found == kept
    assert ask(web, code=OTHER, path="/lacak/tanda-terima").status_code == 404


def test_who_asks_too_often_waits_and_nobody_else_does(web: HubWeb) -> None:
    web.case("APOTEK", change=with_code)
    number = str(web.newest().registration_no)
    browser, neighbour = web.browser(), web.browser()
    for _ in range(QUOTA.visitor):
        assert post(browser, "/lacak", number=number, code=OTHER).status_code == 404
    refused = post(browser, "/lacak", number=number, code=CODE)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 600
    neighbour.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert post(neighbour, "/lacak", number=number, code=CODE).status_code == 200
