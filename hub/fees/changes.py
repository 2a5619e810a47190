"""Changing what was set: one person proposes, a second one of another office agrees, a new notice replaces the old."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from hub.accounts.rules import Actor
from hub.casework.commands import ProposalCommand, ProposalKind
from hub.casework.events import Happening, data_key, write_event
from hub.casework.rules import EventKind
from hub.casework.scope import load_case
from hub.casework.service import propose
from hub.casework.tables import Case
from hub.fees.errors import FeeRefusedError
from hub.fees.rules import MAX_AMOUNT_RP, AssessmentState, FeeRule, is_reference
from hub.fees.service import Amount, FeeTools, due_assessments, inputs_place, write_assessment
from hub.fees.tables import FeeAssessment
from protocol.limits import MAX_MAIL_BYTES
from protocol.wire import Wire, from_bytes, to_bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeCommand:
    """The new amount, and why. A reference only where somebody else numbers the notice."""

    case_id: str
    version: int
    amount_rp: int
    reason: str
    reference: str = ""


class ChangeOrder(Wire, frozen=True, kw_only=True):
    """What the proposal carries until the second person agrees; sealed there."""

    assessment: str
    amount_rp: int
    reference: str
    by: str


def propose_change(session: Session, now: datetime, actor: Actor, command: ChangeCommand, tools: FeeTools) -> str:
    """Propose another amount for what is due; return the id of the proposal.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        ConflictError: somebody changed the case since the person saw it.
        MoveRefusedError: this person may not propose it, or the reason is too short.
        FeeRefusedError: nothing is due, or no such amount.
    """
    load_case(session, actor, command.case_id)
    due = due_assessments(session, command.case_id)
    if not due:
        raise FeeRefusedError(FeeRule.NOT_ASSESSED)
    if not 0 < command.amount_rp <= MAX_AMOUNT_RP or command.amount_rp == due[0].amount_rp:
        raise FeeRefusedError(FeeRule.AMOUNT_NEEDED)
    if due[0].line_id is None and not is_reference(command.reference):
        raise FeeRefusedError(FeeRule.REFERENCE_NEEDED)
    reference = "" if due[0].line_id is not None else command.reference.strip()
    order = ChangeOrder(
        assessment=due[0].assessment_id, amount_rp=command.amount_rp, reference=reference, by=actor.person_id
    )
    wanted = ProposalCommand(
        case_id=command.case_id,
        version=command.version,
        kind=ProposalKind.FEE_CHANGE,
        reason=command.reason,
        payload=to_bytes(order),
    )
    return propose(session, now, actor, wanted, tools.case)


def change_fee(session: Session, now: datetime, actor: Actor, case: Case, payload: bytes, tools: FeeTools) -> None:
    """Carry a change out: what casework calls when the second person agrees (``CaseTools.effects``).

    The old code ends at once: a payment under it is refused, and the village is told the new one.

    Raises:
        FeeRefusedError: it was paid meanwhile.
    """
    order = from_bytes(payload, ChangeOrder, max_bytes=MAX_MAIL_BYTES)
    old = session.get(FeeAssessment, order.assessment, with_for_update=True, populate_existing=True)
    if old is None or old.case_id != case.case_id or old.state != AssessmentState.DUE:
        raise FeeRefusedError(FeeRule.NOT_ASSESSED)
    key = data_key(session, tools.case.keyring, case.bundle_id)
    old.state = str(AssessmentState.REPLACED)
    session.flush()
    amount = Amount(
        amount_rp=order.amount_rp,
        reference=order.reference,
        stage=old.stage,
        kind=old.kind,
        inputs=key.open(old.inputs, inputs_place(old.assessment_id)),
        second_person=order.by,
        replaces=old.assessment_id,
    )
    row = write_assessment(session, now, actor, case, amount, tools)
    row.office = old.office
    happening = Happening(
        kind=EventKind.ASSESSED,
        stage=row.stage,
        code="changed",
        names=(row.reference.replace(" ", "_"),),
        amount_rp=row.amount_rp,
        payment_code=row.payment_code or "",
    )
    write_event(session, now, actor, case, happening, tools.case)
    session.flush()
