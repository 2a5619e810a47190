"""Answers and attachments against the form: each problem code once, conditions, and never an exception."""

import time
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import codec
from protocol.answers import (
    PATTERNS,
    AnswerProblem,
    ProblemCode,
    check_answers,
    check_attachments,
    clean_answers,
    condition_holds,
    required_attachments,
    summary_labels,
    visible_fields,
    visible_requirements,
)
from protocol.catalogue import FieldType, PatternName, Service
from protocol.fees import assess_fee
from tests.unit.protocol.catalogue_samples import ANSWERS, FIELDS, SERVICE, a_condition, a_field, a_service, with_field

Answers = Mapping[str, str | int | bool]


def problems(answers: Answers, service: Service = SERVICE) -> set[tuple[str, ProblemCode]]:
    return {(problem.key, problem.code) for problem in check_answers(service, answers)}


def test_good_answers_have_no_problem() -> None:
    assert check_answers(SERVICE, ANSWERS) == ()


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("kind", "bought", ProblemCode.NOT_A_CHOICE),
        ("kind", "", ProblemCode.MISSING),
        ("kind", "  \n", ProblemCode.MISSING),
        ("kind", 1, ProblemCode.WRONG_TYPE),
        ("owner", "Bu Sri", ProblemCode.NOT_SHOWN),
        ("note", "ab", ProblemCode.TOO_SHORT),
        ("note", "a" * 2_001, ProblemCode.TOO_LONG),
        ("note", "abc\x00", ProblemCode.CHARACTERS),
        ("note", "abc\u2028", ProblemCode.CHARACTERS),
        ("note", "Ame\u0301lie", ProblemCode.CHARACTERS),
        ("note", "abc\ud800", ProblemCode.CHARACTERS),
        ("length", -1, ProblemCode.TOO_SMALL),
        ("length", 100_001, ProblemCode.TOO_LARGE),
        ("length", True, ProblemCode.WRONG_TYPE),
        ("length", "12", ProblemCode.WRONG_TYPE),
        ("people", -1, ProblemCode.TOO_SMALL),
        ("cost", 10**12 + 1, ProblemCode.TOO_LARGE),
        ("night", 1, ProblemCode.WRONG_TYPE),
        ("night", "true", ProblemCode.WRONG_TYPE),
        ("start", "2026-02-30", ProblemCode.DATE),
        ("start", "2026-1-1", ProblemCode.DATE),
        ("start", "20260101", ProblemCode.DATE),
        ("start", "1899-12-31", ProblemCode.DATE),
        ("start", "２０２６-01-01", ProblemCode.DATE),  # full width, on purpose
        ("end", "2026-11-23", ProblemCode.DATE_ORDER),
        ("witness", "3314993102900001", ProblemCode.NIK),
        ("family", "331499310290001", ProblemCode.KK_NO),
        ("phone", "12345678", ProblemCode.PHONE),
        ("phone", "0812-3456-7890", ProblemCode.PHONE),
        ("place", "33.14.01", ProblemCode.VILLAGE),
        ("place", "3314012001", ProblemCode.VILLAGE),
    ],
)
def test_each_problem_has_its_code(key: str, value: str | int, code: ProblemCode) -> None:
    assert problems(ANSWERS | {key: value}) == {(key, code)}


def test_a_missing_required_answer() -> None:
    assert problems({key: value for key, value in ANSWERS.items() if key != "start"}) == {
        ("start", ProblemCode.MISSING)
    }


def test_an_unknown_key_is_refused_and_not_repeated() -> None:
    assert problems(ANSWERS | {"3314010101900001": "x"}) == {("", ProblemCode.UNKNOWN_FIELD)}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("note", 'Ma\'ruf "Ali" <b>\n'),
        ("note", "Jalan Müller, Désa"),
        ("witness", "3314990101900001"),
        ("family", "3314990101900001"),
        ("phone", "081234567890"),
        ("phone", "+6281234567890"),
        ("place", "33.14.01.2001"),
        ("end", "2027-01-01"),
    ],
)
def test_what_is_accepted(key: str, value: str) -> None:
    assert problems(ANSWERS | {key: value}) == set()


def test_a_condition_that_holds_makes_the_field_required() -> None:
    rented = ANSWERS | {"kind": "rented"}
    assert problems(rented) == {("owner", ProblemCode.MISSING)}
    assert problems(rented | {"owner": "Sri"}) == set()
    assert problems(rented | {"owner": "S" * 21}) == {("owner", ProblemCode.TOO_LONG)}


def test_true_is_not_1() -> None:
    service = with_field(a_field("group", FieldType.TEXT, show_if=a_condition("people", 1)))
    assert not condition_holds(service, service.fields[-1].show_if, {"people": True})
    assert condition_holds(service, service.fields[-1].show_if, {"people": 1})


def test_a_condition_on_a_hidden_field_does_not_hold() -> None:
    inner = a_field("inner", FieldType.YES_NO, show_if=a_condition("kind", "rented"))
    outer = a_field("outer", FieldType.TEXT, show_if=a_condition("inner", equals=True))
    service = a_service(fields=(*FIELDS, inner, outer))
    shown = {field.key for field in visible_fields(service, ANSWERS | {"inner": True})}
    assert not {"inner", "outer"} & shown


def test_requirements_follow_the_answers() -> None:
    assert [each.key for each in visible_requirements(SERVICE, ANSWERS)] == ["id_card", "photo"]
    assert [each.key for each in required_attachments(SERVICE, ANSWERS)] == ["id_card"]
    assert [each.key for each in required_attachments(SERVICE, {"kind": "rented"})] == ["id_card", "lease"]


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ([], AnswerProblem(key="id_card", code=ProblemCode.FILES_MISSING)),
        ([("id_card", "image/png")] * 2, AnswerProblem(key="id_card", code=ProblemCode.TOO_MANY_FILES)),
        ([("id_card", "text/html")], AnswerProblem(key="id_card", code=ProblemCode.MEDIA_TYPE)),
        (
            [("id_card", "image/png"), ("lease", "image/png")],
            AnswerProblem(key="lease", code=ProblemCode.NOT_ASKED),
        ),
        ([("id_card", "image/png"), ("zzz", "image/png")], AnswerProblem(key="", code=ProblemCode.UNKNOWN_REQUIREMENT)),
    ],
)
def test_attachments_are_checked(files: list[tuple[str, str]], problem: AnswerProblem) -> None:
    assert check_attachments(SERVICE, ANSWERS, files) == (problem,)


def test_an_optional_attachment_may_come_or_not() -> None:
    assert check_attachments(SERVICE, ANSWERS, [("id_card", "application/pdf")]) == ()
    assert check_attachments(SERVICE, ANSWERS, [("id_card", "application/pdf"), ("photo", "image/jpeg")]) == ()


def test_cleaning_makes_typed_answers_fit() -> None:
    typed = ANSWERS | {"owner": "hidden", "note": "  Ame\u0301lie\r\n ", "people": 3, "witness": "3314.9901 01900001"}
    cleaned = clean_answers(SERVICE, typed | {"cost": 0, "phone": " "})
    assert "owner" not in cleaned
    assert "phone" not in cleaned
    assert (cleaned["note"], cleaned["witness"], cleaned["cost"]) == ("Amélie", "3314990101900001", 0)
    assert check_answers(SERVICE, cleaned) == ()


def test_the_summary_follows_the_form() -> None:
    lines = summary_labels(SERVICE, ANSWERS | {"owner": "hidden"})
    assert [line.field.key for line in lines] == list(ANSWERS)
    assert lines[0].choice == FIELDS[0].choices[0].label


anything = st.one_of(
    st.text(), st.integers(), st.booleans(), st.sampled_from(["own", "rented", "2026-01-01", "0" * 16])
)
keys = st.one_of(st.sampled_from([field.key for field in FIELDS]), st.text(max_size=9))


@given(st.dictionaries(keys, anything))
def test_no_answers_make_anything_raise(answers: dict[str, str | int | bool]) -> None:
    found = check_answers(SERVICE, answers)
    visible_requirements(SERVICE, answers)
    summary_labels(SERVICE, answers)
    assess_fee(SERVICE, answers)
    cleaned = clean_answers(SERVICE, answers)
    if not found:
        codec.encode(dict(answers))
        assert check_answers(SERVICE, cleaned) == ()


@given(st.lists(st.tuples(st.one_of(st.sampled_from(["id_card", "lease", "photo"]), st.text(max_size=5)), st.text())))
def test_no_attachments_make_anything_raise(files: list[tuple[str, str]]) -> None:
    check_attachments(SERVICE, ANSWERS, files)


@pytest.mark.parametrize("name", PatternName)
def test_patterns_take_near_matches_in_linear_time(name: PatternName) -> None:
    near = [
        "a@" + "a." * 50_000,
        "1" * 100_000,
        "-7." + "1" * 100_000,
        "a" * 99_999 + "@",
        "1/" * 50_000,
        " " * 100_000,
    ]
    start = time.perf_counter()
    assert not any(PATTERNS[name].fullmatch(text) for text in near)
    assert time.perf_counter() - start < 0.05 * len(near)


@pytest.mark.parametrize(
    "text", ["a\u0345" + "\u0301\u0316" * 50_000, " " * 100_000 + "a", "1" * 100_000, "0" * 99_999]
)
def test_no_long_text_takes_long(text: str) -> None:
    answers: Answers = {field.key: text for field in FIELDS}
    start = time.perf_counter()
    check_answers(SERVICE, clean_answers(SERVICE, answers))
    assert time.perf_counter() - start < 0.05 * len(answers)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (PatternName.DIGITS, "0123", "１２"),  # full width, on purpose
        (PatternName.EMAIL, "siti.a@desa-keden.go.id", "siti@desa"),
        (PatternName.LAND_TITLE, "HM 01234/Keden", "HM;1"),
        (PatternName.LATITUDE_LONGITUDE, "-7.4264, 111.0219", "-7,4264 111"),
        (PatternName.NIB, "1234567890123", "123456789012"),
        (PatternName.NPWP, "123456789012345", "12.345.678.9-012.345"),
        (PatternName.POSTCODE, "57272", "05727"),
        (PatternName.RT_RW, "003/001", "003"),
        (PatternName.TIME, "23:59", "24:00"),
    ],
)
def test_what_a_pattern_takes(name: PatternName, good: str, bad: str) -> None:
    assert PATTERNS[name].fullmatch(good)
    assert not PATTERNS[name].fullmatch(bad)
