"""The residents' register: imported from a spreadsheet, found, taken into a form; sealed, for this PC alone."""

import io
import time
import zipfile
from collections.abc import Sequence

import pytest
from flask import Flask
from openpyxl import Workbook

from tests.brokers import eventually
from tests.integration.node_pages import Browser, app, browser, clock, desk, furnished
from tests.village_desk import OTHER_PIN, PIN, VillageDesk
from village_node.identity.officers import unlock
from village_node.identity.sessions import Unlocked
from village_node.register import service
from village_node.register.columns import RowProblem
from village_node.register.errors import FileProblem, RegisterFileError
from village_node.register.spreadsheet import MAX_ROWS

__all__ = ["app", "browser", "clock", "desk", "furnished"]

HEAD = ["alamat", "dusun", "rw", "rt", "nama", "no_kk", "nik", "sex", "tempatlahir", "tanggallahir", "pekerjaan_id"]
SRI = ["Jl. Raya 7", "KRAJAN", "012", "003", "SRI LESTARI CANARY", "3314990101900009", "3314994503850002", "2",
       "SRAGEN", "1985-03-05", "88"]  # fmt: skip
ADI = ["Jl. Raya 8", "KRAJAN", "012", "003", "ADI SRIYONO", "3314990101900009", "3314990503850003", "1", "SRAGEN",
       "1985-03-05", "9"]  # fmt: skip
BAD = ["x", "", "", "", "TANPA NIK", "", "123", "", "", "", ""]


def as_csv(*rows: Sequence[str], delimiter: str = ",") -> bytes:
    return "\n".join(delimiter.join(row) for row in (HEAD, *rows)).encode()


def as_xlsx(*rows: Sequence[object], head: Sequence[str] = HEAD) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in (head, *rows):
        sheet.append(list(row))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.fixture
def owner(desk: VillageDesk) -> Unlocked:
    context = desk.context
    return unlock(context.database, context.clock, context.randomness, desk.officer, PIN)


def take_in(desk: VillageDesk, owner: Unlocked, raw: bytes) -> service.Prepared:
    context = desk.context
    made = service.prepare_import(raw, context.randomness, lambda *_: None)
    with context.database.session() as session:
        service.store_import(session, context.clock.now(), owner, made)
    return made


def found(desk: VillageDesk, owner: Unlocked, wish: str) -> list[str]:
    with desk.context.database.reading() as session:
        return [each.person.name for each in service.search(session, owner, desk.context.randomness, wish)]


@pytest.mark.parametrize("raw", [as_csv(SRI, ADI), as_csv(SRI, ADI, delimiter=";"), as_xlsx(SRI, ADI)])
def test_residents_are_found_by_nik_and_by_the_beginning_of_a_name(
    desk: VillageDesk, owner: Unlocked, raw: bytes
) -> None:
    take_in(desk, owner, raw)
    assert found(desk, owner, "3314 9945 0385 0002") == ["SRI LESTARI CANARY"]
    assert found(desk, owner, "sri") == ["ADI SRIYONO", "SRI LESTARI CANARY"]
    assert found(desk, owner, "lestari can") == ["SRI LESTARI CANARY"]
    assert found(desk, owner, "iyono") == found(desk, owner, "sr") == found(desk, owner, "3314994503850001") == []


def test_refused_rows_are_told_by_line_and_reason(desk: VillageDesk, owner: Unlocked) -> None:
    made = take_in(desk, owner, as_csv(SRI, BAD, SRI, ADI))
    assert [(each.line, each.problem) for each in made.refused] == [
        (3, RowProblem.NIK_WRONG),
        (4, RowProblem.NIK_TWICE),
    ]


def test_importing_twice_is_the_same_and_who_left_is_gone(desk: VillageDesk, owner: Unlocked) -> None:
    for _ in range(2):
        take_in(desk, owner, as_csv(SRI, ADI))
    assert found(desk, owner, "sri") == ["ADI SRIYONO", "SRI LESTARI CANARY"]
    take_in(desk, owner, as_csv(ADI))
    assert found(desk, owner, "sri") == ["ADI SRIYONO"]


def test_a_number_that_a_spreadsheet_rounded_is_no_nik(desk: VillageDesk, owner: Unlocked) -> None:
    made = take_in(desk, owner, as_xlsx([*SRI[:6], int(SRI[6]), *SRI[7:]]))
    assert [each.problem for each in made.refused] == [RowProblem.NIK_NUMBER]


def test_nothing_of_the_register_is_readable_on_the_disk(desk: VillageDesk, owner: Unlocked) -> None:
    take_in(desk, owner, as_csv(SRI, ADI))
    folder = desk.context.settings.data_dir
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for secret in ("CANARY", SRI[6], SRI[5], "KRAJAN", "Jl. Raya 7"):
        assert secret.encode() not in content, secret


def bomb() -> bytes:
    target = io.BytesIO()
    with (
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(320):
            part.write(bytes(2**20))
    return target.getvalue()


def laughing() -> bytes:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    text = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><sst>&l9;</sst>'
    source, target = zipfile.ZipFile(io.BytesIO(as_xlsx(SRI))), io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            archive.writestr(name, text if name == "xl/workbook.xml" else source.read(name))
    return target.getvalue()


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"  \n", FileProblem.EMPTY),
        (b"PK\x03\x04rubbish", FileProblem.DAMAGED),
        (b"\xd0\xcf\x11\xe0" + bytes(500), FileProblem.KIND),
        (b"<html><table>", FileProblem.KIND),
        (b"nik,nama\n\x00\x01", FileProblem.ENCODING),
        (b"a,b\n1,2\n", FileProblem.HEADINGS),
        (b"nik,nama\n" + b"x,y\n" * (MAX_ROWS + 1), FileProblem.TOO_MANY_ROWS),
        (bomb(), FileProblem.TOO_LARGE),
    ],
    ids=lambda value: str(value) if isinstance(value, FileProblem) else "",
)
def test_hostile_and_wrong_files_are_refused_and_change_nothing(
    desk: VillageDesk, owner: Unlocked, raw: bytes, problem: FileProblem
) -> None:
    take_in(desk, owner, as_csv(SRI))
    with pytest.raises(RegisterFileError) as caught:
        take_in(desk, owner, raw)
    assert caught.value.problem is problem
    assert found(desk, owner, "sri") == ["SRI LESTARI CANARY"]


def test_a_file_that_grows_while_it_is_read_is_refused(desk: VillageDesk, owner: Unlocked) -> None:
    with pytest.raises(RegisterFileError) as caught:  # lxml, where it is installed, stops it as damaged
        take_in(desk, owner, laughing())
    assert caught.value.problem in {FileProblem.TOO_LARGE, FileProblem.DAMAGED}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_encodings_of_spreadsheets_are_read(desk: VillageDesk, owner: Unlocked, encoding: str) -> None:
    take_in(desk, owner, as_csv([*SRI[:4], "SITI ZÉNAB", *SRI[5:]]).decode().encode(encoding))
    assert found(desk, owner, "siti zé") == ["SITI ZÉNAB"]


def test_formulas_are_not_evaluated(desk: VillageDesk, owner: Unlocked) -> None:
    made = take_in(desk, owner, as_xlsx([*SRI[:4], '=CONCAT("A","B")', *SRI[5:]], ADI))
    assert [each.problem for each in made.refused] == [RowProblem.NAME_MISSING]


def test_ten_thousand_rows_take_seconds(desk: VillageDesk, owner: Unlocked) -> None:
    rows = [[*SRI[:4], f"WARGA {n}", SRI[5], f"3314990101{n // 9999 + 10}{n % 9999 + 1:04d}", *SRI[7:]]
            for n in range(10_000)]  # fmt: skip
    began = time.monotonic()
    made = take_in(desk, owner, as_csv(*rows))
    assert (len(made.rows), made.refused) == (10_000, [])
    assert time.monotonic() - began < 20
    began = time.monotonic()
    assert len(found(desk, owner, "warga 99")) == service.MOST_FOUND
    assert time.monotonic() - began < 2


def test_an_officer_imports_sees_the_report_and_fills_a_form(browser: Browser, app: Flask) -> None:
    data = {"csrf_token": browser.token(), "file": (io.BytesIO(as_csv(SRI, BAD)), "penduduk.csv")}
    assert browser.client.post("/penduduk", data=data).status_code == 302
    assert eventually(lambda: "Laporan impor" in browser.get("/penduduk/keadaan").text, within_s=20)
    page = browser.get("/penduduk").text
    assert "Baris 3: Bukan NIK" in page
    assert "CANARY" not in page
    draft = browser.start("D-SKU")
    listed = browser.post(f"/isian/{draft}/penduduk", wish="sri lest").text
    handle = listed.split('name="resident" value="')[1].split('"')[0]
    assert browser.post(f"/isian/{draft}/penduduk/pakai", resident=handle).status_code == 302
    form = browser.get(f"/isian/{draft}").text
    for text in ("SRI LESTARI CANARY", "3314994503850002", "05-03-1985", "Wiraswasta", "003/012"):
        assert f'value="{text}"' in form


def test_a_colleague_takes_nothing_into_a_foreign_draft(browser: Browser, desk: VillageDesk, owner: Unlocked) -> None:
    take_in(desk, owner, as_csv(SRI))
    draft = browser.start("D-SKU")
    browser.sign_in(desk.other, OTHER_PIN)
    assert browser.post(f"/isian/{draft}/penduduk", wish="sri").status_code == 404
    assert browser.post(f"/isian/{draft}/penduduk/pakai", resident="00" * 32).status_code == 404


def test_the_register_can_be_deleted(browser: Browser, desk: VillageDesk, owner: Unlocked) -> None:
    take_in(desk, owner, as_csv(SRI))
    assert browser.post("/penduduk/hapus").status_code == 302
    with desk.context.database.reading() as session:
        assert service.find_facts(session) is None
    draft = browser.start("D-SKU")
    assert "SRI" not in browser.post(f"/isian/{draft}/penduduk", wish="sri lestari canary").text.partition("<ul")[2]


def test_the_register_is_in_no_message_and_in_no_support_file(
    browser: Browser, desk: VillageDesk, owner: Unlocked
) -> None:
    take_in(desk, owner, as_csv(SRI, ADI))
    text = browser.get("/bantuan/berkas-dukungan.json").text + browser.get("/").text + browser.get("/penduduk").text
    for secret in ("CANARY", "SRIYONO", SRI[6], ADI[6], SRI[5]):
        assert secret not in text
