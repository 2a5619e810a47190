"""The door of casework: every use case that changes a case, each in one transaction of the caller's.

``(session, now, actor, command, tools)``. Each leaves a ledger entry whose hidden subject names who did it, an event,
the news for the village, and where the protocol says so the receipt, which the worker signs. Refusals quote their rule;
nothing is changed then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from hub.accounts.rules import Actor
from hub.casework.commands import (
    AnswerCommand,
    CaseCommand,
    ConfirmCommand,
    CorrectionCommand,
    DecisionCommand,
    FinishCommand,
    HandOverCommand,
    Opinion,
    OpinionCommand,
    ProposalCommand,
    ProposalKind,
    RerouteCommand,
    StageCommand,
    WithdrawCommand,
)
from hub.casework.corrections import ask_correction, asked_for, bundles_of, receive_corrections
from hub.casework.endings import HandOverAct, receive_handover, withdraw
from hub.casework.events import CaseTools
from hub.casework.flow import PROPOSAL
from hub.casework.moves_decisions import confirm, decide
from hub.casework.moves_work import call_complete, finish_stage, give_opinion, hand_over, reroute, take_stage
from hub.casework.opening import open_cases
from hub.casework.proposals import answer_proposal, propose, reopen
from hub.casework.rules import PAST, Move, StageState, broken_rule
from hub.casework.stages import load_work, situations, work_on
from hub.casework.tables import Case
from hub.intake.reading import AcceptedBundle

__all__ = [
    "AnswerCommand",
    "CaseCommand",
    "ConfirmCommand",
    "CorrectionCommand",
    "DecisionCommand",
    "FinishCommand",
    "HandOverAct",
    "HandOverCommand",
    "OpenMove",
    "Opinion",
    "OpinionCommand",
    "ProposalCommand",
    "ProposalKind",
    "RerouteCommand",
    "StageCommand",
    "WithdrawCommand",
    "answer_proposal",
    "ask_correction",
    "asked_for",
    "bundles_of",
    "call_complete",
    "confirm",
    "decide",
    "finish_stage",
    "give_opinion",
    "hand_over",
    "load_work",
    "open_cases",
    "possible_moves",
    "propose",
    "receive_corrections",
    "receive_handover",
    "reopen",
    "reroute",
    "take_in",
    "take_stage",
    "withdraw",
    "work_on",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenMove:
    """A move that a person may make now, for a button of the page."""

    move: Move
    stage: str
    seat: int


def take_in(session: Session, now: datetime, accepted: Sequence[AcceptedBundle], tools: CaseTools) -> None:
    """Open cases for applications and take corrections to theirs: the hook that intake calls.

    Raises:
        CaseNotFoundError: a correction of no case; intake should have refused it.
        ServiceUnknownError: a service that intake should have refused.
    """
    open_cases(session, now, [each for each in accepted if each.manifest.corrects is None], tools)
    receive_corrections(session, now, [each for each in accepted if each.manifest.corrects is not None], tools)


def possible_moves(session: Session, actor: Actor, case: Case, tools: CaseTools) -> tuple[OpenMove, ...]:
    """Return the moves at stages that are allowed now; answers to proposals are not among them."""
    work = work_on(session, case, tools)
    rows = [row for row in work.rows if row.stage != PROPOSAL and StageState(row.state) not in PAST]
    if not rows:
        return ()
    return tuple(
        OpenMove(move=move, stage=row.stage, seat=row.seat)
        for row, situation in zip(rows, situations(session, actor, work, rows), strict=True)
        for move in Move
        if broken_rule(move, actor, situation) is None
    )
