"""Corrections: what a village may answer, what the hub refuses of it, and what then holds."""

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select

from hub.intake.asking import Question
from hub.intake.assembly import assemble
from hub.intake.effective import effective_manifest
from hub.intake.service import MOST_ROUNDS
from hub.intake.tables import Bundle, IntakeQuarantine
from loadtests.village import Made, Village
from protocol.bundle import Manifest
from protocol.catalogue import FieldType
from protocol.ids import FieldKey, RegistrationNo, ServiceCode
from protocol.receipt import ReceiptKind
from tests.answering import correct
from tests.hostile import SERVICE, Scene
from tests.hubs import TestHub, bundle_of, chunks_of


@pytest.fixture
def first(scene: Scene) -> Made:
    made = scene.village.seal_application(SERVICE)
    scene.hub.deliver(scene.village, made)
    return made


def an_asked_answer(first: Made) -> tuple[str, str]:
    """Return a text field of the application with another right answer."""
    for field in SERVICE.fields:
        answer = first.manifest.answers.get(field.key)
        if isinstance(answer, str) and field.type is FieldType.TEXT:
            return str(field.key), f"{answer} baru"
    raise LookupError("no text field")


def ask(hub: TestHub, first: Made, fields: list[str] | None = None, requirements: list[str] | None = None) -> None:
    hub.questions[first.bundle] = Question(fields=frozenset(fields or ()), requirements=frozenset(requirements or ()))


def verdicts(hub: TestHub, village: Village, *made: Made) -> list[tuple[str, str]]:
    found = hub.receipts(hub.receive(*(bundle_of(village, each) for each in made)).outgoing)
    return [(str(receipt.subject.kind), receipt.subject.code) for receipt in found]


def test_an_answer_is_taken_and_holds(scene: Scene, first: Made) -> None:
    key, answer = an_asked_answer(first)
    ask(scene.hub, first, fields=[key])
    made = correct(scene.village, first, {key: answer}, changes={"remarks": {key: "dilihat di KTP"}})

    receipts = scene.hub.deliver(scene.village, made)

    assert [(each.subject.kind, each.subject.bundle) for each in receipts] == [
        (ReceiptKind.ARRIVED, made.bundle),
        (ReceiptKind.WHOLE, made.bundle),
    ]
    assert receipts[0].subject.registration_no == first.manifest.registration_no
    with scene.hub.database.reading() as session:
        found = effective_manifest(session, scene.hub.context.stores.keyring, SERVICE, first.bundle)
    assert found.manifest.answers == {**first.manifest.answers, FieldKey(key): answer}
    assert len(found.parts) == 2
    assert found.manifest.remarks == {FieldKey(key): "dilihat di KTP"}


def test_what_a_correction_hides_holds_no_longer(scene: Scene) -> None:
    def with_nib(manifest: Manifest) -> Manifest:
        return replace(manifest, answers=manifest.answers | {FieldKey("has_nib"): True, FieldKey("nib"): "1" * 13})

    first = scene.village.seal_application(SERVICE, change=with_nib)
    scene.hub.deliver(scene.village, first)
    ask(scene.hub, first, fields=["has_nib"])
    scene.hub.deliver(scene.village, correct(scene.village, first, {"has_nib": False}))

    with scene.hub.database.reading() as session:
        found = effective_manifest(session, scene.hub.context.stores.keyring, SERVICE, first.bundle)
    assert len(found.parts) == 2
    assert found.manifest.answers[FieldKey("has_nib")] is False
    assert FieldKey("nib") not in found.manifest.answers


def test_files_of_a_requirement_are_replaced_whole(scene: Scene, first: Made) -> None:
    requirement = str(first.manifest.attachments[0].requirement)
    ask(scene.hub, first, requirements=[requirement])
    made = correct(scene.village, first, files={requirement: b"a sharper scan"})

    assert [each.subject.kind for each in scene.hub.deliver(scene.village, made)] == ["arrived", "whole"]
    with scene.hub.database.reading() as session:
        found = effective_manifest(session, scene.hub.context.stores.keyring, SERVICE, first.bundle)
    by_requirement = {str(file.attachment.requirement): file.bundle_id for file in found.files}
    assert by_requirement.pop(requirement) == made.bundle
    assert set(by_requirement.values()) <= {first.bundle}
    assert {file.bundle_id for file in found.replaced} == {first.bundle}


def test_the_receipt_says_what_is_still_missing(scene: Scene, first: Made) -> None:
    requirement = str(first.manifest.attachments[0].requirement)
    ask(scene.hub, first, requirements=[requirement])
    made = correct(scene.village, first, files={requirement: b"a sharper scan"})

    (arrived,) = scene.hub.receipts(scene.hub.receive(bundle_of(scene.village, made)).outgoing)
    assert arrived.subject.missing_attachments == 1
    processed = scene.hub.receive(*chunks_of(scene.village, made))
    (whole,) = scene.hub.receipts(assemble(scene.hub.context, processed.ready))
    assert whole.subject.kind is ReceiptKind.WHOLE


def test_the_second_of_two_answers_is_refused_and_kept(scene: Scene, first: Made) -> None:
    """Two officers answer the same question at once, in one batch."""
    key, answer = an_asked_answer(first)
    ask(scene.hub, first, fields=[key])
    two = [correct(scene.village, first, {key: f"{answer} {number}"}) for number in (1, 2)]

    found = verdicts(scene.hub, scene.village, *two)

    assert sorted(found) == [("arrived", ""), ("rejected", "correction_closed"), ("whole", "")]
    with scene.hub.database.reading() as session:
        assert session.scalars(select(IntakeQuarantine.bundle_id)).all() == [two[1].bundle]
        held = effective_manifest(session, scene.hub.context.stores.keyring, SERVICE, first.bundle)
    assert held.manifest.answers[FieldKey(key)] == f"{answer} 1"


class StillAsked(dict[bytes, Question]):
    """An office that asks on, whatever comes."""

    def pop(self, *_: object) -> None:  # type: ignore[override]  # nothing answers it
        return None


def test_a_flood_of_answers_in_one_batch_is_decided_in_few_rounds(scene: Scene, first: Made) -> None:
    key, answer = an_asked_answer(first)
    scene.hub.questions = StillAsked()
    ask(scene.hub, first, fields=[key])
    flood = [correct(scene.village, first, {key: f"{answer} {number}"}) for number in range(6)]

    found = verdicts(scene.hub, scene.village, *flood)

    assert [kind for kind, _ in found].count("arrived") == MOST_ROUNDS
    assert [code for _, code in found].count("correction_closed") == 6 - MOST_ROUNDS


def test_a_correction_that_comes_again_has_one_effect(scene: Scene, first: Made) -> None:
    key, answer = an_asked_answer(first)
    ask(scene.hub, first, fields=[key])
    made = correct(scene.village, first, {key: answer})

    sent = [scene.hub.receive(*[bundle_of(scene.village, made)] * 3).outgoing for _ in range(3)]

    payloads = [{message.payload for message in outgoing} for outgoing in sent]
    assert payloads[0] == payloads[1] == payloads[2]
    with scene.hub.database.reading() as session:
        assert session.scalar(select(func.count()).where(Bundle.corrects == first.bundle)) == 1
    assert len(scene.hub.cases) == 2


def test_another_pc_of_the_village_may_answer(scene: Scene, first: Made) -> None:
    """The PC that sent the application is gone; the number was never leased to its successor."""
    key, answer = an_asked_answer(first)
    successor = scene.hub.enrol(scene.village.node.village, seed=1)
    ask(scene.hub, first, fields=[key])
    assert verdicts(scene.hub, successor, correct(successor, first, {key: answer}))[0] == ("arrived", "")


def test_a_correction_keeps_counter_and_link(scene: Scene, first: Made) -> None:
    key, answer = an_asked_answer(first)
    ask(scene.hub, first, fields=[key])
    used = correct(scene.village, first, {key: answer}, changes={"counter": first.manifest.counter})
    assert verdicts(scene.hub, scene.village, used) == [("rejected", "counter_conflict")]
    odd = correct(scene.village, first, {key: answer}, changes={"counter": 9, "previous": bytes(32)})
    assert verdicts(scene.hub, scene.village, odd)[0] == ("arrived", "")


WRONG: dict[str, tuple[str, dict[str, object]]] = {
    "no such case": ("correction_unknown", {"corrects": bytes(32)}),
    "another number": ("number_used", {"registration_no": RegistrationNo("3314-26-0001234-88")}),
    "another service": ("service_unknown", {"service": ServiceCode("IMB")}),
    "another version": ("service_unknown", {"service_version": 99}),
    "a field that nobody asked for": ("correction_not_asked", {"answers": {"surname": "x"}}),
    "a remark that nobody asked for": ("correction_not_asked", {"remarks": {"surname": "x"}}),
    "a document that nobody asked for": ("correction_not_asked", {"handed_in": ["nothing_known"]}),
}


@pytest.mark.parametrize("trick", WRONG)
def test_a_wrong_correction_has_its_code(scene: Scene, first: Made, trick: str) -> None:
    code, changes = WRONG[trick]
    key, answer = an_asked_answer(first)
    ask(scene.hub, first, fields=[key])
    made = correct(scene.village, first, {key: answer}, changes=changes)
    assert verdicts(scene.hub, scene.village, made) == [("rejected", code)]
    assert len(scene.hub.cases) == 1


def test_another_applicant_is_not_a_correction(scene: Scene, first: Made) -> None:
    key, answer = an_asked_answer(first)
    ask(scene.hub, first, fields=[key])
    other = first.manifest.applicant.__class__(name="Orang Lain", nik=None, phone=None, address="")
    made = correct(scene.village, first, {key: answer}, changes={"applicant": other})
    assert verdicts(scene.hub, scene.village, made) == [("rejected", "correction_not_asked")]


def test_merged_answers_have_to_fit_the_form(scene: Scene, first: Made) -> None:
    key, _ = an_asked_answer(first)
    ask(scene.hub, first, fields=[key])
    made = correct(scene.village, first, {key: 7})
    assert verdicts(scene.hub, scene.village, made) == [("rejected", "answers_invalid")]


def test_a_file_nobody_asked_for_is_refused(scene: Scene, first: Made) -> None:
    key, answer = an_asked_answer(first)
    ask(scene.hub, first, fields=[key])
    made = correct(scene.village, first, {key: answer}, {str(SERVICE.requirements[0].key): b"scan"})
    assert verdicts(scene.hub, scene.village, made) == [("rejected", "correction_not_asked")]


def test_nothing_is_asked(scene: Scene, first: Made) -> None:
    key, answer = an_asked_answer(first)
    made = correct(scene.village, first, {key: answer})
    assert verdicts(scene.hub, scene.village, made) == [("rejected", "correction_closed")]


def test_the_neighbour_has_no_such_case(scene: Scene, first: Made) -> None:
    key, answer = an_asked_answer(first)
    ask(scene.hub, first, fields=[key])
    made = correct(scene.neighbour, first, {key: answer}, changes={"village": scene.neighbour.node.village})
    assert verdicts(scene.hub, scene.neighbour, made) == [("rejected", "correction_unknown")]


def test_a_correction_of_a_correction_is_unknown(scene: Scene, first: Made) -> None:
    key, answer = an_asked_answer(first)
    ask(scene.hub, first, fields=[key])
    made = correct(scene.village, first, {key: answer})
    scene.hub.deliver(scene.village, made)
    again = correct(scene.village, first, {key: answer}, changes={"corrects": made.bundle})
    assert verdicts(scene.hub, scene.village, again) == [("rejected", "correction_unknown")]
