"""Setting what is due, and recording that it was paid: each in one transaction, each finishing its stage of the case.

Rules:
1. The notice (SKRD) gets its number and the payment its code in the transaction that sets the amount.
2. The same proof again is answered with the payment that it made, and nothing happens.
3. What was set is changed by two persons of two offices alone (``changes.py``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.delegation_rules import local_day
from hub.accounts.rules import Actor
from hub.casework.commands import FinishCommand, StageCommand
from hub.casework.errors import MoveRefusedError
from hub.casework.events import CaseTools, data_key
from hub.casework.rules import CaseRule, Move, StageOutcome
from hub.casework.service import finish_stage
from hub.casework.stages import Work, load_work, row_for
from hub.casework.tables import Case
from hub.fees.errors import FeeRefusedError
from hub.fees.rules import (
    BY_REFERENCE,
    AssessmentState,
    Claim,
    Due,
    FeeRule,
    Paid,
    amount_due,
    assessment_rule,
    normal_code,
    normal_reference,
    payment_code,
    payment_rule,
)
from hub.fees.tables import FeeAssessment, FeeOpening, FeePayment
from hub.intake.effective import effective_manifest
from hub.ledger.service import EntryDraft, append
from hub.permits.letter import number_mark
from hub.permits.numbering import Wanted, next_serial, take_number
from hub.permits.stationery import Stationery
from hub.permits.tables import RegisterLine
from hub.storage.ports import to_ms
from protocol.bundle import Manifest
from protocol.catalogue import Fixed, Formula, Service, StageAction
from protocol.fees import Fee, assess_fee
from protocol.ids import HubId, RegistrationNo, ServiceCode, VillageCode
from protocol.sealing import Digest
from protocol.wire import Wire, to_bytes

SALT_BYTES = 32
LEVY_NOTICE, PAYMENT_RECEIPT = "levy-notice", "payment-receipt"
CODES_OFFICE, CODES = "one-stop", "kode-bayar"
"""One counter of payment codes for the whole regency."""


@dataclass(frozen=True, kw_only=True)
class FeeTools:
    """What the use cases of this room work with."""

    case: CaseTools
    hub: HubId
    stationery: Stationery


@dataclass(frozen=True, kw_only=True, slots=True)
class AssessCommand(StageCommand):
    """What an assessor enters at a stage."""

    claim: Claim


@dataclass(frozen=True, kw_only=True, slots=True)
class PayCommand(StageCommand):
    """What a proof of payment says."""

    paid: Paid


class FeeSubject(Wire, frozen=True, kw_only=True):
    """What the commitment of a ledger entry ``fee.*`` hides."""

    what: Annotated[str, msgspec.Meta(pattern=r"\A[a-z]{1,20}\Z")]
    """assessed, changed, paid."""
    case: RegistrationNo
    person: str
    office: str
    amount_rp: int
    payment_code: str = ""
    reference: str = ""
    """Number of the notice, or of the receipt."""
    proof: str = ""
    """Channel and number of a proof."""
    file: Digest | None = None
    second: str = ""
    """Who proposed what this person agreed to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Amount:
    """An amount that was set, and by whom."""

    amount_rp: int
    reference: str
    stage: str
    kind: str
    inputs: bytes
    second_person: str | None = None
    replaces: str | None = None


def assess(session: Session, now: datetime, actor: Actor, command: AssessCommand, tools: FeeTools) -> FeeAssessment:
    """Set what is due and finish the stage; where nothing is due, the payment is skipped.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        ConflictError: somebody changed the case since the person saw it.
        MoveRefusedError: this person may not assess now.
        FeeRefusedError: a rule forbids it.
    """
    work = _at_stage(session, actor, command, StageAction.ASSESSMENT, tools)
    if standing_assessment(session, command.case_id, command.stage) is not None:
        raise FeeRefusedError(FeeRule.ALREADY_ASSESSED)
    manifest = effective_manifest(session, tools.case.keyring, work.service, work.case.bundle_id).manifest
    fee = assess_fee(work.service, manifest.answers)
    _refuse(assessment_rule(fee, command.claim))
    amount = Amount(
        amount_rp=amount_due(fee, command.claim),
        reference=command.claim.reference.strip() if fee.kind in BY_REFERENCE else "",
        stage=command.stage,
        kind=str(fee.kind),
        inputs=inputs_of(work.service, manifest, fee),
    )
    row = write_assessment(session, now, actor, work.case, amount, tools)
    finished = FinishCommand(
        case_id=command.case_id,
        version=command.version,
        stage=command.stage,
        seat=command.seat,
        outcome=StageOutcome.ASSESSED if row.amount_rp else StageOutcome.EXEMPT,
        reference=row.reference,
        amount_rp=row.amount_rp,
        payment_code=row.payment_code or "",
    )
    finish_stage(session, now, actor, finished, tools.case)
    return row


def record_payment(session: Session, now: datetime, actor: Actor, command: PayCommand, tools: FeeTools) -> FeePayment:
    """Record a payment by its proof, give its receipt a number, and finish the stage when nothing is left to pay.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        ConflictError: somebody changed the case since the person saw it.
        MoveRefusedError: this person may not record it now.
        FeeRefusedError: a rule forbids it.
    """
    paid = command.paid
    work = load_work(session, actor, command.case_id, tools.case, lock=True)
    known = _same_proof(session, paid)
    if known is not None:
        if known.case_id != command.case_id:
            raise FeeRefusedError(FeeRule.PROOF_USED)
        return known
    manifest = effective_manifest(session, tools.case.keyring, work.service, work.case.bundle_id).manifest
    if assess_fee(work.service, manifest.answers).is_free:
        raise FeeRefusedError(FeeRule.FREE_SERVICE)
    _at_stage(session, actor, command, StageAction.PAYMENT, tools)
    due = due_assessments(session, command.case_id)
    asked = next((each for each in due if each.payment_code == normal_code(paid.code)), due[0] if due else None)
    _refuse(payment_rule(_due(asked), paid, local_day(now)))
    if asked is None:
        raise FeeRefusedError(FeeRule.NOT_ASSESSED)
    payment = _write_payment(session, now, actor, (work.case, asked, paid), tools)
    if len(due) == 1:
        _finish_payment(session, now, actor, command, (payment, asked), tools)
    return payment


def standing_assessment(session: Session, case_id: str, stage: str) -> FeeAssessment | None:
    """Return the assessment of a stage that counts."""
    return session.scalar(
        select(FeeAssessment).where(
            FeeAssessment.case_id == case_id,
            FeeAssessment.stage == stage,
            FeeAssessment.state != str(AssessmentState.REPLACED),
        )
    )


def due_assessments(session: Session, case_id: str) -> list[FeeAssessment]:
    """Return what is still to be paid for a case."""
    wanted = select(FeeAssessment).where(
        FeeAssessment.case_id == case_id, FeeAssessment.state == str(AssessmentState.DUE)
    )
    return list(session.scalars(wanted.order_by(FeeAssessment.assessment_id)))


def write_assessment(
    session: Session, now: datetime, actor: Actor, case: Case, amount: Amount, tools: FeeTools
) -> FeeAssessment:
    """Write what is due, with the number of its notice and its payment code (rule 1)."""
    year = local_day(now).year
    line = code = None
    if amount.amount_rp:
        if not amount.reference:
            line = notice_number(session, now, actor, case, LEVY_NOTICE, tools)
        code = payment_code(tools.hub, year, next_serial(session, CODES_OFFICE, CODES, year))
    reference = line.number if line is not None else amount.reference
    note = {
        "what": "assessed" if amount.replaces is None else "changed",
        "amount_rp": amount.amount_rp,
        "payment_code": code or "",
        "reference": reference,
        "second": amount.second_person or "",
    }
    index = write_entry(session, now, actor, case, note, tools)
    assessment_id = tools.case.ids.new()
    key = data_key(session, tools.case.keyring, case.bundle_id)
    row = FeeAssessment(
        assessment_id=assessment_id,
        case_id=case.case_id,
        stage=amount.stage,
        state=str(AssessmentState.DUE if amount.amount_rp else AssessmentState.EXEMPT),
        kind=amount.kind,
        amount_rp=amount.amount_rp,
        inputs=key.seal(amount.inputs, inputs_place(assessment_id), tools.case.randomness),
        reference=reference,
        line_id=None if line is None else line.line_id,
        payment_code=code,
        office=str(actor.office),
        person_id=actor.person_id,
        second_person=amount.second_person,
        at=now,
        replaces=amount.replaces,
        ledger_index=index,
    )
    session.add(row)
    session.flush()
    return row


def inputs_of(service: Service, manifest: Manifest, fee: Fee) -> bytes:
    """Return what an amount was computed from, as JSON: the tariff and the answers that it multiplies."""
    rule = service.fee
    found: dict[str, object] = {"kind": str(fee.kind), "basis": fee.basis.id}
    if isinstance(rule, Formula):
        found |= {"tariff_rp": rule.tariff_rp, "divisor": rule.divisor}
        found["factors"] = {str(key): manifest.answers.get(key) for key in rule.factors}
    if isinstance(rule, Fixed):
        found["tariff_rp"] = rule.amount_rp
    return json.dumps(found, sort_keys=True).encode()


def inputs_place(assessment_id: str) -> str:
    """Return the place that the inputs of an assessment are bound to."""
    return f"fee_assessment.inputs:{assessment_id}"


def notice_number(
    session: Session, now: datetime, actor: Actor, case: Case, template_key: str, tools: FeeTools
) -> RegisterLine:
    """Give a levy notice or a receipt its number."""
    template, stationery = tools.stationery.template(template_key), tools.stationery
    code = stationery.levy_code if template_key == LEVY_NOTICE else stationery.receipt_code
    wanted = Wanted(
        register=template.register,
        pattern=template.pattern,
        width=template.width,
        code=code,
        office=str(actor.office),
        mark=number_mark(tools.case.catalogue.offices[actor.office]),
        day=local_day(now),
        case_id=case.case_id,
        person_id=actor.person_id,
    )
    return take_number(session, now, wanted)


def write_entry(
    session: Session, now: datetime, actor: Actor, case: Case, note: Mapping[str, object], tools: FeeTools
) -> int:
    """Append the ledger entry with its opening; return its index."""
    known = {"case": RegistrationNo(case.registration_no), "person": actor.person_id, "office": str(actor.office)}
    subject = to_bytes(FeeSubject(**known, **note))  # type: ignore[arg-type]  # names and types are those of the class
    salt = tools.case.randomness.token(SALT_BYTES)
    draft = EntryDraft(
        kind=f"fee.{note['what']}",
        salt=salt,
        subject=subject,
        village=VillageCode(case.village),
        service=ServiceCode(case.service),
    )
    index = append(session, to_ms(now), [draft])[0].index
    session.add(FeeOpening(ledger_index=index, salt=salt, subject=subject))
    return index


def _at_stage(session: Session, actor: Actor, command: StageCommand, action: StageAction, tools: FeeTools) -> Work:
    """Return the case when this actor may finish this stage now."""
    work = load_work(session, actor, command.case_id, tools.case, lock=True)
    row = work.row(command.stage, command.seat)
    if row is None or row.action != action:
        raise MoveRefusedError(CaseRule.STATE)
    row_for(session, actor, work, Move.FINISH, (command.stage, command.seat), command.version)
    return work


def _same_proof(session: Session, paid: Paid) -> FeePayment | None:
    return session.scalar(
        select(FeePayment).where(
            FeePayment.channel == str(paid.channel), FeePayment.reference_key == normal_reference(paid.reference)
        )
    )


def _due(assessment: FeeAssessment | None) -> Due | None:
    if assessment is None:
        return None
    return Due(amount_rp=assessment.amount_rp, code=assessment.payment_code or "", assessed_on=local_day(assessment.at))


def _write_payment(
    session: Session, now: datetime, actor: Actor, about: tuple[Case, FeeAssessment, Paid], tools: FeeTools
) -> FeePayment:
    case, assessment, paid = about
    line = notice_number(session, now, actor, case, PAYMENT_RECEIPT, tools)
    note = {
        "what": "paid",
        "amount_rp": paid.amount_rp,
        "payment_code": assessment.payment_code or "",
        "reference": line.number,
        "proof": f"{paid.channel}:{normal_reference(paid.reference)}",
        "file": paid.digest or None,
    }
    payment = FeePayment(
        payment_id=tools.case.ids.new(),
        assessment_id=assessment.assessment_id,
        case_id=case.case_id,
        service=case.service,
        office=assessment.office,
        amount_rp=paid.amount_rp,
        channel=str(paid.channel),
        reference=paid.reference.strip(),
        reference_key=normal_reference(paid.reference),
        paid_on=paid.paid_on.isoformat(),
        proof=paid.digest or None,
        line_id=line.line_id,
        recorded_by=actor.person_id,
        recorded_office=str(actor.office),
        recorded_at=now,
        ledger_index=write_entry(session, now, actor, case, note, tools),
    )
    assessment.state = str(AssessmentState.PAID)
    session.add(payment)
    session.flush()
    return payment


def _finish_payment(
    session: Session,
    now: datetime,
    actor: Actor,
    command: PayCommand,
    about: tuple[FeePayment, FeeAssessment],
    tools: FeeTools,
) -> None:
    payment, assessment = about
    number = session.scalars(select(RegisterLine.number).where(RegisterLine.line_id == payment.line_id)).one()
    finished = FinishCommand(
        case_id=command.case_id,
        version=command.version,
        stage=command.stage,
        seat=command.seat,
        outcome=StageOutcome.PAID,
        reference=number,
        amount_rp=payment.amount_rp,
        payment_code=assessment.payment_code or "",
    )
    finish_stage(session, now, actor, finished, tools.case)


def _refuse(rule: FeeRule | None) -> None:
    if rule is not None:
        raise FeeRefusedError(rule)
