"""How a case ends otherwise than by a desk: the applicant takes it back, or the village says that it handed it over."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.accounts.rules import DESK_ROLES, Actor
from hub.casework import timekeeping
from hub.casework.commands import WithdrawCommand
from hub.casework.errors import CaseNotFoundError, ConflictError
from hub.casework.events import CaseTools, Happening, ask_receipt, news_of, tell, write_event
from hub.casework.rules import (
    AT_WORK,
    ENDED,
    PAST,
    CaseRule,
    CaseState,
    EventKind,
    StageOutcome,
    StageState,
    words_rule,
)
from hub.casework.stages import (
    Work,
    advance,
    is_own_case,
    is_settled,
    load_work,
    open_proposal,
    refuse,
    standing_decision,
    touch,
    work_on,
)
from hub.casework.tables import Case, CaseAsk, CaseEvent
from hub.intake.receipts import Statement
from hub.ledger.service import take_turn
from hub.storage.ports import to_ms
from protocol.catalogue import StageAction
from protocol.receipt import Outcome, ReceiptKind


@dataclass(frozen=True, kw_only=True, slots=True)
class HandOverAct:
    """A village officer's signed statement that the resident has the result; intake verified it."""

    officer: str
    claimed_ms: int


def withdraw(session: Session, now: datetime, actor: Actor, command: WithdrawCommand, tools: CaseTools) -> None:
    """End a case because the applicant takes it back: possible until a decision stands, at the front desk.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        ConflictError: somebody changed the case since the person saw it.
        MoveRefusedError: a rule forbids it.
    """
    work = load_work(session, actor, command.case_id, tools, lock=True)
    refuse(_withdrawal_rule(session, actor, work))
    if command.version != work.case.version_id:
        raise ConflictError
    refuse(words_rule(command.reason, needed=True))
    decision, proposal = standing_decision(session, work.case.case_id), open_proposal(session, work.case.case_id)
    if decision is not None:
        decision.state = "superseded"
    if proposal is not None:
        proposal.state = "lapsed"
    for row in work.rows:
        if StageState(row.state) not in PAST:
            row.state, row.since = str(StageState.SKIPPED), now
    case = work.case
    unanswered = CaseAsk.case_id == case.case_id, CaseAsk.answered_at.is_(None)
    session.execute(update(CaseAsk).where(*unanswered).values(answered_at=now))
    case.state, case.outcome = str(CaseState.WITHDRAWN), str(Outcome.WITHDRAWN)
    case.decided_at, case.closed_at = now, now
    touch(case, now)
    timekeeping.end_case(session, now, case.case_id)
    statement = Statement(kind=ReceiptKind.DECIDED, office=str(actor.office), code=case.outcome)
    receipt = ask_receipt(session, now, case, statement, tools)
    happening = Happening(kind=EventKind.WITHDRAWN, note=command.reason, receipt_index=receipt)
    write_event(session, now, actor, case, happening, tools)
    session.flush()


def receive_handover(session: Session, now: datetime, bundle_id: bytes, act: HandOverAct, tools: CaseTools) -> bool:
    """Close the case of a first bundle because its village says that the resident has the result.

    Returns False, and changes nothing, when there is nothing to hand over yet or it was handed over before.

    Raises:
        CaseNotFoundError: no case began with this bundle.
    """
    take_turn(session)
    case = session.scalar(select(Case).where(Case.bundle_id == bundle_id).with_for_update(key_share=True))
    if case is None:
        raise CaseNotFoundError
    work = work_on(session, case, tools)
    row = work.of(StageAction.HANDOVER)
    if row is None or StageState(row.state) not in AT_WORK:
        return False
    row.state, row.since, row.outcome = str(StageState.DONE), now, str(StageOutcome.DONE)
    row.done_at, row.reference = now, act.officer
    advance(session, now, work, [row])
    village = f"village.{case.village}"
    receipt = ask_receipt(session, now, case, Statement(kind=ReceiptKind.HANDED_OVER, office=village), tools)
    happening = Happening(kind=EventKind.HANDED_OVER, stage=row.stage, receipt_index=receipt)
    session.add(
        CaseEvent(
            case_id=case.case_id,
            kind=str(happening.kind),
            office=village,
            person_id=None,
            at=now,
            ledger_index=receipt,
            receipt_index=receipt,
            stage=row.stage,
            names=f"{act.officer} {act.claimed_ms}",
        )
    )
    session.flush()
    tell(session, now, case, news_of(case, happening, village, (receipt, to_ms(now))), tools)
    return True


def _withdrawal_rule(session: Session, actor: Actor, work: Work) -> CaseRule | None:
    front = work.rows[0]
    if actor.role not in DESK_ROLES:
        return CaseRule.ROLE
    if (str(actor.office), str(actor.role)) != (front.office, front.role):
        return CaseRule.NOT_YOUR_STAGE
    if is_own_case(session, actor, work.case):
        return CaseRule.OWN_CASE
    is_over = CaseState(work.case.state) in ENDED or is_settled(work) or bool(work.case.outcome)
    return CaseRule.STATE if is_over else None
