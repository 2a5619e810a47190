"""Case E23: exact rules for the population number, and what only warns."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.nik import (
    NikFindingCode,
    Sex,
    birth_date_of,
    check_nik,
    clean_nik,
    compare_nik,
    is_blocked,
    is_test_nik,
    mask_nik,
    possible_birth_dates,
    sex_of,
)

MAN = "3314990101900001"
WOMAN = "3314994101900001"


@pytest.mark.parametrize(
    ("nik", "code"),
    [
        ("", NikFindingCode.DIGITS),
        ("331499010190001", NikFindingCode.DIGITS),  # 15
        ("33149901019000011", NikFindingCode.DIGITS),  # 17
        ("３３１４９９０１０１９００００１", NikFindingCode.DIGITS),  # full width, on purpose
        ("٣٣١٤٩٩٠١٠١٩٠٠٠٠١", NikFindingCode.DIGITS),  # Arabic-Indic
        ("3314 9901 0190 0001", NikFindingCode.DIGITS),
        ("3314990101900001\n", NikFindingCode.DIGITS),
        ("331499010190000x", NikFindingCode.DIGITS),
        ("-314990101900001", NikFindingCode.DIGITS),
        ("3314993102900001", NikFindingCode.DATE),  # 31 February
        ("3314993002900001", NikFindingCode.DATE),  # 30 February
        ("3314992902990001", NikFindingCode.DATE),  # 29 February 1999, 2099
        ("3314997102900001", NikFindingCode.DATE),  # 31 February of a woman
        ("3314990001900001", NikFindingCode.DATE),  # day 0
        ("3314994001900001", NikFindingCode.DATE),  # day 0 of a woman
        ("3314993201900001", NikFindingCode.DATE),
        ("3314997201900001", NikFindingCode.DATE),
        ("3314990113900001", NikFindingCode.DATE),  # month 13
        ("3314990100900001", NikFindingCode.DATE),  # month 0
        ("3314990101900000", NikFindingCode.SERIAL),
    ],
)
def test_what_cannot_be_a_nik_blocks(nik: str, code: NikFindingCode) -> None:
    assert code in {finding.code for finding in check_nik(nik) if finding.is_blocking}
    assert is_blocked(nik)


@pytest.mark.parametrize("nik", [MAN, WOMAN, "3314992902000001", "3314996902960001", "3314997112999999"])
def test_plausible_niks_pass(nik: str) -> None:
    assert not is_blocked(nik)


def test_an_unknown_region_only_warns() -> None:
    findings = check_nik("9102010101900001", known_subdistricts=frozenset({"331401"}))
    assert [(finding.code, finding.is_blocking) for finding in findings] == [(NikFindingCode.REGION_UNKNOWN, False)]


def test_a_known_region_says_nothing() -> None:
    assert check_nik("3314010101900001", known_subdistricts=frozenset({"331401"})) == ()


def test_the_region_is_not_looked_up_without_a_list() -> None:
    assert check_nik("9102010101900001") == ()


def test_subdistrict_99_marks_the_test_realm() -> None:
    assert is_test_nik(MAN)
    assert [finding.code for finding in check_nik(MAN, known_subdistricts=frozenset())] == [NikFindingCode.TEST_REALM]


def test_a_two_digit_year_has_two_centuries() -> None:
    assert possible_birth_dates(MAN) == (date(1990, 1, 1), date(2090, 1, 1))


def test_29_february_of_year_00_is_in_2000_only() -> None:
    assert possible_birth_dates("3314992902000001") == (date(2000, 2, 29),)


def test_the_birth_date_is_the_latest_that_is_not_in_the_future() -> None:
    assert birth_date_of("3314990101200001", on=date(2026, 11, 24)) == date(2020, 1, 1)
    assert birth_date_of("3314990101270001", on=date(2026, 11, 24)) == date(1927, 1, 1)


def test_the_day_of_a_woman_is_raised_by_40() -> None:
    assert (sex_of(MAN), sex_of(WOMAN), sex_of("x")) == (Sex.MALE, Sex.FEMALE, None)
    assert possible_birth_dates(WOMAN) == possible_birth_dates(MAN)


def test_a_form_that_differs_warns_and_never_blocks() -> None:
    findings = compare_nik(MAN, birth_date=date(1991, 1, 1), sex=Sex.FEMALE)
    assert [finding.code for finding in findings] == [NikFindingCode.BIRTH_DATE_DIFFERS, NikFindingCode.SEX_DIFFERS]
    assert not any(finding.is_blocking for finding in findings)


def test_a_form_that_agrees_says_nothing() -> None:
    assert compare_nik(WOMAN, birth_date=date(1990, 1, 1), sex=Sex.FEMALE) == ()


def test_separators_are_cleaned_away() -> None:
    assert clean_nik(" 3314.9901-0190 0001") == MAN


@pytest.mark.parametrize(
    ("nik", "shown"), [("3314100101900001", "331410******0001"), ("3314", "*" * 16), ("", "*" * 16)]
)
def test_the_mask_hides_the_birth_date(nik: str, shown: str) -> None:
    assert mask_nik(nik) == shown


@given(st.text(max_size=40))
def test_no_text_makes_the_rules_raise(text: str) -> None:
    check_nik(text)
    compare_nik(text, birth_date=date(1990, 1, 1), sex=Sex.MALE)
    assert len(mask_nik(text)) == 16


@given(st.from_regex(r"[0-9]{16}", fullmatch=True))
def test_a_finding_never_holds_the_number(nik: str) -> None:
    assert all(nik not in repr(finding) for finding in check_nik(nik, known_subdistricts=frozenset()))
