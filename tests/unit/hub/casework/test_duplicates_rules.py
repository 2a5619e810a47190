"""By what cases are compared: addresses in one spelling, and what common marks mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.casework.duplicates_rules import Likeness, MarkKind, likeness_of, plain_address

SAME = [
    "Jl. Raya Keden No. 07 RT 001/RW 02",
    "jalan raya keden nomor 7 rt.1 rw.2",
    "JLN RAYA KEDEN 7, RT 01 / RW 002",
    "  Jln.  Raya  Keden  no 7  (RT 1 RW 2)",
]


@pytest.mark.parametrize("text", SAME)
def test_one_place_has_one_spelling(text: str) -> None:
    assert plain_address(text) == "jalan raya keden 7 rt 1 rw 2"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Dk. Keden RT 1 RW 2", "Dukuh Keden RT 1 RW 2"),
        ("Dsn Krajan 012", "dusun krajan 12"),
        ("Gg Mawar 3", "gang MAWAR no 3"),
        ("Kampung Ma'ruf 5", "Kp. Ma`ruf 5"),
        ("Café 0", "cafe 00"),
    ],
)
def test_usual_abbreviations_are_written_out(one: str, other: str) -> None:
    assert plain_address(one) == plain_address(other) != ""


@pytest.mark.parametrize("text", ["", "Keden", "Dukuh Keden, Kalijambe", "—", "jalan tanpa nomor"])
def test_a_hamlet_alone_is_no_place_to_live(text: str) -> None:
    assert plain_address(text) == ""


def test_other_numbers_are_other_places() -> None:
    assert plain_address("Keden RT 1 RW 2") != plain_address("Keden RT 2 RW 1")
    assert plain_address("Keden 12") != plain_address("Keden 1 2")


@given(st.text(max_size=300))
def test_any_text_is_spelled_in_plain_letters_and_stays_so(text: str) -> None:
    plain = plain_address(text)
    assert plain_address(plain) == plain
    assert plain.isascii()


@pytest.mark.parametrize(
    ("kinds", "is_same_service", "likeness"),
    [
        ({MarkKind.NIK}, True, Likeness.SAME_PERSON_AND_SERVICE),
        ({MarkKind.NIK, MarkKind.ADDRESS}, False, Likeness.SAME_PERSON),
        ({MarkKind.KK_NO, MarkKind.ADDRESS}, True, Likeness.SAME_FAMILY),
        ({MarkKind.ADDRESS}, True, Likeness.SAME_ADDRESS),
    ],
)
def test_what_common_marks_mean(kinds: set[MarkKind], is_same_service: bool, likeness: Likeness) -> None:
    assert likeness_of(frozenset(kinds), is_same_service=is_same_service) is likeness
