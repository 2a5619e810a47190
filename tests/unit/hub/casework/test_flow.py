"""How stages follow each other: every way through every service ends, and nothing is decided twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.casework.flow import (
    Mark,
    applied,
    case_state,
    followers,
    joined,
    new_board,
    outcome,
    settle,
    undecided,
    verdict,
)
from hub.casework.rules import AT_WORK, OUTCOMES, PAST, CaseState, StageOutcome, StageState
from hub.catalogue.catalogue import Catalogue
from protocol.catalogue import Service, StageAction
from protocol.receipt import Outcome

CATALOGUE = Catalogue.load()
SERVICES = [service for _, service in sorted(CATALOGUE.services.items())]
S, E = StageState, StageOutcome

Marks = dict[str, Mark]


def service(code: str) -> Service:
    return CATALOGUE.service(code, 1)


def done(board: Marks, form: Service, key: str, ended: StageOutcome = E.DONE) -> Marks:
    """Return the board after a stage ended so, and everything that follows from it."""
    after = board | {key: Mark(state=S.DONE, outcome=ended)}
    return applied(after, settle(form, after))


def walk(form: Service, choose: dict[StageAction, StageOutcome], until: str = "") -> Marks:
    """Do what is open, in the order of the service, each stage with the outcome of its action."""
    board = new_board(form)
    while ready := [stage for stage in form.stages if board[stage.key].state in AT_WORK and stage.key != until]:
        stage = ready[0]
        board = done(board, form, stage.key, choose.get(stage.action, _usual(stage.action)))
    return board


def _usual(action: StageAction) -> StageOutcome:
    usual = {StageAction.ASSESSMENT: E.ASSESSED, StageAction.DECISION: E.GRANTED, StageAction.TRACKING: E.TRACKED}
    return usual.get(action, min(OUTCOMES[action]))


def opened(board: Marks) -> list[str]:
    return [key for key, mark in board.items() if mark.state in AT_WORK]


@pytest.mark.parametrize("form", SERVICES, ids=lambda form: form.code)
def test_a_new_case_is_at_its_counter_alone(form: Service) -> None:
    board = new_board(form)
    assert opened(board) == [form.stages[0].key]
    assert case_state(form, board) is CaseState.RECEIVED
    assert outcome(form, board) is None


@pytest.mark.parametrize("form", SERVICES, ids=lambda form: form.code)
def test_the_usual_way_ends_with_the_product(form: Service) -> None:
    board = walk(form, {})
    wanted = Outcome.TRACKED if form.national_system else Outcome.ISSUED
    wanted = Outcome.RECORDED if form.has(StageAction.RECORDING) else wanted
    assert (case_state(form, board), outcome(form, board)) == (CaseState.CLOSED, wanted)


@pytest.mark.parametrize("form", [each for each in SERVICES if not each.national_system], ids=lambda form: form.code)
def test_a_refusal_is_signed_and_handed_over(form: Service) -> None:
    board = walk(form, {StageAction.DECISION: E.REFUSED}, until="signature")
    assert opened(board) == ["signature"]
    assert (case_state(form, board), outcome(form, board)) == (CaseState.DECIDED, Outcome.REFUSED)
    board = done(done(board, form, "signature", E.SIGNED), form, "handover")
    assert case_state(form, board) is CaseState.CLOSED


def test_agencies_work_in_parallel_and_the_next_waits_for_both() -> None:
    form = service("REKLAME")
    board = done(new_board(form), form, "completeness")
    assert opened(board) == ["technical_view", "order_view"]
    board = done(board, form, "order_view", E.YES)
    assert opened(board) == ["technical_view"]
    assert opened(done(board, form, "technical_view", E.NO)) == ["tax"]


def test_two_bodies_decide_before_anything_is_signed() -> None:
    form = service("REKLAME")
    board = walk(form, {}, until="confirmation")
    assert opened(board) == ["confirmation"]
    assert verdict(form, board) is E.NONE
    assert opened(done(board, form, "confirmation", E.CONFIRMED)) == ["signature"]


def test_payment_makes_the_case_wait_and_exemption_skips_it() -> None:
    form = service("JALAN")
    assert case_state(form, walk(form, {}, until="payment")) is CaseState.AWAITING_PAYMENT
    board = walk(form, {StageAction.ASSESSMENT: E.EXEMPT}, until="draft")
    assert (board["payment"].state, opened(board)) == (S.SKIPPED, ["draft"])


def test_a_register_gives_its_own_product() -> None:
    form = service("KK")
    assert walk(form, {}, until="handover")["signature"].state is S.SKIPPED


def test_a_national_system_may_refuse_too() -> None:
    form = service("PBG")
    assert outcome(form, walk(form, {StageAction.TRACKING: E.NOT_ISSUED})) is Outcome.REFUSED


def test_a_question_shows_while_others_work_on() -> None:
    form = service("REKLAME")
    board = done(new_board(form), form, "completeness") | {"order_view": Mark(state=S.ASKED)}
    assert case_state(form, board) is CaseState.RETURNED
    assert opened(done(board, form, "technical_view", E.YES)) == []


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ([S.DONE, S.DONE], S.DONE),
        ([S.DONE, S.OPEN], S.OPEN),
        ([S.OPEN, S.TAKEN], S.TAKEN),
        ([S.TAKEN, S.ASKED], S.ASKED),
        ([S.DONE, S.WAITING], S.WAITING),
        ([S.SKIPPED, S.SKIPPED], S.SKIPPED),
        ([S.DONE, S.SKIPPED], S.DONE),
    ],
)
def test_a_joint_visit_is_as_far_as_its_last_office(states: list[StageState], state: StageState) -> None:
    assert joined(Mark(state=each) for each in states).state is state


def test_a_no_of_one_visitor_is_the_opinion_of_the_visit() -> None:
    seats = [Mark(state=S.DONE, outcome=E.YES), Mark(state=S.DONE, outcome=E.NO)]
    assert joined(seats).outcome is E.NO


@pytest.mark.parametrize("form", [each for each in SERVICES if not each.national_system], ids=lambda form: form.code)
def test_a_decision_that_is_taken_back_is_made_again_and_nothing_else(form: Service) -> None:
    before = walk(form, {}, until="decision")
    refused = walk(form, {StageAction.DECISION: E.REFUSED})
    assert undecided(form, refused) == before


def test_what_follows_a_stage() -> None:
    form = service("APOTEK")
    assert followers(form, "decision") == {"signature", "handover"}


@given(data=st.data())
def test_every_way_through_every_service_ends(data: st.DataObject) -> None:
    """Whatever is chosen at each step: something is open until the case is closed, and each stage is done once."""
    form = data.draw(st.sampled_from(SERVICES))
    board, count = new_board(form), 0
    while case_state(form, board) is not CaseState.CLOSED:
        ready = opened(board)
        assert ready, board
        key = data.draw(st.sampled_from(ready))
        stage = form.stage(key)
        assert stage is not None
        stood = verdict(form, board)
        board = done(board, form, key, data.draw(st.sampled_from(sorted(OUTCOMES[stage.action]))))
        assert stood in {E.NONE, verdict(form, board)}
        count += 1
    assert count <= len(form.stages)
    assert all(mark.state in PAST for mark in board.values())
    assert outcome(form, board) is not None
