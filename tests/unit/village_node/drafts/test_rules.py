"""What an officer typed, read as Indonesians write; what is missing; what only warns."""

from dataclasses import dataclass

import pytest

from hub.catalogue.catalogue import Catalogue
from protocol.answers import ProblemCode
from protocol.catalogue import Field, FieldType, Service, Text
from protocol.ids import FieldKey
from protocol.nik import NikFindingCode
from village_node.drafts.rules import (
    ApplicantField,
    Content,
    change_content,
    is_known_key,
    nik_warnings,
    read_answer,
    read_draft,
    send_seconds,
)

WHO: dict[str, str] = {
    ApplicantField.NAME: "Suparmi",
    ApplicantField.NIK: "3314 9945 0385 0002",
    ApplicantField.PHONE: "0812-3456-7890",
    ApplicantField.ADDRESS: "Dukuh Krajan RT 003/RW 012",
}
ROAD = {
    "purpose": "feast",
    "purpose_detail": "Resepsi",
    "road_name": "Jalan Raya",
    "road_village": "33.14.01.2001",
    "length": "12,5",
    "width": "5",
    "closure": "partial",
    "start_date": "05-12-2026",
    "end_date": "06122026",
    "start_time": "07.00",
    "end_time": "17.00",
    "guard_count": "4",
    "guard_phone": "0812 3456 7890",
}
WOMAN, MAN = "3314994503850002", "3314990101900001"
BORN, SEX = NikFindingCode.BIRTH_DATE_DIFFERS, NikFindingCode.SEX_DIFFERS
FILES = (("village_letter", "image/jpeg"), ("id_card", "image/jpeg"), ("road_map", "application/pdf"))


@pytest.fixture(scope="module")
def road() -> Service:
    return Catalogue.load().service("JALAN", 1)


def content(**changes: str) -> Content:
    return Content(typed={**WHO, **ROAD, **changes})


def field(kind: FieldType) -> Field:
    return Field(key=FieldKey("x"), type=kind, label=Text(id="x", en="x"))


@pytest.mark.parametrize(
    ("kind", "typed", "answer"),
    [
        (FieldType.MONEY, "1.500.000", 1_500_000),
        (FieldType.MONEY, "Rp 1.500.000,00", 1_500_000),
        (FieldType.MONEY, "1500000", 1_500_000),
        (FieldType.MONEY, "1.50", "1.50"),
        (FieldType.INTEGER, " 4 ", 4),
        (FieldType.INTEGER, "4 orang", "4 orang"),
        (FieldType.INTEGER, "٤", "٤"),
        (FieldType.HUNDREDTHS, "12,5", 1_250),
        (FieldType.HUNDREDTHS, "12.5", 1_250),
        (FieldType.HUNDREDTHS, "1.250", 125_000),
        (FieldType.HUNDREDTHS, "1.250,75", 125_075),
        (FieldType.HUNDREDTHS, "-0,5", -50),
        (FieldType.HUNDREDTHS, "1,234", "1,234"),
        (FieldType.DATE, "5-12-2026", "2026-12-05"),
        (FieldType.DATE, "05/12/2026", "2026-12-05"),
        (FieldType.DATE, "05122026", "2026-12-05"),
        (FieldType.DATE, "2026-12-05", "2026-12-05"),
        (FieldType.DATE, "besok", "besok"),
        (FieldType.YES_NO, "yes", True),
        (FieldType.YES_NO, "no", False),
        (FieldType.YES_NO, "ya", "ya"),
        (FieldType.TEXT, " 12,5 ", "12,5"),
    ],
)
def test_typed_text_is_read_as_indonesians_write_it(kind: FieldType, typed: str, answer: object) -> None:
    read = read_answer(field(kind), typed)
    assert (read, type(read)) == (answer, type(answer))


def test_a_complete_draft_is_ready_to_be_signed(road: Service) -> None:
    reading = read_draft(road, content(), FILES)
    assert (reading.problems, reading.file_problems, reading.is_ready) == ((), (), True)
    assert reading.applicant is not None
    assert (reading.applicant.nik, reading.applicant.phone) == ("3314994503850002", "081234567890")


def test_unreadable_numbers_are_named_and_not_turned_into_zero(road: Service) -> None:
    reading = read_draft(road, content(length="12 meter"), FILES)
    assert reading.problem_of("length") is ProblemCode.WRONG_TYPE
    assert not reading.is_ready


def test_a_hidden_field_is_not_collected(road: Service) -> None:
    reading = read_draft(road, content(detour="lewat sawah"), FILES)
    assert "detour" not in reading.answers


def test_a_shown_field_is_asked_for_and_so_is_its_document(road: Service) -> None:
    reading = read_draft(road, content(closure="full"), FILES)
    assert reading.problem_of("detour") is ProblemCode.MISSING
    assert [each.key for each in reading.file_problems] == ["detour_map"]


@pytest.mark.parametrize(
    ("key", "typed", "code"),
    [
        (ApplicantField.NAME, "  ", ProblemCode.MISSING),
        (ApplicantField.NAME, "x" * 121, ProblemCode.TOO_LONG),
        (ApplicantField.ADDRESS, "a\x00b", ProblemCode.CHARACTERS),
        (ApplicantField.NIK, "123", ProblemCode.NIK),
        (ApplicantField.PHONE, "telepon", ProblemCode.PHONE),
    ],
)
def test_the_applicant_is_checked_as_the_manifest_will_be(
    road: Service, key: ApplicantField, typed: str, code: ProblemCode
) -> None:
    reading = read_draft(road, content(**{key: typed}), FILES)
    assert reading.problem_of(key) is code
    assert reading.applicant is None


def test_an_applicant_without_nik_and_telephone_is_taken(road: Service) -> None:
    reading = read_draft(road, content(**{ApplicantField.NIK: "", ApplicantField.PHONE: ""}), FILES)
    assert reading.applicant is not None
    assert (reading.applicant.nik, reading.applicant.phone) == (None, None)


def test_a_nik_from_elsewhere_warns_and_does_not_block(road: Service) -> None:
    elsewhere = content(**{ApplicantField.NIK: "3402010101900001"})
    warnings = nik_warnings(road, elsewhere, "3314")
    assert [each.finding.code for each in warnings] == [NikFindingCode.REGION_UNKNOWN]
    assert read_draft(road, elsewhere, FILES).is_ready


@pytest.mark.parametrize(
    ("code", "typed", "found"),
    [
        ("D-SKU", {"pemohon.nik": WOMAN, "birth_date": "05-03-1985", "sex": "female"}, []),
        ("D-SKU", {"pemohon.nik": WOMAN, "birth_date": "06-03-1985"}, [BORN]),
        ("D-SKU", {"pemohon.nik": WOMAN, "sex": "male"}, [SEX]),
        ("AKTA-L", {"pemohon.nik": WOMAN, "birth_date": "01-11-2026", "child_sex": "male"}, []),
        ("AKTA-L", {"mother_nik": WOMAN}, []),
        ("AKTA-L", {"mother_nik": MAN}, [SEX]),
        ("AKTA-M", {"deceased_has_nik": "yes", "deceased_nik": MAN, "birth_date": "02-01-1990"}, [BORN]),
        ("AKTA-M", {"deceased_has_nik": "yes", "deceased_nik": MAN, "deceased_sex": "female"}, [SEX]),
        ("AKTA-M", {"pemohon.nik": WOMAN, "birth_date": "02-01-1990"}, []),
    ],
)
def test_a_nik_is_compared_with_what_the_form_says_of_the_same_person(
    code: str, typed: dict[str, str], found: list[NikFindingCode]
) -> None:
    warnings = nik_warnings(Catalogue.load().service(code, 1), Content(typed=typed), "3314")
    assert [each.finding.code for each in warnings if each.finding.code is not NikFindingCode.TEST_REALM] == found


def test_what_was_seen_on_paper_is_handed_in_with_what_is_attached(road: Service) -> None:
    seen = change_content(content(), {"seen.road_map": "yes", "seen.detour_map": "yes"})
    reading = read_draft(road, seen, FILES[:1])
    assert reading.handed_in == ("village_letter", "road_map")  # the detour map is not asked for


def test_a_box_is_ticked_once_and_cleared() -> None:
    ticked = change_content(change_content(Content(), {"seen.a": "yes"}), {"seen.a": "yes"})
    assert ticked.seen == ["a"]
    assert change_content(ticked, {"seen.a": ""}).seen == []


@pytest.mark.parametrize("key", ["nonsense", "seen.nonsense", "consent.nonsense", "pemohon.nonsense", ""])
def test_keys_that_the_form_has_not_are_unknown(road: Service, key: str) -> None:
    assert not is_known_key(road, key)


@dataclass(frozen=True)
class Estimate:
    size: int
    seconds: int


@pytest.mark.parametrize("case", [Estimate(0, 0), Estimate(1, 1), Estimate(8_000, 2), Estimate(1_000_000, 133)])
def test_sending_time_is_rounded_up(case: Estimate) -> None:
    assert send_seconds(case.size, bits_per_second=64_000) == case.seconds
