"""Who may do what at which stage, questions, opinions, masks."""

from itertools import product

import pytest

from hub.accounts.rules import DESK_ROLES, Role
from hub.casework.rules import (
    ACTIONS,
    AT_WORK,
    ENDED,
    MAX_NOTE,
    CaseRule,
    CaseState,
    Correction,
    Move,
    Seat,
    StageOutcome,
    StageState,
    broken_rule,
    correction_rule,
    is_reason,
    mask_phone,
    mask_text,
    masked_answer,
    opinion_rule,
)
from protocol.catalogue import Field, FieldType, StageAction, Text
from protocol.ids import FieldKey
from protocol.receipt import ReturnReason
from tests.builders import NIK, a_seat, a_situation, an_actor

SEATS = [
    a_seat(action=action, role=role, office=office, state=state)
    for action, role, office, state in product(StageAction, DESK_ROLES, ("one-stop", "agency.dlh"), StageState)
]
JUDGING = (StageAction.DECISION, StageAction.CONFIRMATION, StageAction.SIGNATURE)


def working(move: Move, seat: Seat, **changes: object) -> CaseRule | None:
    """Return what forbids the move to the person of that desk, in a case that goes on."""
    actor = an_actor(seat.role, seat.office)
    return broken_rule(move, actor, a_situation(seat=seat, state=CaseState.IN_PROGRESS, **changes))


@pytest.mark.parametrize("role", [role for role in Role if role not in DESK_ROLES])
def test_readers_move_nothing(role: Role) -> None:
    found = {broken_rule(move, an_actor(role), a_situation(seat=seat)) for move, seat in product(Move, SEATS)}
    assert found == {CaseRule.ROLE}


@pytest.mark.parametrize("move", list(Move))
def test_a_move_belongs_to_its_stages_and_to_open_desks(move: Move) -> None:
    allowed = {(seat.action, seat.state) for seat in SEATS if working(move, seat) is None}
    states = {Move.TAKE: {StageState.OPEN}, Move.OPINION: {StageState.TAKEN}}.get(move, AT_WORK)
    assert allowed == set(product(ACTIONS[move], states))


@pytest.mark.parametrize("move", list(Move))
def test_nothing_moves_once_a_case_has_ended(move: Move) -> None:
    for seat, state in product(SEATS, ENDED):
        situation = a_situation(seat=seat, state=state)
        assert broken_rule(move, an_actor(seat.role, seat.office), situation) is CaseRule.STATE


@pytest.mark.parametrize(
    ("role", "office"),
    [(Role.HEAD, "one-stop"), (Role.FRONT_OFFICE, "civil-registry"), (Role.AGENCY_CLERK, "agency.dlh")],
)
def test_a_stage_is_its_roles_at_its_office(role: Role, office: str) -> None:
    assert broken_rule(Move.COMPLETE, an_actor(role, office), a_situation()) is CaseRule.NOT_YOUR_STAGE


def test_the_counter_may_hand_over_and_reroute_what_lies_elsewhere() -> None:
    counter = an_actor()
    village = a_seat(action=StageAction.HANDOVER, role=Role.VILLAGE_OFFICER, office="village.33.14.01.2001")
    agency = a_seat(action=StageAction.RECOMMENDATION, role=Role.AGENCY_CLERK, office="agency.dlh")
    assert broken_rule(Move.HAND_OVER, counter, a_situation(seat=village)) is None
    assert broken_rule(Move.REROUTE, counter, a_situation(seat=agency)) is None
    assert broken_rule(Move.REROUTE, an_actor(Role.HEAD, "agency.dlh"), a_situation(seat=agency)) is None
    assert broken_rule(Move.OPINION, counter, a_situation(seat=agency)) is CaseRule.NOT_YOUR_STAGE


def test_nobody_moves_their_own_case() -> None:
    for move, seat in product(Move, SEATS):
        rule = working(move, seat, is_own_case=True)
        assert rule is (CaseRule.OWN_CASE if seat.action in ACTIONS[move] else CaseRule.STATE)


def test_missing_files_hold_completeness_but_not_a_question() -> None:
    assert working(Move.COMPLETE, a_seat(), is_whole=False) is CaseRule.FILES_MISSING
    assert working(Move.ASK, a_seat(), is_whole=False) is None


@pytest.mark.parametrize(
    ("move", "action"),
    [(Move.DECIDE, JUDGING[0]), (Move.CONFIRM, JUDGING[1]), (Move.FINISH, JUDGING[2]), (Move.TAKE, JUDGING[0])],
)
def test_who_prepared_a_case_does_not_judge_it(move: Move, action: StageAction) -> None:
    seat = a_seat(action=action, role=Role.HEAD)
    assert working(move, seat, prepared_by=frozenset({"P1"})) is CaseRule.SAME_PERSON
    assert working(move, seat, prepared_by=frozenset({"P2"})) is None


def test_who_drafted_does_not_initial() -> None:
    seat = a_seat(action=StageAction.INITIALS, role=Role.DIVISION_HEAD)
    assert working(Move.FINISH, seat, drafted_by=frozenset({"P1"})) is CaseRule.SAME_PERSON
    assert working(Move.FINISH, seat, prepared_by=frozenset({"P1"})) is None


@pytest.mark.parametrize(
    ("decided_by", "office", "rule"),
    [
        ("P1", "agency.dlh", CaseRule.SAME_PERSON),
        ("P2", "one-stop", CaseRule.SAME_OFFICE),
        ("P2", "agency.dlh", None),
    ],
)
def test_two_persons_of_two_offices_decide(decided_by: str, office: str, rule: CaseRule | None) -> None:
    seat = a_seat(action=StageAction.CONFIRMATION, role=Role.HEAD)
    assert working(Move.CONFIRM, seat, decided_by=decided_by, decided_office=office) is rule


def test_a_proposal_holds_what_cannot_be_undone() -> None:
    held = {move for move, seat in product(Move, SEATS) if working(move, seat) is None}
    free = {move for move, seat in product(Move, SEATS) if working(move, seat, is_proposal_open=True) is None}
    assert held - free == {Move.COMPLETE, Move.FINISH, Move.DECIDE, Move.CONFIRM, Move.HAND_OVER}


@pytest.mark.parametrize(
    ("action", "verdict", "note", "rule"),
    [
        (StageAction.RECOMMENDATION, StageOutcome.YES, "", None),
        (StageAction.RECOMMENDATION, StageOutcome.NO, "", CaseRule.NOTE_NEEDED),
        (StageAction.RECOMMENDATION, StageOutcome.CONDITIONS, "tanam pohon", None),
        (StageAction.INSPECTION, StageOutcome.YES, "", CaseRule.NOTE_NEEDED),
        (StageAction.INSPECTION, StageOutcome.YES, "sesuai gambar", None),
        (StageAction.INSPECTION, StageOutcome.YES, "x" * (MAX_NOTE + 1), CaseRule.NOTE_LONG),
        (StageAction.RECOMMENDATION, StageOutcome.GRANTED, "", CaseRule.OUTCOME_UNFIT),
    ],
)
def test_an_opinion_says_why(action: StageAction, verdict: StageOutcome, note: str, rule: CaseRule | None) -> None:
    assert opinion_rule(action, verdict, note) is rule


@pytest.mark.parametrize(
    ("correction", "rule"),
    [
        (Correction(reason=ReturnReason.DATA_WRONG, fields=("name",)), None),
        (Correction(reason=ReturnReason.DOCUMENT_MISSING, requirements=("ktp",)), None),
        (Correction(reason=ReturnReason.DATA_WRONG), CaseRule.NOTHING_NAMED),
        (Correction(reason=ReturnReason.DATA_WRONG, note="tanpa nama isian"), CaseRule.NOTHING_NAMED),
        (Correction(reason=ReturnReason.DATA_WRONG, fields=("ktp",)), CaseRule.NAME_UNKNOWN),
        (Correction(reason=ReturnReason.DATA_WRONG, requirements=("other",)), CaseRule.NAME_UNKNOWN),
        (Correction(reason=ReturnReason.OTHER), CaseRule.NOTE_NEEDED),
        (Correction(reason=ReturnReason.OTHER, note="   pendek   "), CaseRule.NOTE_NEEDED),
        (Correction(reason=ReturnReason.WRONG_SERVICE, note="pakai layanan lain"), None),
        (Correction(reason=ReturnReason.OTHER, note="x" * (MAX_NOTE + 1)), CaseRule.NOTE_LONG),
    ],
)
def test_a_return_says_why_and_what(correction: Correction, rule: CaseRule | None) -> None:
    assert correction_rule(correction, ["name"], ["ktp"]) is rule


def a_field(kind: FieldType, *, personal: bool = False) -> Field:
    return Field(key=FieldKey("x"), type=kind, label=Text(id="x", en="x"), personal=personal)


@pytest.mark.parametrize(
    ("field", "answer", "shown"),
    [
        (a_field(FieldType.NIK), NIK, "331499******0001"),
        (a_field(FieldType.KK_NO), NIK, "331499******0001"),
        (a_field(FieldType.PHONE), "081200000001", "••••••••0001"),
        (a_field(FieldType.TEXT, personal=True), "Siti Uji", "S••• U•••"),
        (a_field(FieldType.DATE, personal=True), "1990-01-01", "1•••"),
        (a_field(FieldType.TEXT), "Toko Maju", None),
        (a_field(FieldType.YES_NO), True, None),
    ],
)
def test_personal_answers_are_masked(field: Field, answer: str | bool, shown: str | None) -> None:
    assert masked_answer(field, answer) == shown


@pytest.mark.parametrize(("phone", "shown"), [("+6281234567890", "••••••••••7890"), ("123", "••••"), ("", "••••")])
def test_phones(phone: str, shown: str) -> None:
    assert mask_phone(phone) == shown


@pytest.mark.parametrize(
    ("text", "shown"), [("Siti", "S•••"), ("", "•••"), ("a b c d e f g h", "a••• b••• c••• d••• e••• f•••")]
)
def test_words(text: str, shown: str) -> None:
    assert mask_text(text) == shown


@pytest.mark.parametrize(
    ("text", "fits"), [("", False), ("  pendek ", False), ("cek kesesuaian KTP", True), ("x" * 1001, False)]
)
def test_a_look_needs_words(text: str, fits: bool) -> None:
    assert is_reason(text) is fits
