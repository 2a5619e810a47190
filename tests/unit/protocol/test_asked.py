"""What a correction may hold: what was asked, and what hangs on it."""

from protocol.answers import asked_fields, asked_requirements, check_answers, merge_answers
from protocol.catalogue import Condition, Field, FieldType, Requirement, Service
from protocol.ids import FieldKey
from tests.node_stand import a_service, text

SERVICE: Service = a_service(
    fields=(
        Field(key=FieldKey("married"), type=FieldType.YES_NO, label=text("Kawin")),
        Field(
            key=FieldKey("spouse"),
            type=FieldType.TEXT,
            label=text("Pasangan"),
            show_if=Condition(field=FieldKey("married"), equals=True),
        ),
        Field(
            key=FieldKey("wedding_town"),
            type=FieldType.TEXT,
            label=text("Kota"),
            show_if=Condition(field=FieldKey("spouse"), equals="Tono"),
        ),
        Field(key=FieldKey("job"), type=FieldType.TEXT, label=text("Pekerjaan")),
    ),
    requirements=(
        Requirement(key=FieldKey("id_card"), label=text("KTP-el")),
        Requirement(
            key=FieldKey("wedding_book"),
            label=text("Buku nikah"),
            when=Condition(field=FieldKey("married"), equals=True),
        ),
    ),
)


def test_what_hangs_on_an_asked_field_counts_as_asked() -> None:
    assert asked_fields(SERVICE, ["married"]) == {"married", "spouse", "wedding_town"}
    assert asked_fields(SERVICE, ["job"]) == {"job"}
    assert asked_requirements(SERVICE, ["married"], ["id_card"]) == {"id_card", "wedding_book"}
    assert asked_requirements(SERVICE, ["job"], []) == frozenset()


def test_answers_that_the_form_no_longer_shows_are_gone_after_the_merge() -> None:
    before: dict[str, str | int | bool] = {"married": True, "spouse": "Tono", "wedding_town": "Sragen", "job": "Tani"}
    merged = merge_answers(SERVICE, before, {"married": False})
    assert merged == {"married": False, "job": "Tani"}
    assert check_answers(SERVICE, merged) == ()
