"""The work queue in a browser's shoes: scope, order, filters, search, bulk take, exports."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from hub.accounts.rules import Role
from hub.casework.tables import CaseOpening
from hub.ledger.tables import LedgerEntry
from loadtests.village import Change
from protocol.bundle import Manifest
from tests.webs import HubWeb, make_web, post


@pytest.fixture
def web(tmp_path: Path, database_url: str) -> Iterator[HubWeb]:
    made = make_web(tmp_path, database_url)
    yield made
    made.hub.database.dispose()


def test_the_queue_is_the_home_page(web: HubWeb) -> None:
    web.case("APOTEK")
    answer = web.browser(Role.FRONT_OFFICE).get("/", follow_redirects=True)
    assert answer.status_code == 200
    assert web.newest().registration_no in answer.text


def test_a_desk_shows_what_lies_on_it(web: HubWeb) -> None:
    web.case("KK")
    number = web.newest().registration_no
    assert number not in web.browser(Role.FRONT_OFFICE).get("/cases").text
    assert number in web.browser(Role.FRONT_OFFICE, "civil-registry").get("/cases").text
    assert number in web.browser(Role.INSPECTORATE).get("/cases").text
    assert number not in web.browser(Role.HEAD, "civil-registry").get("/cases").text
    assert number in web.browser(Role.HEAD, "civil-registry").get("/cases?view=office").text


def test_a_case_is_not_seen_before_its_turn(web: HubWeb) -> None:
    case_id = web.case("APOTEK")
    clerk, number = web.browser(Role.AGENCY_CLERK), web.newest().registration_no
    assert number not in clerk.get("/cases?view=all").text
    web.town.work_off(case_id, until="inspection")
    assert number in clerk.get("/cases?view=all").text
    assert number in clerk.get("/cases").text


FILTERS = {
    "service=APOTEK": True,
    "service=PM": False,
    "state=received": True,
    "state=closed": False,
    "subdistrict=33.14.01": True,
    "subdistrict=33.14.02": False,
    "subdistrict=nonsense": True,
    "stage=completeness": True,
    "stage=decision": False,
    "stage=nonsense": True,
    "due=overdue": False,
    "due=paused": False,
    "due=nonsense": True,
    "sort=old": True,
    "sort=new": True,
    "number=0000001": True,
    "number=0000099": False,
    "number=%25": True,
    "who=nonsense": True,
    "who=" + "0" * 32: False,
    "after=nonsense": True,
}


@pytest.mark.parametrize("view", ["todo", "all"])
def test_the_filter_is_in_the_address(web: HubWeb, view: str) -> None:
    web.case("APOTEK")
    number, browser = str(web.newest().registration_no), web.browser(Role.FRONT_OFFICE)
    answers = {query: browser.get(f"/cases?view={view}&{query}") for query in FILTERS}
    assert {answer.status_code for answer in answers.values()} == {200}
    assert {query: number in answer.text for query, answer in answers.items()} == FILTERS


def test_behind_the_last_line_is_nothing(web: HubWeb) -> None:
    web.case("APOTEK")
    number, browser = str(web.newest().registration_no), web.browser(Role.FRONT_OFFICE)
    assert number not in browser.get("/cases?view=todo&after=99999999999999.Z.x.0").text
    assert number not in browser.get("/cases?view=all&after=0.Z").text  # "all" goes from the newest on


def test_what_is_due_first_stands_first(web: HubWeb) -> None:
    numbers = []
    for service in ("TDG", "SIP-DR", "APOTEK"):
        web.hub.clock.move(60)
        web.case(service)
        numbers.append(web.newest().registration_no)
    text = web.browser(Role.FRONT_OFFICE).get("/cases").text
    assert sorted(numbers, key=text.index) == numbers
    newest = web.browser(Role.FRONT_OFFICE).get("/cases?sort=new").text
    assert sorted(numbers, key=newest.index) == numbers[::-1]


def test_time_left_is_told_in_words(web: HubWeb) -> None:
    web.case("APOTEK")
    browser = web.browser(Role.FRONT_OFFICE)
    assert "hari ini terakhir" in browser.get("/cases").text or "hari kerja lagi" in browser.get("/cases").text
    web.hub.clock.move(30 * 86_400)
    late = web.browser(Role.FRONT_OFFICE)
    assert "terlambat" in late.get("/cases").text
    assert web.newest().registration_no in late.get("/cases?due=overdue").text


@pytest.mark.parametrize(("view", "sort"), [("todo", "due"), ("todo", "new"), ("office", "old"), ("all", "new")])
def test_pages_follow_each_other_by_key(web: HubWeb, view: str, sort: str) -> None:
    numbers = set()
    for _ in range(27):
        web.case("PM")
        numbers.add(str(web.newest().registration_no))
    browser = web.browser(Role.FRONT_OFFICE)
    first = browser.get(f"/cases?view={view}&sort={sort}").text
    address = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = browser.get(address).text
    seen = [number for page in (first, second) for number in numbers if number in page]
    assert (len(seen), set(seen)) == (27, numbers)


def test_exports_hold_exactly_what_is_filtered(web: HubWeb) -> None:
    web.case("APOTEK")
    wanted = web.newest().registration_no
    web.case("PM")
    browser = web.browser(Role.FRONT_OFFICE)
    text = browser.get("/cases/export.csv?service=APOTEK").data.decode()
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [row[0] for row in rows[1:]] == [wanted]
    book = load_workbook(io.BytesIO(browser.get("/cases/export.xlsx?service=APOTEK").data))
    assert [row[0].value for row in book.worksheets[0].iter_rows(min_row=2)] == [wanted]
    assert browser.get("/cases/export.pdf").status_code == 404


def test_an_export_is_in_the_ledger(web: HubWeb) -> None:
    web.case("APOTEK")
    web.browser(Role.FRONT_OFFICE).get("/cases/export.csv?service=APOTEK")
    with web.hub.database.reading() as session:
        entries = select(func.count()).select_from(LedgerEntry)
        last = session.scalars(select(CaseOpening).order_by(CaseOpening.ledger_index.desc())).first()
        assert last is not None
        assert last.ledger_index == (session.scalar(entries) or 0) - 1
    assert b"service=APOTEK" in last.subject


def name_it(name: str, nik: str | None = None) -> Change:
    def change(manifest: Manifest) -> Manifest:
        applicant = msgspec.structs.replace(manifest.applicant, name=name, nik=nik or manifest.applicant.nik)
        return msgspec.structs.replace(manifest, applicant=applicant)

    return change


TYPED = {
    "Ma'ruf": True,
    "maruf amin": True,
    "AMIN": True,
    "Amin Ma’ruf": True,
    "Maru": False,
    "Amin Budi": False,
    "3314990101900001": True,
    "3314 9901 0190 0001": True,
    "3314990101900002": False,
    "331499******0001": True,
    "331499******0009": False,
    "0000001": True,
    "0000009": False,
    "": True,
    "%_'\"<>": True,
}


def test_a_case_is_found_by_its_applicant_and_no_address_tells_whom(web: HubWeb) -> None:
    web.case("APOTEK", change=name_it("H. Ma'ruf Amin, S.E.", "3314990101900001"))
    number, browser = str(web.newest().registration_no), web.browser(Role.FRONT_OFFICE)
    addresses = {typed: post(browser, "/cases/search", typed=typed, view="all").headers["Location"] for typed in TYPED}
    assert {typed: number in browser.get(address).text for typed, address in addresses.items()} == TYPED
    told = [address for address in addresses.values() if any(word in address for word in ("maruf", "amin", "331499"))]
    assert told == []


def test_marks_of_a_name_are_no_name(web: HubWeb) -> None:
    web.case("APOTEK", change=name_it("Siti Aminah"))
    browser = web.browser(Role.AGENCY_CLERK)
    address = post(browser, "/cases/search", typed="Siti", view="all").headers["Location"]
    assert web.newest().registration_no not in browser.get(address).text  # found, but not within scope


def test_several_are_taken_at_once(web: HubWeb) -> None:
    cases = [web.case("APOTEK") for _ in range(3)]
    post(web.browser(Role.FRONT_OFFICE), f"/cases/{cases[0]}/take", stage="completeness", seat=0)
    picks = [f"{case}.completeness.0" for case in cases] + ["nonsense", f"{cases[0]}.decision.0"]
    browser = web.browser(Role.FRONT_OFFICE)
    answer = browser.get(post(browser, "/cases/take", pick=picks).headers["Location"])
    assert "2 berkas diambil" in answer.text
    assert "1 berkas sudah lebih dahulu diambil orang lain" in answer.text
    assert {web.town.desk(case, "completeness").state for case in cases} == {"taken"}


def test_what_lies_elsewhere_is_not_taken(web: HubWeb) -> None:
    case = web.case("KK")
    browser = web.browser(Role.FRONT_OFFICE)
    answer = browser.get(post(browser, "/cases/take", pick=[f"{case}.completeness.0"]).headers["Location"])
    assert "tidak ada di meja kantor Anda" in answer.text
    assert web.town.desk(case, "completeness").state == "open"
