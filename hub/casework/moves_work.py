"""The moves of everyday work at a stage: take, call complete, give an opinion, finish, hand over, re-route."""

from datetime import datetime

from sqlalchemy.orm import Session

from hub.accounts.rules import Actor
from hub.casework import timekeeping
from hub.casework.commands import (
    CaseCommand,
    FinishCommand,
    HandOverCommand,
    OpinionCommand,
    RerouteCommand,
    StageCommand,
)
from hub.casework.errors import ConflictError, MoveRefusedError
from hub.casework.events import CaseTools, Happening, ask_receipt, write_event
from hub.casework.routing import can_route
from hub.casework.rules import (
    FINISHED,
    OUTCOMES,
    CaseRule,
    EventKind,
    Move,
    StageOutcome,
    StageState,
    opinion_rule,
    words_rule,
)
from hub.casework.stages import (
    Work,
    advance,
    finish_row,
    is_skipping,
    load_work,
    note_routing,
    open_row,
    refuse,
    row_for,
    touch,
)
from hub.casework.tables import CaseStage
from hub.casework.telling import tell_result
from hub.intake.receipts import Statement
from protocol.catalogue import OfficeKind, StageAction
from protocol.receipt import ReceiptKind

MAX_REFERENCE = 80

_NUMBERED = frozenset({StageAction.PAYMENT, StageAction.RECORDING, StageAction.SIGNATURE, StageAction.TRACKING})
"""What ends with a number: of the payment, of the register, of the letter, of the national system."""


def take_stage(session: Session, now: datetime, actor: Actor, command: StageCommand, tools: CaseTools) -> None:
    """Take a case up at a stage. Other stages of the same case do not stand in the way.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        ConflictError: a colleague took it up first.
        MoveRefusedError: a rule forbids it.
    """
    work = load_work(session, actor, command.case_id, tools, lock=True)
    row = work.row(command.stage, command.seat)
    is_theirs = row is not None and (row.office, row.role) == (str(actor.office), str(actor.role))
    if row is not None and is_theirs and row.state == StageState.TAKEN:
        raise ConflictError
    row = row_for(session, actor, work, Move.TAKE, (command.stage, command.seat), None)
    skipped = is_skipping(session, row, {StageState.OPEN})
    row.state, row.since = str(StageState.TAKEN), now
    row.taken_by, row.taken_at = actor.person_id, now
    touch(work.case, now)
    receipt = ask_receipt(session, now, work.case, _statement(actor, ReceiptKind.CUSTODY), tools)
    happening = Happening(kind=EventKind.CUSTODY, stage=row.stage, out_of_turn=skipped, receipt_index=receipt)
    write_event(session, now, actor, work.case, happening, tools)
    session.flush()


def call_complete(session: Session, now: datetime, actor: Actor, command: CaseCommand, tools: CaseTools) -> None:
    """Call a case complete and correct: the statutory clock starts, and the next desks get it.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        ConflictError: somebody changed the case since the person saw it.
        MoveRefusedError: a rule forbids it.
    """
    work = load_work(session, actor, command.case_id, tools, lock=True)
    row = row_for(session, actor, work, Move.COMPLETE, (work.rows[0].stage, 0), command.version)
    finish_row(row, now, actor, StageOutcome.DONE)
    work.case.completed_at = work.case.completed_at or now
    timekeeping.begin_case(session, now, work.case, work.service)
    opened = advance(session, now, work, [row])
    receipt = ask_receipt(session, now, work.case, _statement(actor, ReceiptKind.COMPLETE), tools)
    offices = tuple(dict.fromkeys(each.office for each in opened))
    happening = Happening(kind=EventKind.COMPLETE, stage=row.stage, names=offices, receipt_index=receipt)
    _close(session, now, actor, work, happening, (opened, tools))


def give_opinion(session: Session, now: datetime, actor: Actor, command: OpinionCommand, tools: CaseTools) -> None:
    """Say yes, no, or yes with conditions; at a joint visit, sign the minutes for one's own office.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        ConflictError: somebody changed the case since the person saw it.
        MoveRefusedError: a rule forbids it.
    """
    work, opinion = load_work(session, actor, command.case_id, tools, lock=True), command.opinion
    row = row_for(session, actor, work, Move.OPINION, (command.stage, command.seat), command.version)
    refuse(opinion_rule(StageAction(row.action), opinion.verdict, opinion.note))
    finish_row(row, now, actor, opinion.verdict)
    opened = advance(session, now, work, [row])
    happening = Happening(
        kind=EventKind.OPINION,
        stage=row.stage,
        code=str(opinion.verdict),
        note=opinion.note,
        minutes=opinion.minutes,
    )
    _close(session, now, actor, work, happening, (opened, tools))


def finish_stage(session: Session, now: datetime, actor: Actor, command: FinishCommand, tools: CaseTools) -> None:
    """Finish a stage: assessment, payment, recording, draft, initials, signature or tracking.

    With ``StageOutcome.NONE`` a tracked application only gets its number: the national system has not decided yet.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        ConflictError: somebody changed the case since the person saw it.
        MoveRefusedError: a rule forbids it.
    """
    work = load_work(session, actor, command.case_id, tools, lock=True)
    row = row_for(session, actor, work, Move.FINISH, (command.stage, command.seat), command.version)
    action, before = StageAction(row.action), work.case.outcome
    refuse(_finish_rule(action, command))
    opened: list[CaseStage] = []
    if command.outcome is StageOutcome.NONE:
        row.state, row.reference = str(StageState.TAKEN), command.reference
        touch(work.case, now)
    else:
        finish_row(row, now, actor, command.outcome, command.reference)
        opened = advance(session, now, work, [row])
    receipt = None
    if work.case.outcome != before:  # a national system has decided
        statement = Statement(kind=ReceiptKind.DECIDED, office=str(actor.office), code=work.case.outcome)
        receipt = ask_receipt(session, now, work.case, statement, tools)
        tell_result(session, now, actor, work.case, (command.reference, command.note), tools)
    happening = Happening(
        kind=FINISHED[action],
        stage=row.stage,
        code=command.code or str(command.outcome),
        names=(command.reference.replace(" ", "_"),) if command.reference else (),
        note=command.note,
        receipt_index=receipt,
        amount_rp=command.amount_rp,
        payment_code=command.payment_code,
    )
    _close(session, now, actor, work, happening, (opened, tools))


def hand_over(session: Session, now: datetime, actor: Actor, command: HandOverCommand, tools: CaseTools) -> None:
    """Note that the resident has the result; the case is closed.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        ConflictError: somebody changed the case since the person saw it.
        MoveRefusedError: a rule forbids it.
    """
    work = load_work(session, actor, command.case_id, tools, lock=True)
    handover = work.of(StageAction.HANDOVER)
    if handover is None:
        raise MoveRefusedError(CaseRule.STATE)
    row = row_for(session, actor, work, Move.HAND_OVER, (handover.stage, handover.seat), command.version)
    refuse(words_rule(command.note, needed=False))
    finish_row(row, now, actor, StageOutcome.DONE)
    opened = advance(session, now, work, [row])
    receipt = ask_receipt(session, now, work.case, _statement(actor, ReceiptKind.HANDED_OVER), tools)
    happening = Happening(kind=EventKind.HANDED_OVER, stage=row.stage, note=command.note, receipt_index=receipt)
    _close(session, now, actor, work, happening, (opened, tools))


def reroute(session: Session, now: datetime, actor: Actor, command: RerouteCommand, tools: CaseTools) -> None:
    """Give a stage to another office that may do it, with a reason.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        ConflictError: somebody changed the case since the person saw it.
        MoveRefusedError: a rule forbids it.
    """
    work = load_work(session, actor, command.case_id, tools, lock=True)
    row = row_for(session, actor, work, Move.REROUTE, (command.stage, command.seat), command.version)
    refuse(words_rule(command.reason, needed=True))
    seats = {each.office for each in work.rows if each.stage == row.stage}
    stage = work.service.stage(row.stage)
    kind = OfficeKind.AGENCY if row.seat or stage is None else stage.office
    if command.office in seats or not can_route(tools.catalogue, kind, command.office):
        raise MoveRefusedError(CaseRule.OFFICE_UNFIT)
    before, row.office = row.office, command.office
    row.opened_at = now  # it begins its wait at another desk
    open_row(session, now, row, work.service)
    touch(work.case, now)
    names = (before, command.office)
    happening = Happening(kind=EventKind.REROUTED, stage=row.stage, names=names, note=command.reason)
    _close(session, now, actor, work, happening, ([row], tools))


def _close(
    session: Session,
    now: datetime,
    actor: Actor,
    work: Work,
    happening: Happening,
    rest: tuple[list[CaseStage], CaseTools],
) -> None:
    """Write the event, and note the desks that got the case by it."""
    opened, tools = rest
    index = write_event(session, now, actor, work.case, happening, tools)
    session.flush()
    note_routing(session, now, opened, index)


def _finish_rule(action: StageAction, command: FinishCommand) -> CaseRule | None:
    is_registered_only = action is StageAction.TRACKING and command.outcome is StageOutcome.NONE
    if command.outcome not in OUTCOMES[action] and not is_registered_only:
        return CaseRule.OUTCOME_UNFIT
    if len(command.reference) > MAX_REFERENCE:
        return CaseRule.NOTE_LONG
    if action in _NUMBERED and not command.reference.strip() and command.outcome is not StageOutcome.NOT_ISSUED:
        return CaseRule.REFERENCE_NEEDED
    return words_rule(command.note, needed=command.outcome is StageOutcome.NOT_ISSUED)


def _statement(actor: Actor, kind: ReceiptKind) -> Statement:
    return Statement(kind=kind, office=str(actor.office))
