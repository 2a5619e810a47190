"""Rows of OpenSID's export to people: both kinds of headings, what is refused, left empty, prefilled."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.catalogue.catalogue import Catalogue
from protocol.catalogue import Service
from village_node.drafts.rules import ApplicantField
from village_node.register.columns import (
    Column,
    Person,
    RowError,
    RowProblem,
    column_of,
    full_address,
    prefill,
    read_headings,
    read_row,
)
from village_node.register.occupations import OCCUPATIONS

NIK = "3314994503850002"
ROW = {
    Column.NIK: NIK,
    Column.NAME: "SUPARMI",
    Column.KK_NO: "3314990101900009",
    Column.SEX: "2",
    Column.BIRTH_PLACE: "SRAGEN",
    Column.BIRTH_DATE: "1985-03-05",
    Column.ADDRESS: "Jl. Raya 7",
    Column.HAMLET: "KRAJAN",
    Column.RT: "3",
    Column.RW: "012",
    Column.OCCUPATION: "9",
    Column.STATUS: "1",
}
KEYS = {"name": ApplicantField.NAME, "nik": ApplicantField.NIK, "address": ApplicantField.ADDRESS}


def a_service(code: str) -> Service:
    return next(each for each in Catalogue.load().newest_services() if each.code == code)


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("nik", Column.NIK),
        ("Nomor NIK", Column.NIK),
        ("no_kk", Column.KK_NO),
        ("Nomor KK", Column.KK_NO),
        ("tempatlahir", Column.BIRTH_PLACE),
        ("Tanggal Lahir", Column.BIRTH_DATE),
        ("Jenis Kelamin", Column.SEX),
        ("pekerjaan_id", Column.OCCUPATION),
        ("Dusun", Column.HAMLET),
        ("ayah_nik", None),
        ("NIK Ayah", None),
        ("", None),
    ],
)
def test_headings_of_both_exports_are_known(heading: str, column: Column | None) -> None:
    assert column_of(heading) is column


def test_a_heading_that_comes_twice_counts_once() -> None:
    assert read_headings(["nama", "nik", "Nama", "x"]) == {0: Column.NAME, 1: Column.NIK}


def test_a_row_becomes_a_person() -> None:
    assert read_row(ROW) == Person(
        nik=NIK, name="SUPARMI", kk_no="3314990101900009", sex="female", birth_place="SRAGEN", birth_date="1985-03-05",
        address="Jl. Raya 7", hamlet="KRAJAN", rt="003", rw="012", occupation="Petani/pekebun",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("column", "text", "problem"),
    [
        (Column.NIK, "", RowProblem.NIK_MISSING),
        (Column.NIK, "0", RowProblem.NIK_MISSING),
        (Column.NIK, "331499450385000", RowProblem.NIK_WRONG),
        (Column.NIK, "3314999903850002", RowProblem.NIK_WRONG),
        (Column.NIK, "3.31499450385E+15", RowProblem.NIK_NUMBER),
        (Column.NIK, "3,31499450385000E+15", RowProblem.NIK_NUMBER),
        (Column.NAME, "-", RowProblem.NAME_MISSING),
        (Column.NAME, "1234", RowProblem.NAME_WRONG),
        (Column.NAME, "x" * 121, RowProblem.NAME_WRONG),
        (Column.NAME, "=HYPERLINK(1)", RowProblem.FORMULA),
        (Column.ADDRESS, "@SUM(A1)", RowProblem.FORMULA),
        (Column.STATUS, "2", RowProblem.NOT_HERE),
        (Column.STATUS, "PINDAH", RowProblem.NOT_HERE),
    ],
)
def test_a_row_that_cannot_be_used_is_refused(column: Column, text: str, problem: RowProblem) -> None:
    with pytest.raises(RowError) as caught:
        read_row({**ROW, column: text})
    assert caught.value.problem is problem


@pytest.mark.parametrize("text", [f'="{NIK}"', f"'{NIK}", f" {NIK}\u200b", "3314 9945 0385 0002"])
def test_what_spreadsheets_put_around_a_nik_is_taken_off(text: str) -> None:
    assert read_row({**ROW, Column.NIK: text}).nik == NIK


@pytest.mark.parametrize(
    ("column", "text"),
    [(Column.BIRTH_DATE, "31-02-1985"), (Column.BIRTH_DATE, "0000-00-00"), (Column.SEX, "3"), (Column.KK_NO, "12"),
     (Column.OCCUPATION, "90"), (Column.RT, "A")],
)  # fmt: skip
def test_what_cannot_be_read_stays_empty(column: Column, text: str) -> None:
    person = read_row({**ROW, column: text})
    assert "" in {person.birth_date, person.sex, person.kk_no, person.occupation, person.rt}


@pytest.mark.parametrize("text", ["05-03-1985", "5/3/1985", "1985-03-05T00:00:00", "05.03.1985"])
def test_dates_are_read_day_first_or_year_first(text: str) -> None:
    assert read_row({**ROW, Column.BIRTH_DATE: text}).birth_date == "1985-03-05"


@given(st.dictionaries(st.sampled_from(Column), st.text(max_size=40)))
def test_a_row_is_read_or_refused_never_broken(cells: dict[Column, str]) -> None:
    with contextlib.suppress(RowError):
        read_row(cells)


def test_the_list_of_occupations_is_whole() -> None:
    assert len(set(OCCUPATIONS)) == 89


def test_a_form_about_the_applicant_is_filled_in() -> None:
    typed = prefill(a_service("D-SKU"), read_row(ROW), KEYS)
    assert typed == {
        ApplicantField.NAME: "SUPARMI",
        ApplicantField.NIK: NIK,
        ApplicantField.ADDRESS: "Jl. Raya 7, Dusun KRAJAN, RT 003/RW 012",
        "birth_place": "SRAGEN",
        "birth_date": "05-03-1985",
        "sex": "female",
        "occupation": "Petani/pekebun",
        "rt_rw": "003/012",
    }


def test_a_form_about_a_child_gets_nobody_elses_birth() -> None:
    typed = prefill(a_service("AKTA-L"), read_row(ROW), KEYS)
    assert typed["kk_no"] == "3314990101900009"
    assert not {"birth_place", "birth_date", "sex", "child_sex"} & set(typed)


def test_what_the_register_does_not_know_is_emptied() -> None:
    typed = prefill(a_service("D-SKU"), Person(nik=NIK, name="SUPARMI"), KEYS)
    assert (typed["birth_date"], typed["occupation"], typed["rt_rw"]) == ("", "", "")


def test_the_hamlet_is_not_said_twice() -> None:
    assert full_address(Person(nik=NIK, name="X", address="Dukuh Krajan", hamlet="KRAJAN")) == "Dukuh Krajan"
