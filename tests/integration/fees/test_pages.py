"""Pages about fees: what is computed, what is typed, what comes back with a refusal, and the revenue."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from hub.accounts.rules import Role
from protocol.catalogue import StageAction
from tests.integration.fees.test_fees import road, set_fee
from tests.webs import HubWeb, make_web, post


@pytest.fixture
def web(tmp_path: Path) -> Iterator[HubWeb]:
    made = make_web(tmp_path, f"sqlite:///{tmp_path / 'hub.db'}")
    yield made
    made.hub.database.dispose()


def at_levy(web: HubWeb) -> tuple[str, FlaskClient]:
    """Return a case whose levy is to be set, and the browser of who sets it."""
    case_id = web.town.case("JALAN", change=road)
    web.town.work_off(case_id, until="levy")
    row = web.desk.row(case_id, StageAction.ASSESSMENT)
    return case_id, web.browser_of(web.town.at(row.role, row.office))


def version(web: HubWeb, case_id: str) -> int:
    return web.town.load(case_id).version_id


def a_payment(code: str) -> dict[str, str]:
    return {
        "stage": "payment",
        "seat": "0",
        "code": code,
        "amount": "25.000",
        "channel": "treasury",
        "reference": "STS-77/2026",
        "paid_on": "2026-11-24",
        "digest": "",
    }


def test_a_free_service_says_so(web: HubWeb) -> None:
    case_id = web.case("PM")
    shown = web.browser(Role.FRONT_OFFICE).get(f"/cases/{case_id}/fee").text
    assert "GRATIS" in shown
    assert "Catat pembayaran" not in shown


def test_from_amount_to_receipt_on_the_page(web: HubWeb) -> None:
    case_id, browser = at_levy(web)
    assert "Rp25.000" in browser.get(f"/cases/{case_id}/fee").text
    form = {"version": version(web, case_id), "stage": "levy", "seat": 0}
    assert post(browser, f"/cases/{case_id}/fee/assess", **form).status_code == 303
    code = browser.get(f"/cases/{case_id}/fee").text.split('class="mono nowrap">')[1][:16]
    answer = post(browser, f"/cases/{case_id}/fee/pay", version=version(web, case_id), **a_payment(code))
    assert answer.status_code == 303
    shown = browser.get(f"/cases/{case_id}/fee").text
    assert "900.1.13/0001/TBP/KEC.KALIJAMBE/2026" in shown
    assert "Lunas" in shown
    for paper in ("skrd.pdf", "receipt.pdf"):
        assert browser.get(f"/cases/{case_id}/fee/{paper}").data.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"channel": "cash"}, 422),
        ({"amount": "dua puluh"}, 422),
        ({"paid_on": "31-31-2026"}, 422),
        ({"digest": "zz"}, 422),
        ({"reference": ""}, 422),
        ({"amount": "24.000"}, 422),
    ],
)
def test_what_was_typed_comes_back_with_a_refusal(web: HubWeb, changes: dict[str, str], status: int) -> None:
    case_id, browser = at_levy(web)
    code = set_fee(web.desk, case_id).payment_code or ""
    form = a_payment(code) | changes
    answer = post(browser, f"/cases/{case_id}/fee/pay", version=version(web, case_id), **form)
    assert answer.status_code == status
    assert code in answer.text
    assert web.town.stages(case_id)["payment"] == "open"


def test_a_foreign_desk_finds_no_form_and_no_way(web: HubWeb) -> None:
    case_id, _ = at_levy(web)
    clerk = web.browser(Role.AGENCY_CLERK, "agency.dishub")
    assert "Tetapkan biaya" not in clerk.get(f"/cases/{case_id}/fee").text
    form = {"version": version(web, case_id), "stage": "levy", "seat": 0}
    assert post(clerk, f"/cases/{case_id}/fee/assess", **form).status_code == 403


def test_a_change_is_proposed_with_its_reason(web: HubWeb) -> None:
    case_id, browser = at_levy(web)
    set_fee(web.desk, case_id)
    form = {"version": version(web, case_id), "new_amount": "40.000", "reason": "Luas diukur ulang"}
    assert post(browser, f"/cases/{case_id}/fee/change", **form | {"reason": "pendek"}).status_code == 422
    assert post(browser, f"/cases/{case_id}/fee/change", **form).status_code == 303
    assert any(row.stage == "proposal" for row in web.town.open_rows(case_id))


def test_a_paper_that_is_not_there_is_refused(web: HubWeb) -> None:
    case_id, browser = at_levy(web)
    assert browser.get(f"/cases/{case_id}/fee/skrd.pdf").status_code == 422


def test_revenue_is_shown_against_target(web: HubWeb) -> None:
    case_id, browser = at_levy(web)
    code = set_fee(web.desk, case_id).payment_code or ""
    post(browser, f"/cases/{case_id}/fee/pay", version=version(web, case_id), **a_payment(code))
    auditor = web.browser(Role.INSPECTORATE)
    shown = auditor.get("/revenue?year=2026").text
    assert "Rp25.000" in shown
    assert "Rp6.000.000" in shown
    assert '"2026","subdistrict.33.14.01","JALAN","1","25000","6000000"' in auditor.get("/revenue.csv?year=2026").text
    assert web.browser(Role.HEAD, "agency.dinkes").get("/revenue?year=2026").text.count("JALAN") == 0
