"""Pure: how the stages of a case follow each other. Values in, values out; nothing here knows who acts.

A board says for each stage of a service in which state it is and how it ended. Rules:
1. A stage opens when everything that it comes after is done or skipped; stages with the same predecessors run in
   parallel.
2. A stage with several seats (a joint visit) is done when each of them is.
3. A verdict stands when the decision is done and, where two bodies decide, the second one has agreed.
4. A refusal skips what is left, except the signature of the refusal letter and the handover.
5. Where a register gives the product (civil registration), a grant needs no signature of ours.
6. Where every assessment says that nothing is due, the payment is skipped.
7. A case is closed when each stage is done or skipped.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from hub.casework.rules import AT_WORK, PAST, VERDICTS, CaseState, StageOutcome, StageState
from protocol.catalogue import Service, Stage, StageAction
from protocol.receipt import Outcome

PROPOSAL = "proposal"
"""The stage key of rows that are no stage of the service: a proposal that waits for a second person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """How far one stage is."""

    state: StageState
    outcome: StageOutcome = StageOutcome.NONE


Board: TypeAlias = Mapping[str, Mark]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What has to happen on a board after something was done."""

    skipped: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()


def new_board(service: Service) -> dict[str, Mark]:
    """Return the board of a new case: the first stage is open, everything else waits."""
    return {stage.key: Mark(state=StageState.WAITING if stage.after else StageState.OPEN) for stage in service.stages}


def joined(marks: Iterable[Mark]) -> Mark:
    """Return one mark for the seats of a stage (rule 2): the least advanced one decides."""
    seats = list(marks)
    states = {mark.state for mark in seats}
    for state in (StageState.WAITING, StageState.ASKED, StageState.TAKEN, StageState.OPEN, StageState.SKIPPED):
        if state in states and (state is not StageState.SKIPPED or states == {state}):
            return Mark(state=state)
    return Mark(state=StageState.DONE, outcome=_joined_outcome([mark.outcome for mark in seats if mark.outcome]))


def settle(service: Service, board: Board) -> Step:
    """Return which stages are skipped and which open, given what is done (rules 1 and 4 to 6)."""
    skipped = tuple(dict.fromkeys((*_skipped_by_verdict(service, board), *_skipped_payments(service, board))))
    after = {key: Mark(state=StageState.SKIPPED) if key in skipped else mark for key, mark in board.items()}
    opened = tuple(
        stage.key
        for stage in service.stages
        if after[stage.key].state is StageState.WAITING and all(after[key].state in PAST for key in stage.after)
    )
    return Step(skipped=skipped, opened=opened)


def applied(board: Board, step: Step) -> dict[str, Mark]:
    """Return the board after a step."""
    changes = {key: Mark(state=StageState.SKIPPED) for key in step.skipped}
    changes |= {key: Mark(state=StageState.OPEN) for key in step.opened}
    return dict(board) | changes


def verdict(service: Service, board: Board) -> StageOutcome:
    """Return the verdict that stands (rule 3), ``NONE`` before that."""
    for stage in service.stages:
        mark = board[stage.key]
        if stage.action is StageAction.CONFIRMATION and mark.state not in PAST:
            return StageOutcome.NONE
    decision = _deciding(service)
    return board[decision.key].outcome if decision is not None else StageOutcome.NONE


def case_state(service: Service, board: Board) -> CaseState:
    """Return where a case stands that nobody withdrew."""
    states = {mark.state for mark in board.values()}
    if states <= PAST:
        return CaseState.CLOSED
    if StageState.ASKED in states:
        return CaseState.RETURNED
    if verdict(service, board) in VERDICTS:
        return CaseState.DECIDED
    busy = {stage.action for stage in service.stages if board[stage.key].state in AT_WORK}
    if StageAction.COMPLETENESS in busy:
        return CaseState.RECEIVED
    return CaseState.AWAITING_PAYMENT if busy == {StageAction.PAYMENT} else CaseState.IN_PROGRESS


def outcome(service: Service, board: Board) -> Outcome | None:
    """Return what came out of a case, None before that is known."""
    tracked = next((board[each.key].outcome for each in service.stages if each.action is StageAction.TRACKING), None)
    if tracked is StageOutcome.TRACKED:
        return Outcome.TRACKED
    stands = verdict(service, board)
    if StageOutcome.REFUSED is stands or tracked is StageOutcome.NOT_ISSUED:
        return Outcome.REFUSED
    if stands is StageOutcome.GRANTED:
        return Outcome.RECORDED if service.has(StageAction.RECORDING) else Outcome.ISSUED
    return None


def undecided(service: Service, board: Board) -> dict[str, Mark]:
    """Return the board of a case whose decision is taken back: it, and what comes after it, is to be done again."""
    ending = _deciding(service) or next((each for each in service.stages if each.action is StageAction.TRACKING), None)
    again = set() if ending is None else {ending.key, *followers(service, ending.key)}
    again |= {key for key, mark in board.items() if mark.state is StageState.SKIPPED}
    reset = {key: Mark(state=StageState.WAITING) if key in again else mark for key, mark in board.items()}
    return applied(reset, settle(service, reset))


def followers(service: Service, key: str) -> frozenset[str]:
    """Return every stage that comes after one, directly or through others."""
    found: set[str] = set()
    for stage in service.stages:  # earlier stages come first: one pass finds all
        if key in stage.after or found & set(stage.after):
            found.add(stage.key)
    return frozenset(found)


def _joined_outcome(outcomes: list[StageOutcome]) -> StageOutcome:
    """Return what several offices say together: the most careful one decides."""
    for careful in (StageOutcome.NO, StageOutcome.CONDITIONS):
        if careful in outcomes:
            return careful
    return outcomes[0] if outcomes else StageOutcome.NONE


def _deciding(service: Service) -> Stage | None:
    return next((stage for stage in service.stages if stage.action is StageAction.DECISION), None)


def _skipped_by_verdict(service: Service, board: Board) -> Iterable[str]:
    stands = verdict(service, board)
    kept = {StageAction.SIGNATURE, StageAction.HANDOVER}
    for stage in service.stages:
        if board[stage.key].state in PAST:
            continue
        is_product_elsewhere = stage.action is StageAction.SIGNATURE and service.has(StageAction.RECORDING)
        if (stands is StageOutcome.REFUSED and stage.action not in kept) or (
            stands is StageOutcome.GRANTED and is_product_elsewhere
        ):
            yield stage.key


def _skipped_payments(service: Service, board: Board) -> Iterable[str]:
    assessments = [stage.key for stage in service.stages if stage.action is StageAction.ASSESSMENT]
    is_exempt = bool(assessments) and all(board[key].outcome is StageOutcome.EXEMPT for key in assessments)
    for stage in service.stages:
        if is_exempt and stage.action is StageAction.PAYMENT and board[stage.key].state not in PAST:
            yield stage.key
