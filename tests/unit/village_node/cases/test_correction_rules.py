"""What a correction holds, and when it may be signed."""

import pytest

from protocol.answers import ProblemCode
from protocol.bundle import Applicant
from protocol.catalogue import Condition, Field, FieldType, Requirement, Service
from protocol.ids import FieldKey, HubId, RegistrationNo, ServiceCode
from protocol.notices import CorrectionAsked
from tests.node_stand import NAME, NIK, a_service, text
from village_node.cases.rules import (
    joined,
    may_save,
    newly_required,
    read_correction_draft,
    typed_answer,
    typed_answers,
)
from village_node.drafts.rules import Content, read_answers

SERVICE: Service = a_service(
    fields=(
        Field(key=FieldKey("rented"), type=FieldType.YES_NO, label=text("Sewa")),
        Field(
            key=FieldKey("owner"),
            type=FieldType.TEXT,
            label=text("Pemilik"),
            show_if=Condition(field=FieldKey("rented"), equals=True),
        ),
        Field(key=FieldKey("width"), type=FieldType.HUNDREDTHS, label=text("Lebar"), required=False),
        Field(key=FieldKey("opened"), type=FieldType.DATE, label=text("Buka")),
        Field(key=FieldKey("business_name"), type=FieldType.TEXT, label=text("Nama usaha")),
    ),
    requirements=(
        Requirement(key=FieldKey("id_card"), label=text("KTP-el")),
        Requirement(
            key=FieldKey("contract"), label=text("Kontrak"), when=Condition(field=FieldKey("rented"), equals=True)
        ),
    ),
)
ANSWERS: dict[str, str | int | bool] = {
    "rented": False,
    "width": 1_250,
    "opened": "2020-03-05",
    "business_name": "Warung",
}


def asked(*fields: str, requirements: tuple[str, ...] = (), request: int = 7) -> CorrectionAsked:
    return CorrectionAsked(
        bundle=bytes(32),
        registration_no=RegistrationNo.build(HubId("3314"), 2026, 1),
        request=request,
        office="one-stop",
        reason="data_wrong",
        fields=[FieldKey(key) for key in fields],
        requirements=[FieldKey(key) for key in requirements],
        note="",
        service=ServiceCode("D-SKU"),
        service_version=1,
        applicant=Applicant(name=NAME, nik=NIK, phone=None, address="RT 1"),
        answers={FieldKey(key): answer for key, answer in ANSWERS.items()},
        handed_in=[FieldKey("id_card")],
        asked_at=0,
    )


def content(**typed: str) -> Content:
    return Content(typed={**typed_answers(SERVICE, ANSWERS), **typed})


def test_answers_are_typed_as_an_officer_would_and_read_back_alike() -> None:
    typed = typed_answers(SERVICE, ANSWERS)
    assert typed == {"rented": "no", "width": "12,50", "opened": "05-03-2020", "business_name": "Warung"}
    assert read_answers(SERVICE, typed) == ANSWERS


@pytest.mark.parametrize("answer", [0, 5, 99, 100, -1_205, 123_456_789])
def test_every_number_with_hundredths_is_read_back_alike(answer: int) -> None:
    typed = typed_answer(SERVICE.field("width"), answer)
    assert read_answers(SERVICE, {"width": typed}) == {"width": answer}


def test_only_changes_travel() -> None:
    reading = read_correction_draft(SERVICE, asked("business_name", "width"), content(business_name="Toko"), ())
    assert reading.changed_answers == {"business_name": "Toko"}
    assert reading.open == ("width",)
    assert not reading.is_ready


def test_what_was_not_asked_cannot_change_whatever_the_draft_holds() -> None:
    reading = read_correction_draft(SERVICE, asked("width"), content(business_name="Toko", width="6"), ())
    assert reading.changed_answers == {"width": 600}
    assert reading.after["business_name"] == "Warung"


def test_an_answer_that_is_taken_away_travels_as_a_text_without_letters() -> None:
    reading = read_correction_draft(SERVICE, asked("width"), content(width=""), ())
    assert reading.changed_answers == {"width": ""}
    assert "width" not in reading.after
    assert reading.is_ready


def test_a_changed_condition_calls_for_what_hangs_on_it() -> None:
    question = asked("rented")
    reading = read_correction_draft(SERVICE, question, content(rented="yes"), ())
    assert {(each.key, each.code) for each in reading.problems} == {
        ("owner", ProblemCode.MISSING),
        ("contract", ProblemCode.FILES_MISSING),
    }
    assert [each.key for each in newly_required(SERVICE, question, reading.after)] == ["contract"]
    files = (("contract", "image/jpeg"),)
    assert read_correction_draft(SERVICE, question, content(rented="yes", owner="Tono"), files).is_ready


def test_a_remark_answers_for_what_stays() -> None:
    question = asked("business_name", requirements=("id_card",))
    draft = content(**{"remark.business_name": "Memang begitu", "remark.id_card": "Asli"})
    reading = read_correction_draft(SERVICE, question, draft, ())
    assert reading.remarks == {"business_name": "Memang begitu", "id_card": "Asli"}
    assert reading.is_ready


def test_a_file_or_the_paper_answers_for_a_requirement() -> None:
    question = asked(requirements=("id_card",))
    assert read_correction_draft(SERVICE, question, content(), (("id_card", "image/jpeg"),)).is_ready
    seen = Content(typed=typed_answers(SERVICE, ANSWERS), seen=["id_card"])
    assert read_correction_draft(SERVICE, question, seen, ()).brought == ("id_card",)


@pytest.mark.parametrize(
    ("key", "may"),
    [
        ("rented", True),
        ("owner", True),
        ("remark.rented", True),
        ("seen.contract", True),
        ("business_name", False),
        ("remark.business_name", False),
        ("seen.id_card", False),
        ("pemohon.name", False),
    ],
)
def test_only_asked_inputs_are_saved(key: str, may: bool) -> None:  # what the table says
    assert may_save(SERVICE, asked("rented"), key) is may


def test_open_questions_are_answered_together() -> None:
    both = joined([asked("width"), asked("business_name", "width", requirements=("id_card",), request=9)])
    assert (both.fields, both.requirements, both.request) == (["width", "business_name"], ["id_card"], 9)
