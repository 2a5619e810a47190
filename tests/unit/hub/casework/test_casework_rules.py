"""The state machine, returns, desks, masks."""

from datetime import timedelta
from itertools import product

import pytest

from hub.accounts.rules import DESK_ROLES, Role
from hub.casework.rules import (
    MAX_NOTE,
    CaseRule,
    CaseState,
    Correction,
    DeskState,
    Move,
    Situation,
    broken_rule,
    correction_rule,
    is_out_of_turn,
    is_reason,
    mask_phone,
    mask_text,
    masked_answer,
    plan_desks,
    possible_moves,
)
from hub.catalogue.catalogue import Catalogue
from protocol.catalogue import Field, FieldType, Text
from protocol.ids import FieldKey, VillageCode
from protocol.receipt import ReturnReason
from tests.builders import NIK, NOW, a_situation

CATALOGUE = Catalogue.load()
VILLAGE = VillageCode("33.14.01.2001")
ALL = [
    Situation(state=state, is_whole=whole, is_front_desk=front, desk=desk)
    for state, whole, front, desk in product(CaseState, (True, False), (True, False), (None, *DeskState))
]


@pytest.mark.parametrize("role", [role for role in Role if role not in DESK_ROLES])
def test_readers_move_nothing(role: Role) -> None:
    assert {broken_rule(move, role, situation) for move, situation in product(Move, ALL)} == {CaseRule.ROLE}


@pytest.mark.parametrize("role", sorted(DESK_ROLES))
def test_complete_is_allowed_in_one_situation(role: Role) -> None:
    allowed = [situation for situation in ALL if broken_rule(Move.COMPLETE, role, situation) is None]
    assert allowed == [a_situation()]


def test_a_return_does_not_wait_for_files() -> None:
    allowed = [situation for situation in ALL if broken_rule(Move.RETURN, Role.FRONT_OFFICE, situation) is None]
    assert allowed == [a_situation(), a_situation(is_whole=False)]


def test_custody_needs_a_waiting_desk_and_a_complete_case() -> None:
    allowed = [each for each in ALL if broken_rule(Move.TAKE_CUSTODY, Role.AGENCY_CLERK, each) is None]
    assert {(each.state, each.desk) for each in allowed} == {
        (CaseState.COMPLETE, DeskState.WAITING),
        (CaseState.TAKEN_UP, DeskState.WAITING),
    }


@pytest.mark.parametrize(
    ("move", "change", "rule"),
    [
        (Move.COMPLETE, {"is_front_desk": False}, CaseRule.NOT_FRONT_DESK),
        (Move.COMPLETE, {"is_whole": False}, CaseRule.FILES_MISSING),
        (Move.COMPLETE, {"state": CaseState.RETURNED}, CaseRule.STATE),
        (Move.RETURN, {"state": CaseState.COMPLETE}, CaseRule.STATE),
        (Move.TAKE_CUSTODY, {"desk": None}, CaseRule.NO_DESK),
        (Move.TAKE_CUSTODY, {}, CaseRule.STATE),
    ],
)
def test_the_broken_rule_is_named(move: Move, change: dict[str, object], rule: CaseRule) -> None:
    assert broken_rule(move, Role.FRONT_OFFICE, a_situation(**change)) is rule


def test_the_page_offers_what_is_allowed() -> None:
    assert possible_moves(Role.FRONT_OFFICE, a_situation()) == (Move.COMPLETE, Move.RETURN)
    assert possible_moves(Role.HEAD, a_situation()) == ()


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


def test_agencies_get_a_complete_case_in_parallel() -> None:
    plan = plan_desks(CATALOGUE.service("PBG", 1), VILLAGE)
    assert plan.front is DeskState.DONE
    assert {"agency.dpupr", "agency.dlh"} <= set(plan.waiting)


def test_without_agencies_the_issuing_office_takes_it_up() -> None:
    plan = plan_desks(CATALOGUE.service("KK", 1), VILLAGE)
    assert (plan.front, plan.waiting) == (DeskState.WAITING, ())


def test_out_of_turn_means_that_an_older_one_waits() -> None:
    assert is_out_of_turn(NOW, NOW - timedelta(seconds=1))
    assert not is_out_of_turn(NOW, NOW)
    assert not is_out_of_turn(NOW, None)


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
