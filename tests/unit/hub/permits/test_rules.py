"""Numbers, days and names of issued documents."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.accounts.rules import SignCapacity
from hub.permits import rules
from hub.permits.rules import NumberParts, Post
from protocol.catalogue import OfficeKind

PARTS = NumberParts(code="400.7.22", serial=12, width=3, office="DPMPTSP", day=date(2026, 11, 24))


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("{code}/{serial}/{office}/{month_roman}/{year}", "400.7.22/012/DPMPTSP/XI/2026"),
        ("{serial}/{month}/{year}", "012/11/2026"),
    ],
)
def test_a_number_follows_its_pattern(pattern: str, number: str) -> None:
    assert rules.format_number(pattern, PARTS) == number


def test_a_serial_that_outgrows_its_width_is_written_in_full() -> None:
    grown = NumberParts(code="1", serial=12_345, width=3, office="X", day=date(2026, 1, 1))
    assert rules.format_number("{serial}/{office}/{month_roman}/{year}", grown) == "12345/X/I/2026"


def test_a_number_that_no_code_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="letter number"):
        rules.format_number("{code}" * 8, PARTS)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-11-24", 60, "2031-11-23"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-28"),
        ("2026-12-01", 1, "2026-12-31"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2026-01-01", 12, "2026-12-31"),
    ],
)
def test_a_period_ends_on_the_day_before(start: str, months: int, end: str) -> None:
    assert rules.end_of_period(date.fromisoformat(start), months) == date.fromisoformat(end)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 240))
def test_a_longer_period_never_ends_earlier(start: date, months: int) -> None:
    assert start <= rules.end_of_period(start, months) <= rules.end_of_period(start, months + 1)


def test_the_earliest_end_counts_and_one_in_the_past_does_not() -> None:
    start = date(2026, 11, 24)
    assert rules.valid_until(start, 60, [date(2028, 5, 1), date(2020, 1, 1)]) == date(2028, 5, 1)
    assert rules.valid_until(start, 6, [date(2028, 5, 1)]) == date(2027, 5, 23)
    assert rules.valid_until(start, None, [date(2020, 1, 1)]) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ma'ruf", "Ma'ruf"),
        ("  Siti\tAisyah\n", "Siti Aisyah"),
        ("Budi\u202eisud", "Budi isud"),
        ("A\x00B", "A B"),
        ("Nguye\u0302\u0303n", "Nguyễn"),
        ("{{7*7}}", "{{7*7}}"),
    ],
)
def test_a_text_is_cleaned_and_nothing_else(text: str, shown: str) -> None:
    assert rules.clean(text) == shown


@given(st.text(max_size=300))
def test_the_name_on_the_code_always_fits(name: str) -> None:
    assert len(rules.name_on_code(name).encode()) <= rules.MAX_HOLDER_BYTES


def test_a_name_that_fits_is_not_cut() -> None:
    assert rules.name_on_code("M" * 120) == "M" * 120
    assert rules.name_on_code("M" * 121) == "M" * 117 + "…"


@pytest.mark.parametrize(
    ("short", "mark"), [("DPMPTSP", "DPMPTSP"), ("Kec. Kalijambe", "KEC.KALIJAMBE"), ("Desa Keden", "DESA.KEDEN")]
)
def test_an_office_has_a_mark(short: str, mark: str) -> None:
    assert rules.office_mark(short) == mark


@pytest.mark.parametrize(
    ("kind", "place", "is_ward", "line"),
    [
        (OfficeKind.SUBDISTRICT, "Kalijambe", False, "Camat Kalijambe"),
        (OfficeKind.VILLAGE, "Keden", False, "Kepala Desa Keden"),
        (OfficeKind.VILLAGE, "Sine", True, "Lurah Sine"),
        (OfficeKind.ONE_STOP, "", False, "Kepala Dinas Perizinan"),
    ],
)
def test_a_post_has_its_line(kind: OfficeKind, place: str, is_ward: bool, line: str) -> None:
    post = Post(kind=kind, office_name="Dinas Perizinan", place=place, is_ward=is_ward)
    assert rules.post_line(post, None) == line
    assert rules.post_line(post, SignCapacity.ACTING) == f"Plt. {line}"


def test_each_capacity_is_written() -> None:
    post = Post(kind=OfficeKind.SUBDISTRICT, office_name="", place="Kalijambe")
    lines = [rules.post_line(post, capacity).split(" ")[0] for capacity in SignCapacity]
    assert lines == ["a.n.", "u.b.", "Plt.", "Plh."]


def test_dates_are_written_in_words() -> None:
    assert rules.long_date(date(2026, 1, 2)) == "2 Januari 2026"
